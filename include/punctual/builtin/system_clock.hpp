// SPDX-License-Identifier: MIT
//
// SystemClock: the computer's clocks. The one file of the library that reads them or waits on them.
//
// Waiting is done on the monotonic clock, for at most a minute at a time: a wall clock that is set
// while the scheduler sleeps is noticed within that minute, and no conversion between the two can
// make a wait overflow or never end.
//
// Thread-safety: stateless.

#pragma once

#include <algorithm>
#include <chrono>

#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"

namespace punctual {

/// The wall clock in UTC, and the monotonic clock.
class SystemClock {
 public:
  [[nodiscard]] TimePoint now() const noexcept {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }

  [[nodiscard]] Duration steady_now() const noexcept {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
  }

  /// Blocks: until `signal` is raised or `deadline` has come, at most 60 s.
  void wait_until(TimePoint deadline, WakeSignal& signal) const {
    signal.consume([&](auto& lock, auto& condition, const auto& raised) {
      const TimePoint asked_at = now();
      if (deadline <= asked_at) return;  // the difference to one long ago would overflow
      const Duration left = std::min(deadline - asked_at, wait_max);
      // The millisecond that `now()` cut off is added, so that a wait never ends just before its
      // deadline and is begun again.
      condition.wait_until(lock, std::chrono::steady_clock::now() + left + Duration{1}, raised);
    });
  }

 private:
  static constexpr Duration wait_max = std::chrono::seconds{60};
};

}  // namespace punctual
