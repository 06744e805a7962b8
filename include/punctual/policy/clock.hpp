// SPDX-License-Identifier: MIT
//
// Clock: where the scheduler gets the time from, and how it waits.
//
// Time is a parameter, so that the shipped scheduler runs a year of jobs in a test in milliseconds.
// Two readings, because they answer different questions: `now()` is the wall clock, which people
// set and which may jump; `steady_now()` only ever goes on, and measures timeouts and durations.

#pragma once

#include <concepts>
#include <type_traits>

#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"

namespace punctual {

/// Semantics:
/// - `now()` returns the current instant; it may go backwards between two calls.
/// - `steady_now()` returns the time since some fixed start; it never goes backwards.
/// - `wait_until(deadline, signal)` returns when `signal` is raised, when `now()` has reached
///   `deadline`, or earlier for no reason; it clears the signal. It must not wait past 60 s of real
///   time, so that a wall clock which was set is noticed.
/// - All three may be called from several threads at once, and throw nothing.
template <class T>
concept Clock = requires(std::remove_reference_t<T>& clock, TimePoint deadline,
                         WakeSignal& signal) {
  { clock.now() } -> std::same_as<TimePoint>;
  { clock.steady_now() } -> std::same_as<Duration>;
  clock.wait_until(deadline, signal);
};

}  // namespace punctual
