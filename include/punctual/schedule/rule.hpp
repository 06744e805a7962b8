// SPDX-License-Identifier: MIT
//
// ScheduleRule: what every kind of schedule can be asked. `Schedule` is the value that holds one.
//
// Thread-safety: rules are immutable; share them freely.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/schedule/time_zone.hpp"
#include "punctual/schedule/zoned_cron.hpp"

namespace punctual {

/// How many schedules may stand within one another.
inline constexpr int rule_depth_max = 16;

enum class ScheduleKind {
  manual,
  interval,
  after_finish,
  once,
  cron,
  between,
  excluding,
  jitter,
  any_of,
};

/// How many instants lie in a range; counting stops where it would cost too much.
struct InstantCount {
  std::int64_t count = 0;
  bool is_exact = true;  ///< false: at least `count`
};

class ScheduleRule;
using ScheduleRulePtr = std::shared_ptr<const ScheduleRule>;

class ScheduleRule {
 public:
  virtual ~ScheduleRule() = default;

  [[nodiscard]] virtual ScheduleKind kind() const noexcept = 0;

  /// Returns the first instant strictly after `after`, or nullopt if there is none.
  [[nodiscard]] virtual std::optional<TimePoint> next_after(TimePoint after) const noexcept = 0;

  /// Returns the last instant strictly before `before`, or nullopt if there is none.
  [[nodiscard]] virtual std::optional<TimePoint> previous_before(
      TimePoint before) const noexcept = 0;

  /// Counts the instants in [first, last]; unless a rule knows better, one by one up to 10,000.
  [[nodiscard]] virtual InstantCount count_between(TimePoint first, TimePoint last) const noexcept {
    constexpr std::int64_t count_max = 10'000;
    InstantCount result;
    auto instant = next_after(first - Duration{1});
    while (instant && *instant <= last) {
      if (result.count == count_max) return {count_max, false};
      ++result.count;
      instant = next_after(*instant);
    }
    return result;
  }

  /// Returns the rule as it is for one job, counted from `anchor`; null if it is the same for all.
  [[nodiscard]] virtual ScheduleRulePtr bound_to(std::string_view job_name, TimePoint anchor) const;

  /// Says what a change of the clocks has to do with one of the rule's instants.
  [[nodiscard]] virtual DstCase case_of(TimePoint) const noexcept { return DstCase::none; }

  /// How many rules stand within one another here, this one included.
  [[nodiscard]] virtual int depth() const noexcept { return 1; }

  /// True if single instants are taken out of the rule, which it may have to pass one by one.
  [[nodiscard]] virtual bool excludes_times() const noexcept { return false; }

  /// The zone whose days are the rule's days.
  [[nodiscard]] virtual TimeZone zone() const { return {}; }

  /// Says the rule in English.
  [[nodiscard]] virtual std::string describe() const = 0;

 protected:
  ScheduleRule() = default;
  ScheduleRule(const ScheduleRule&) = default;
  ScheduleRule& operator=(const ScheduleRule&) = default;
};

inline ScheduleRulePtr ScheduleRule::bound_to(std::string_view, TimePoint) const {
  return nullptr;
}

namespace detail {

/// True if the rule names instants by itself: it is one, and waits for the end of no run.
[[nodiscard]] inline bool has_own_instants(const ScheduleRulePtr& rule) noexcept {
  return rule && rule->kind() != ScheduleKind::after_finish;
}

/// Says a rule that another one says something of: several together stand in parentheses.
[[nodiscard]] inline std::string describe_inner(const ScheduleRule& rule) {
  const std::string words = rule.describe();
  return rule.kind() == ScheduleKind::any_of ? "(" + words + ")" : words;
}

/// Says a duration in its largest whole unit: 90 s is "90 seconds", 120 s "2 minutes".
inline std::string describe_duration(Duration span) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  static constexpr Unit units[] = {
      {86'400'000, "day"}, {3'600'000, "hour"}, {60'000, "minute"}, {1000, "second"}};
  for (const auto& unit : units) {
    if (span.count() < unit.ms || span.count() % unit.ms != 0) continue;
    const auto count = span.count() / unit.ms;
    return std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return std::to_string(span.count()) + " ms";
}

/// Returns the next `count` instants of `rule`, which may be null, as `InstantT{at, case}`.
template <class InstantT>
[[nodiscard]] std::vector<InstantT> next_instants(const ScheduleRule* rule, TimePoint after,
                                                  std::size_t count) {
  std::vector<InstantT> instants;
  while (rule != nullptr && instants.size() < count) {
    const auto next = rule->next_after(after);
    if (!next) break;
    instants.push_back({*next, rule->case_of(*next)});
    after = *next;
  }
  return instants;
}

}  // namespace detail
}  // namespace punctual
