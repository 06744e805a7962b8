// SPDX-License-Identifier: MIT
//
// The storage conformance suite on redis::Storage, with a second one on the same keys. Time is the
// server's, which runs on this host, and what the harness adds to it.

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
  void turn_back(punctual::Duration span) noexcept { keys_->shift_clock(-span); }

 private:
  std::optional<punctual::redis::test::TemporaryKeys> keys_{};
};

static_assert(OpensSecondHandle<KeysHarness> && TurnsTimeBack<KeysHarness>);

}  // namespace

TEST_CASE("redis::Storage keeps the storage contract") {
  for (const auto& check : storage_conformance_checks<KeysHarness>()) {
    DYNAMIC_SECTION(check.name) {
      KeysHarness harness;
      const CheckResult result = run_storage_check(harness, check);
      INFO(result.message);
      CHECK(result.passed);
    }
  }
}

}  // namespace redis_conformance_test
