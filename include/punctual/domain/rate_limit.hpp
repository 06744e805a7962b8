// SPDX-License-Identifier: MIT
//
// RateLimit: at most so many in such a span, as a token bucket that is stored as one number.
//
// A bucket holds `max` tokens and gains one every `period / max`. All there is to know of it is the
// instant at which it is full again: an idle bucket needs no row, and whoever takes a token moves
// that instant on by one token's time.
//
// Source: the generic cell rate algorithm of ITU-T I.371.
//
// Thread-safety: a value; pure functions.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "punctual/base/time.hpp"

namespace punctual {

/// When a bucket is full again, in microseconds since 1970: finer than an instant, for a bucket may
/// gain more than a token a millisecond.
using BucketLevel = std::int64_t;

/// `max` 0 means no limit.
struct RateLimit {
  std::uint32_t max = 0;                      ///< tokens the bucket holds; 0 to 1,000,000
  Duration period = std::chrono::seconds{1};  ///< in which an empty bucket fills; up to 366 days

  /// The time in which the bucket gains one token. Requires: `max` > 0.
  [[nodiscard]] constexpr std::int64_t token_us() const noexcept {
    return std::max<std::int64_t>(period.count() * 1000 / max, 1);
  }

  /// The earliest instant, not before `at`, at which a token can be taken from a bucket that is
  /// full at `full_at`.
  ///
  /// Requires: `max` > 0.
  [[nodiscard]] constexpr TimePoint next_token_at(BucketLevel full_at,
                                                  TimePoint at) const noexcept {
    const std::int64_t wait_us = full_at - (max - 1) * token_us();
    const std::int64_t ready_ms = wait_us / 1000 + (wait_us % 1000 > 0 ? 1 : 0);
    return std::max(at, TimePoint{Duration{ready_ms}});
  }

  /// The bucket's level after a token was taken from it at `at`.
  [[nodiscard]] constexpr BucketLevel after_taking(BucketLevel full_at,
                                                   TimePoint at) const noexcept {
    return std::max(full_at, at.time_since_epoch().count() * 1000) + token_us();
  }

  /// The level of a bucket as it can be at `at`: a clock that was set back must not leave it empty
  /// for as long as it was ahead.
  [[nodiscard]] constexpr BucketLevel level_at(BucketLevel full_at, TimePoint at) const noexcept {
    return std::min(full_at, at.time_since_epoch().count() * 1000 + max * token_us());
  }

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// A limit, and the bucket that all who name the same key share.
struct KeyedRate {
  std::string key{};
  RateLimit limit{};
};

/// Of runs of `job_name` so many may start; see ClaimRequest.
struct JobRate {
  std::string job_name{};
  KeyedRate rate{};
};

}  // namespace punctual
