// SPDX-License-Identifier: MIT
//
// DriftingClock: the clock of one simulated host, which shows the true time wrongly.
//
// Its wall clock is off by an offset and can be set, forward or back; its monotonic clock runs too
// fast or too slow. Both follow from the true time, which the simulation moves; waiting is letting
// the simulation go on.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"

namespace punctual::testing {

class DriftingClock {
 public:
  /// Borrows the true time. `drift_ppm` is how many microseconds a second it gains; `wait` lets
  /// true time pass.
  DriftingClock(const TimePoint& true_now, Duration offset, std::int64_t drift_ppm,
                std::function<void(Duration)> wait)
      : true_now_(&true_now),
        started_at_(true_now),
        offset_(offset),
        drift_ppm_(drift_ppm),
        wait_(std::move(wait)) {}

  [[nodiscard]] TimePoint now() const { return add_clamped(started_at_, steady_now() + offset_); }
  [[nodiscard]] Duration steady_now() const {
    const Duration passed = *true_now_ - started_at_;
    return passed + passed * drift_ppm_ / 1'000'000 + waited_alone_;
  }

  /// Sets the wall clock forward, or back if `span` is negative.
  void step(Duration span) { offset_ += span; }

  /// From now on waiting moves this clock alone: its host is dead, and nobody waits for it.
  void detach() { wait_ = nullptr; }

  /// Blocks: until `signal` is raised or `deadline` has come, 60 s of time at most.
  void wait_until(TimePoint deadline, WakeSignal& signal) {
    if (signal.consume([](auto&, auto&, const auto&) {})) return;
    const Duration span =
        std::clamp<Duration>(deadline - now(), Duration{0}, std::chrono::seconds{60});
    if (wait_) {
      wait_(span);
    } else {
      waited_alone_ += span;
    }
  }

 private:
  const TimePoint* true_now_;
  TimePoint started_at_;
  Duration offset_;
  std::int64_t drift_ppm_;
  Duration waited_alone_{};
  std::function<void(Duration)> wait_;
};

}  // namespace punctual::testing
