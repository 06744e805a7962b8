// SPDX-License-Identifier: MIT
//
// EveryAfterFinish: fires a fixed delay after the previous run ended.
//
// The next instant is not known until a run ends; the storage sets it in the transaction that
// records the end, so that a crash between the two cannot silence the schedule.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// Fires `period` after the job was registered, then `period` after each run's end.
class EveryAfterFinish final : public ScheduleRule {
 public:
  /// Requires: 1 ms <= `period`.
  /// Errors:   INVALID_SCHEDULE -> the period is zero or negative.
  explicit EveryAfterFinish(Duration period) : period_(period) {
    if (period > Duration{0}) return;
    throw Error{"INVALID_SCHEDULE", "every_after_finish() expects a period of at least 1 ms, got " +
                                        std::to_string(period.count()) + " ms"};
  }

  /// Returns `after + period`, or nullopt past `time_max`: the instant that is due if a run ended
  /// at `after`.
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    if (after > time_max - period_) return std::nullopt;
    return after + period_;
  }

  /// A delay has no instants of its own before the one it waits for.
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint) const noexcept override {
    return std::nullopt;
  }

  /// Only one instant can be open at a time.
  [[nodiscard]] InstantCount count_between(TimePoint first,
                                           TimePoint last) const noexcept override {
    return {first <= last ? 1 : 0, true};
  }

  [[nodiscard]] Duration period() const noexcept { return period_; }

  [[nodiscard]] std::string describe() const override {
    return detail::describe_duration(period_) + " after the previous run ended";
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::after_finish; }

  friend bool operator==(const EveryAfterFinish& a, const EveryAfterFinish& b) {
    return a.period_ == b.period_;
  }

 private:
  Duration period_;
};

}  // namespace punctual
