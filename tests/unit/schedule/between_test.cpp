// SPDX-License-Identifier: MIT
//
// Between: a schedule cut at both ends.

#include "punctual/schedule/between.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace between_test {

namespace {

using namespace std::chrono_literals;
using punctual::at;
using punctual::Between;
using punctual::cron;
using punctual::DstCase;
using punctual::Duration;
using punctual::every;
using punctual::Schedule;
using punctual::ScheduleKind;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::error_of;
using punctual::tests::instant;
using punctual::tests::new_york;

constexpr TimePoint noon{Duration{1'705'320'000'000}};  // 2024-01-15T12:00:00Z

}  // namespace

TEST_CASE("Between fires within its bounds only when asked from anywhere") {
  struct Row {
    const char* subject;
    TimePoint asked_at;
    std::optional<TimePoint> next;
    std::optional<TimePoint> previous;
  };
  // At 12:00, 13:00, 14:00; not at 15:00.
  const Between hourly{cron("0 * * * *").rule(), noon, noon + 3h};
  const Row rows[] = {
      {"long before", time_min, noon, std::nullopt},
      {"just before", noon - Duration{1}, noon, std::nullopt},
      {"at the beginning", noon, noon + 1h, std::nullopt},
      {"just behind the beginning", noon + Duration{1}, noon + 1h, noon},
      {"within", noon + 90min, noon + 2h, noon + 1h},
      {"at the last instant", noon + 2h, std::nullopt, noon + 1h},
      {"just behind it", noon + 2h + Duration{1}, std::nullopt, noon + 2h},
      {"at the end", noon + 3h, std::nullopt, noon + 2h},
      {"just behind the end", noon + 3h + Duration{1}, std::nullopt, noon + 2h},
      {"long behind", time_max, std::nullopt, noon + 2h},
      {"at the lowest number", TimePoint::min(), noon, std::nullopt},
      {"at the highest number", TimePoint::max(), std::nullopt, noon + 2h},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(hourly.next_after(row.asked_at) == row.next);
    CHECK(hourly.previous_before(row.asked_at) == row.previous);
  }
}

TEST_CASE("Between counts the instants within both its bounds and the range") {
  struct Row {
    const char* subject;
    TimePoint first;
    TimePoint last;
    std::int64_t count;
  };
  const Row rows[] = {
      {"everything", time_min, time_max, 3},
      {"its bounds", noon, noon + 3h, 3},
      {"up to the beginning", noon - 5h, noon, 1},
      {"before the beginning", noon - 5h, noon - Duration{1}, 0},
      {"from the end on", noon + 3h, noon + 9h, 0},
      {"within", noon + 1h, noon + 2h, 2},
      {"upside down", noon + 2h, noon + 1h, 0},
  };
  for (const auto& inner : {cron("0 * * * *"), every(1h, noon - 24h)}) {
    const Between hourly{inner.rule(), noon, noon + 3h};
    for (const auto& row : rows) {
      CAPTURE(inner.describe(), row.subject);
      CHECK(hourly.count_between(row.first, row.last).count == row.count);
      CHECK(hourly.count_between(row.first, row.last).is_exact);
    }
  }
}

TEST_CASE("Between leaves an end open when its bound is an end of time") {
  struct Row {
    const char* subject;
    TimePoint from;
    TimePoint until;
    std::int64_t count;  // of the first and the last instant of all
  };
  const Row rows[] = {
      {"from the first instant", time_min, time_max, 1},
      {"from before it", time_min - Duration{1}, time_max + Duration{1}, 2},
      {"the whole range of numbers", TimePoint::min(), TimePoint::max(), 2},
      {"behind the first instant", time_min + Duration{1}, TimePoint::max(), 1},
  };
  const Schedule ends = punctual::any_of({at(time_min), at(time_max)});
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Between bounded{ends.rule(), row.from, row.until};
    const bool has_first = row.from <= time_min;
    const bool has_last = row.until > time_max;
    CHECK(bounded.count_between(time_min, time_max).count == row.count);
    CHECK(bounded.next_after(TimePoint::min()) == (has_first ? time_min : time_max));
    CHECK(bounded.next_after(time_min - Duration{1}) == (has_first ? time_min : time_max));
    CHECK(bounded.previous_before(TimePoint::max()) == (has_last ? time_max : time_min));
  }
}

TEST_CASE("Between never fires when its schedule does not within the bounds") {
  const Between never{at(noon).rule(), noon + Duration{1}, noon + 1h};
  CHECK(never.next_after(time_min) == std::nullopt);
  CHECK(never.previous_before(time_max) == std::nullopt);
  CHECK(never.count_between(time_min, time_max).count == 0);
}

TEST_CASE("Between is its schedule's in everything else when it is asked") {
  const Schedule york = cron("30 2 * * *", new_york());
  const Between bounded{york.rule(), noon, noon + 8760h};
  CHECK(bounded.kind() == ScheduleKind::between);
  CHECK(bounded.zone() == new_york());
  CHECK(bounded.inner() == york.rule());
  CHECK(bounded.from() == noon);
  CHECK(bounded.until() == noon + 8760h);
  CHECK(bounded.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::moved);
  CHECK(bounded.case_of(instant("2024-03-11T06:30:00Z")) == DstCase::none);
  CHECK(bounded.describe() ==
        "at 02:30 every day (America/New_York), from 2024-01-15T12:00:00.000Z until "
        "2025-01-14T12:00:00.000Z");
}

TEST_CASE("Between takes the ledger's anchor when its schedule has none of its own") {
  const Between open{every(24h).rule(), noon, noon + 72h};
  const auto bound = open.bound_to("nightly", noon + 1h);
  REQUIRE(bound);
  CHECK(bound->kind() == ScheduleKind::between);
  CHECK(bound->next_after(noon) == noon + 1h);
  CHECK(bound->previous_before(time_max) == noon + 49h);
  CHECK(Between{every(24h, noon).rule(), noon, noon + 72h}.bound_to("nightly", noon) == nullptr);
}

TEST_CASE("Between refuses its bounds when the end is not behind the beginning") {
  struct Row {
    const char* subject;
    TimePoint from;
    TimePoint until;
    const char* error;
  };
  const Row rows[] = {
      {"a millisecond", noon, noon + Duration{1}, ""},
      {"all of time", time_min, time_max, ""},
      {"nothing", noon, noon,
       "INVALID_SCHEDULE: between() expects an end after its beginning, got "
       "2024-01-15T12:00:00.000Z and 2024-01-15T12:00:00.000Z"},
      {"upside down", noon, noon - 1h,
       "INVALID_SCHEDULE: between() expects an end after its beginning, got "
       "2024-01-15T12:00:00.000Z and 2024-01-15T11:00:00.000Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { Between{every(1h).rule(), row.from, row.until}; });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

}  // namespace between_test
