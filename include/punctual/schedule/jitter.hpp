// SPDX-License-Identifier: MIT
//
// Jitter: a schedule that fires somewhat later, by a span that stays the same for a job.
//
// Jobs with one schedule do not start together then, and each still starts at the same distance
// from its instants, on every node and after every restart: the span follows from the job's name.
//
// Thread-safety: an immutable value; share it freely.
// Source: the H of Jenkins' cron, which spreads jobs by a hash of their names.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// Fires 0 ms to `max` after each instant of `inner`; without a job, at the instants themselves.
class Jitter final : public ScheduleRule {
 public:
  static constexpr Duration span_max = std::chrono::hours{24 * 366};

  /// Errors: INVALID_SCHEDULE -> `max` is negative, or more than 366 days.
  Jitter(ScheduleRulePtr inner, Duration max, Duration delay = {})
      : inner_(std::move(inner)),
        max_(max),
        delay_(delay) {
    if (max >= Duration{0} && max <= span_max) return;
    throw Error{"INVALID_SCHEDULE", "jitter() expects a span of 0 ms to 366 days, got " +
                                        std::to_string(max.count()) + " ms"};
  }

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    return later(inner_->next_after(earlier(after)));
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    return later(inner_->previous_before(earlier(before)));
  }

  [[nodiscard]] InstantCount count_between(TimePoint first,
                                           TimePoint last) const noexcept override {
    return inner_->count_between(earlier(first), earlier(std::min(last, time_max)));
  }

  [[nodiscard]] ScheduleRulePtr bound_to(std::string_view job_name,
                                         TimePoint anchor) const override {
    const ScheduleRulePtr bound = inner_->bound_to(job_name, anchor);
    const Duration delay = delay_of(job_name, max_);
    if (!bound && delay == delay_) return nullptr;
    return ScheduleRulePtr{
        static_cast<const ScheduleRule*>(new Jitter(bound ? bound : inner_, max_, delay))};
  }

  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept override {
    return inner_->case_of(instant - delay_);
  }
  [[nodiscard]] int depth() const noexcept override { return inner_->depth() + 1; }
  [[nodiscard]] bool excludes_times() const noexcept override { return inner_->excludes_times(); }
  [[nodiscard]] TimeZone zone() const override { return inner_->zone(); }

  [[nodiscard]] std::string describe() const override {
    const std::string span = detail::describe_duration(max_);
    if (delay_ == Duration{0})
      return detail::describe_inner(*inner_) + ", up to " + span + " later";
    return detail::describe_inner(*inner_) + ", " + detail::describe_duration(delay_) +
           " later (of up to " + span + ")";
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::jitter; }
  [[nodiscard]] const ScheduleRulePtr& inner() const noexcept { return inner_; }
  [[nodiscard]] Duration max() const noexcept { return max_; }

 private:
  /// Undoes `later`; an instant that is not later than anything is one before `time_min`.
  [[nodiscard]] TimePoint earlier(TimePoint instant) const noexcept {
    return instant < time_min + delay_ ? time_min - Duration{1} : instant - delay_;
  }

  [[nodiscard]] std::optional<TimePoint> later(std::optional<TimePoint> instant) const noexcept {
    if (!instant || *instant > time_max - delay_) return std::nullopt;
    return *instant + delay_;
  }

  /// A hash of the name, mixed so that names which differ little are far apart.
  static Duration delay_of(std::string_view job_name, Duration max) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
    for (const char c : job_name) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    return Duration{
        static_cast<Duration::rep>(Random{hash}.up_to(static_cast<std::uint64_t>(max.count())))};
  }

  ScheduleRulePtr inner_;
  Duration max_;
  Duration delay_;
};

}  // namespace punctual
