// SPDX-License-Identifier: MIT
//
// Cron expressions in English: "at 02:00 on Mondays to Fridays".
//
// The words are made of what an expression allows, not of its text, so that two ways of writing the
// same thing read the same, and a surprise in the text is seen: `0 0 13 * FRI` is "at 00:00 on the
// 13th of every month or on Fridays", and `*/7 * * * *` begins anew with every hour.
//
// Thread-safety: pure functions.

#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/schedule/calendar_names.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/cron_fields.hpp"
#include "punctual/schedule/word_list.hpp"

namespace punctual {

/// Says when `cron` fires, without a zone, e.g. "every 5 minutes from 09:00 to 17:55 every day".
///
/// Where it says "from" and "to", these are the first and the last time.
[[nodiscard]] std::string describe_cron(const CronExpression& cron);

namespace detail {

/// Longer lists are said as steps where they are evenly spaced.
inline constexpr int listed_max = 6;
inline constexpr std::uint64_t all_of_60 = (std::uint64_t{1} << 60) - 1;
inline constexpr std::uint64_t all_hours = (std::uint64_t{1} << 24) - 1;

/// Calls `visit(first, last)` for each stretch of neighbours in `set`.
template <class Visit>
void for_each_run(std::uint64_t set, Visit&& visit) {
  while (set != 0) {
    const int first = lowest_bit(set);
    const int end = first + std::countr_one(set >> first);
    visit(first, end - 1);
    set = end >= 64 ? 0 : bits_from(set, end);
  }
}

/// Adds the members of `set`, three or more in a row as "a to b"; `name(value)` says one.
template <class Name>
void add_values(WordList& list, std::uint64_t set, Name&& name) {
  for_each_run(set, [&](int first, int last) {
    std::string words = name(first);
    if (last > first + 1) words += " to " + name(last);
    list.add(words);
    if (last == first + 1) list.add(name(last));
  });
}

/// As `add_values`, for members 0 to `count` - 1 that go round, as weekdays do: a stretch over the
/// end is one.
template <class Name>
void add_round(WordList& list, std::uint64_t set, int count, Name&& name) {
  const std::uint64_t all = (std::uint64_t{1} << count) - 1;
  const bool goes_over = set != all && has_bit(set, 0) && has_bit(set, count - 1);
  const int start = goes_over ? highest_bit(~set & all) + 1 : 0;
  add_values(list, (set >> start | set << (count - start)) & all,
             [&](int value) { return name((value + start) % count); });
}

/// A set's ends, and the distance of its members; 0 if they are unevenly spaced or one alone.
struct EvenSteps {
  int first;
  int last;
  int step;
};

[[nodiscard]] inline EvenSteps even_steps(std::uint64_t set) noexcept {
  EvenSteps even{lowest_bit(set), highest_bit(set), 0};
  if (even.first == even.last) return even;
  const int step = lowest_bit(set & (set - 1)) - even.first;
  std::uint64_t steps = 0;
  for (int value = even.first; value <= even.last; value += step)
    steps |= std::uint64_t{1} << value;
  if (steps == set) even.step = step;
  return even;
}

/// True for `*` and for a step from 0 that divides 60, which goes on evenly after 59.
[[nodiscard]] inline bool flows(std::uint64_t set) noexcept {
  const EvenSteps even = even_steps(set);
  return even.first == 0 && even.step * std::popcount(set) == 60;
}

/// "minute", "5 minutes".
[[nodiscard]] inline std::string counted(int count, const std::string& unit) {
  return count == 1 ? unit : std::to_string(count) + " " + unit + "s";
}

/// "minute 5", "minutes 5 and 35"; for a long list of steps "`prefix` from minute 1 to 41".
[[nodiscard]] inline std::string members(std::uint64_t set, const std::string& unit,
                                         const std::string& prefix, const char* before_list) {
  const EvenSteps even = even_steps(set);
  if (even.step > 1 && std::popcount(set) > listed_max) {
    const std::string from = prefix + " from " + unit + " " + std::to_string(even.first);
    return even.last + even.step > 59 ? from : from + " to " + std::to_string(even.last);
  }
  WordList list;
  add_values(list, set, [](int value) { return std::to_string(value); });
  return before_list + unit + (std::popcount(set) == 1 ? " " : "s ") + list.text();
}

/// "every 5 minutes", "at minutes 5 and 35", "every 7 minutes from minute 0".
[[nodiscard]] inline std::string how_often(std::uint64_t set, const std::string& unit) {
  const std::string every = "every " + counted(even_steps(set).step, unit);
  return flows(set) ? every : members(set, unit, every, "at ");
}

/// "every 5th minute", "minutes 5 and 35", "every 7th minute from minute 0".
[[nodiscard]] inline std::string which_minutes(std::uint64_t set) {
  const std::string every = "every " + ordinal(even_steps(set).step) + " minute";
  return flows(set) ? every : members(set, "minute", every, "");
}

/// "02:00", and with a second if the expression has seconds.
[[nodiscard]] inline std::string clock_time(const CronFields& fields, int hour, int minute,
                                            int second) {
  const std::string time = two_digits(hour) + ":" + two_digits(minute);
  return fields.seconds == 1 ? time : time + ":" + two_digits(second);
}

/// "from 09:00 to 17:55": the first and the last time in these hours.
[[nodiscard]] inline std::string window(const CronFields& fields, int first_hour, int last_hour) {
  return "from " +
         clock_time(fields, first_hour, lowest_bit(fields.minutes), lowest_bit(fields.seconds)) +
         " to " +
         clock_time(fields, last_hour, highest_bit(fields.minutes), highest_bit(fields.seconds));
}

/// "02:00 and 02:30" if these are few, otherwise empty; `time(hour, minute)` says one.
template <class Time>
[[nodiscard]] std::string few_times(const CronFields& fields, Time&& time) {
  if (std::popcount(fields.hours) * std::popcount(fields.minutes) > listed_max) return {};
  WordList list;
  for (std::uint64_t hours = fields.hours; hours != 0; hours &= hours - 1) {
    for (std::uint64_t minutes = fields.minutes; minutes != 0; minutes &= minutes - 1) {
      list.add(time(lowest_bit(hours), lowest_bit(minutes)));
    }
  }
  return list.text();
}

/// The windows of three stretches of hours at most, each at least so long; empty if there are
/// others.
[[nodiscard]] inline std::string windows(const CronFields& fields, int hours_min) {
  constexpr int shown_max = 3;
  int count = 0;
  WordList list;
  for_each_run(fields.hours, [&](int first, int last) {
    list.add(window(fields, first, last));
    count += last - first + 1 < hours_min ? shown_max + 1 : 1;
  });
  return count <= shown_max ? list.text() : std::string{};
}

/// What follows "every 5 minutes", which flows from hour to hour, or "at minutes 5 and 35".
[[nodiscard]] inline std::string hour_words(const CronFields& fields, bool is_flowing) {
  const std::uint64_t hours = fields.hours;
  if (hours == all_hours) return is_flowing ? "" : " of every hour";
  if (const std::string from = windows(fields, 1); is_flowing && !from.empty()) return " " + from;
  const EvenSteps even = even_steps(hours);
  const std::string joint = is_flowing ? " in " : " of ";
  if (even.step == 1 || (even.step > 1 && std::popcount(hours) > listed_max / 2)) {
    const std::string which = even.step == 1 ? "" : ordinal(even.step) + " ";
    return joint + "every " + which + "hour " + window(fields, even.first, even.last);
  }
  WordList list;
  add_values(list, hours, two_digits);
  return joint + (even.first == even.last ? "the hour " : "the hours ") + list.text();
}

[[nodiscard]] inline std::string time_words(const CronFields& fields) {
  const bool has_one_second = std::popcount(fields.seconds) == 1;
  const bool has_one_minute = std::popcount(fields.minutes) == 1;
  const EvenSteps hours = even_steps(fields.hours);
  if (has_one_second) {
    const auto time = [&](int hour, int minute) {
      return clock_time(fields, hour, minute, lowest_bit(fields.seconds));
    };
    if (const std::string times = few_times(fields, time); !times.empty()) return "at " + times;
  }
  if (fields.seconds == 1 && fields.minutes == 1 && fields.hours == all_hours) return "every hour";
  if (has_one_second && has_one_minute && fields.hours != all_hours) {
    if (hours.step > 0) {
      return "every " + counted(hours.step, "hour") + " " + window(fields, hours.first, hours.last);
    }
    if (const std::string from = windows(fields, 2); !from.empty()) return "every hour " + from;
  }
  if (fields.seconds == 1) {
    const int minute_step = even_steps(fields.minutes).step;
    if (hours.first == hours.last && minute_step > 0) {
      return "every " + counted(minute_step, "minute") + " " +
             window(fields, hours.first, hours.last);
    }
    return how_often(fields.minutes, "minute") + hour_words(fields, flows(fields.minutes));
  }
  const std::string seconds = how_often(fields.seconds, "second");
  if (fields.minutes == all_of_60) {
    return seconds + (flows(fields.seconds) ? "" : " of every minute") + hour_words(fields, true);
  }
  const std::string joint = flows(fields.seconds) ? " in " : " of ";
  const auto time = [](int hour, int minute) {
    return two_digits(hour) + ":" + two_digits(minute);
  };
  if (const std::string times = few_times(fields, time); !times.empty()) {
    return seconds + joint +
           (has_one_minute && hours.first == hours.last ? "the minute " : "the minutes ") + times;
  }
  return seconds + joint + which_minutes(fields.minutes) +
         hour_words(fields, flows(fields.minutes));
}

/// "the 1st and the last day", empty if every day will do.
[[nodiscard]] inline std::string day_of_month_words(const CronFields& fields) {
  if (fields.days == CronFields::every_day_of_month) return {};
  WordList list;
  const EvenSteps even = fields.days == 0 ? EvenSteps{} : even_steps(fields.days);
  if (even.step > 1 && std::popcount(fields.days) > listed_max) {
    list.add("every " + ordinal(even.step) + " day from the " + ordinal(even.first) + " to the " +
             ordinal(even.last));
  } else {
    add_values(list, fields.days, [&, article = "the "](int day) mutable {
      return std::exchange(article, "") + ordinal(day);
    });
  }
  const auto from_last = [](int bit) {
    const int distance = 31 - bit;
    if (distance == 0) return std::string{"the last day"};
    return "the " + (distance == 1 ? "" : ordinal(distance) + " ") + "day before the last";
  };
  for (std::uint64_t set = fields.days_from_last; set != 0;
       set = bits_below(set, highest_bit(set))) {
    list.add(from_last(highest_bit(set)));
  }
  for (std::uint64_t set = fields.nearest_weekdays; set != 0; set &= set - 1) {
    list.add("the weekday nearest the " + ordinal(lowest_bit(set)));
  }
  for (std::uint64_t set = fields.nearest_from_last; set != 0;
       set = bits_below(set, highest_bit(set))) {
    const int bit = highest_bit(set);
    list.add(bit == 31 ? "the last weekday" : "the weekday nearest " + from_last(bit));
  }
  return list.text();
}

/// The weekdays of every week, bit 0 for Sunday.
[[nodiscard]] inline std::uint64_t plain_weekdays(const CronFields& fields) noexcept {
  const std::uint64_t w = fields.weekdays;
  return w & (w >> 7) & (w >> 14) & (w >> 21) & (w >> 28) & 0x7F;
}

/// Adds "Mondays" and its like, with `ending` for the s, and "the 2nd Friday".
inline void add_weekdays(WordList& list, const CronFields& fields, const char* ending) {
  const std::uint64_t plain = plain_weekdays(fields);
  // From Monday on, so that the weekend is one stretch.
  add_round(list, plain >> 1 | (plain & 1U) << 6, 7,
            [&](int day) { return std::string{weekday_name((day + 1) % 7)} + ending; });
  for (int week = 1; week <= 6; ++week) {
    const std::string place = week == 6 ? "last" : ordinal(week);
    for (std::uint64_t days = (fields.weekdays >> (7 * (week - 1))) & 0x7F & ~plain; days != 0;
         days &= days - 1) {
      list.add("the " + place + " " + std::string{weekday_name(lowest_bit(days))});
    }
  }
}

/// "January", "every month from June to August"; after "in" only, without its first two words.
[[nodiscard]] inline std::string month_words(const CronFields& fields, bool follows_day) {
  if (fields.months == CronFields::every_month) return follows_day ? " of every month" : "";
  int run_count = 0;
  WordList list;
  add_round(list, fields.months >> 1, 12, [&](int month) {
    ++run_count;
    return std::string{month_name(month + 1)};
  });
  const std::string months = list.text();
  const bool is_stretch = run_count == 2 && months.find(" to ") != std::string::npos;
  if (is_stretch) return (follows_day ? " of every month from " : " from ") + months;
  return (follows_day ? " of " : " in ") + months;
}

/// " in 2024", " from 2024 to 2026", empty if every year will do.
[[nodiscard]] inline std::string year_words(const CronFields& fields) {
  if ((fields.years[0] | fields.years[1] | fields.years[2]) == 0) return {};
  const int first = fields.year_from(cron_year_min);
  const int last = fields.year_up_to(cron_year_max);
  const int step = fields.year_from(first + 1) - first;
  WordList list;
  bool is_even = true;
  int count = 0;
  for (int year = first; year <= last; ++count) {
    int run_end = year;
    while (run_end < last && fields.year_from(run_end + 1) == run_end + 1) ++run_end;
    const bool is_stretch = run_end > year + 1;
    if (is_stretch && year == first && run_end == last) {
      return " from " + std::to_string(first) + " to " + std::to_string(last);
    }
    list.add(std::to_string(year) + (is_stretch ? " to " + std::to_string(run_end) : ""));
    if (run_end == year + 1) list.add(std::to_string(run_end));
    const int next = fields.year_from(run_end + 1);
    is_even = is_even && run_end == year && (year == last || next - year == step);
    year = next;
  }
  if (is_even && count > listed_max) {
    return " in every " + ordinal(step) + " year from " + std::to_string(first) + " to " +
           std::to_string(last);
  }
  return " in " + list.text();
}

[[nodiscard]] inline std::string date_words(const CronFields& fields) {
  const bool is_every_weekday = fields.weekdays == CronFields::every_weekday;
  // Of two of which one suffices, one that is every day leaves nothing to the other.
  const bool is_every_day =
      fields.either_day && (is_every_weekday || fields.days == CronFields::every_day_of_month);
  const std::string by_day = is_every_day ? "" : day_of_month_words(fields);
  const bool restricts_weekdays = !is_every_weekday && !is_every_day;
  const bool needs_both = !by_day.empty() && restricts_weekdays && !fields.either_day;
  const std::string of_month = month_words(fields, true);
  const std::string in_month = month_words(fields, false);
  WordList weekdays{needs_both ? " or " : " and "};
  if (restricts_weekdays) add_weekdays(weekdays, fields, needs_both ? "" : "s");
  if (needs_both) return " on " + by_day + of_month + ", if that falls on " + weekdays.text();
  if (!restricts_weekdays && by_day.empty()) {
    return (fields.hours == all_hours ? "" : " every day") + in_month;
  }
  if (!restricts_weekdays) return " on " + by_day + of_month;

  const std::uint64_t plain = plain_weekdays(fields) * one_in_each_week;
  const bool has_nth = (fields.weekdays & ~plain) != 0;
  std::string by_weekday = " on " + weekdays.text() + (has_nth ? of_month : in_month);
  if (by_day.empty()) return by_weekday;
  return " on " + by_day + (has_nth ? "" : of_month) + " or" + by_weekday;
}

}  // namespace detail

inline std::string describe_cron(const CronExpression& cron) {
  const CronFields& fields = cron.fields();
  return detail::time_words(fields) + detail::date_words(fields) + detail::year_words(fields);
}

}  // namespace punctual
