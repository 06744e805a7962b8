// SPDX-License-Identifier: MIT
//
// FakeClock: a clock that stands still until it is told to move. For tests.
//
// `advance` lets time pass, on both the wall and the monotonic clock; `set_wall` sets the wall
// clock alone, as an administrator or a time server would. Threads that wait on the clock are woken
// by both.
//
// Thread-safety: all members, from any thread. A WakeSignal must not be destroyed while it is
// waited on; the clock must outlive its waiters.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"

namespace punctual {

class FakeClock {
 public:
  /// Starts at `start`, held between `time_min` and `time_max`; 2024-01-01 if none is named.
  explicit FakeClock(TimePoint start = TimePoint{std::chrono::seconds{1'704'067'200}})
      : wall_(add_clamped(start, Duration{0}).time_since_epoch().count()) {}

  /// For handing a clock to its owner; not while anyone waits on it.
  FakeClock(FakeClock&& other) noexcept
      : wall_(other.wall_.load()),
        steady_(other.steady_.load()) {}

  [[nodiscard]] TimePoint now() const noexcept { return TimePoint{Duration{wall_.load()}}; }
  [[nodiscard]] Duration steady_now() const noexcept { return Duration{steady_.load()}; }

  /// Lets `span` pass; the wall clock stops at `time_max`.
  ///
  /// Errors: INVALID_TIME -> `span` is negative: time does not go back; a wall clock can be set
  /// back.
  void advance(Duration span) {
    if (span < Duration{0}) {
      throw Error{"INVALID_TIME", "FakeClock::advance() expects a span of 0 ms or more, got " +
                                      std::to_string(span.count()) +
                                      " ms; use set_wall() to set the wall clock back"};
    }
    move([&] { pass(span); });
  }

  /// Lets time pass until the wall clock shows `instant`; does nothing if it is past that.
  void advance_to(TimePoint instant) {
    instant = add_clamped(instant, Duration{0});
    move([&] { pass(std::max(instant - now(), Duration{0})); });
  }

  /// Sets the wall clock, forward or back, while no time passes.
  void set_wall(TimePoint instant) {
    move([&] { set(add_clamped(instant, Duration{0})); });
  }

  /// Blocks: until `signal` is raised or the clock has been moved to `deadline`.
  void wait_until(TimePoint deadline, WakeSignal& signal) {
    Waiter waiter{&signal};
    {
      const std::lock_guard lock{waiters_mutex_};
      waiter.next = std::exchange(waiters_, &waiter);
      ++wait_count_;
    }
    // Lock order: waiters, a signal's mutex. So a mover may nudge a signal while it holds the
    // waiters, and a waiter looks at the time while it holds its signal.
    signal.consume([&](auto& lock, auto& condition, const auto& raised) {
      condition.wait(lock, [&] { return raised() || now() >= deadline; });
    });
    const std::lock_guard lock{waiters_mutex_};
    Waiter** place = &waiters_;
    while (*place != &waiter) place = &(*place)->next;
    *place = waiter.next;
  }

  /// How often anything has waited on this clock; tells how often a loop woke up.
  [[nodiscard]] std::size_t wait_count() const {
    const std::lock_guard lock{waiters_mutex_};
    return wait_count_;
  }

  /// How many threads wait on this clock now.
  [[nodiscard]] std::size_t waiter_count() const {
    const std::lock_guard lock{waiters_mutex_};
    std::size_t count = 0;
    for (const Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next) ++count;
    return count;
  }

 private:
  struct Waiter {
    WakeSignal* signal;
    Waiter* next = nullptr;
  };

  /// Requires: the movers' mutex is held.
  void set(TimePoint wall) { wall_.store(wall.time_since_epoch().count()); }

  /// Requires: the movers' mutex is held, `span` >= 0.
  void pass(Duration span) {
    set(add_clamped(now(), span));
    steady_.store((steady_now() + std::min(span, Duration::max() - steady_now())).count());
  }

  /// Calls `change` under the movers' mutex, so that two movers never move by the same reading, and
  /// lets the waiters look again.
  template <class Change>
  void move(Change&& change) {
    {
      const std::lock_guard lock{mutex_};
      change();
    }
    const std::lock_guard lock{waiters_mutex_};
    for (Waiter* waiter = waiters_; waiter != nullptr; waiter = waiter->next) {
      waiter->signal->nudge();
    }
  }

  std::mutex mutex_;  // of those who move the clock; reading it takes no lock
  std::atomic<Duration::rep> wall_;
  std::atomic<Duration::rep> steady_{0};
  mutable std::mutex waiters_mutex_;
  Waiter* waiters_ = nullptr;  // each stands in its own thread's call
  std::size_t wait_count_ = 0;
};

}  // namespace punctual
