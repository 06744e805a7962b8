// SPDX-License-Identifier: MIT
//
// CronFields: what a cron expression allows, as sets of bits, and the questions a search asks them.
//
// A set answers "the next allowed value from here" with a shift and a count of trailing zeros. The
// rules that depend on the month (last day, nearest weekday, n-th weekday) are sets too, and become
// ordinary days of the month for the whole month at once, without a loop over its days.
//
// Thread-safety: an immutable value once parsed; share it freely.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "punctual/base/civil_date.hpp"

namespace punctual {

/// The years that a year field may name, as in Quartz; without one every year counts.
inline constexpr int cron_year_min = 1970;
inline constexpr int cron_year_max = 2099;

/// The sets of one expression; bit n stands for the value n unless another meaning is noted.
struct CronFields {
  static constexpr std::uint32_t every_day_of_month = 0xFFFF'FFFE;
  static constexpr std::uint64_t every_weekday = 0x7'FFFF'FFFF;
  static constexpr std::uint16_t every_month = 0x1FFE;
  static constexpr int no_second = -1;

  std::uint64_t seconds = 1;
  std::uint64_t minutes = 0;
  std::uint64_t weekdays = every_weekday;  ///< bit 7(n-1)+w: n-th w of the month; 35+w: the last w
  std::array<std::uint64_t, 3> years{};    ///< bit y-1970; all zero: every year
  std::uint32_t hours = 0;
  std::uint32_t days = every_day_of_month;
  std::uint32_t days_from_last = 0;     ///< bit 31-n: `L-n`
  std::uint32_t nearest_weekdays = 0;   ///< bit d: `dW`
  std::uint32_t nearest_from_last = 0;  ///< bit 31-n: `L-nW`
  std::uint16_t months = every_month;
  bool either_day = false;   ///< day of month or day of week suffices; otherwise both are needed
  bool is_interval = false;  ///< seconds, minutes or hours have a `*`, a range or a step

  /// True if every week has the same days, so that only the weekday need be asked.
  [[nodiscard]] constexpr bool is_weekly() const noexcept;

  /// Returns `year` or the first allowed one after it; beyond 9999 if there is none.
  [[nodiscard]] constexpr int year_from(int year) const noexcept;

  /// Returns `year` or the last allowed one before it; below 1 if there is none.
  [[nodiscard]] constexpr int year_up_to(int year) const noexcept;

  /// Returns the allowed days of a month, bit d for day d, whose first day is `first_day`.
  [[nodiscard]] constexpr std::uint32_t days_of(int first_day, int length) const noexcept;

  /// Returns the first allowed second of a day that is not before `second`, 0..86'399; `no_second`
  /// if there is none.
  [[nodiscard]] constexpr int second_from(int second) const noexcept;

  /// Returns the last allowed second of a day that is not after `second`; `no_second` if there is
  /// none.
  [[nodiscard]] constexpr int second_up_to(int second) const noexcept;

  [[nodiscard]] constexpr int first_second() const noexcept;
  [[nodiscard]] constexpr int last_second() const noexcept;

  friend bool operator==(const CronFields&, const CronFields&) = default;
};

namespace detail {

constexpr int lowest_bit(std::uint64_t set) noexcept {
  return std::countr_zero(set);
}
constexpr int highest_bit(std::uint64_t set) noexcept {
  return 63 - std::countl_zero(set);
}

constexpr bool has_bit(std::uint64_t set, int bit) noexcept {
  return ((set >> bit) & 1U) != 0;
}

/// The members of `set` at `bit` and above; `bit` is 0..63.
constexpr std::uint64_t bits_from(std::uint64_t set, int bit) noexcept {
  return set & (~std::uint64_t{0} << bit);
}

/// The members of `set` below `bit`, which is 0..63.
constexpr std::uint64_t bits_below(std::uint64_t set, int bit) noexcept {
  return set & ~(~std::uint64_t{0} << bit);
}

inline constexpr std::uint64_t one_in_each_week = 0x408'1020'4081;  // bits 0, 7, .. 42

/// Turns sets of weekdays, 7 bits each from Sunday, into sets of days that begin on `weekday`.
constexpr std::uint64_t weeks_from(std::uint64_t sets, int weekday) noexcept {
  const std::uint64_t low = (0x7FU >> weekday) * one_in_each_week;
  return ((sets >> weekday) & low) | ((sets << (7 - weekday)) & ~low);
}

/// Moves the days that fall on a weekend to the nearest weekday of the same month.
///
/// Saturday the 1st moves to Monday the 3rd, a Sunday at the month's end to the Friday before it.
constexpr std::uint64_t nearest_weekdays(std::uint64_t wanted, int first_weekday,
                                         int length) noexcept {
  const std::uint64_t saturdays = weeks_from(0x40 * one_in_each_week, first_weekday) << 1;
  const std::uint64_t sundays = weeks_from(0x01 * one_in_each_week, first_weekday) << 1;
  const std::uint64_t first = std::uint64_t{1} << 1;
  const std::uint64_t last = std::uint64_t{1} << length;
  const std::uint64_t on_saturday = wanted & saturdays;
  const std::uint64_t on_sunday = wanted & sundays;
  return (wanted & ~saturdays & ~sundays) | (on_saturday & ~first) >> 1 |
         (on_saturday & first) << 2 | (on_sunday & ~last) << 1 | (on_sunday & last) >> 2;
}

}  // namespace detail

constexpr bool CronFields::is_weekly() const noexcept {
  const std::uint64_t in_every_week = (weekdays & 0x7F) * detail::one_in_each_week & every_weekday;
  return weekdays == in_every_week && days == every_day_of_month && !either_day &&
         months == every_month && (years[0] | years[1] | years[2]) == 0;
}

constexpr int CronFields::year_from(int year) const noexcept {
  if ((years[0] | years[1] | years[2]) == 0) return year;
  if (year > cron_year_max) return civil_year_max + 1;
  const int offset = year < cron_year_min ? 0 : year - cron_year_min;
  auto word = static_cast<std::size_t>(offset / 64);
  std::uint64_t set = detail::bits_from(years[word], offset % 64);
  while (set == 0) {
    if (++word == years.size()) return civil_year_max + 1;
    set = years[word];
  }
  return cron_year_min + static_cast<int>(word) * 64 + detail::lowest_bit(set);
}

constexpr int CronFields::year_up_to(int year) const noexcept {
  if ((years[0] | years[1] | years[2]) == 0) return year;
  if (year < cron_year_min) return civil_year_min - 1;
  const int offset = (year > cron_year_max ? cron_year_max : year) - cron_year_min;
  auto word = static_cast<std::size_t>(offset / 64);
  std::uint64_t set = years[word] & (~std::uint64_t{0} >> (63 - offset % 64));
  while (set == 0) {
    if (word-- == 0) return civil_year_min - 1;
    set = years[word];
  }
  return cron_year_min + static_cast<int>(word) * 64 + detail::highest_bit(set);
}

constexpr std::uint32_t CronFields::days_of(int first_day, int length) const noexcept {
  const int first_weekday = weekday_of(first_day);
  const std::uint64_t existing = (std::uint64_t{2} << length) - 2;

  std::uint64_t by_day = days | (days_from_last >> (31 - length));
  if ((nearest_weekdays | nearest_from_last) != 0) {
    const std::uint64_t wanted = nearest_weekdays | (nearest_from_last >> (31 - length));
    by_day |= detail::nearest_weekdays(wanted & existing, first_weekday, length);
  }

  std::uint64_t by_weekday = detail::weeks_from(weekdays & every_weekday, first_weekday) << 1;
  if (const std::uint64_t last = weekdays >> 35; last != 0) {
    // The last week of the month begins on day length - 6.
    by_weekday |= detail::weeks_from(last, (first_weekday + length) % 7) << (length - 6);
  }

  const std::uint64_t allowed = either_day ? by_day | by_weekday : by_day & by_weekday;
  return static_cast<std::uint32_t>(allowed & existing);
}

constexpr int CronFields::second_from(int second) const noexcept {
  // Few branches, for none of them can be foreseen: what is left of the minute decides where in
  // the hour to look, and what is left of the hour, where in the day.
  const int hour = second / 3600;
  const int minute = second / 60 % 60;
  const std::uint64_t rest_of_minute = detail::bits_from(seconds, second % 60);
  const int minute_begin = minute + (rest_of_minute == 0 ? 1 : 0);
  const std::uint64_t rest_of_hour = detail::bits_from(minutes, minute_begin);
  if (detail::has_bit(hours, hour) && rest_of_hour != 0) {
    const int found = detail::lowest_bit(rest_of_hour);
    const std::uint64_t from = found == minute ? rest_of_minute : seconds;
    return hour * 3600 + found * 60 + detail::lowest_bit(from);
  }
  const std::uint64_t rest_of_day = detail::bits_from(hours, hour + 1);
  if (rest_of_day == 0) return no_second;
  return detail::lowest_bit(rest_of_day) * 3600 + detail::lowest_bit(minutes) * 60 +
         detail::lowest_bit(seconds);
}

constexpr int CronFields::second_up_to(int second) const noexcept {
  const int hour = second / 3600;
  const int minute = second / 60 % 60;
  const std::uint64_t start_of_minute = detail::bits_below(seconds, second % 60 + 1);
  const int minute_end = minute + (start_of_minute == 0 ? 0 : 1);
  const std::uint64_t start_of_hour = detail::bits_below(minutes, minute_end);
  if (detail::has_bit(hours, hour) && start_of_hour != 0) {
    const int found = detail::highest_bit(start_of_hour);
    const std::uint64_t up_to = found == minute ? start_of_minute : seconds;
    return hour * 3600 + found * 60 + detail::highest_bit(up_to);
  }
  const std::uint64_t start_of_day = detail::bits_below(hours, hour);
  if (start_of_day == 0) return no_second;
  return detail::highest_bit(start_of_day) * 3600 + detail::highest_bit(minutes) * 60 +
         detail::highest_bit(seconds);
}

constexpr int CronFields::first_second() const noexcept {
  return detail::lowest_bit(hours) * 3600 + detail::lowest_bit(minutes) * 60 +
         detail::lowest_bit(seconds);
}

constexpr int CronFields::last_second() const noexcept {
  return detail::highest_bit(hours) * 3600 + detail::highest_bit(minutes) * 60 +
         detail::highest_bit(seconds);
}

}  // namespace punctual
