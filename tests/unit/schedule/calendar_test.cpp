// SPDX-License-Identifier: MIT
//
// Calendar: which days and times are left out, from where to where, on whose clocks.

#include "punctual/schedule/calendar.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "punctual/schedule/schedule.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace calendar_test {

namespace {

using namespace std::chrono_literals;
using punctual::at;
using punctual::Calendar;
using punctual::CivilDate;
using punctual::cron;
using punctual::fixed_offset;
using punctual::Schedule;
using punctual::TimeZone;
using punctual::Weekday;
using punctual::YearlyDay;
using punctual::tests::apia;
using punctual::tests::error_of;
using punctual::tests::hand_zone;
using punctual::tests::instant;
using punctual::tests::new_york;
using punctual::tests::shown;

struct Row {
  const char* subject;
  Calendar calendar;
  const char* asked_at;
  const char* from;   // "never" if the calendar leaves the instant in
  const char* until;  // as above
};

/// Checks the stretches that lie around instants, in a schedule of `zone`.
void check(const TimeZone& zone, const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.subject, row.asked_at);
    CHECK(shown(row.calendar.excluded_from(instant(row.asked_at), zone)) == row.from);
    CHECK(shown(row.calendar.excluded_until(instant(row.asked_at), zone)) == row.until);
  }
}

/// Clocks go back from midnight to 23:00 of the day before, at 02:00Z.
TimeZone sao_paulo() {
  return hand_zone("America/Sao_Paulo", -120, {{"2018-02-18T02:00:00Z", -180}});
}

}  // namespace

TEST_CASE("Calendar leaves out whole days when they are dates, weekdays or days of the year") {
  const Calendar easter = Calendar{}.dates({{2024, 4, 1}, {2024, 3, 29}});
  const Calendar christmas = Calendar{}.yearly({{12, 25}, {12, 26}});
  const Calendar leap_day = Calendar{}.yearly({{2, 29}});
  check(TimeZone{},
        {
            {"a Saturday's first instant", Calendar::weekends(), "2024-01-13T00:00:00Z",
             "2024-01-12T23:59:59.999Z", "2024-01-14T00:00:00Z"},
            {"a Saturday's last instant", Calendar::weekends(), "2024-01-13T23:59:59.999Z",
             "2024-01-12T23:59:59.999Z", "2024-01-14T00:00:00Z"},
            {"a Sunday", Calendar::weekends(), "2024-01-14T12:00:00Z", "2024-01-13T23:59:59.999Z",
             "2024-01-15T00:00:00Z"},
            {"a Friday's last instant", Calendar::weekends(), "2024-01-12T23:59:59.999Z", "never",
             "never"},
            {"a Monday's first instant", Calendar::weekends(), "2024-01-15T00:00:00Z", "never",
             "never"},
            {"one weekday", Calendar{}.weekdays({Weekday::wednesday}), "2024-01-17T09:00:00Z",
             "2024-01-16T23:59:59.999Z", "2024-01-18T00:00:00Z"},
            {"another weekday", Calendar{}.weekdays({Weekday::wednesday}), "2024-01-18T09:00:00Z",
             "never", "never"},
            {"a date", easter, "2024-03-29T09:00:00Z", "2024-03-28T23:59:59.999Z",
             "2024-03-30T00:00:00Z"},
            {"the other date", easter, "2024-04-01T09:00:00Z", "2024-03-31T23:59:59.999Z",
             "2024-04-02T00:00:00Z"},
            {"between the dates", easter, "2024-03-30T09:00:00Z", "never", "never"},
            {"a date of another year", easter, "2025-03-29T09:00:00Z", "never", "never"},
            {"a day of the year", christmas, "2024-12-25T09:00:00Z", "2024-12-24T23:59:59.999Z",
             "2024-12-26T00:00:00Z"},
            {"a day of a year long ago", christmas, "0001-12-26T09:00:00Z",
             "0001-12-25T23:59:59.999Z", "0001-12-27T00:00:00Z"},
            {"that day of another month", christmas, "2024-11-25T09:00:00Z", "never", "never"},
            {"29 February", leap_day, "2024-02-29T09:00:00Z", "2024-02-28T23:59:59.999Z",
             "2024-03-01T00:00:00Z"},
            {"28 February of a common year", leap_day, "2023-02-28T09:00:00Z", "never", "never"},
            {"1 March of a common year", leap_day, "2023-03-01T09:00:00Z", "never", "never"},
            {"1 March of 1900", leap_day, "1900-03-01T09:00:00Z", "never", "never"},
            {"the first day of all", Calendar{}.dates({{1, 1, 1}}), "0001-01-01T09:00:00Z",
             "0001-01-01T00:00:00Z",  // as text; it is a millisecond before
             "0001-01-02T00:00:00Z"},
            {"an empty calendar", Calendar{}, "2024-01-13T00:00:00Z", "never", "never"},
        });
}

TEST_CASE("Calendar leaves out instants when they are those of another schedule") {
  const Schedule maintenance = cron("0 3 * * SUN");
  const Calendar times = Calendar{}.times_of(maintenance);
  check(TimeZone{},
        {
            {"one of them", times, "2024-01-14T03:00:00Z", "2024-01-14T02:59:59.999Z",
             "2024-01-14T03:00:00.001Z"},
            {"just behind", times, "2024-01-14T03:00:00.001Z", "never", "never"},
            {"just before", times, "2024-01-14T02:59:59.999Z", "never", "never"},
            {"another day", times, "2024-01-15T03:00:00Z", "never", "never"},
            {"one of them on a day that is left out",
             Calendar{Calendar::weekends()}.times_of(maintenance), "2024-01-14T03:00:00Z",
             "2024-01-13T23:59:59.999Z", "2024-01-15T00:00:00Z"},
            {"those of an earlier call",
             Calendar{times}.times_of(at(instant("2024-02-01T00:00:00Z"))), "2024-01-14T03:00:00Z",
             "never", "never"},
        });
}

TEST_CASE("Calendar reads days on the schedule's clocks when it has none of its own") {
  // Saturday in New York, by its winter time.
  check(fixed_offset(-5h),
        {
            {"a Saturday's first instant", Calendar::weekends(), "2024-01-13T05:00:00Z",
             "2024-01-13T04:59:59.999Z", "2024-01-14T05:00:00Z"},
            {"a Friday's last instant", Calendar::weekends(), "2024-01-13T04:59:59.999Z", "never",
             "never"},
            {"a Sunday's last instant", Calendar::weekends(), "2024-01-15T04:59:59.999Z",
             "2024-01-14T04:59:59.999Z", "2024-01-15T05:00:00Z"},
            {"a Saturday of its own", Calendar::weekends().in(TimeZone{}), "2024-01-13T00:00:00Z",
             "2024-01-12T23:59:59.999Z", "2024-01-14T00:00:00Z"},
            {"a Saturday of Kathmandu", Calendar::weekends().in(fixed_offset(5h + 45min)),
             "2024-01-12T18:15:00Z", "2024-01-12T18:14:59.999Z", "2024-01-13T18:15:00Z"},
        });
}

TEST_CASE("Calendar cuts a day in two when the clocks are set on it") {
  const Calendar spring = Calendar{}.dates({{2024, 3, 10}});
  const Calendar autumn = Calendar{}.dates({{2024, 11, 3}});
  check(new_york(),
        {
            {"before the day of 23 hours", spring, "2024-03-10T04:59:59.999Z", "never", "never"},
            {"its first part", spring, "2024-03-10T05:00:00Z", "2024-03-10T04:59:59.999Z",
             "2024-03-10T07:00:00Z"},
            {"its second part", spring, "2024-03-10T07:00:00Z", "2024-03-10T06:59:59.999Z",
             "2024-03-11T04:00:00Z"},
            {"its last instant", spring, "2024-03-11T03:59:59.999Z", "2024-03-10T06:59:59.999Z",
             "2024-03-11T04:00:00Z"},
            {"behind it", spring, "2024-03-11T04:00:00Z", "never", "never"},
            {"before the day of 25 hours", autumn, "2024-11-03T03:59:59.999Z", "never", "never"},
            {"its first part", autumn, "2024-11-03T05:30:00Z", "2024-11-03T03:59:59.999Z",
             "2024-11-03T06:00:00Z"},
            {"its second part", autumn, "2024-11-03T06:30:00Z", "2024-11-03T05:59:59.999Z",
             "2024-11-04T05:00:00Z"},
            {"behind it", autumn, "2024-11-04T05:00:00Z", "never", "never"},
        });
  check(sao_paulo(),
        {
            {"the day whose last hour comes twice", Calendar{}.dates({{2018, 2, 17}}),
             "2018-02-18T01:30:00Z", "2018-02-17T01:59:59.999Z", "2018-02-18T02:00:00Z"},
            {"that hour again", Calendar{}.dates({{2018, 2, 17}}), "2018-02-18T02:30:00Z",
             "2018-02-18T01:59:59.999Z", "2018-02-18T03:00:00Z"},
            {"the day behind it", Calendar{}.dates({{2018, 2, 17}}), "2018-02-18T03:00:00Z",
             "never", "never"},
            {"the next day, before it has come", Calendar{}.dates({{2018, 2, 18}}),
             "2018-02-18T02:00:00Z", "never", "never"},
            {"the next day", Calendar{}.dates({{2018, 2, 18}}), "2018-02-18T03:00:00Z",
             "2018-02-18T02:59:59.999Z", "2018-02-19T03:00:00Z"},
        });
  check(apia(), {
                    {"the day before one that does not come", Calendar{}.dates({{2011, 12, 29}}),
                     "2011-12-30T09:00:00Z", "2011-12-29T09:59:59.999Z", "2011-12-30T10:00:00Z"},
                    {"the day that does not come, before it", Calendar{}.dates({{2011, 12, 30}}),
                     "2011-12-30T09:59:59.999Z", "never", "never"},
                    {"the day that does not come, behind it", Calendar{}.dates({{2011, 12, 30}}),
                     "2011-12-30T10:00:00Z", "never", "never"},
                    {"the day behind it", Calendar{}.dates({{2011, 12, 31}}),
                     "2011-12-30T10:00:00Z", "2011-12-30T09:59:59.999Z", "2011-12-31T10:00:00Z"},
                });
}

TEST_CASE("Calendar keeps each date once and in order when dates are added") {
  const Calendar calendar = Calendar{}.dates({{1970, 1, 3}, {1970, 1, 1}}).dates({{1970, 1, 3}});
  CHECK(calendar.dates() == std::vector<int>{0, 2});
  CHECK(Calendar::weekends().weekdays() == 0b100'0001);
  CHECK(Calendar{}.yearly({{2, 29}}).yearly()[2] == std::uint32_t{1} << 29);
  CHECK(Calendar{}.times() == nullptr);
  CHECK(Calendar{}.zone() == std::nullopt);
  CHECK(Calendar{}.in(fixed_offset(1h)).zone() == fixed_offset(1h));
}

TEST_CASE("Calendar says what it leaves out when it is described") {
  struct WordsRow {
    Calendar calendar;
    const char* words;
  };
  const std::vector<WordsRow> rows = {
      {Calendar{}, "no day"},
      {Calendar::weekends(), "Saturdays and Sundays"},
      {Calendar{}.yearly({{12, 25}, {1, 1}}), "1 January and 25 December"},
      {Calendar{}.dates({{2024, 4, 1}, {2024, 3, 29}}), "2024-03-29 and 2024-04-01"},
      {Calendar{}.dates({{1, 1, 1}}), "0001-01-01"},
      {Calendar{}.times_of(cron("0 3 * * SUN")), "the times of (at 03:00 on Sundays (UTC))"},
      {Calendar::weekends().in(new_york()), "Saturdays and Sundays in America/New_York"},
      {Calendar{}
           .weekdays({Weekday::monday})
           .yearly({{12, 25}})
           .dates({{2024, 3, 29}})
           .times_of(cron("0 0 * * *")),
       "Mondays, 25 December, 2024-03-29 and the times of (at 00:00 every day (UTC))"},
  };
  for (const auto& row : rows) CHECK(row.calendar.describe() == row.words);
}

TEST_CASE("Calendar refuses a date when there is no such day") {
  struct DateRow {
    const char* subject;
    CivilDate date;
    const char* error;
  };
  const DateRow rows[] = {
      {"the first", {1, 1, 1}, ""},
      {"the last", {9999, 12, 31}, ""},
      {"a leap day", {2024, 2, 29}, ""},
      {"a leap day of a common year",
       {2023, 2, 29},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2023-2-29"},
      {"30 February",
       {2024, 2, 30},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-2-30"},
      {"31 April",
       {2024, 4, 31},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-4-31"},
      {"day 0", {2024, 1, 0}, "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-1-0"},
      {"day -1",
       {2024, 1, -1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-1--1"},
      {"month 0",
       {2024, 0, 1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-0-1"},
      {"month 13",
       {2024, 13, 1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 2024-13-1"},
      {"year 0", {0, 1, 1}, "INVALID_SCHEDULE: a Calendar expects days that exist, got 0-1-1"},
      {"year 10000",
       {10'000, 1, 1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got 10000-1-1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { Calendar{}.dates({row.date}); });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

TEST_CASE("Calendar refuses a day of the year when no month has it") {
  struct DayRow {
    const char* subject;
    YearlyDay day;
    const char* error;
  };
  const DayRow rows[] = {
      {"the first", {1, 1}, ""},
      {"the last", {12, 31}, ""},
      {"29 February", {2, 29}, ""},
      {"30 February",
       {2, 30},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got month 2, day 30"},
      {"31 June",
       {6, 31},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got month 6, day 31"},
      {"day 0", {1, 0}, "INVALID_SCHEDULE: a Calendar expects days that exist, got month 1, day 0"},
      {"month 0",
       {0, 1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got month 0, day 1"},
      {"month 13",
       {13, 1},
       "INVALID_SCHEDULE: a Calendar expects days that exist, got month 13, day 1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto error = error_of([&] { Calendar{}.yearly({row.day}); });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

TEST_CASE("Calendar takes a season out of every year, also over the year's end") {
  struct Row {
    const char* subject;
    punctual::YearlyDay first;
    punctual::YearlyDay last;
    const char* after;
    const char* next;
    const char* words;
  };
  const Row rows[] = {
      {"summer",
       {6, 1},
       {8, 31},
       "2024-05-31T23:59:00Z",
       "2024-09-01T00:00:00Z",
       "1 June to 31 August"},
      {"the turn of the year",
       {12, 24},
       {1, 6},
       "2023-12-23T23:59:00Z",
       "2024-01-07T00:00:00Z",
       "1 January to 6 January and 24 December to 31 December"},
      {"a day", {5, 1}, {5, 1}, "2024-04-30T23:59:00Z", "2024-05-02T00:00:00Z", "1 May"},
      {"over a leap day",
       {2, 28},
       {3, 1},
       "2024-02-27T23:59:00Z",
       "2024-03-02T00:00:00Z",
       "28 February to 1 March"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Calendar calendar;
    calendar.season(row.first, row.last);
    CHECK(calendar.describe() == row.words);
    const auto schedule = punctual::cron("* * * * *").excluding(calendar);
    CHECK(schedule.next_after(punctual::parse_iso8601(row.after).value()) ==
          punctual::parse_iso8601(row.next));
  }
  CHECK(punctual::tests::code_of([] { Calendar{}.season({2, 30}, {3, 1}); }) == "INVALID_SCHEDULE");
  CHECK(punctual::tests::code_of([] { Calendar{}.season({3, 1}, {13, 1}); }) == "INVALID_SCHEDULE");
}

TEST_CASE("Calendar refuses the times of a schedule that has none of its own") {
  CHECK(punctual::tests::code_of([] { Calendar{}.times_of(punctual::Schedule{}); }) ==
        "INVALID_SCHEDULE");
  CHECK(punctual::tests::code_of([] {
          Calendar{}.times_of(punctual::every_after_finish(punctual::Duration{1}));
        }) == "INVALID_SCHEDULE");
}

}  // namespace calendar_test
