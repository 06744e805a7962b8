// SPDX-License-Identifier: MIT
//
// Excluding: a schedule that does not fire on the days and at the times of a calendar.
//
// An instant that falls on an excluded day is left out, not moved.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/calendar.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// `CalendarT` is Calendar; as a template, it costs those who only include it little.
template <class CalendarT>
class BasicExcluding final : public ScheduleRule {
 public:
  /// Errors: INVALID_SCHEDULE -> more than 16 schedules within one another; or something is taken
  ///         out of a schedule that times have been taken out of, which could take very long to
  ///         ask: one calendar holds days and times together.
  BasicExcluding(ScheduleRulePtr inner, CalendarT calendar)
      : inner_(std::move(inner)),
        calendar_(std::move(calendar)),
        zone_(inner_->zone()) {
    if (BasicExcluding::depth() > rule_depth_max) {
      throw Error{"INVALID_SCHEDULE",
                  "excluding() expects at most 16 schedules within one another"};
    }
    if (inner_->excludes_times() || (calendar_.times() && calendar_.times()->excludes_times())) {
      throw Error{
          "INVALID_SCHEDULE",
          "excluding() expects a schedule that no times have been taken out of; put all days "
          "and times into one calendar"};
    }
  }

  /// An instant behind 1,000,000 excluded times in a row is not found. Days have no such limit: all
  /// that there are would be less.
  ///
  /// Complexity: a step of less than a microsecond for each excluded day, or each excluded time.
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    for (int step = 0; step < steps_max; ++step) {
      const auto next = inner_->next_after(after);
      if (!next) return std::nullopt;
      const auto until = calendar_.excluded_until(*next, zone_);
      if (!until) return next;
      after = *until - Duration{1};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    for (int step = 0; step < steps_max; ++step) {
      const auto previous = inner_->previous_before(before);
      if (!previous) return std::nullopt;
      const auto from = calendar_.excluded_from(*previous, zone_);
      if (!from) return previous;
      before = *from + Duration{1};
    }
    return std::nullopt;
  }

  [[nodiscard]] ScheduleRulePtr bound_to(std::string_view job_name,
                                         TimePoint anchor) const override {
    ScheduleRulePtr inner = inner_->bound_to(job_name, anchor);
    ScheduleRulePtr times =
        calendar_.times() ? calendar_.times()->bound_to(job_name, anchor) : nullptr;
    if (!inner && !times) return nullptr;
    CalendarT calendar = calendar_;
    if (times) calendar.set_times(std::move(times));
    return ScheduleRulePtr{static_cast<const ScheduleRule*>(
        new BasicExcluding(inner ? inner : inner_, std::move(calendar)))};
  }

  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept override {
    return inner_->case_of(instant);
  }
  [[nodiscard]] bool excludes_times() const noexcept override {
    return calendar_.times() != nullptr || inner_->excludes_times();
  }
  [[nodiscard]] int depth() const noexcept override {
    const int of_times = calendar_.times() ? calendar_.times()->depth() : 0;
    return (of_times > inner_->depth() ? of_times : inner_->depth()) + 1;
  }
  [[nodiscard]] TimeZone zone() const override { return zone_; }

  [[nodiscard]] std::string describe() const override {
    return detail::describe_inner(*inner_) + ", except on " + calendar_.describe();
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::excluding; }
  [[nodiscard]] const ScheduleRulePtr& inner() const noexcept { return inner_; }
  [[nodiscard]] const CalendarT& calendar() const noexcept { return calendar_; }

 private:
  static constexpr int steps_max = 1'000'000;

  ScheduleRulePtr inner_;
  CalendarT calendar_;
  TimeZone zone_;
};

using Excluding = BasicExcluding<Calendar>;

}  // namespace punctual
