// SPDX-License-Identifier: MIT
//
// run_until: takes a scheduler on a fake clock through time, from one thing that happens to the
// next.
//
// Nothing is skipped and nothing is waited for: a year of jobs takes as long as their bodies do.
//
// Thread-safety: the scheduler must not have been started.

#pragma once

#include <algorithm>

#include "punctual/base/time.hpp"
#include "punctual/builtin/fake_clock.hpp"

namespace punctual::testing {

/// Lets time pass up to `instant`, and everything happen that is due by then, each at its time.
///
/// Errors: those of `tick()`, which is the storage's.
template <class SchedulerT>
void run_until(SchedulerT& scheduler, FakeClock& clock, TimePoint instant) {
  while (true) {
    const auto report = scheduler.tick();
    if (report.error) throw *report.error;
    if (report.did_something()) continue;
    const TimePoint now = clock.now();
    if (now >= instant) return;
    // At least a millisecond: what is due now and was not done is waiting for time to pass.
    const TimePoint next = std::max(report.next_wake_at.value_or(instant), now + Duration{1});
    clock.advance_to(std::min(next, instant));
  }
}

}  // namespace punctual::testing
