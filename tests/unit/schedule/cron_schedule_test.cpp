// SPDX-License-Identifier: MIT
//
// CronSchedule: an expression, and the text it was read from.

#include "punctual/schedule/cron_schedule.hpp"

#include <string>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace cron_schedule_test {

using punctual::CronSchedule;
using punctual::Duration;
using punctual::Json;
using punctual::ScheduleKind;
using punctual::TimePoint;
using punctual::tests::code_of;

constexpr TimePoint noon{Duration{1'705'320'000'000}};  // 2024-01-15T12:00:00Z

TEST_CASE("CronSchedule fires at its expression's instants when it is asked for them") {
  const CronSchedule nightly{"0 2 * * *"};
  CHECK(nightly.kind() == ScheduleKind::cron);
  CHECK(nightly.next_after(noon) == punctual::parse_iso8601("2024-01-16T02:00:00Z"));
  CHECK(nightly.previous_before(noon) == punctual::parse_iso8601("2024-01-15T02:00:00Z"));
  CHECK(nightly.rebased(noon) == nullptr);
}

TEST_CASE("CronSchedule keeps its text as it was given") {
  const CronSchedule cron{"@daily"};
  CHECK(cron.text() == "@daily");
  CHECK(cron.describe() == "cron @daily (UTC)");
  CHECK(Json(cron) == Json{{"kind", "cron"}, {"expression", "@daily"}, {"timeZone", "UTC"}});
}

TEST_CASE("CronSchedule is refused when its text is no expression") {
  CHECK(code_of([] { CronSchedule{"* * * *"}; }) == "INVALID_SCHEDULE");
  CHECK(code_of([] { CronSchedule{"0 0 30 2 *"}; }) == "INVALID_SCHEDULE");
}

}  // namespace cron_schedule_test
