// SPDX-License-Identifier: MIT
//
// ISO 8601 text of instants: `2024-01-15T02:00:00.000Z`, always UTC, always three decimals.
//
// The form that JavaScript's toISOString writes, so the wire format of the library is the one that
// browsers already speak. Reading is as strict as RFC 3339, and accepts an offset.
//
// Thread-safety: pure functions.
// Source: RFC 3339, section 5.6; ECMA-262, 21.4.1.32.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/civil_date.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

/// Returns the 24 characters of `instant`, which is held between `time_min` and `time_max` first.
[[nodiscard]] std::string format_iso8601(TimePoint instant);

/// Returns the instant that `text` names, or nullopt if it is not a valid RFC 3339 date-time.
///
/// `2024-01-15T02:00:00Z`, with 1 to 9 decimals if wanted (cut to milliseconds), with `Z` or an
/// offset such as `+01:00`. The second 60 is refused: POSIX time cannot say it.
[[nodiscard]] std::optional<TimePoint> parse_iso8601(std::string_view text) noexcept;

namespace detail {

inline constexpr std::int64_t ms_per_day = 86'400'000;

inline void put_digits(std::string& text, unsigned value, std::size_t width) {
  char digits[4];
  for (std::size_t i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  text.append(digits, width);
}

/// Takes exactly `width` digits from the front of `text`, or returns -1 and takes nothing.
inline int take_digits(std::string_view& text, std::size_t width) noexcept {
  if (text.size() < width) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

inline bool take_char(std::string_view& text, char wanted) noexcept {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes `.` and 1 to 9 digits if they are there; returns milliseconds, or -1 if malformed.
inline int take_fraction_ms(std::string_view& text) noexcept {
  if (!take_char(text, '.')) return 0;
  int ms = 0;
  std::size_t count = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (count < 3) ms = ms * 10 + (text.front() - '0');
    ++count;
    text.remove_prefix(1);
  }
  if (count == 0 || count > 9) return -1;
  for (std::size_t i = count; i < 3; ++i) ms *= 10;
  return ms;
}

/// Takes `Z` or `+hh:mm`; returns the offset, or nullopt if malformed.
inline std::optional<Duration> take_offset(std::string_view& text) noexcept {
  if (take_char(text, 'Z')) return Duration{0};
  const bool east = take_char(text, '+');
  if (!east && !take_char(text, '-')) return std::nullopt;
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23 || !take_char(text, ':')) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  const Duration offset{(hours * 60 + minutes) * 60'000};
  return east ? offset : -offset;
}

}  // namespace detail

inline std::string format_iso8601(TimePoint instant) {
  instant = add_clamped(instant, Duration{0});
  const std::int64_t since_min = (instant - time_min).count();
  const auto days = static_cast<int>(since_min / detail::ms_per_day);
  const auto ms = static_cast<unsigned>(since_min % detail::ms_per_day);
  const CivilDate date = civil_date(days + days_since_epoch(civil_year_min, 1, 1));
  std::string text;
  text.reserve(24);
  detail::put_digits(text, static_cast<unsigned>(date.year), 4);
  text.push_back('-');
  detail::put_digits(text, static_cast<unsigned>(date.month), 2);
  text.push_back('-');
  detail::put_digits(text, static_cast<unsigned>(date.day), 2);
  text.push_back('T');
  detail::put_digits(text, ms / 3'600'000, 2);
  text.push_back(':');
  detail::put_digits(text, ms / 60'000 % 60, 2);
  text.push_back(':');
  detail::put_digits(text, ms / 1000 % 60, 2);
  text.push_back('.');
  detail::put_digits(text, ms % 1000, 3);
  text.push_back('Z');
  return text;
}

inline std::optional<TimePoint> parse_iso8601(std::string_view text) noexcept {
  const int year = detail::take_digits(text, 4);
  if (year < 1 || !detail::take_char(text, '-')) return std::nullopt;
  const int month = detail::take_digits(text, 2);
  if (month < 1 || !detail::take_char(text, '-')) return std::nullopt;
  const int day = detail::take_digits(text, 2);
  if (day < 1 || !detail::take_char(text, 'T')) return std::nullopt;
  const int hour = detail::take_digits(text, 2);
  if (hour < 0 || hour > 23 || !detail::take_char(text, ':')) return std::nullopt;
  const int minute = detail::take_digits(text, 2);
  if (minute < 0 || minute > 59 || !detail::take_char(text, ':')) return std::nullopt;
  const int second = detail::take_digits(text, 2);
  if (second < 0 || second > 59) return std::nullopt;
  const int ms = detail::take_fraction_ms(text);
  if (ms < 0) return std::nullopt;
  const auto offset = detail::take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;

  if (month > 12 || day > month_length(year, month)) return std::nullopt;
  const std::int64_t seconds = hour * std::int64_t{3600} + minute * std::int64_t{60} + second;
  const TimePoint instant{
      Duration{days_since_epoch(year, month, day) * detail::ms_per_day + seconds * 1000 + ms} -
      *offset};
  if (instant < time_min || instant > time_max) return std::nullopt;
  return instant;
}

}  // namespace punctual
