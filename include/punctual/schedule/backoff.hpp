// SPDX-License-Identifier: MIT
//
// Backoff: how long to wait before the next attempt.
//
// Growing waits give a broken dependency time to recover; the random part keeps the runs that
// failed together from coming back together.
//
// Thread-safety: an immutable value; the generator is the caller's.
// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

class Backoff {
 public:
  /// The same wait before every attempt.
  ///
  /// Errors: INVALID_CONFIG -> `delay` is negative.
  [[nodiscard]] static Backoff fixed(Duration delay) { return Backoff{delay, delay, false}; }

  /// Waits `initial`, then twice as long each time, up to `cap`; the actual wait is drawn evenly
  /// from [0, that], unless `full_jitter` is false.
  ///
  /// Errors: INVALID_CONFIG -> `initial` is negative, or `cap` is below `initial`.
  [[nodiscard]] static Backoff exponential(Duration initial, Duration cap,
                                           bool full_jitter = true) {
    return Backoff{initial, cap, full_jitter};
  }

  /// Returns the longest wait after attempt number `attempt` (1 for the first) has failed.
  [[nodiscard]] Duration ceiling(std::uint32_t attempt) const noexcept {
    if (initial_ == Duration{0}) return initial_;  // doubling would never reach the cap
    Duration wait = initial_;
    for (std::uint32_t i = 1; i < attempt && wait < cap_; ++i) {
      wait = wait > cap_ / 2 ? cap_ : wait * 2;
    }
    return std::min(wait, cap_);
  }

  /// Returns the wait after attempt number `attempt` has failed, in [0, ceiling(attempt)].
  [[nodiscard]] Duration delay(std::uint32_t attempt, Random& random) const noexcept {
    const Duration most = ceiling(attempt);
    if (!full_jitter_) return most;
    return Duration{
        static_cast<std::int64_t>(random.up_to(static_cast<std::uint64_t>(most.count())))};
  }

  friend bool operator==(const Backoff&, const Backoff&) = default;

 private:
  Backoff(Duration initial, Duration cap, bool full_jitter)
      : initial_(initial),
        cap_(cap),
        full_jitter_(full_jitter) {
    if (initial >= Duration{0} && cap >= initial) return;
    throw Error{"INVALID_CONFIG", "a backoff expects 0 <= initial <= cap, got initial " +
                                      std::to_string(initial.count()) + " ms and cap " +
                                      std::to_string(cap.count()) + " ms"};
  }

  Duration initial_;
  Duration cap_;
  bool full_jitter_;
};

}  // namespace punctual
