// SPDX-License-Identifier: MIT
//
// Cron expressions in English: "at 02:00 on Monday to Friday".
//
// The words are made of what an expression allows, not of its text, so that two ways of writing the
// same thing read the same, and a surprise in the text is seen: `0 0 13 * FRI` is "at 00:00 on the
// 13th or on Fridays".
//
// Thread-safety: pure functions.

#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "punctual/schedule/calendar_names.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/cron_fields.hpp"

namespace punctual {

/// Says when `cron` fires, without a zone, e.g. "every 5 minutes from 09:00 to 17:59 every day".
[[nodiscard]] std::string describe_cron(const CronExpression& cron);

namespace detail {

/// Puts items into one text, with commas and a word before the last.
class WordList {
 public:
  explicit WordList(const char* last_joint = " and ") : last_joint_(last_joint) {}

  void add(const std::string& item) {
    if (!pending_.empty()) text_ += (text_.empty() ? "" : ", ") + pending_;
    pending_ = item;
  }

  [[nodiscard]] bool is_empty() const noexcept { return pending_.empty(); }
  [[nodiscard]] std::string text() const {
    return text_.empty() ? pending_ : text_ + last_joint_ + pending_;
  }

 private:
  const char* last_joint_;
  std::string text_;
  std::string pending_;
};

/// Adds the members of `set`, three or more in a row as "a to b"; `name(value)` says one.
template <class Name>
void add_values(WordList& list, std::uint64_t set, Name&& name) {
  while (set != 0) {
    const int first = lowest_bit(set);
    const int length = std::countr_one(set >> first);
    set = first + length >= 64 ? 0 : bits_from(set, first + length);
    if (length > 2) {
      list.add(name(first) + " to " + name(first + length - 1));
      continue;
    }
    list.add(name(first));
    if (length == 2) list.add(name(first + 1));
  }
}

/// Returns n if `set` is 0, n, 2n, .. below `end`, and 0 if it is anything else or n would be 1.
[[nodiscard]] inline int step_of(std::uint64_t set, int end) noexcept {
  if (!has_bit(set, 0) || std::popcount(set) < 2) return 0;
  const int step = lowest_bit(set & (set - 1));
  std::uint64_t steps = 0;
  for (int value = 0; value < end; value += step) steps |= std::uint64_t{1} << value;
  return steps == set && step > 1 ? step : 0;
}

[[nodiscard]] inline std::string plain_number(int value) {
  return std::to_string(value);
}

/// "at 02:00" and its like where that is short, empty where it is not.
[[nodiscard]] inline std::string clock_times(const CronFields& fields) {
  constexpr int shown_max = 6;
  const int count = std::popcount(fields.hours) * std::popcount(fields.minutes);
  if (std::popcount(fields.seconds) != 1 || count > shown_max) return {};
  WordList list;
  const int second = lowest_bit(fields.seconds);
  for (std::uint64_t hours = fields.hours; hours != 0; hours &= hours - 1) {
    for (std::uint64_t minutes = fields.minutes; minutes != 0; minutes &= minutes - 1) {
      std::string time = two_digits(lowest_bit(hours)) + ":" + two_digits(lowest_bit(minutes));
      if (second != 0) time += ":" + two_digits(second);
      list.add(time);
    }
  }
  return "at " + list.text();
}

/// "every 5 minutes", "at second 10 and 40"; empty if `set` is the field's first value alone.
[[nodiscard]] inline std::string unit_words(std::uint64_t set, const char* unit) {
  constexpr std::uint64_t all = (std::uint64_t{1} << 60) - 1;
  if (set == all) return std::string{"every "} + unit;
  if (const int step = step_of(set, 60); step != 0) {
    return "every " + std::to_string(step) + " " + unit + "s";
  }
  WordList list;
  add_values(list, set, plain_number);
  return std::string{"at "} + unit + " " + list.text();
}

[[nodiscard]] inline std::string hour_words(std::uint32_t hours) {
  constexpr std::uint32_t all = (1U << 24) - 1;
  if (hours == all) return {};
  const int first = lowest_bit(hours);
  const int last = highest_bit(hours);
  if (std::popcount(hours) == last - first + 1) {
    return "from " + two_digits(first) + ":00 to " + two_digits(last) + ":59";
  }
  if (const int step = step_of(hours, 24); step != 0) {
    return "in every " + ordinal(step) + " hour from 00:00";
  }
  WordList list;
  add_values(list, hours, [](int hour) { return two_digits(hour); });
  return "in the hours " + list.text();
}

[[nodiscard]] inline std::string time_words(const CronFields& fields) {
  if (std::string times = clock_times(fields); !times.empty()) return times;
  constexpr std::uint64_t zero = 1;
  std::string words;
  const bool has_seconds = fields.seconds != zero;
  const std::string hours = hour_words(fields.hours);
  if (has_seconds) words = unit_words(fields.seconds, "second");
  const std::string minutes = unit_words(fields.minutes, "minute");
  if (!has_seconds && fields.minutes == zero) {
    words = "every hour";
  } else if (!has_seconds) {
    words = minutes;
    if (std::popcount(fields.minutes) == 1 && hours.empty()) words += " of every hour";
  } else if (minutes != "every minute") {
    words += ", " + minutes;
  }
  return hours.empty() ? words : words + " " + hours;
}

[[nodiscard]] inline std::string day_of_month_words(const CronFields& fields) {
  if (fields.days == CronFields::every_day_of_month) return {};
  WordList list;
  add_values(list, fields.days, [](int day) { return "the " + ordinal(day); });
  const auto from_last = [](int bit) {
    const int distance = 31 - bit;
    if (distance == 0) return std::string{"the last day"};
    return "the " + ordinal(distance) + " day before the last";
  };
  for (std::uint64_t set = fields.days_from_last; set != 0;
       set = bits_below(set, highest_bit(set))) {
    list.add(from_last(highest_bit(set)) + " of the month");
  }
  for (std::uint64_t set = fields.nearest_weekdays; set != 0; set &= set - 1) {
    list.add("the weekday nearest the " + ordinal(lowest_bit(set)));
  }
  for (std::uint64_t set = fields.nearest_from_last; set != 0;
       set = bits_below(set, highest_bit(set))) {
    const int bit = highest_bit(set);
    list.add(bit == 31 ? "the last weekday of the month"
                       : "the weekday nearest " + from_last(bit) + " of the month");
  }
  return "on " + list.text();
}

[[nodiscard]] inline std::string day_of_week_words(const CronFields& fields) {
  if (fields.weekdays == CronFields::every_weekday) return {};
  const std::uint64_t w = fields.weekdays;
  std::uint64_t every_week = w & (w >> 7) & (w >> 14) & (w >> 21) & (w >> 28) & 0x7F;
  WordList list;
  const auto plural = [](int day) { return std::string{weekday_name(day % 7)} + "s"; };
  // From Monday on, so that the weekend is one stretch.
  every_week = (every_week >> 1 | (every_week & 1U) << 6) << 1;
  add_values(list, every_week, plural);
  const std::uint64_t in_every_week =
      (every_week >> 1 & 0x3F) << 1 | (every_week >> 7 & 1U);  // back to Sunday first
  for (int week = 1; week <= 6; ++week) {
    for (int day = 0; day < 7; ++day) {
      const bool is_last = week == 6;
      if (!has_bit(w, (week - 1) * 7 + day)) continue;
      if (has_bit(in_every_week, day)) continue;
      list.add("the " + (is_last ? std::string{"last"} : ordinal(week)) + " " +
               std::string{weekday_name(day)});
    }
  }
  return "on " + list.text();
}

[[nodiscard]] inline std::string year_words(const CronFields& fields) {
  WordList list;
  for (int year = fields.year_from(cron_year_min); year <= cron_year_max;) {
    int last = year;
    while (last < cron_year_max && fields.year_from(last + 1) == last + 1) ++last;
    list.add(last > year + 1 ? std::to_string(year) + " to " + std::to_string(last)
                             : std::to_string(year));
    if (last == year + 1) list.add(std::to_string(last));
    year = fields.year_from(last + 1);
  }
  return "in " + list.text();
}

}  // namespace detail

inline std::string describe_cron(const CronExpression& cron) {
  const CronFields& fields = cron.fields();
  std::string words = detail::time_words(fields);
  const std::string by_day = detail::day_of_month_words(fields);
  const std::string by_weekday = detail::day_of_week_words(fields);
  const bool has_both = !by_day.empty() && !by_weekday.empty();
  if (has_both) {
    words += " " + by_day + (fields.either_day ? " or " : ", if that is ") +
             (fields.either_day ? by_weekday : by_weekday.substr(3));
  } else if (!by_day.empty() || !by_weekday.empty()) {
    words += " " + by_day + by_weekday;
  } else if (words.compare(0, 3, "at ") == 0 && fields.months == CronFields::every_month) {
    words += " every day";
  }
  if (fields.months != CronFields::every_month) {
    detail::WordList list;
    detail::add_values(list, fields.months,
                       [](int month) { return std::string{detail::month_name(month)}; });
    words += " in " + list.text();
  }
  const bool has_years = (fields.years[0] | fields.years[1] | fields.years[2]) != 0;
  return has_years ? words + " " + detail::year_words(fields) : words;
}

}  // namespace punctual
