// SPDX-License-Identifier: MIT
//
// Time as the library counts it: instants and spans in whole milliseconds, UTC, 64 bits.
//
// One precision everywhere means that no storage rounds what another one kept, so an instant read
// back always equals the instant written. Arithmetic near the ends of the range is clamped, never
// wrapped: a wait of "for ever" stays one.
//
// Instants are written with Howard Hinnant's date, `date::sys_days{2024_y / 1 / 15} + 2h`, or read
// by base/iso8601.hpp.
//
// Thread-safety: values and pure functions.

#pragma once

#include <date/date.h>  // for callers, who write instants with it

#include <chrono>

namespace punctual {

/// A span of time in milliseconds, signed.
using Duration = std::chrono::milliseconds;

/// An instant in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
using TimePoint = std::chrono::sys_time<Duration>;

/// The earliest instant that the library accepts: 0001-01-01T00:00:00.000Z.
inline constexpr TimePoint time_min{Duration{-62'135'596'800'000}};

/// The latest instant that the library accepts: 9999-12-31T23:59:59.999Z.
///
/// The last one that ISO 8601 writes with four digits of year.
inline constexpr TimePoint time_max{Duration{253'402'300'799'999}};

/// Returns `instant` moved by `span`, held between `time_min` and `time_max`.
[[nodiscard]] constexpr TimePoint add_clamped(TimePoint instant, Duration span) noexcept {
  if (instant < time_min) instant = time_min;
  if (instant > time_max) instant = time_max;
  if (span > time_max - instant) return time_max;
  if (span < time_min - instant) return time_min;
  return instant + span;
}

}  // namespace punctual
