// SPDX-License-Identifier: MIT
//
// AnyOf: fires at the instants of several schedules; where they coincide, once.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

/// `RulePtr` is ScheduleRulePtr; as a template, it costs those who only include it little.
template <class RulePtr>
class BasicAnyOf final : public ScheduleRule {
 public:
  static constexpr std::size_t parts_max = 64;

  /// Errors: INVALID_SCHEDULE -> none, or more than 64.
  explicit BasicAnyOf(std::vector<RulePtr> parts) : parts_(std::move(parts)) {
    if (!parts_.empty() && parts_.size() <= parts_max) return;
    throw Error{"INVALID_SCHEDULE",
                "any_of() expects 1 to 64 schedules, got " + std::to_string(parts_.size())};
  }

  /// Errors: INVALID_SCHEDULE -> also one without instants of its own.
  template <class Schedules>
  [[nodiscard]] static BasicAnyOf of(const Schedules& schedules) {
    std::vector<RulePtr> parts;
    for (const auto& schedule : schedules) {
      if (!detail::has_own_instants(schedule.rule())) {
        throw Error{"INVALID_SCHEDULE",
                    "any_of() expects schedules with instants of their own, got one that runs " +
                        schedule.describe()};
      }
      parts.push_back(schedule.rule());
    }
    BasicAnyOf any{std::move(parts)};
    if (any.depth() <= rule_depth_max) return any;
    throw Error{"INVALID_SCHEDULE", "any_of() expects at most 16 schedules within one another"};
  }

  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept override {
    std::optional<TimePoint> first;
    for (const auto& part : parts_) {
      const auto next = part->next_after(after);
      if (next && (!first || *next < *first)) first = next;
    }
    return first;
  }

  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept override {
    std::optional<TimePoint> last;
    for (const auto& part : parts_) {
      const auto previous = part->previous_before(before);
      if (previous && (!last || *previous > *last)) last = previous;
    }
    return last;
  }

  [[nodiscard]] ScheduleRulePtr bound_to(std::string_view job_name,
                                         TimePoint anchor) const override {
    bool has_changed = false;
    std::vector<RulePtr> parts = parts_;
    for (auto& part : parts) {
      ScheduleRulePtr bound = part->bound_to(job_name, anchor);
      if (!bound) continue;
      part = std::move(bound);
      has_changed = true;
    }
    if (!has_changed) return nullptr;
    return ScheduleRulePtr{static_cast<const ScheduleRule*>(new BasicAnyOf(std::move(parts)))};
  }

  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept override {
    for (const auto& part : parts_) {
      if (part->next_after(instant - Duration{1}) == instant) return part->case_of(instant);
    }
    return DstCase::none;
  }

  [[nodiscard]] int depth() const noexcept override {
    int deepest = 0;
    for (const auto& part : parts_) deepest = std::max(deepest, part->depth());
    return deepest + 1;
  }

  [[nodiscard]] bool excludes_times() const noexcept override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const RulePtr& part) { return part->excludes_times(); });
  }

  /// The first part's.
  [[nodiscard]] TimeZone zone() const override { return parts_.front()->zone(); }

  [[nodiscard]] std::string describe() const override {
    std::string words;
    for (const auto& part : parts_) words += (words.empty() ? "" : "; or ") + part->describe();
    return words;
  }

  [[nodiscard]] ScheduleKind kind() const noexcept override { return ScheduleKind::any_of; }
  [[nodiscard]] const std::vector<RulePtr>& parts() const noexcept { return parts_; }

 private:
  std::vector<RulePtr> parts_;
};

using AnyOf = BasicAnyOf<ScheduleRulePtr>;

}  // namespace punctual
