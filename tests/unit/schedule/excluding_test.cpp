// SPDX-License-Identifier: MIT
//
// Excluding: what a calendar leaves of a schedule, in both directions.

#include "punctual/schedule/excluding.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/base/random.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace excluding_test {

namespace {

using namespace std::chrono_literals;
using punctual::Calendar;
using punctual::cron;
using punctual::DstCase;
using punctual::Duration;
using punctual::every;
using punctual::Excluding;
using punctual::fixed_offset;
using punctual::Random;
using punctual::Schedule;
using punctual::ScheduleKind;
using punctual::TimePoint;
using punctual::TimeZone;
using punctual::Weekday;
using punctual::tests::apia;
using punctual::tests::instant;
using punctual::tests::new_york;
using punctual::tests::runs_after;
using punctual::tests::runs_before;
using punctual::tests::shown;
using Texts = std::vector<std::string>;

Excluding make(const Schedule& schedule, Calendar calendar) {
  return Excluding{schedule.rule(), std::move(calendar)};
}

}  // namespace

TEST_CASE("Excluding leaves out what falls on the calendar's days when asked from anywhere") {
  struct Row {
    const char* subject;
    Excluding schedule;
    const char* asked_at;
    const char* next;
    const char* previous;
  };
  const Schedule nine = cron("0 9 * * *");
  const Schedule nine_in_york = cron("0 9 * * *", fixed_offset(-5h));
  const Calendar weekends = Calendar::weekends();
  const Calendar new_year = Calendar{}.yearly({{12, 31}, {1, 1}});
  const std::vector<Row> rows = {
      {"within the week", make(nine, weekends), "2024-01-17T09:00:00Z", "2024-01-18T09:00:00Z",
       "2024-01-16T09:00:00Z"},
      {"at its end", make(nine, weekends), "2024-01-12T09:00:00Z", "2024-01-15T09:00:00Z",
       "2024-01-11T09:00:00Z"},
      {"on the weekend", make(nine, weekends), "2024-01-13T12:00:00Z", "2024-01-15T09:00:00Z",
       "2024-01-12T09:00:00Z"},
      {"at its beginning", make(nine, weekends), "2024-01-15T09:00:00Z", "2024-01-16T09:00:00Z",
       "2024-01-12T09:00:00Z"},
      {"over new year", make(nine, new_year), "2023-12-31T12:00:00Z", "2024-01-02T09:00:00Z",
       "2023-12-30T09:00:00Z"},
      {"a period, from the weekend", make(every(Duration{1}), weekends), "2024-01-13T12:00:00Z",
       "2024-01-15T00:00:00Z", "2024-01-12T23:59:59.999Z"},
      {"midnight is of the new day", make(every(24h), weekends), "2024-01-12T12:00:00Z",
       "2024-01-15T00:00:00Z", "2024-01-12T00:00:00Z"},
      {"evening of a Friday that is Saturday in UTC",
       make(cron("0 20 * * *", fixed_offset(-5h)), weekends), "2024-01-12T12:00:00Z",
       "2024-01-13T01:00:00Z", "2024-01-12T01:00:00Z"},
      {"that evening, with the weekends of UTC",
       make(cron("0 20 * * *", fixed_offset(-5h)), Calendar{weekends}.in(TimeZone{})),
       "2024-01-12T12:00:00Z", "2024-01-15T01:00:00Z", "2024-01-12T01:00:00Z"},
      {"nothing is left out", make(nine_in_york, Calendar{}), "2024-01-13T12:00:00Z",
       "2024-01-13T14:00:00Z", "2024-01-12T14:00:00Z"},
      {"the only instant", make(punctual::at(instant("2024-01-13T00:00:00Z")), weekends),
       "2024-01-01T00:00:00Z", "never", "never"},
      {"the only instant, from behind",
       make(punctual::at(instant("2024-01-13T00:00:00Z")), weekends), "2024-02-01T00:00:00Z",
       "never", "never"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(shown(row.schedule.next_after(instant(row.asked_at))) == row.next);
    CHECK(shown(row.schedule.previous_before(instant(row.asked_at))) == row.previous);
  }
}

TEST_CASE("Excluding leaves out the whole day when the clocks are set on it") {
  const auto left =
      make(cron("*/30 * * * *", new_york()), Calendar{}.dates({{2024, 3, 10}, {2024, 11, 3}}));
  CHECK(runs_after(left, "2024-03-10T04:00:00Z", 2) ==
        Texts{"2024-03-10T04:30:00Z", "2024-03-11T04:00:00Z"});
  CHECK(runs_before(left, "2024-03-11T04:30:00Z", 2) ==
        Texts{"2024-03-11T04:00:00Z", "2024-03-10T04:30:00Z"});
  CHECK(runs_after(left, "2024-11-03T03:00:00Z", 2) ==
        Texts{"2024-11-03T03:30:00Z", "2024-11-04T05:00:00Z"});
  CHECK(runs_before(left, "2024-11-04T05:30:00Z", 2) ==
        Texts{"2024-11-04T05:00:00Z", "2024-11-03T03:30:00Z"});

  const auto days = make(cron("0 */12 * * *", apia()), Calendar{}.dates({{2011, 12, 31}}));
  CHECK(runs_after(days, "2011-12-29T12:00:00Z", 2) ==
        Texts{"2011-12-29T22:00:00Z", "2011-12-31T10:00:00Z"});
  CHECK(runs_before(days, "2011-12-31T12:00:00Z", 2) ==
        Texts{"2011-12-31T10:00:00Z", "2011-12-29T22:00:00Z"});
}

TEST_CASE("Excluding leaves out single instants when they are those of another schedule") {
  const auto hourly = make(cron("0 * * * *"), Calendar{}.times_of(cron("0 2-4 * * *")));
  CHECK(runs_after(hourly, "2024-01-15T00:30:00Z", 3) ==
        Texts{"2024-01-15T01:00:00Z", "2024-01-15T05:00:00Z", "2024-01-15T06:00:00Z"});
  CHECK(runs_before(hourly, "2024-01-15T05:30:00Z", 3) ==
        Texts{"2024-01-15T05:00:00Z", "2024-01-15T01:00:00Z", "2024-01-15T00:00:00Z"});
  CHECK(hourly.count_between(instant("2024-01-15T00:00:00Z"), instant("2024-01-15T23:59:59Z"))
            .count == 21);
}

TEST_CASE("Excluding gives up when a million instants in a row are left out") {
  const TimePoint zero{};
  const auto but_the_first = [&](int count) {
    return make(every(1s, zero),
                Calendar{}.times_of(every(1s, zero).between(zero, zero + count * 1s)));
  };
  CHECK(but_the_first(999'999).next_after(zero - 1s) == zero + 999'999s);
  CHECK(but_the_first(1'000'000).next_after(zero - 1s) == std::nullopt);
  CHECK(but_the_first(1'000'000).next_after(zero) == zero + 1'000'000s);

  const auto but_the_last = [&](int count) {
    return make(
        every(1s, zero),
        Calendar{}.times_of(every(1s, zero + 1s).between(zero + 1s, zero + (count + 1) * 1s)));
  };
  CHECK(but_the_last(999'999).previous_before(zero + 1'000'000s) == zero);
  CHECK(but_the_last(1'000'000).previous_before(zero + 1'000'001s) == std::nullopt);
  CHECK(but_the_last(1'000'000).previous_before(zero + 1'000'000s) == zero);
}

TEST_CASE("Excluding never fires when every day is left out") {
  const auto never = make(
      every(1h),
      Calendar{}.weekdays({Weekday::monday, Weekday::tuesday, Weekday::wednesday, Weekday::thursday,
                           Weekday::friday, Weekday::saturday, Weekday::sunday}));
  CHECK(never.next_after(instant("2024-01-15T00:00:00Z")) == std::nullopt);
  CHECK(never.previous_before(instant("2024-01-15T00:00:00Z")) == std::nullopt);
  CHECK(
      never.count_between(instant("2024-01-15T00:00:00Z"), instant("2024-02-15T00:00:00Z")).count ==
      0);
}

TEST_CASE("Excluding has the instants of its schedule that the calendar leaves when drawn") {
  constexpr std::uint64_t seed = 366;
  CAPTURE(seed);
  Random random{seed};
  const TimeZone zone = new_york();
  const TimePoint first = instant("2024-03-01T00:00:00Z");
  const TimePoint last = instant("2024-03-31T00:00:00Z");
  for (int i = 0; i < 40; ++i) {
    Calendar calendar;
    for (int k = 0; k < 4; ++k) {
      calendar.add(punctual::CivilDate{2024, 3, 1 + static_cast<int>(random.up_to(30))});
    }
    calendar.weekdays({static_cast<Weekday>(random.up_to(6))});
    const Schedule inner =
        random.up_to(1) == 0
            ? cron("*/20 0-3,22-23 * * *", zone)
            : every(Duration{static_cast<std::int64_t>(600'000 + random.up_to(10'000'000))}, first);
    const auto left = make(inner, calendar);
    const TimeZone days_of = inner.rule()->zone();

    std::vector<TimePoint> expected;
    for (auto at = inner.next_after(first); at && *at < last; at = inner.next_after(*at)) {
      if (!calendar.excluded_until(*at, days_of)) expected.push_back(*at);
    }
    std::vector<TimePoint> forwards;
    for (auto at = left.next_after(first); at && *at < last; at = left.next_after(*at)) {
      forwards.push_back(*at);
    }
    std::vector<TimePoint> backwards;
    for (auto at = left.previous_before(last); at && *at > first; at = left.previous_before(*at)) {
      backwards.insert(backwards.begin(), *at);
    }
    REQUIRE(forwards == expected);
    REQUIRE(backwards == expected);
    REQUIRE(left.count_between(first + Duration{1}, last - Duration{1}).count ==
            static_cast<std::int64_t>(expected.size()));
  }
}

TEST_CASE("Excluding is its schedule's in everything else when it is asked") {
  const Schedule york = cron("30 2 * * *", new_york());
  const auto left = make(york, Calendar::weekends());
  CHECK(left.kind() == ScheduleKind::excluding);
  CHECK(left.zone() == new_york());
  CHECK(left.inner() == york.rule());
  CHECK(left.calendar().weekdays() == Calendar::weekends().weekdays());
  CHECK(left.case_of(instant("2024-03-10T07:00:00Z")) == DstCase::moved);
  CHECK(left.case_of(instant("2024-03-11T06:30:00Z")) == DstCase::none);
  CHECK(left.describe() ==
        "at 02:30 every day (America/New_York), except on Saturdays and Sundays");
}

TEST_CASE("Excluding takes the ledger's anchor when its schedule has none of its own") {
  const auto left = make(every(24h), Calendar::weekends());
  const auto bound = left.bound_to("nightly", instant("2024-01-11T09:00:00Z"));
  REQUIRE(bound);
  CHECK(bound->kind() == ScheduleKind::excluding);
  CHECK(runs_after(*bound, "2024-01-11T09:00:00Z", 2) ==
        Texts{"2024-01-12T09:00:00Z", "2024-01-15T09:00:00Z"});
  CHECK(make(cron("0 9 * * *"), Calendar{}).bound_to("nightly", TimePoint{}) == nullptr);
}

TEST_CASE("Excluding finds what lies behind a season of excluded minutes") {
  punctual::Calendar summer;
  summer.times_of(punctual::cron("* * * 6-8 *"));
  const auto schedule = punctual::cron("* * * * *").excluding(summer);
  CHECK(schedule.next_after(punctual::parse_iso8601("2024-05-31T23:59:00Z").value()) ==
        punctual::parse_iso8601("2024-09-01T00:00:00Z"));
  CHECK(schedule.previous_before(punctual::parse_iso8601("2024-09-01T00:00:00Z").value()) ==
        punctual::parse_iso8601("2024-05-31T23:59:00Z"));
}

TEST_CASE("Excluding takes the job's own instants out when its times are bound to the job") {
  const punctual::Duration minute{60'000};
  const auto anchor = punctual::parse_iso8601("2024-01-15T00:00:00.123Z").value();
  punctual::Calendar hourly;
  hourly.times_of(punctual::every(60 * minute));
  const auto schedule = punctual::every(30 * minute).excluding(hourly).bound_to("tidy", anchor);
  CHECK(schedule.next_after(anchor) == anchor + 30 * minute);
  CHECK(schedule.next_after(anchor + 30 * minute) == anchor + 90 * minute);
}

TEST_CASE("Excluding is refused on a schedule that times have been taken out of") {
  punctual::Calendar noon;
  noon.times_of(punctual::cron("0 12 * * *"));
  const auto hourly = punctual::cron("0 * * * *");
  const auto without_noon = hourly.excluding(noon);
  const auto code = [](const punctual::Schedule& schedule, const punctual::Calendar& calendar) {
    return punctual::tests::code_of([&] { (void)schedule.excluding(calendar); });
  };
  CHECK(code(hourly.excluding(punctual::Calendar::weekends()), noon).empty());
  CHECK(code(without_noon, noon) == "INVALID_SCHEDULE");
  CHECK(code(without_noon, punctual::Calendar::weekends()) == "INVALID_SCHEDULE");
  CHECK(code(without_noon.jitter(punctual::Duration{5}), noon) == "INVALID_SCHEDULE");
  CHECK(code(punctual::any_of({hourly, without_noon}), noon) == "INVALID_SCHEDULE");
  punctual::Calendar nested;
  nested.times_of(without_noon);
  CHECK(code(hourly, nested) == "INVALID_SCHEDULE");
}

}  // namespace excluding_test
