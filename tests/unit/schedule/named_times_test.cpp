// SPDX-License-Identifier: MIT
//
// daily_at, weekly_on, monthly_on: the expressions they write, and what they refuse.

#include "punctual/schedule/named_times.hpp"

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "hand_zone.hpp"
#include "instants.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace named_times_test {

namespace {

using namespace std::chrono_literals;
using punctual::cron;
using punctual::daily_at;
using punctual::DstGap;
using punctual::Duration;
using punctual::last_day;
using punctual::monthly_on;
using punctual::Schedule;
using punctual::Weekday;
using punctual::weekly_on;
using punctual::tests::error_of;
using punctual::tests::new_york;
using punctual::tests::runs_after;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("The named times are the cron schedules that one would write when they are made") {
  struct Row {
    Schedule schedule;
    const char* expression;
    const char* words;
  };
  const std::vector<Row> rows = {
      {daily_at(0h), "0 0 * * *", "at 00:00 every day (UTC)"},
      {daily_at(2h + 30min), "30 2 * * *", "at 02:30 every day (UTC)"},
      {daily_at(2h + 30min + 15s), "15 30 2 * * *", "at 02:30:15 every day (UTC)"},
      {daily_at(23h + 59min + 59s), "59 59 23 * * *", "at 23:59:59 every day (UTC)"},
      {weekly_on(Weekday::monday, 9h), "0 9 * * 1", "at 09:00 on Mondays (UTC)"},
      {weekly_on(Weekday::sunday, 9h + 5s), "5 0 9 * * 0", "at 09:00:05 on Sundays (UTC)"},
      {weekly_on({Weekday::monday, Weekday::friday}, 9h), "0 9 * * 1,5",
       "at 09:00 on Mondays and Fridays (UTC)"},
      {weekly_on({Weekday::saturday, Weekday::saturday}, 0h), "0 0 * * 6,6",
       "at 00:00 on Saturdays (UTC)"},
      {monthly_on(1, 9h), "0 9 1 * *", "at 09:00 on the 1st of every month (UTC)"},
      {monthly_on(31, 9h), "0 9 31 * *", "at 09:00 on the 31st of every month (UTC)"},
      {monthly_on(last_day, 9h), "0 9 L * *", "at 09:00 on the last day of every month (UTC)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    CHECK(row.schedule == cron(row.expression));
    CHECK(row.schedule.describe() == row.words);
  }
}

TEST_CASE("The named times fire on the days they name when months differ") {
  CHECK(runs_after(monthly_on(31, 9h), "2024-01-31T12:00:00Z", 2) ==
        Texts{"2024-03-31T09:00:00Z", "2024-05-31T09:00:00Z"});
  CHECK(runs_after(monthly_on(last_day, 9h), "2024-01-31T12:00:00Z", 3) ==
        Texts{"2024-02-29T09:00:00Z", "2024-03-31T09:00:00Z", "2024-04-30T09:00:00Z"});
  CHECK(
      runs_after(weekly_on({Weekday::sunday, Weekday::wednesday}, 9h), "2024-01-15T12:00:00Z", 3) ==
      Texts{"2024-01-17T09:00:00Z", "2024-01-21T09:00:00Z", "2024-01-24T09:00:00Z"});
}

TEST_CASE("The named times take the options of a cron schedule when they are given some") {
  CHECK(runs_after(daily_at(2h + 30min, {.zone = new_york(), .gap = DstGap::shift}),
                   "2024-03-10T00:00:00Z", 1) == Texts{"2024-03-10T07:30:00Z"});
  CHECK(weekly_on(Weekday::monday, 9h, {.zone = new_york()}) == cron("0 9 * * 1", new_york()));
  CHECK(weekly_on({Weekday::monday}, 9h, {.zone = new_york()}) == cron("0 9 * * 1", new_york()));
  CHECK(monthly_on(1, 9h, {.zone = new_york()}) == cron("0 9 1 * *", new_york()));
}

TEST_CASE("The named times refuse a time of day when it is none in whole seconds") {
  struct Row {
    const char* subject;
    Duration time_of_day;
    const char* error;
  };
  const Row rows[] = {
      {"midnight", 0h, ""},
      {"the last second", 24h - 1s, ""},
      {"the next midnight", 24h,
       "INVALID_SCHEDULE: a time of day is expected in whole seconds from 0 to 86399, got 86400000 "
       "ms"},
      {"before midnight", Duration{-1},
       "INVALID_SCHEDULE: a time of day is expected in whole seconds from 0 to 86399, got -1 ms"},
      {"between two seconds", Duration{1500},
       "INVALID_SCHEDULE: a time of day is expected in whole seconds from 0 to 86399, got 1500 ms"},
      {"behind the last second", 24h - Duration{1},
       "INVALID_SCHEDULE: a time of day is expected in whole seconds from 0 to 86399, got 86399999 "
       "ms"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto words_of = [](auto&& call) {
      const auto error = error_of(call);
      return error ? std::string{error->what()} : "";
    };
    CHECK(words_of([&] { (void)daily_at(row.time_of_day); }) == row.error);
    CHECK(words_of([&] { (void)weekly_on(Weekday::monday, row.time_of_day); }) == row.error);
    CHECK(words_of([&] { (void)weekly_on({Weekday::monday}, row.time_of_day); }) == row.error);
    CHECK(words_of([&] { (void)monthly_on(1, row.time_of_day); }) == row.error);
  }
}

TEST_CASE("monthly_on refuses a day when no month has it") {
  struct Row {
    int day;
    const char* error;
  };
  const Row rows[] = {
      {last_day, ""},
      {1, ""},
      {31, ""},
      {-1, "INVALID_SCHEDULE: monthly_on() expects a day 1 to 31 or last_day, got -1"},
      {32, "INVALID_SCHEDULE: monthly_on() expects a day 1 to 31 or last_day, got 32"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.day);
    const auto error = error_of([&] { (void)monthly_on(row.day, 9h); });
    CHECK((error ? std::string{error->what()} : "") == row.error);
  }
}

TEST_CASE("weekly_on refuses its days when there are none") {
  const auto error = error_of([] { (void)weekly_on(std::initializer_list<Weekday>{}, 9h); });
  REQUIRE(error);
  CHECK(std::string{error->what()} == "INVALID_SCHEDULE: weekly_on() expects a weekday, got none");
}

}  // namespace named_times_test
