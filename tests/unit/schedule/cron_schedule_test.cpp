// SPDX-License-Identifier: MIT
//
// CronSchedule: an expression on the clocks of a zone, and the text it was read from.

#include "punctual/schedule/cron_schedule.hpp"

#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace cron_schedule_test {

namespace {

using namespace std::chrono_literals;
using punctual::CronDayMatch;
using punctual::CronFieldCount;
using punctual::CronOptions;
using punctual::CronSchedule;
using punctual::DstCase;
using punctual::DstGap;
using punctual::DstOverlap;
using punctual::ScheduleKind;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::tests::code_of;
using punctual::tests::instant;
using punctual::tests::new_york;
using punctual::tests::runs_after;
using punctual::tests::runs_before;
using Texts = std::vector<std::string>;

CronOptions in(TimeZone zone) {
  CronOptions options;
  options.zone = std::move(zone);
  return options;
}

}  // namespace

TEST_CASE("CronSchedule fires in UTC when no zone is named") {
  const CronSchedule nightly{"0 2 * * *"};
  CHECK(nightly.kind() == ScheduleKind::cron);
  CHECK(nightly.zone() == TimeZone{});
  CHECK(runs_after(nightly, "2024-01-15T12:00:00Z", 1) == Texts{"2024-01-16T02:00:00Z"});
  CHECK(runs_before(nightly, "2024-01-15T12:00:00Z", 1) == Texts{"2024-01-15T02:00:00Z"});
  CHECK(nightly.case_of(instant("2024-01-15T02:00:00Z")) == DstCase::none);
  CHECK(nightly.bound_to("any", TimePoint{}) == nullptr);
}

TEST_CASE("CronSchedule fires on the clocks of its zone when one is named") {
  const CronSchedule kathmandu{"0 2 * * *", in(punctual::fixed_offset(5h + 45min))};
  CHECK(runs_after(kathmandu, "2024-01-15T12:00:00Z", 1) == Texts{"2024-01-15T20:15:00Z"});
  CHECK(runs_before(kathmandu, "2024-01-15T12:00:00Z", 1) == Texts{"2024-01-14T20:15:00Z"});

  const CronSchedule york{"30 2 * * *", in(new_york())};
  CHECK(york.zone() == new_york());
  CHECK(runs_after(york, "2024-03-09T00:00:00Z", 3) ==
        Texts{"2024-03-09T07:30:00Z", "2024-03-10T07:00:00Z", "2024-03-11T06:30:00Z"});
  CHECK(york.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::moved);
  CHECK(york.case_of(instant("2024-03-11T06:30:00Z")) == DstCase::none);
}

TEST_CASE("CronSchedule hands its options on when they are not the defaults") {
  CronOptions options = in(new_york());
  options.gap = DstGap::shift;
  options.overlap = DstOverlap::last;
  CHECK(runs_after(CronSchedule{"30 2 * * *", options}, "2024-03-10T00:00:00Z", 1) ==
        Texts{"2024-03-10T07:30:00Z"});
  CHECK(runs_after(CronSchedule{"30 1 * * *", options}, "2024-11-03T00:00:00Z", 1) ==
        Texts{"2024-11-03T06:30:00Z"});

  options = {};
  options.days = CronDayMatch::both;
  options.fields = CronFieldCount::five;
  const CronSchedule fridays{"0 0 13 * FRI", options};
  CHECK(runs_after(fridays, "2024-01-01T00:00:00Z", 2) ==
        Texts{"2024-09-13T00:00:00Z", "2024-12-13T00:00:00Z"});
  CHECK(fridays.options().days == CronDayMatch::both);
  CHECK(fridays.options().fields == CronFieldCount::five);
}

TEST_CASE("CronSchedule keeps its text as it was given") {
  const CronSchedule cron{"@daily"};
  CHECK(cron.text() == "@daily");
  CHECK(cron.expression() == punctual::CronExpression::parse("0 0 * * *"));
  CHECK(cron.describe() == "at 00:00 every day (UTC)");
  CHECK(CronSchedule{"0 2 * * MON-FRI", in(new_york())}.describe() ==
        "at 02:00 on Mondays to Fridays (America/New_York)");
}

TEST_CASE("CronSchedule is refused when its text is no expression") {
  CronOptions six;
  six.fields = CronFieldCount::six;
  CHECK(code_of([] { CronSchedule{"* * * * *"}; }).empty());
  CHECK(code_of([&] { CronSchedule{"* * * * * *", six}; }).empty());
  CHECK(code_of([] { CronSchedule{"* * * *"}; }) == "INVALID_SCHEDULE");
  CHECK(code_of([] { CronSchedule{"0 0 30 2 *"}; }) == "INVALID_SCHEDULE");
  CHECK(code_of([&] { CronSchedule{"* * * * *", six}; }) == "INVALID_SCHEDULE");
}

}  // namespace cron_schedule_test
