// SPDX-License-Identifier: MIT
//
// Schedule: when a job is due. One value for every kind: never by itself, at a period, a delay
// after the previous run, once, by a cron expression.
//
// A schedule is pure arithmetic. It knows no clock and no storage, and asking it costs microseconds
// whatever the expression.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/at.hpp"
#include "punctual/schedule/cron_schedule.hpp"
#include "punctual/schedule/every.hpp"
#include "punctual/schedule/every_after_finish.hpp"
#include "punctual/schedule/rule.hpp"

namespace punctual {

class Schedule {
 public:
  /// No schedule: the job runs by hand, by `enqueue`, or on startup only.
  Schedule() = default;
  Schedule(Every every) : Schedule(new Every(every)) {}  // NOLINT(google-explicit-constructor)
  Schedule(EveryAfterFinish delay)
      : Schedule(new EveryAfterFinish(delay)) {}  // NOLINT(google-explicit-constructor)
  Schedule(At once) : Schedule(new At(once)) {}   // NOLINT(google-explicit-constructor)
  Schedule(CronSchedule cron)
      : Schedule(new CronSchedule(std::move(cron))) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] ScheduleKind kind() const noexcept {
    return rule_ ? rule_->kind() : ScheduleKind::manual;
  }

  /// True for a job that no schedule starts.
  [[nodiscard]] bool is_manual() const noexcept { return !rule_; }

  /// Returns the first instant strictly after `after`, or nullopt if there is none up to year 9999.
  ///
  /// For a delay after the finish: the instant that is due if a run ended at `after`.
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept {
    return rule_ ? rule_->next_after(after) : std::nullopt;
  }

  /// Returns the last instant strictly before `before`, or nullopt if there is none.
  ///
  /// A delay after the finish has no instants of its own before the one it waits for.
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept {
    return rule_ ? rule_->previous_before(before) : std::nullopt;
  }

  /// Counts the instants in [first, last].
  ///
  /// Of a delay after the finish only one instant can be open at a time.
  ///
  /// Complexity: constant for periods; a cron expression is counted up to 10,000.
  [[nodiscard]] InstantCount count_between(TimePoint first, TimePoint last) const noexcept {
    return rule_ ? rule_->count_between(first, last) : InstantCount{};
  }

  /// Returns this schedule with the anchor that the ledger stored, where the user chose none.
  [[nodiscard]] Schedule anchored_at(TimePoint anchor) const {
    ScheduleRulePtr rebased = rule_ ? rule_->rebased(anchor) : nullptr;
    return rebased ? Schedule{std::move(rebased)} : *this;
  }

  /// The period of `every` and `every_after_finish`, nullopt for the other kinds.
  [[nodiscard]] std::optional<Duration> period() const noexcept {
    if (kind() == ScheduleKind::interval) return as<Every>().period();
    return after_finish_delay();
  }

  /// The delay of `every_after_finish`, nullopt for the other kinds.
  [[nodiscard]] std::optional<Duration> after_finish_delay() const noexcept {
    if (kind() != ScheduleKind::after_finish) return std::nullopt;
    return as<EveryAfterFinish>().period();
  }

  /// Says the schedule in English, e.g. "every 5 minutes".
  [[nodiscard]] std::string describe() const { return rule_ ? rule_->describe() : "by hand"; }

  /// Returns the JSON form, e.g. `{"kind":"interval","periodMs":300000}`; null for none.
  ///
  /// Two schedules with equal JSON are the same schedule: it is what the ledger compares to decide
  /// whether a job's next instant is kept or computed anew.
  template <class BasicJson = Json>
  [[nodiscard]] BasicJson to_json() const {
    switch (kind()) {
      case ScheduleKind::manual:
        break;
      case ScheduleKind::interval:
        return as<Every>();
      case ScheduleKind::after_finish:
        return as<EveryAfterFinish>();
      case ScheduleKind::once:
        return as<At>();
      case ScheduleKind::cron:
        return as<CronSchedule>();
    }
    return nullptr;
  }

  /// Equal schedules have the same JSON.
  template <class OtherT>
  requires std::is_same_v<OtherT, Schedule>
  [[nodiscard]] bool operator==(const OtherT& other) const {
    return rule_ == other.rule_ || to_json() == other.to_json();
  }

 private:
  /// Takes the rule over. Not `make_shared`: one control block for all kinds is enough.
  explicit Schedule(const ScheduleRule* rule) : rule_(rule) {}
  explicit Schedule(ScheduleRulePtr rule) : rule_(std::move(rule)) {}

  template <class RuleT>
  [[nodiscard]] const RuleT& as() const noexcept {
    return static_cast<const RuleT&>(*rule_);
  }

  ScheduleRulePtr rule_;  ///< null: by hand
};

/// A fixed period, e.g. `every(5min)`, counted from the moment the job was first registered.
///
/// Errors: INVALID_SCHEDULE -> the period is zero or negative.
[[nodiscard]] inline Schedule every(Duration period) {
  return Every{period};
}

/// A fixed period counted from `anchor`, e.g. from midnight.
///
/// Errors: INVALID_SCHEDULE -> the period is zero or negative, or the anchor lies outside of the
/// years
///         1 to 9999.
[[nodiscard]] inline Schedule every(Duration period, TimePoint anchor) {
  return Every{period, anchor};
}

/// A fixed delay between the end of one run and the start of the next.
///
/// Errors: INVALID_SCHEDULE -> the period is zero or negative.
[[nodiscard]] inline Schedule every_after_finish(Duration period) {
  return EveryAfterFinish{period};
}

/// Once, at `instant`.
///
/// Errors: INVALID_SCHEDULE -> the instant lies outside of the years 1 to 9999.
[[nodiscard]] inline Schedule at(TimePoint instant) {
  return At{instant};
}

/// A cron expression of 5, 6 (seconds first) or 7 (year last) fields, in UTC.
///
/// Errors: INVALID_SCHEDULE -> with the column, what was found and what was expected there.
[[nodiscard]] inline Schedule cron(std::string_view text) {
  return CronSchedule{text};
}

}  // namespace punctual
