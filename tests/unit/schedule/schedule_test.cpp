// SPDX-License-Identifier: MIT
//
// Schedule: every kind behind one value, its words and its JSON.

#include "punctual/schedule/schedule.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace schedule_test {

using punctual::at;
using punctual::cron;
using punctual::Duration;
using punctual::every;
using punctual::every_after_finish;
using punctual::Json;
using punctual::Schedule;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::code_of;

namespace {

constexpr TimePoint noon{Duration{1'705'320'000'000}};  // 2024-01-15T12:00:00Z
constexpr Duration minute{60'000};
constexpr Duration hour{3'600'000};

}  // namespace

TEST_CASE("Schedule answers as its kind does when it is asked for instants") {
  struct Row {
    const char* subject;
    Schedule schedule;
    std::optional<TimePoint> next;      // after noon
    std::optional<TimePoint> previous;  // before noon
    std::int64_t count;                 // from noon for a day, both ends included
  };
  const std::vector<Row> rows = {
      {"by hand", Schedule{}, std::nullopt, std::nullopt, 0},
      {"a period from 1970", every(8 * hour), noon + 4 * hour, noon - 4 * hour, 3},
      {"a period from a minute past noon", every(8 * hour, noon + minute), noon + minute,
       std::nullopt, 3},
      {"a delay after the finish", every_after_finish(hour), noon + hour, std::nullopt, 1},
      {"once, ahead", at(noon + hour), noon + hour, std::nullopt, 1},
      {"once, now", at(noon), std::nullopt, std::nullopt, 1},
      {"once, in the past", at(noon - hour), std::nullopt, noon - hour, 0},
      {"a cron expression", cron("30 */6 * * *"), noon + 30 * minute, noon - 5 * hour - 30 * minute,
       4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.schedule.next_after(noon) == row.next);
    CHECK(row.schedule.previous_before(noon) == row.previous);
    const auto count = row.schedule.count_between(noon, noon + 24 * hour);
    CHECK(count.count == row.count);
    CHECK(count.is_exact);
  }
}

TEST_CASE("Schedule counts nothing when the range is upside down") {
  for (const auto& schedule :
       {Schedule{}, every(hour), every_after_finish(hour), at(noon), cron("* * * * *")}) {
    CAPTURE(schedule.describe());
    CHECK(schedule.count_between(noon + hour, noon - hour).count == 0);
  }
}

TEST_CASE("Schedule counts the only instant when the range is that instant") {
  CHECK(every(hour, noon).count_between(noon, noon).count == 1);
  CHECK(at(noon).count_between(noon, noon).count == 1);
  CHECK(cron("0 12 * * *").count_between(noon, noon).count == 1);
  CHECK(at(noon).count_between(noon + Duration{1}, noon + hour).count == 0);
  CHECK(at(noon).count_between(noon - hour, noon - Duration{1}).count == 0);
}

TEST_CASE("Schedule stops counting at 10,000 when it is a cron expression") {
  const Schedule minutely = cron("* * * * *");
  const auto exact = minutely.count_between(noon, noon + 9'999 * minute);
  CHECK(exact.count == 10'000);
  CHECK(exact.is_exact);
  const auto more = minutely.count_between(noon, noon + 10'000 * minute);
  CHECK(more.count == 10'000);
  CHECK_FALSE(more.is_exact);
  // A period is divided, not walked.
  const auto periods = every(Duration{1}, time_min).count_between(time_min, time_max);
  CHECK(periods.count == (time_max - time_min).count() + 1);
  CHECK(periods.is_exact);
}

TEST_CASE("Schedule tells its period and delay when its kind has them") {
  struct Row {
    const char* subject;
    Schedule schedule;
    bool is_manual;
    std::optional<Duration> period;
    std::optional<Duration> after_finish_delay;
  };
  const std::vector<Row> rows = {
      {"by hand", Schedule{}, true, std::nullopt, std::nullopt},
      {"a period", every(hour), false, hour, std::nullopt},
      {"a delay after the finish", every_after_finish(minute), false, minute, minute},
      {"once", at(noon), false, std::nullopt, std::nullopt},
      {"a cron expression", cron("@daily"), false, std::nullopt, std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.schedule.is_manual() == row.is_manual);
    CHECK(row.schedule.period() == row.period);
    CHECK(row.schedule.after_finish_delay() == row.after_finish_delay);
  }
}

TEST_CASE("Schedule takes the ledger's anchor only when it is a period without one") {
  const TimePoint anchor = noon + Duration{1234};
  CHECK(every(hour).anchored_at(anchor).next_after(noon) == anchor);
  for (const auto& schedule :
       {Schedule{}, every(hour, noon), every_after_finish(hour), at(noon), cron("0 12 * * *")}) {
    CAPTURE(schedule.describe());
    CHECK(schedule.anchored_at(anchor) == schedule);
  }
}

TEST_CASE("Schedule says itself in words and JSON when asked") {
  struct Row {
    Schedule schedule;
    const char* words;
    const char* json;
  };
  const std::vector<Row> rows = {
      {Schedule{}, "by hand", "null"},
      {every(Duration{1}), "every 1 ms", R"({"kind":"interval","periodMs":1})"},
      {every(Duration{1500}), "every 1500 ms", R"({"kind":"interval","periodMs":1500})"},
      {every(Duration{1000}), "every 1 second", R"({"kind":"interval","periodMs":1000})"},
      {every(Duration{90'000}), "every 90 seconds", R"({"kind":"interval","periodMs":90000})"},
      {every(minute), "every 1 minute", R"({"kind":"interval","periodMs":60000})"},
      {every(5 * minute), "every 5 minutes", R"({"kind":"interval","periodMs":300000})"},
      {every(hour), "every 1 hour", R"({"kind":"interval","periodMs":3600000})"},
      {every(36 * hour), "every 36 hours", R"({"kind":"interval","periodMs":129600000})"},
      {every(24 * hour), "every 1 day", R"({"kind":"interval","periodMs":86400000})"},
      {every(14 * 24 * hour), "every 14 days", R"({"kind":"interval","periodMs":1209600000})"},
      {every(hour, noon), "every 1 hour, counted from 2024-01-15T12:00:00.000Z",
       R"({"kind":"interval","periodMs":3600000,"anchor":"2024-01-15T12:00:00.000Z"})"},
      {every_after_finish(2 * minute), "2 minutes after the previous run ended",
       R"({"kind":"afterFinish","periodMs":120000})"},
      {at(noon), "once at 2024-01-15T12:00:00.000Z",
       R"({"kind":"once","at":"2024-01-15T12:00:00.000Z"})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    CHECK(row.schedule.describe() == row.words);
    CHECK(row.schedule.to_json() == Json::parse(row.json));
  }
  CHECK(cron("0 2 * * 1-5").to_json() ==
        Json::parse(R"({"kind":"cron","expression":"0 2 * * 1-5","timeZone":"UTC"})"));
}

TEST_CASE("Schedule has the JSON of another only when they fire alike for a new job") {
  const std::vector<Schedule> schedules = {
      Schedule{},
      every(hour),
      every(2 * hour),
      every(hour, noon),
      every(hour, noon + Duration{1}),
      every_after_finish(hour),
      at(noon),
      at(noon + Duration{1}),
      cron("0 * * * *"),
      cron("1 * * * *"),
  };
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    for (std::size_t k = 0; k < schedules.size(); ++k) {
      CAPTURE(i, k);
      CHECK((schedules[i].to_json() == schedules[k].to_json()) == (i == k));
      CHECK((schedules[i] == schedules[k]) == (i == k));
    }
  }
}

TEST_CASE("Schedule is refused when it is made of what it cannot be") {
  struct Row {
    const char* subject;
    Schedule (*make)();
    const char* code;
  };
  const Row rows[] = {
      {"a period", [] { return every(Duration{1}); }, ""},
      {"a cron expression", [] { return cron("* * * * *"); }, ""},
      {"the last instant", [] { return at(time_max); }, ""},
      {"a delay", [] { return every_after_finish(Duration{1}); }, ""},
      {"no period", [] { return every(Duration{0}); }, "INVALID_SCHEDULE"},
      {"a negative period", [] { return every(-minute); }, "INVALID_SCHEDULE"},
      {"a negative period with an anchor", [] { return every(-minute, noon); }, "INVALID_SCHEDULE"},
      {"an anchor past the end", [] { return every(minute, TimePoint::max()); },
       "INVALID_SCHEDULE"},
      {"no delay", [] { return every_after_finish(Duration{0}); }, "INVALID_SCHEDULE"},
      {"an instant past the end", [] { return at(TimePoint::max()); }, "INVALID_SCHEDULE"},
      {"an empty expression", [] { return cron(""); }, "INVALID_SCHEDULE"},
      {"an expression of words", [] { return cron("every day at noon"); }, "INVALID_SCHEDULE"},
      {"an expression that never fires", [] { return cron("0 0 30 2 *"); }, "INVALID_SCHEDULE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { (void)row.make(); }) == row.code);
  }
}

}  // namespace schedule_test
