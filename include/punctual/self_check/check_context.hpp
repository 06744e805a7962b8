// SPDX-License-Identifier: MIT
//
// CheckContext: what a running check gets to know: how much time is left, and whether to stop.
//
// A check is never ended from outside; a thread cannot be. It keeps within its limit by handing
// `time_left()` to whatever it waits for, and by looking at `stop_requested()` between steps.
//
// Thread-safety: one context belongs to one check; its members may be called from threads that the
// check starts and joins.

#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"

namespace punctual {

/// The monotonic clock as a function, so that a test can say how time passes.
using SteadyNow = std::function<Duration()>;

/// What a check needs of whoever runs it: functions that throw nothing and may be called from
/// several threads at once. The defaults are for a check that is run on its own.
struct CheckHost {
  std::function<TimePoint()> now = [] { return SystemClock{}.now(); };
  SteadyNow steady_now = [] { return SystemClock{}.steady_now(); };
  std::function<bool()> stop_requested = [] { return false; };
};

class CheckContext {
 public:
  /// Starts counting `limit` now.
  explicit CheckContext(Duration limit, CheckHost host = {})
      : host_(std::move(host)),
        limit_(limit),
        started_(host_.steady_now()) {}

  /// The wall clock, e.g. for a check that compares dates.
  [[nodiscard]] TimePoint now() const { return host_.now(); }

  /// The monotonic clock, for waits of the check's own.
  [[nodiscard]] Duration steady_now() const { return host_.steady_now(); }

  /// True once the check should come to an end, whatever time is left.
  [[nodiscard]] bool stop_requested() const { return host_.stop_requested(); }

  [[nodiscard]] Duration limit() const noexcept { return limit_; }
  [[nodiscard]] Duration elapsed() const { return host_.steady_now() - started_; }

  /// Returns 0 or more: the time left until the limit.
  [[nodiscard]] Duration time_left() const { return std::max(limit_ - elapsed(), Duration{0}); }

 private:
  CheckHost host_;
  Duration limit_;
  Duration started_;
};

}  // namespace punctual
