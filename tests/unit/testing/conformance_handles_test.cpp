// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_handles.hpp"

#include <memory>
#include <optional>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_handles_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class IsNotWell : public InMemoryStorage {
 public:
  [[nodiscard]] StorageHealth health() const {
    return {.kind = "memory", .schema_version = 1, .schema_expected = 2, .problem = "old"};
  }
};

class LooksAllTheTime : public InMemoryStorage {
 public:
  [[nodiscard]] std::optional<Duration> poll_period() const noexcept { return Duration{0}; }
};

/// A second handle that sees nothing of the first, as one to a private file would.
class SeparateHarness : public EmbeddedHarness<InMemoryStorage> {
 public:
  [[nodiscard]] std::unique_ptr<InMemoryStorage> second_handle(
      const std::unique_ptr<InMemoryStorage>&) const {
    return make();
  }
};

}  // namespace

TEST_CASE("Checks of a storage as such pass on one that works") {
  CHECK(failed_checks<InMemoryStorage>(self_report_checks).empty());
  CHECK(failed_checks<InMemoryStorage>(clock_step_checks).empty());
}

TEST_CASE("self_report_checks fail on a storage that is not well or never rests") {
  CHECK(failed_checks<IsNotWell>(self_report_checks) ==
        CheckNames{"health says well when the storage works"});
  CHECK(failed_checks<LooksAllTheTime>(self_report_checks) ==
        CheckNames{
            "poll_period returns a span to look after when other processes may store something"});
}

TEST_CASE("second_handle_checks fail on handles that share nothing") {
  for (const auto& check : second_handle_checks) {
    CAPTURE(check.name);
    SeparateHarness harness;
    CHECK_FALSE(run_storage_check(harness, check).passed);
  }
}

}  // namespace conformance_handles_test
