// SPDX-License-Identifier: MIT
//
// The common schedules in plain words: daily_at, weekly_on, monthly_on.
//
// They are cron schedules with the expression written for the caller, so everything that holds for
// those holds here: the zone, what happens when clocks are set, the JSON.
//
// Thread-safety: pure functions.

#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/calendar.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual {

/// For `monthly_on`: the last day of the month, whichever that is.
inline constexpr int last_day = 0;

namespace detail {

/// Returns "minute hour" or "second minute hour" of a time of day.
[[nodiscard]] inline std::string cron_time(Duration time_of_day) {
  const auto ms = time_of_day.count();
  if (ms < 0 || ms >= 86'400'000 || ms % 1000 != 0) {
    throw Error{"INVALID_SCHEDULE",
                "a time of day is expected in whole seconds from 0 to 86399, got " +
                    std::to_string(ms) + " ms"};
  }
  const auto second = ms / 1000 % 60;
  return (second == 0 ? "" : std::to_string(second) + " ") + std::to_string(ms / 60'000 % 60) +
         " " + std::to_string(ms / 3'600'000);
}

}  // namespace detail

/// Every day at a time, e.g. `daily_at(2h + 30min, {.zone = punctual::tz::zone("Europe/Berlin")})`.
///
/// Errors: INVALID_SCHEDULE -> not a time of day in whole seconds. So for the others.
[[nodiscard]] inline Schedule daily_at(Duration time_of_day, CronOptions options = {}) {
  return cron(detail::cron_time(time_of_day) + " * * *", std::move(options));
}

/// On the same weekdays of every week, e.g. `weekly_on({Weekday::monday, Weekday::friday}, 9h)`.
///
/// Errors: INVALID_SCHEDULE -> no weekday.
[[nodiscard]] inline Schedule weekly_on(std::initializer_list<Weekday> days, Duration time_of_day,
                                        CronOptions options = {}) {
  std::string list;
  for (const Weekday day : days) {
    list += (list.empty() ? "" : ",") + std::to_string(static_cast<int>(day));
  }
  if (list.empty()) throw Error{"INVALID_SCHEDULE", "weekly_on() expects a weekday, got none"};
  return cron(detail::cron_time(time_of_day) + " * * " + list, std::move(options));
}

/// On one weekday of every week, e.g. `weekly_on(Weekday::monday, 9h)`.
[[nodiscard]] inline Schedule weekly_on(Weekday day, Duration time_of_day,
                                        CronOptions options = {}) {
  return weekly_on({day}, time_of_day, std::move(options));
}

/// On one day of every month, 1 to 31 or `last_day`; months that do not have the day are left out.
///
/// Errors: INVALID_SCHEDULE -> no month has that day.
[[nodiscard]] inline Schedule monthly_on(int day, Duration time_of_day, CronOptions options = {}) {
  if (day < 0 || day > 31) {
    throw Error{"INVALID_SCHEDULE",
                "monthly_on() expects a day 1 to 31 or last_day, got " + std::to_string(day)};
  }
  const std::string field = day == last_day ? "L" : std::to_string(day);
  return cron(detail::cron_time(time_of_day) + " " + field + " * *", std::move(options));
}

}  // namespace punctual
