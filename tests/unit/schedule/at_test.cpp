// SPDX-License-Identifier: MIT
//
// At: one instant, seen from before and from behind.

#include "punctual/schedule/at.hpp"

#include <optional>
#include <string>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace at_test {

using punctual::At;
using punctual::Duration;
using punctual::ScheduleKind;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::code_of;
using punctual::tests::error_of;

TEST_CASE("At fires at its instant only when asked from strictly before or behind") {
  constexpr TimePoint instant{Duration{1'705'284'000'000}};
  struct Row {
    const char* subject;
    TimePoint asked_at;
    std::optional<TimePoint> next;
    std::optional<TimePoint> previous;
  };
  const Row rows[] = {
      {"long before", time_min, instant, std::nullopt},
      {"just before", instant - Duration{1}, instant, std::nullopt},
      {"at it", instant, std::nullopt, std::nullopt},
      {"just behind", instant + Duration{1}, std::nullopt, instant},
      {"long behind", time_max, std::nullopt, instant},
  };
  const At once{instant};
  CHECK(once.instant() == instant);
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(once.next_after(row.asked_at) == row.next);
    CHECK(once.previous_before(row.asked_at) == row.previous);
  }
}

TEST_CASE("At takes instants of the years 1 to 9999 when it is made, and no others") {
  struct Row {
    const char* subject;
    TimePoint instant;
    const char* code;
  };
  const Row rows[] = {
      {"the first", time_min, ""},
      {"the last", time_max, ""},
      {"before the first", time_min - Duration{1}, "INVALID_SCHEDULE"},
      {"past the last", time_max + Duration{1}, "INVALID_SCHEDULE"},
      {"the lowest number", TimePoint::min(), "INVALID_SCHEDULE"},
      {"the highest number", TimePoint::max(), "INVALID_SCHEDULE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { At{row.instant}; }) == row.code);
  }
}

TEST_CASE("At says what it got when it refuses an instant") {
  const auto error = error_of([] { At{time_max + Duration{1}}; });
  REQUIRE(error);
  CHECK(std::string{error->what()}.find("got 253402300800000 ms") != std::string::npos);
}

TEST_CASE("At is the same for every job and says its instant when asked") {
  const At once{TimePoint{Duration{1'705'284'000'000}}};
  CHECK(once.kind() == ScheduleKind::once);
  CHECK(once.bound_to("nightly", TimePoint{}) == nullptr);
  CHECK(once.describe() == "once at 2024-01-15T02:00:00.000Z");
}

TEST_CASE("At equals another when their instants are the same") {
  CHECK(At{TimePoint{}} == At{TimePoint{}});
  CHECK_FALSE(At{TimePoint{}} == At{TimePoint{Duration{1}}});
}

}  // namespace at_test
