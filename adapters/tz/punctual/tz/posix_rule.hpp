// SPDX-License-Identifier: MIT
//
// PosixRule: the rule by which a zone sets its clocks from now on, as compiled zone files end with
// it: `EST5EDT,M3.2.0,M11.1.0`.
//
// A compiled zone file lists changes up to 2037 or so. What comes after follows from this rule
// alone.
//
// Thread-safety: pure functions.
// Source: RFC 9636, section 3.3.2; POSIX.1-2017, section 8.3, TZ.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "punctual/base/civil_date.hpp"

namespace punctual::tz {

/// A day of each year and a time on its clocks; the time may lie on another day.
struct PosixDay {
  enum class Kind : std::uint8_t {
    week_of_month,  ///< `Mm.w.d`
    day_of_365,     ///< `Jn`: 1..365, never 29 February
    day_of_366,     ///< `n`: 0..365
  };

  Kind kind = Kind::week_of_month;
  int month = 1;
  int week = 1;  ///< 1..5; 5 is the last
  int day = 0;   ///< weekday 0..6 from Sunday, or the day of the year
  std::int64_t time = 7200;

  /// Returns the seconds from 1970-01-01 to this day and time of `year`, on its own clocks.
  [[nodiscard]] std::int64_t local_seconds(int year) const noexcept {
    return std::int64_t{day_number(year)} * 86'400 + time;
  }

 private:
  [[nodiscard]] int day_number(int year) const noexcept {
    const int new_year = days_since_epoch(year, 1, 1);
    if (kind == Kind::day_of_366) return new_year + day;
    if (kind == Kind::day_of_365) {
      return new_year + day - 1 + (is_leap_year(year) && day >= 60 ? 1 : 0);
    }
    const int first = days_since_epoch(year, month, 1);
    const int to_weekday = (day - weekday_of(first) + 7) % 7;
    const int found = to_weekday + (week - 1) * 7;
    return first + (found < month_length(year, month) ? found : found - 7);
  }
};

/// Offsets are seconds east of UTC.
struct PosixRule {
  std::int64_t standard = 0;
  std::int64_t daylight = 0;  ///< equals `standard` if clocks are never set
  PosixDay daylight_begin{};
  PosixDay daylight_end{};

  [[nodiscard]] bool sets_clocks() const noexcept { return standard != daylight; }

  /// When daylight time begins in `year`, in seconds since 1970-01-01T00:00:00Z.
  [[nodiscard]] std::int64_t begin_of(int year) const noexcept {
    return daylight_begin.local_seconds(year) - standard;
  }
  [[nodiscard]] std::int64_t end_of(int year) const noexcept {
    return daylight_end.local_seconds(year) - daylight;
  }
};

/// Reads a rule; nullopt if `text` is none.
[[nodiscard]] std::optional<PosixRule> parse_posix_rule(std::string_view text) noexcept;

namespace detail {

/// Takes a rule apart from its front. Its functions return false where the text does not fit.
class PosixReader {
 public:
  explicit PosixReader(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] bool is_at_end() const noexcept { return text_.empty(); }

  bool take(char wanted) noexcept {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  /// Three letters or more, or anything in `<>`.
  bool take_name() noexcept {
    if (take('<')) {
      const auto end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    std::size_t length = 0;
    while (length < text_.size() && is_letter(text_[length])) ++length;
    text_.remove_prefix(length);
    return length >= 3;
  }

  bool take_number(int max, int& value) noexcept {
    std::size_t length = 0;
    value = 0;
    while (length < text_.size() && length < 3 && text_[length] >= '0' && text_[length] <= '9') {
      value = value * 10 + (text_[length++] - '0');
    }
    text_.remove_prefix(length);
    return length > 0 && value <= max;
  }

  /// `[+-]hh[:mm[:ss]]`; hours up to 167, as zone files have them.
  bool take_time(std::int64_t& seconds) noexcept {
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!take_number(167, hours)) return false;
    if (take(':') && !take_number(59, minutes)) return false;
    if (take(':') && !take_number(59, rest)) return false;
    seconds = hours * std::int64_t{3600} + minutes * std::int64_t{60} + rest;
    if (is_negative) seconds = -seconds;
    return true;
  }

  bool take_day(PosixDay& day) noexcept {
    if (take('M')) {
      day.kind = PosixDay::Kind::week_of_month;
      if (!take_number(12, day.month) || day.month < 1 || !take('.')) return false;
      if (!take_number(5, day.week) || day.week < 1 || !take('.')) return false;
      if (!take_number(6, day.day)) return false;
    } else if (take('J')) {
      day.kind = PosixDay::Kind::day_of_365;
      if (!take_number(365, day.day) || day.day < 1) return false;
    } else {
      day.kind = PosixDay::Kind::day_of_366;
      if (!take_number(365, day.day)) return false;
    }
    return !take('/') || take_time(day.time);
  }

 private:
  static bool is_letter(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }

  std::string_view text_;
};

}  // namespace detail

inline std::optional<PosixRule> parse_posix_rule(std::string_view text) noexcept {
  detail::PosixReader reader{text};
  PosixRule rule;
  if (!reader.take_name() || !reader.take_time(rule.standard)) return std::nullopt;
  rule.standard = -rule.standard;  // POSIX counts westwards
  rule.daylight = rule.standard;
  if (reader.is_at_end()) return rule;
  if (!reader.take_name()) return std::nullopt;
  rule.daylight = rule.standard + 3600;
  if (!reader.take(',')) {
    if (!reader.take_time(rule.daylight) || !reader.take(',')) return std::nullopt;
    rule.daylight = -rule.daylight;
  }
  const bool is_rule = reader.take_day(rule.daylight_begin) && reader.take(',') &&
                       reader.take_day(rule.daylight_end) && reader.is_at_end();
  if (!is_rule) return std::nullopt;
  return rule;
}

}  // namespace punctual::tz
