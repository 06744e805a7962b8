// SPDX-License-Identifier: MIT
//
// At: fires once, at one instant.
//
// An instant that has passed when the job is first registered never fires: no row is made for a
// time before the job existed.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// Fires at `instant` and never again.
class At final : public ScheduleRule {
 public:
  /// Requires: `time_min` <= `instant` <= `time_max`.
  /// Errors:   INVALID_SCHEDULE -> the instant lies outside of that range.
  explicit At(TimePoint instant) : instant_(instant) {
    if (instant >= time_min && instant <= time_max) return;
    throw Error{"INVALID_SCHEDULE", "at() expects an instant of the years 1 to 9999, got " +
                                        std::to_string(instant.time_since_epoch().count()) +
                                        " ms since 1970"};
  }

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    return after < instant_ ? std::optional{instant_} : std::nullopt;
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    return before > instant_ ? std::optional{instant_} : std::nullopt;
  }

  [[nodiscard]] TimePoint instant() const noexcept { return instant_; }

  [[nodiscard]] std::string describe() const override {
    return "once at " + format_iso8601(instant_);
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::once; }

  friend bool operator==(const At& a, const At& b) { return a.instant_ == b.instant_; }

 private:
  TimePoint instant_;
};

}  // namespace punctual
