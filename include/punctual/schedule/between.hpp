// SPDX-License-Identifier: MIT
//
// Between: a schedule that fires only within a stretch of time.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// Fires as `inner` does from `from` on and before `until`.
class Between final : public ScheduleRule {
 public:
  /// Errors: INVALID_SCHEDULE -> `until` is not after `from`.
  Between(ScheduleRulePtr inner, TimePoint from, TimePoint until)
      : inner_(std::move(inner)),
        from_(from),
        until_(until) {
    if (from < until) return;
    throw Error{"INVALID_SCHEDULE", "between() expects an end after its beginning, got " +
                                        format_iso8601(from) + " and " + format_iso8601(until)};
  }

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    const auto next =
        inner_->next_after(from_ > time_min ? std::max(after, from_ - Duration{1}) : after);
    return next && *next < until_ ? next : std::nullopt;
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    const auto previous = inner_->previous_before(std::min(before, until_));
    return previous && *previous >= from_ ? previous : std::nullopt;
  }

  [[nodiscard]] InstantCount count_between(TimePoint first,
                                           TimePoint last) const noexcept override {
    return inner_->count_between(std::max(first, from_), std::min(last, until_ - Duration{1}));
  }

  [[nodiscard]] ScheduleRulePtr bound_to(std::string_view job_name,
                                         TimePoint anchor) const override {
    ScheduleRulePtr bound = inner_->bound_to(job_name, anchor);
    if (!bound) return nullptr;
    return ScheduleRulePtr{
        static_cast<const ScheduleRule*>(new Between(std::move(bound), from_, until_))};
  }

  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept override {
    return inner_->case_of(instant);
  }
  [[nodiscard]] int depth() const noexcept override { return inner_->depth() + 1; }
  [[nodiscard]] bool excludes_times() const noexcept override { return inner_->excludes_times(); }
  [[nodiscard]] TimeZone zone() const override { return inner_->zone(); }

  [[nodiscard]] std::string describe() const override {
    return detail::describe_inner(*inner_) + ", from " + format_iso8601(from_) + " until " +
           format_iso8601(until_);
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::between; }
  [[nodiscard]] const ScheduleRulePtr& inner() const noexcept { return inner_; }
  [[nodiscard]] TimePoint from() const noexcept { return from_; }
  [[nodiscard]] TimePoint until() const noexcept { return until_; }

 private:
  ScheduleRulePtr inner_;
  TimePoint from_;
  TimePoint until_;
};

}  // namespace punctual
