// SPDX-License-Identifier: MIT
//
// The storage conformance suite on redis::Storage, with a second one on the same keys: once at the
// server's time, which is this host's, and what the harness adds to it; once at a time that stands
// still unless the harness moves it, and that can be set back.

#include <atomic>
#include <memory>
#include <optional>

#include "punctual/builtin/system_clock.hpp"
#include "punctual/redis/storage.hpp"
#include "punctual/testing/storage_conformance.hpp"
#include "support/catch.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_conformance_test {

namespace {

using namespace punctual::testing;
using punctual::redis::Storage;

/// A prefix for each storage, whose keys go when the next one is made.
class KeysHarness {
 public:
  using Handle = std::unique_ptr<Storage>;

  [[nodiscard]] Handle make() {
    keys_.emplace();
    return std::make_unique<Storage>(keys_->options());
  }
  [[nodiscard]] Handle second_handle(const Handle&) const {
    return std::make_unique<Storage>(keys_->options());
  }

  [[nodiscard]] punctual::TimePoint now() const noexcept {
    const auto shift = keys_ ? keys_->clock_shift() : punctual::Duration{0};
    return punctual::SystemClock{}.now() + shift;
  }
  void advance(punctual::Duration span) noexcept { keys_->shift_clock(span); }

 private:
  std::optional<punctual::redis::test::TemporaryKeys> keys_{};
};

static_assert(OpensSecondHandle<KeysHarness>);

/// The same at a time of its own.
class StillHarness {
 public:
  using Handle = std::unique_ptr<Storage>;

  [[nodiscard]] Handle make() {
    keys_.emplace();
    return std::make_unique<Storage>(options());
  }
  [[nodiscard]] Handle second_handle(const Handle&) const {
    return std::make_unique<Storage>(options());
  }

  [[nodiscard]] punctual::TimePoint now() const noexcept { return clock_->load(); }
  void advance(punctual::Duration span) noexcept { clock_->store(now() + span); }
  void turn_back(punctual::Duration span) noexcept { clock_->store(now() - span); }

 private:
  [[nodiscard]] punctual::redis::Options options() const {
    auto options = keys_->options();
    options.clock = clock_;
    return options;
  }

  std::optional<punctual::redis::test::TemporaryKeys> keys_{};
  std::shared_ptr<std::atomic<punctual::TimePoint>> clock_ =
      std::make_shared<std::atomic<punctual::TimePoint>>(punctual::SystemClock{}.now());
};

static_assert(OpensSecondHandle<StillHarness> && TurnsTimeBack<StillHarness>);

template <class Harness>
void try_all() {
  for (const auto& check : storage_conformance_checks<Harness>()) {
    DYNAMIC_SECTION(check.name) {
      Harness harness;
      const CheckResult result = run_storage_check(harness, check);
      INFO(result.message);
      CHECK(result.passed);
    }
  }
}

}  // namespace

TEST_CASE("redis::Storage keeps the storage contract") {
  try_all<KeysHarness>();
}

TEST_CASE("redis::Storage keeps the storage contract at a time that is set") {
  try_all<StillHarness>();
}

}  // namespace redis_conformance_test
