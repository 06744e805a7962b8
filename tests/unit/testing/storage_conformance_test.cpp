// SPDX-License-Identifier: MIT

#include "punctual/testing/storage_conformance.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/testing/embedded_harness.hpp"
#include "support/catch.hpp"

namespace storage_conformance_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

using FullHarness = EmbeddedHarness<InMemoryStorage>;

/// A harness with nothing beyond what every one must have.
class PlainHarness {
 public:
  [[nodiscard]] std::unique_ptr<InMemoryStorage> make() const { return full_.make(); }
  [[nodiscard]] TimePoint now() const noexcept { return full_.now(); }
  void advance(Duration span) noexcept { full_.advance(span); }

 private:
  FullHarness full_;
};

bool has_check(const std::vector<StorageCheck>& checks, std::string_view name) {
  return std::any_of(checks.begin(), checks.end(),
                     [&](const StorageCheck& check) { return check.name == name; });
}

}  // namespace

TEST_CASE("storage_conformance_checks names each check once, by operation and condition") {
  static const std::set<std::string, std::less<>> operations{
      "sync_jobs", "due_schedules", "advance",        "set_paused", "enqueue",
      "claim",     "renew",         "finish",         "release",    "take_expired",
      "next_wake", "runs",          "request_cancel", "run",        "summaries",
      "prune",     "now",           "poll_period",    "health",     "expire_unknown"};
  std::set<std::string_view> names;
  std::set<std::string, std::less<>> tried;
  for (const auto& check : storage_conformance_checks<FullHarness>()) {
    CAPTURE(check.name);
    CHECK(names.insert(check.name).second);
    const std::string_view first_word = check.name.substr(0, check.name.find_first_of(" ,"));
    CHECK(operations.contains(first_word));
    CHECK(check.name.find(" when ") != std::string_view::npos);
    tried.insert(std::string{first_word});
  }
  CHECK(tried == operations);
  CHECK(names.size() >= 380);
}

TEST_CASE("storage_conformance_checks leave out what the harness cannot do") {
  const std::string_view step = clock_step_checks[0].name;
  const std::string_view handle = second_handle_checks[0].name;
  const auto full = storage_conformance_checks<FullHarness>();
  const auto plain = storage_conformance_checks<PlainHarness>();
  CHECK(has_check(full, step));
  CHECK_FALSE(has_check(full, handle));
  CHECK_FALSE(has_check(plain, step));
  CHECK_FALSE(has_check(plain, handle));
  CHECK(plain.size() + std::size(clock_step_checks) == full.size());
}

TEST_CASE("run_storage_conformance tries every check and returns its result") {
  PlainHarness harness;
  const auto checks = storage_conformance_checks<PlainHarness>();
  const auto results = run_storage_conformance(harness);
  REQUIRE(results.size() == checks.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    CAPTURE(results[i].name, results[i].message);
    CHECK(results[i].name == checks[i].name);
    CHECK(results[i].passed);
  }
}

}  // namespace storage_conformance_test
