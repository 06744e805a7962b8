// SPDX-License-Identifier: MIT
//
// Schedule: every kind behind one value, what it can be decorated with, its words and its JSON.

#include "punctual/schedule/schedule.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/base/time.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace schedule_test {

using namespace punctual::literals;
using namespace std::chrono_literals;
using punctual::any_of;
using punctual::at;
using punctual::Calendar;
using punctual::cron;
using punctual::DstCase;
using punctual::Duration;
using punctual::every;
using punctual::every_after_finish;
using punctual::Json;
using punctual::Schedule;
using punctual::ScheduledInstant;
using punctual::ScheduleKind;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::tests::code_of;
using punctual::tests::error_of;
using punctual::tests::instant;
using punctual::tests::new_york;
using punctual::tests::runs_after;
using punctual::tests::runs_before;
using Texts = std::vector<std::string>;

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
  CHECK(every(hour).bound_to("nightly", anchor).next_after(noon) == anchor);
  for (const auto& schedule :
       {Schedule{}, every(hour, noon), every_after_finish(hour), at(noon), cron("0 12 * * *")}) {
    CAPTURE(schedule.describe());
    CHECK(schedule.bound_to("nightly", anchor) == schedule);
    CHECK(schedule.bound_to("nightly", anchor).rule() == schedule.rule());
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
      {cron("0 2 * * 1-5"), "at 02:00 on Mondays to Fridays (UTC)",
       R"({"kind":"cron","expression":"0 2 * * 1-5","timeZone":"UTC"})"},
      {cron("@daily", new_york()), "at 00:00 every day (America/New_York)",
       R"({"kind":"cron","expression":"@daily","timeZone":"America/New_York"})"},
      {cron("@daily", punctual::fixed_offset(5h + 30min)), "at 00:00 every day (+05:30)",
       R"({"kind":"cron","expression":"@daily","timeZone":"+05:30"})"},
      {"*/5 9-17 * * *"_cron, "every 5 minutes from 09:00 to 17:55 every day (UTC)",
       R"({"kind":"cron","expression":"*/5 9-17 * * *","timeZone":"UTC"})"},
      {every(hour).between(noon, noon + hour),
       "every 1 hour, from 2024-01-15T12:00:00.000Z until 2024-01-15T13:00:00.000Z",
       R"({"kind":"between","from":"2024-01-15T12:00:00.000Z","until":"2024-01-15T13:00:00.000Z",
           "schedule":{"kind":"interval","periodMs":3600000}})"},
      {every(hour).excluding(Calendar::weekends()), "every 1 hour, except on Saturdays and Sundays",
       R"({"kind":"excluding","calendar":{"weekdays":["Sunday","Saturday"]},
           "schedule":{"kind":"interval","periodMs":3600000}})"},
      {every(hour).jitter(5 * minute), "every 1 hour, up to 5 minutes later",
       R"({"kind":"jitter","maxMs":300000,"schedule":{"kind":"interval","periodMs":3600000}})"},
      {any_of({every(hour), at(noon)}), "every 1 hour; or once at 2024-01-15T12:00:00.000Z",
       R"({"kind":"anyOf","schedules":[{"kind":"interval","periodMs":3600000},
           {"kind":"once","at":"2024-01-15T12:00:00.000Z"}]})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    CHECK(row.schedule.describe() == row.words);
    CHECK(row.schedule.to_json() == Json::parse(row.json));
    const auto zones = [](std::string_view) { return new_york(); };
    CHECK(Schedule::from_json(Json::parse(row.json), zones) == row.schedule);
  }
}

TEST_CASE("Schedule is read from JSON only when it is a schedule of known zones") {
  struct Row {
    const char* subject;
    const char* json;
    const char* code;
  };
  const Row rows[] = {
      {"none", "null", ""},
      {"a period", R"({"kind":"interval","periodMs":1})", ""},
      {"an offset", R"({"kind":"cron","expression":"@daily","timeZone":"+05:30"})", ""},
      {"UTC", R"({"kind":"cron","expression":"@daily","timeZone":"UTC"})", ""},
      {"a text", R"("every hour")", "INVALID_SCHEDULE"},
      {"no kind", R"({"periodMs":1})", "INVALID_SCHEDULE"},
      {"no period", R"({"kind":"interval","periodMs":0})", "INVALID_SCHEDULE"},
      {"a zone by name", R"({"kind":"cron","expression":"@daily","timeZone":"America/New_York"})",
       "INVALID_TIME_ZONE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { (void)Schedule::from_json(Json::parse(row.json)); }) == row.code);
  }
}

TEST_CASE("Schedule fires on the clocks of the zone when a cron expression is given one") {
  const Schedule york = cron("0 9 * * *", new_york());
  CHECK(runs_after(york, "2024-03-09T00:00:00Z", 2) ==
        Texts{"2024-03-09T14:00:00Z", "2024-03-10T13:00:00Z"});
  const Schedule nepal = cron("0 9 * * *", {.zone = punctual::fixed_offset(5h + 45min)});
  CHECK(runs_after(nepal, "2024-03-09T00:00:00Z", 1) == Texts{"2024-03-09T03:15:00Z"});
}

TEST_CASE("Schedule answers as its innermost kind does when it is decorated several times over") {
  // Weekdays at nine in January 2024, but not on the 15th; and noon of every Sunday.
  const Schedule schedule =
      any_of({cron("0 9 * * *")
                  .excluding(Calendar::weekends().dates({{2024, 1, 15}}))
                  .between(instant("2024-01-01T00:00:00Z"), instant("2024-02-01T00:00:00Z")),
              cron("0 12 * * SUN")});
  CHECK(schedule.kind() == ScheduleKind::any_of);
  CHECK(runs_after(schedule, "2024-01-12T00:00:00Z", 4) ==
        Texts{"2024-01-12T09:00:00Z", "2024-01-14T12:00:00Z", "2024-01-16T09:00:00Z",
              "2024-01-17T09:00:00Z"});
  CHECK(runs_before(schedule, "2024-01-17T00:00:00Z", 3) ==
        Texts{"2024-01-16T09:00:00Z", "2024-01-14T12:00:00Z", "2024-01-12T09:00:00Z"});
  CHECK(runs_after(schedule, "2024-01-31T09:00:00Z", 2) ==
        Texts{"2024-02-04T12:00:00Z", "2024-02-11T12:00:00Z"});
  CHECK(schedule.count_between(instant("2024-01-01T00:00:00Z"), instant("2024-01-31T23:59:59Z"))
            .count == 22 + 4);
  CHECK_FALSE(schedule.is_manual());
  CHECK(schedule.period() == std::nullopt);
}

TEST_CASE("Schedule fires once when schedules of any_of coincide") {
  const Schedule schedule = any_of({cron("0 */2 * * *"), cron("0 */3 * * *"), every(6 * hour)});
  CHECK(runs_after(schedule, "2024-01-01T00:00:00Z", 4) ==
        Texts{"2024-01-01T02:00:00Z", "2024-01-01T03:00:00Z", "2024-01-01T04:00:00Z",
              "2024-01-01T06:00:00Z"});
}

TEST_CASE("Schedule takes the job's jitter when it is bound to the job") {
  const Schedule hourly = cron("0 * * * *").jitter(30 * minute);
  CHECK(hourly.next_after(noon) == noon + hour);
  const Schedule bound = hourly.bound_to("nightly", noon);
  const auto delay = *bound.next_after(noon) - noon;
  CHECK(delay > Duration{0});
  CHECK(delay <= 30 * minute);
  CHECK(bound.next_after(noon + delay) == noon + hour + delay);
  CHECK(bound.to_json() == hourly.to_json());
  CHECK(bound == hourly);
}

TEST_CASE("Schedule lists its next runs with what the clocks have to do with them") {
  const Schedule york = cron("30 1,2 * * *", new_york());
  CHECK(york.next_runs(instant("2024-03-10T00:00:00Z"), 3) ==
        std::vector<ScheduledInstant>{
            {instant("2024-03-10T06:30:00Z"), DstCase::none},
            {instant("2024-03-10T07:00:00Z"), DstCase::moved},
            {instant("2024-03-11T05:30:00Z"), DstCase::none},
        });
  CHECK(york.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::moved);

  struct Row {
    const char* subject;
    Schedule schedule;
    std::size_t count;  // of five that are asked for
  };
  const std::vector<Row> rows = {
      {"by hand", Schedule{}, 0},
      {"a period", every(hour), 5},
      {"a delay after the finish", every_after_finish(hour), 1},
      {"once", at(noon + hour), 1},
      {"once, in the past", at(noon), 0},
      {"bounded", every(hour, noon).between(noon, noon + 3 * hour), 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(row.schedule.next_runs(noon, 5).size() == row.count);
    CHECK(row.schedule.next_runs(noon, 0).empty());
    CHECK(row.schedule.case_of(noon) == DstCase::none);
  }
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
      cron("1 * * * *", new_york()),
      cron("1 * * * *", {.gap = punctual::DstGap::skip}),
      every(hour).between(noon, noon + hour),
      every(hour).between(noon, noon + 2 * hour),
      every(hour).excluding(Calendar::weekends()),
      every(hour).excluding(Calendar{}),
      every(hour).jitter(minute),
      every(hour).jitter(2 * minute),
      any_of({every(hour)}),
      any_of({every(hour), at(noon)}),
      any_of({at(noon), every(hour)}),
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
      {"an expression that never fires, with a zone", [] { return cron("0 0 30 2 *", new_york()); },
       "INVALID_SCHEDULE"},
      {"an end after the beginning", [] { return every(hour).between(noon, noon + minute); }, ""},
      {"an end at the beginning", [] { return every(hour).between(noon, noon); },
       "INVALID_SCHEDULE"},
      {"no jitter", [] { return every(hour).jitter(Duration{0}); }, ""},
      {"negative jitter", [] { return every(hour).jitter(-minute); }, "INVALID_SCHEDULE"},
      {"any of one", [] { return any_of({every(hour)}); }, ""},
      {"any of none", [] { return any_of(std::initializer_list<Schedule>{}); }, "INVALID_SCHEDULE"},
      {"any of none and another",
       [] {
         return any_of({every(hour), Schedule{}});
       },
       "INVALID_SCHEDULE"},
      {"any of a delay",
       [] {
         return any_of({every_after_finish(hour), every(hour)});
       },
       "INVALID_SCHEDULE"},
      {"bounds of none", [] { return Schedule{}.between(noon, noon + hour); }, "INVALID_SCHEDULE"},
      {"bounds of a delay", [] { return every_after_finish(hour).between(noon, noon + hour); },
       "INVALID_SCHEDULE"},
      {"exceptions of none", [] { return Schedule{}.excluding(Calendar::weekends()); },
       "INVALID_SCHEDULE"},
      {"exceptions of a delay",
       [] { return every_after_finish(hour).excluding(Calendar::weekends()); }, "INVALID_SCHEDULE"},
      {"jitter of none", [] { return Schedule{}.jitter(minute); }, "INVALID_SCHEDULE"},
      {"jitter of a delay", [] { return every_after_finish(hour).jitter(minute); },
       "INVALID_SCHEDULE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(code_of([&] { (void)row.make(); }) == row.code);
  }
}

TEST_CASE("Schedule says what it got when it refuses to be decorated") {
  const auto words_of = [](auto&& call) { return std::string{error_of(call).value().what()}; };
  CHECK(words_of([] { (void)Schedule{}.jitter(minute); }) ==
        "INVALID_SCHEDULE: jitter() expects a schedule with instants of its own, got one that runs "
        "by hand");
  CHECK(words_of([] { (void)every_after_finish(hour).excluding(Calendar{}); }) ==
        "INVALID_SCHEDULE: excluding() expects a schedule with instants of its own, got one that "
        "runs 1 hour after the previous run ended");
}

TEST_CASE("Schedule refuses to be decorated when more than 16 would stand within one another") {
  Schedule schedule = every(hour);
  for (int i = 0; i < 15; ++i) schedule = schedule.jitter(minute);
  CHECK(Schedule::from_json(schedule.to_json()) == schedule);  // the most that is read back
  CHECK(code_of([&] { (void)schedule.jitter(minute); }) == "INVALID_SCHEDULE");
  CHECK(code_of([&] { (void)schedule.between(noon, noon + hour); }) == "INVALID_SCHEDULE");
  CHECK(code_of([&] { (void)schedule.excluding(punctual::Calendar::weekends()); }) ==
        "INVALID_SCHEDULE");
  CHECK(code_of([&] { (void)punctual::any_of({schedule, every(hour)}); }) == "INVALID_SCHEDULE");
  punctual::Calendar calendar;
  calendar.times_of(schedule);
  CHECK(code_of([&] { (void)every(hour).excluding(calendar); }) == "INVALID_SCHEDULE");
}

}  // namespace schedule_test
