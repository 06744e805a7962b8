// SPDX-License-Identifier: MIT
//
// Every: fires at a fixed period, counted from an anchor.
//
// Instants are computed as `anchor + k * period`, never as "previous + period", so neither a slow
// run nor a restart can make the schedule drift. Where the user names no anchor, the ledger stores
// the moment the job was first registered, so that a host which restarts every hour still runs its
// 24-hour job once a day, and not all jobs of a fleet fire together.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// Fires at `anchor + k * period` for every whole number k >= 0.
class Every final : public ScheduleRule {
 public:
  /// A period whose anchor is still open; counts from 1970 until `anchored_at` names one.
  ///
  /// Requires: 1 ms <= `period`.
  /// Errors:   INVALID_SCHEDULE -> the period is zero or negative.
  explicit Every(Duration period) : period_(checked(period)) {}

  /// A period with an anchor of the user's choice, which no ledger replaces.
  ///
  /// Requires: 1 ms <= `period`, `time_min` <= `anchor` <= `time_max`.
  /// Errors:   INVALID_SCHEDULE -> the period is zero or negative, or the anchor lies outside of
  ///           that range.
  Every(Duration period, TimePoint anchor)
      : period_(checked(period)),
        anchor_(checked(anchor)),
        pinned_(true) {}

  /// Returns the first instant strictly after `after`, or nullopt past `time_max`.
  ///
  /// Strictly, so that a job that finishes within the millisecond it was due is not due again.
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    if (after < anchor_) return anchor_;
    if (after >= time_max) return std::nullopt;
    const std::int64_t k = steps_to(after) + 1;
    if (k > steps_to(time_max)) return std::nullopt;
    return anchor_ + k * period_;
  }

  /// Returns the last instant strictly before `before`, or nullopt if there is none.
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    if (before <= anchor_) return std::nullopt;
    if (before > time_max) before = time_max + Duration{1};
    return anchor_ + steps_to(before - Duration{1}) * period_;
  }

  /// Returns the number of instants in [first, last].
  [[nodiscard]] InstantCount count_between(TimePoint first,
                                           TimePoint last) const noexcept override {
    if (last < first || last < anchor_) return {};
    const std::int64_t before = first <= anchor_ ? 0 : steps_to(first - Duration{1}) + 1;
    return {steps_to(last) + 1 - before, true};
  }

  /// Returns this schedule counted from `anchor`, or unchanged if the user chose an anchor.
  [[nodiscard]] Every anchored_at(TimePoint anchor) const {
    Every copy = *this;
    if (!pinned_) copy.anchor_ = anchor;
    return copy;
  }

  [[nodiscard]] ScheduleRulePtr bound_to(std::string_view, TimePoint anchor) const override {
    if (pinned_) return nullptr;
    return ScheduleRulePtr{static_cast<const ScheduleRule*>(new Every(anchored_at(anchor)))};
  }

  [[nodiscard]] std::string describe() const override {
    const auto anchor = pinned_ ? ", counted from " + format_iso8601(anchor_) : "";
    return "every " + detail::describe_duration(period_) + anchor;
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::interval; }
  [[nodiscard]] Duration period() const noexcept { return period_; }
  [[nodiscard]] TimePoint anchor() const noexcept { return anchor_; }

  /// True if the user chose the anchor.
  [[nodiscard]] bool is_pinned() const noexcept { return pinned_; }

  friend bool operator==(const Every& a, const Every& b) {
    return a.period_ == b.period_ && a.anchor_ == b.anchor_ && a.pinned_ == b.pinned_;
  }

 private:
  static Duration checked(Duration period) {
    if (period > Duration{0}) return period;
    throw Error{"INVALID_SCHEDULE", "every() expects a period of at least 1 ms, got " +
                                        std::to_string(period.count()) + " ms"};
  }

  static TimePoint checked(TimePoint anchor) {
    if (anchor >= time_min && anchor <= time_max) return anchor;
    throw Error{"INVALID_SCHEDULE", "every() expects an anchor of the years 1 to 9999, got " +
                                        std::to_string(anchor.time_since_epoch().count()) +
                                        " ms since 1970"};
  }

  /// Whole periods from the anchor to `instant`, which must not lie before the anchor.
  [[nodiscard]] std::int64_t steps_to(TimePoint instant) const noexcept {
    return (instant - anchor_) / period_;
  }

  Duration period_;
  TimePoint anchor_{};
  bool pinned_ = false;
};

}  // namespace punctual
