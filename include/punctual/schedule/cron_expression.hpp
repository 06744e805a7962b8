// SPDX-License-Identifier: MIT
//
// CronExpression: the instants that a cron expression names, found by arithmetic on sets of bits.
//
// The calendar is walked in whole months: a month's allowed days are one word, so the next day is a
// shift and a count of zeros, and a month or a year without any is passed over at once. The walk is
// on local seconds, a wall clock without a zone; UTC is a thin layer over it, and a time zone that
// maps local to real time can be laid over it in the same way.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/civil_date.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/cron_fields.hpp"
#include "punctual/schedule/cron_parser.hpp"

namespace punctual {

/// What a wall clock shows, in seconds since it showed 1970-01-01T00:00:00; of no zone.
using LocalSeconds = std::chrono::local_seconds;

/// A parsed cron expression: 5, 6 (seconds first) or 7 (year last) fields, or a macro (`@daily`).
///
/// It fires on whole seconds, within `time_min` and `time_max`.
class CronExpression {
 public:
  /// Reads `text`; see cron_parser.hpp for the dialect.
  ///
  /// Errors: INVALID_SCHEDULE -> not an expression, or one that can never fire; the message has the
  ///         column, what was expected there and what was found. At compile time: no compilation.
  [[nodiscard]] static constexpr CronExpression parse(std::string_view text,
                                                      CronDayMatch match = CronDayMatch::either,
                                                      CronFieldCount count = CronFieldCount::any);

  /// Returns the first instant strictly after `after`, nullopt if there is none up to `time_max`.
  ///
  /// Complexity: bounded; at worst (29 February on one weekday) a step for each of 40 years.
  [[nodiscard]] constexpr std::optional<TimePoint> next_after(TimePoint after) const noexcept;

  /// Returns the last instant strictly before `before`, nullopt if there is none.
  [[nodiscard]] constexpr std::optional<TimePoint> previous_before(TimePoint before) const noexcept;

  /// True if `instant` itself is one of the expression's; never within a second.
  [[nodiscard]] constexpr bool matches(TimePoint instant) const noexcept;

  /// Returns the first local time not before `from`, nullopt if there is none up to year 9999.
  [[nodiscard]] constexpr std::optional<LocalSeconds> local_from(LocalSeconds from) const noexcept;

  /// Returns the last local time not after `up_to`, nullopt if there is none from year 1 on.
  [[nodiscard]] constexpr std::optional<LocalSeconds> local_up_to(
      LocalSeconds up_to) const noexcept;

  /// True if the seconds, minutes or hours have a `*`, a range or a step.
  ///
  /// Where clocks are set back, such a schedule fires in both passes of the repeated hour, and one
  /// of fixed times only once.
  ///
  /// Source: crontab(5) and cron(8) of Vixie cron, "Daylight Saving Time"; Cronos, README.
  [[nodiscard]] constexpr bool is_interval() const noexcept { return fields_.is_interval; }

  /// What the expression allows.
  [[nodiscard]] constexpr const CronFields& fields() const noexcept { return fields_; }

  /// Equal expressions fire at the same instants; `1,3` equals `1-3/2` in a day field.
  ///
  /// In seconds, minutes and hours the two differ, because only one of them is an interval.
  friend constexpr bool operator==(const CronExpression&, const CronExpression&) = default;

 private:
  explicit constexpr CronExpression(const CronFields& fields) noexcept
      : fields_(fields),
        is_weekly_(fields.is_weekly()) {}

  CronFields fields_;
  bool is_weekly_;  // kept, for it is asked for at every step
};

static_assert(sizeof(CronExpression) <= 96, "a schedule is copied often");

namespace detail {

inline constexpr int seconds_per_day = 86'400;
inline constexpr int first_civil_day = days_since_epoch(civil_year_min, 1, 1);
inline constexpr int last_civil_day = days_since_epoch(civil_year_max, 12, 31);
inline constexpr int no_day = first_civil_day - 2;  // the day before the first is asked for too

/// Returns the local time of a second of a day, the day counted from 1970-01-01.
constexpr LocalSeconds local_time(int day, int second) noexcept {
  return LocalSeconds{std::chrono::seconds{std::int64_t{day} * seconds_per_day + second}};
}

inline constexpr LocalSeconds first_local_time = local_time(first_civil_day, 0);
inline constexpr LocalSeconds last_local_time = local_time(last_civil_day, seconds_per_day - 1);

struct DayAndSecond {
  int day;
  int second;
};

/// Undoes `local_time`.
///
/// Requires: `local` is not before `first_local_time`.
constexpr DayAndSecond split_local_time(LocalSeconds local) noexcept {
  // Counted from the first day of all, because a division of negative numbers rounds upwards.
  const auto seconds = static_cast<std::uint64_t>((local - first_local_time).count());
  return {static_cast<int>(seconds / seconds_per_day) + first_civil_day,
          static_cast<int>(seconds % seconds_per_day)};
}

/// Returns the first allowed day not before `day`, both counted from 1970-01-01; `no_day` if there
/// is none.
///
/// Requires: `day` is in the years 1 to 9999, or the day after.
constexpr int cron_day_from(const CronFields& fields, bool is_weekly, int day) noexcept {
  if (is_weekly) {
    const int found = day + lowest_bit(weeks_from(fields.weekdays, weekday_of(day)));
    return found > last_civil_day ? no_day : found;
  }
  CivilDate from = civil_date(day);
  for (int year = fields.year_from(from.year); year <= civil_year_max;
       year = fields.year_from(year + 1)) {
    if (year != from.year) from = {year, 1, 1};
    for (auto months = bits_from(fields.months, from.month); months != 0; months &= months - 1) {
      const int month = lowest_bit(months);
      const int first_day = days_since_epoch(year, month, 1);
      const auto days = bits_from(fields.days_of(first_day, month_length(year, month)),
                                  month == from.month ? from.day : 1);
      if (days != 0) return first_day + lowest_bit(days) - 1;
    }
  }
  return no_day;
}

/// Returns the last allowed day not after `day`, both counted from 1970-01-01; `no_day` if there is
/// none.
///
/// Requires: `day` is in the years 1 to 9999, or the day before.
constexpr int cron_day_up_to(const CronFields& fields, bool is_weekly, int day) noexcept {
  if (is_weekly) {
    const auto week_to_day = bits_below(weeks_from(fields.weekdays, weekday_of(day + 1)), 7);
    const int found = day - 6 + highest_bit(week_to_day);
    return found < first_civil_day ? no_day : found;
  }
  CivilDate from = civil_date(day);
  for (int year = fields.year_up_to(from.year); year >= civil_year_min;
       year = fields.year_up_to(year - 1)) {
    if (year != from.year) from = {year, 12, 31};
    auto months = bits_below(fields.months, from.month + 1);
    while (months != 0) {
      const int month = highest_bit(months);
      const int first_day = days_since_epoch(year, month, 1);
      const auto days = bits_below(fields.days_of(first_day, month_length(year, month)),
                                   month == from.month ? from.day + 1 : 32);
      if (days != 0) return first_day + highest_bit(days) - 1;
      months = bits_below(months, month);
    }
  }
  return no_day;
}

[[noreturn]] inline void throw_invalid_cron(std::string_view text, const CronFailure& failure) {
  const auto quoted = [](std::string_view part) {
    constexpr std::size_t shown_bytes_max = 64;
    std::string shown{"\""};
    for (const char c : part.substr(0, shown_bytes_max)) {
      const bool is_plain = c >= ' ' && c <= '~';
      shown += is_plain ? std::string{c} : c == '\n' ? "\\n" : "\\?";
    }
    return shown + (part.size() > shown_bytes_max ? "...\"" : "\"");
  };
  throw Error{"INVALID_SCHEDULE", "cron expression " + quoted(text) + ", column " +
                                      std::to_string(failure.column) + ": expected " +
                                      std::string{failure.expected} + ", found " +
                                      (failure.found.empty() ? "nothing" : quoted(failure.found))};
}

/// The text of a literal, as an argument of a template.
template <std::size_t Size>
struct LiteralText {
  char bytes[Size]{};

  consteval LiteralText(const char (&text)[Size]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < Size; ++i) bytes[i] = text[i];
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes, Size - 1}; }
};

/// What was expected, as an argument of a template: compilers show it where they refuse a literal.
struct ExpectedText {
  char bytes[128]{};

  explicit consteval ExpectedText(std::string_view text) {
    for (std::size_t i = 0; i < text.size() && i + 1 < sizeof bytes; ++i) bytes[i] = text[i];
  }
  [[nodiscard]] constexpr bool is_empty() const noexcept { return bytes[0] == 0; }
};

/// Has no body: needing it while compiling is what refuses a literal.
void this_literal_is_not_a_cron_expression();

/// Compilers that do not show texts in template arguments show the values of this call.
constexpr bool refuse_literal([[maybe_unused]] std::size_t column, const char* expected) {
  if (expected != nullptr) this_literal_is_not_a_cron_expression();
  return true;
}

template <std::size_t Column, ExpectedText Expected>
struct CronLiteralCheck {
#ifndef __clang__  // which shows texts here as numbers, and would look no further
  static_assert(Expected.is_empty(),
                "this literal is not a cron expression; CronLiteralCheck names the column and what "
                "is expected there");
#endif
  static constexpr bool is_passed = Expected.is_empty();
};

}  // namespace detail

constexpr CronExpression CronExpression::parse(std::string_view text, CronDayMatch match,
                                               CronFieldCount count) {
  const CronParse parsed = parse_cron(text, match, count);
  if (parsed.failure) detail::throw_invalid_cron(text, parsed.failure);
  return CronExpression{parsed.fields};
}

constexpr std::optional<LocalSeconds> CronExpression::local_from(LocalSeconds from) const noexcept {
  if (from > detail::last_local_time) return std::nullopt;
  if (from < detail::first_local_time) from = detail::first_local_time;
  const auto [today, second] = detail::split_local_time(from);
  const int later_today = fields_.second_from(second);
  const bool is_over = later_today == CronFields::no_second;
  const int day = detail::cron_day_from(fields_, is_weekly_, is_over ? today + 1 : today);
  if (day == detail::no_day) return std::nullopt;
  return detail::local_time(day, day == today ? later_today : fields_.first_second());
}

constexpr std::optional<LocalSeconds> CronExpression::local_up_to(
    LocalSeconds up_to) const noexcept {
  if (up_to < detail::first_local_time) return std::nullopt;
  if (up_to > detail::last_local_time) up_to = detail::last_local_time;
  const auto [today, second] = detail::split_local_time(up_to);
  const int earlier_today = fields_.second_up_to(second);
  const bool has_none = earlier_today == CronFields::no_second;
  const int day = detail::cron_day_up_to(fields_, is_weekly_, has_none ? today - 1 : today);
  if (day == detail::no_day) return std::nullopt;
  return detail::local_time(day, day == today ? earlier_today : fields_.last_second());
}

constexpr std::optional<TimePoint> CronExpression::next_after(TimePoint after) const noexcept {
  using std::chrono::floor, std::chrono::seconds;
  const auto from = floor<seconds>(after.time_since_epoch()) + seconds{1};
  const auto found = local_from(LocalSeconds{from});
  if (!found) return std::nullopt;
  return TimePoint{found->time_since_epoch()};
}

constexpr std::optional<TimePoint> CronExpression::previous_before(
    TimePoint before) const noexcept {
  using std::chrono::floor, std::chrono::seconds;
  if (before <= time_min) return std::nullopt;
  const auto up_to = floor<seconds>((before - Duration{1}).time_since_epoch());
  const auto found = local_up_to(LocalSeconds{up_to});
  if (!found) return std::nullopt;
  return TimePoint{found->time_since_epoch()};
}

constexpr bool CronExpression::matches(TimePoint instant) const noexcept {
  return instant > TimePoint::min() && next_after(instant - Duration{1}) == instant;
}

/// A cron expression that stands in the program's text, which it keeps; a schedule is made of it.
class CronLiteral : public CronExpression {
 public:
  /// Requires: `text` is that of `expression`, and lives as long as the program.
  constexpr CronLiteral(std::string_view text, const CronExpression& expression) noexcept
      : CronExpression(expression),
        text_(text) {}

  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

namespace literals {

/// A cron expression that is checked when the program is compiled: `"0 2 * * MON-FRI"_cron`.
template <detail::LiteralText Text>
[[nodiscard]] constexpr CronLiteral operator""_cron() {
  constexpr CronFailure failure = parse_cron(Text.view()).failure;
  using Check = detail::CronLiteralCheck<failure.column, detail::ExpectedText{failure.expected}>;
  if constexpr (Check::is_passed) {
    // Constants, in a function that is not `consteval`: clang 14 crashes where the value of one
    // becomes a Schedule.
    constexpr CronExpression expression = CronExpression::parse(Text.view());
    return {Text.view(), expression};
  } else {
    [[maybe_unused]] constexpr bool is_refused =
        detail::refuse_literal(failure.column, failure.expected.data());
  }
}

}  // namespace literals
}  // namespace punctual
