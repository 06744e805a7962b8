// SPDX-License-Identifier: MIT
//
// The cron dialect as tables: the fields with their bounds and names, and the macros.
//
// The seven fields differ in their bounds, their names and what a message says is expected there,
// and in little else, so the parser has one routine for them and reads the differences here.
//
// Thread-safety: constants and pure functions.
// Source: crontab(5) of Vixie cron; Quartz CronExpression for the year field.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "punctual/schedule/cron_fields.hpp"

namespace punctual::detail {

/// The bounds of one field, and how a message names what may stand there.
struct CronFieldKind {
  int first;
  int last;
  int value_max;  ///< beyond `last` only for the day of week, where 7 is Sunday as well
  int step_max;
  std::string_view names;  ///< three letters each, from the first value on
  std::string_view value_expected;
  std::string_view step_expected;
  std::string_view after_value;
};

enum CronFieldIndex : std::size_t {
  cron_second,
  cron_minute,
  cron_hour,
  cron_day,
  cron_month,
  cron_weekday,
  cron_year,
};

inline constexpr std::array<CronFieldKind, 7> cron_field_kinds = {{
    {0, 59, 59, 59, "", "a second 0-59", "a step of 1-59", "one of , - / or a space"},
    {0, 59, 59, 59, "", "a minute 0-59", "a step of 1-59", "one of , - / or a space"},
    {0, 23, 23, 23, "", "an hour 0-23", "a step of 1-23", "one of , - / or a space"},
    {1, 31, 31, 31, "", "a day of month 1-31 or L", "a step of 1-31", "one of , - / W or a space"},
    {1, 12, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", "a month 1-12 or JAN-DEC",
     "a step of 1-12", "one of , - / or a space"},
    {0, 6, 7, 7, "SUNMONTUEWEDTHUFRISAT", "a day of week 0-7 or SUN-SAT", "a step of 1-7",
     "one of , - / # L or a space"},
    {cron_year_min, cron_year_max, cron_year_max, cron_year_max - cron_year_min, "",
     "a year 1970-2099", "a step of 1-129", "one of , - / or a space"},
}};

struct CronMacro {
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<CronMacro, 9> cron_macros = {{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
    {"@every_minute", "* * * * *"},
    {"@every_second", "* * * * * *"},
}};

/// Returns the values first, first + step, .. up to `last` as bits.
///
/// A range that ends before it starts goes on past the field's end: the hours 22-1 are 22 23 0 1
/// and 22-1/3 are 22 and 1. A bound one past the field's is its first value: Sunday as 7.
///
/// Requires: `kind` is not the year.
constexpr std::uint64_t cron_range(const CronFieldKind& kind, int first, int last,
                                   int step) noexcept {
  if (step == 1 && first <= last && last <= kind.last) {
    return bits_from(bits_below(~std::uint64_t{0}, last + 1), first);
  }
  const int span = kind.last - kind.first + 1;
  const int distance = last >= first ? last - first : last - first + span;
  std::uint64_t set = 0;
  for (int passed = 0; passed <= distance; passed += step) {
    const int value = first + passed;
    set |= std::uint64_t{1} << (value > kind.last ? value - span : value);
  }
  return set;
}

}  // namespace punctual::detail
