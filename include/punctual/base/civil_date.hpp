// SPDX-License-Identifier: MIT
//
// CivilDate: the proleptic Gregorian calendar as plain integers, days counted from 1970-01-01.
//
// A search for the next matching day asks for a month's first day, length and weekday many times a
// call, so these are a handful of integer operations each. Everything is defined for the years that
// the library accepts, 1 to 9999.
//
// Thread-safety: values and pure functions.
// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", if nothing else is named.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace punctual {

/// The years of `time_min` and `time_max`.
inline constexpr int civil_year_min = 1;
inline constexpr int civil_year_max = 9999;

/// A date; month and day count from 1.
struct CivilDate {
  int year = 1970;
  int month = 1;
  int day = 1;

  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

[[nodiscard]] constexpr bool is_leap_year(int year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Returns the number of days in a month, 28..31.
[[nodiscard]] constexpr int month_length(int year, int month) noexcept {
  // 30, and one more in odd months up to July and in even ones from August on.
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}

/// Returns the number of days between 1970-01-01 and a date, negative before it.
[[nodiscard]] constexpr int days_since_epoch(int year, int month, int day) noexcept {
  constexpr std::array<int, 13> days_before = {0,   0,   31,  59,  90,  120, 151,
                                               181, 212, 243, 273, 304, 334};
  const int past = year - 1;
  const int new_year = 365 * past + past / 4 - past / 100 + past / 400 - 719'162;
  const int leap_day = month > 2 && is_leap_year(year) ? 1 : 0;
  return new_year + days_before[static_cast<std::size_t>(month)] + leap_day + day - 1;
}

/// Returns the date that lies `days` after 1970-01-01.
///
/// Source: Neri and Schneider, "Euclidean affine functions and their application to calendar
///         algorithms" (2022), which replaces divisions by multiplications.
[[nodiscard]] constexpr CivilDate civil_date(int days) noexcept {
  // Years begin in March here, so that the leap day is the last of its year.
  const auto since_march_0 = static_cast<std::uint32_t>(days + 719'468);
  const std::uint32_t century = (4 * since_march_0 + 3) / 146'097;
  const std::uint32_t quarters_of_century = (4 * since_march_0 + 3) % 146'097 | 3;
  // 2'939'745 / 2^32 is 1 / 1461, the quarters of a day in four years, as precisely as is needed:
  // the upper half of the product counts years, the lower half is what is left of the year.
  const std::uint64_t product = std::uint64_t{2'939'745} * quarters_of_century;
  const auto year_of_century = static_cast<std::uint32_t>(product >> 32);
  const std::uint32_t day_of_year = static_cast<std::uint32_t>(product) / 2'939'745 / 4;
  // 2141 / 2^16 is a day's part of a month; the months begin with March, 3.
  const std::uint32_t month_and_day = 2141 * day_of_year + 197'913;
  const std::uint32_t month = month_and_day >> 16;
  const std::uint32_t day = (month_and_day & 0xFFFF) / 2141 + 1;
  const bool is_next_year = day_of_year >= 306;  // January and February
  return {static_cast<int>(100 * century + year_of_century + (is_next_year ? 1 : 0)),
          static_cast<int>(is_next_year ? month - 12 : month), static_cast<int>(day)};
}

/// Returns the weekday of a day counted from 1970-01-01, a Thursday: 0 is Sunday, 6 is Saturday.
[[nodiscard]] constexpr int weekday_of(int days) noexcept {
  constexpr int whole_weeks = 719'467;  // moves every day of the years 1..9999 above zero
  return static_cast<int>(static_cast<std::uint32_t>(days + whole_weeks + 4) % 7);
}

}  // namespace punctual
