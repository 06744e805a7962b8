// SPDX-License-Identifier: MIT
//
// Schedule: when a job is due. One value for every kind: never by itself, at a period, a delay
// after the previous run, once, by a cron expression.
//
// A schedule is pure arithmetic. It knows no clock and no storage, and asking it costs less than a
// microsecond; only one that times have been taken out of may have to pass them one by one.
//
// Thread-safety: an immutable value; share it freely.

#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/any_of.hpp"
#include "punctual/schedule/at.hpp"
#include "punctual/schedule/between.hpp"
#include "punctual/schedule/calendar.hpp"
#include "punctual/schedule/cron_schedule.hpp"
#include "punctual/schedule/every.hpp"
#include "punctual/schedule/every_after_finish.hpp"
#include "punctual/schedule/excluding.hpp"
#include "punctual/schedule/jitter.hpp"
#include "punctual/schedule/rule.hpp"
#include "punctual/schedule/rule_json.hpp"
#include "punctual/schedule/time_zone.hpp"

namespace punctual {

/// One instant that a schedule names.
struct ScheduledInstant {
  TimePoint at{};
  DstCase dst = DstCase::none;  ///< what a change of the clocks has to do with it

  operator TimePoint() const noexcept { return at; }  // NOLINT(google-explicit-constructor)

  friend bool operator==(const ScheduledInstant&, const ScheduledInstant&) = default;
};

class Schedule {
 public:
  /// No schedule: the job runs by hand, by `enqueue`, or on startup only.
  Schedule() = default;

  /// Any kind of rule: `Every`, `CronSchedule`, …
  template <class RuleT, class = std::enable_if_t<std::is_base_of_v<ScheduleRule, RuleT>>>
  Schedule(RuleT rule)  // NOLINT(google-explicit-constructor)
      : Schedule(new RuleT(std::move(rule))) {}

  Schedule(const CronLiteral& literal)  // NOLINT(google-explicit-constructor)
      : Schedule(new CronSchedule(literal.text())) {}

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

  /// Returns this schedule as it is for one job: counted from the anchor that the ledger stored,
  /// where the user chose none, and with the job's own jitter.
  [[nodiscard]] Schedule bound_to(std::string_view job_name, TimePoint anchor) const {
    ScheduleRulePtr bound = rule_ ? rule_->bound_to(job_name, anchor) : nullptr;
    return bound ? Schedule{std::move(bound)} : *this;
  }

  /// Fires from `from` on and before `until` only.
  ///
  /// Errors: INVALID_SCHEDULE -> `until` is not after `from`; a schedule without instants of its
  ///         own: none, or one that waits for the end of a run; more than 16 within one another. So
  ///         for the other decorators.
  [[nodiscard]] Schedule between(TimePoint from, TimePoint until) const {
    return Schedule{new Between(decorated("between"), from, until)};
  }

  /// Leaves out the days and times of `calendar`.
  ///
  /// Days cost nothing; times are passed one by one, and what lies behind 1,000,000 of them in a
  /// row is not found. For a closed season there is `Calendar::season`.
  ///
  /// Errors: INVALID_SCHEDULE -> as for `between`; times have been taken out already: one calendar
  ///         holds days and times together.
  template <class CalendarT>
  [[nodiscard]] Schedule excluding(BasicCalendar<CalendarT> calendar) const {
    using Rule = BasicExcluding<BasicCalendar<CalendarT>>;
    return Schedule{new Rule(decorated("excluding"), std::move(calendar))};
  }

  /// Fires up to `max` later, always by the same span for a job, which follows from its name.
  ///
  /// Errors: INVALID_SCHEDULE -> `max` is negative, or more than 366 days.
  [[nodiscard]] Schedule jitter(Duration max) const {
    return Schedule{new Jitter(decorated("jitter"), max)};
  }

  /// Returns the next `count` instants after `after`, or as many as there are.
  ///
  /// Of a delay after the finish only the first is known.
  template <class InstantT = ScheduledInstant>
  [[nodiscard]] std::vector<InstantT> next_runs(TimePoint after, std::size_t count) const {
    if (kind() == ScheduleKind::after_finish && count > 1) count = 1;
    return detail::next_instants<InstantT>(rule_.get(), after, count);
  }

  /// Says what a change of the clocks has to do with one of the schedule's instants.
  [[nodiscard]] DstCase case_of(TimePoint instant) const noexcept {
    return rule_ ? rule_->case_of(instant) : DstCase::none;
  }

  /// The rule that it holds; null if there is none.
  [[nodiscard]] const ScheduleRulePtr& rule() const noexcept { return rule_; }

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
    if (!rule_) return nullptr;
    return detail::rule_to_json<BasicJson>(*rule_);
  }

  /// Reads what `to_json` wrote. `zones(name)` returns the TimeZone of a name that is neither UTC
  /// nor an offset, e.g. `punctual::tz::zone`.
  ///
  /// Errors: INVALID_SCHEDULE -> what was expected and what came; INVALID_TIME_ZONE -> a zone that
  ///         `zones` does not know, and every one of a name if there is no `zones`.
  template <class BasicJson, class Zones = detail::NoZones>
  [[nodiscard]] static Schedule from_json(const BasicJson& json, const Zones& zones = {}) {
    return Schedule{detail::rule_from_json(json, zones)};
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
  [[nodiscard]] const ScheduleRulePtr& decorated(const char* decorator) const {
    if (rule_ && rule_->depth() >= rule_depth_max) {
      throw Error{"INVALID_SCHEDULE",
                  std::string{decorator} + "() expects at most 16 schedules within one another"};
    }
    if (detail::has_own_instants(rule_)) return rule_;
    throw Error{"INVALID_SCHEDULE", std::string{decorator} +
                                        "() expects a schedule with instants of its own, got one "
                                        "that runs " +
                                        describe()};
  }

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

/// A cron expression of 5, 6 (seconds first) or 7 (year last) fields, in UTC unless `options` name
/// a zone.
///
/// Errors: INVALID_SCHEDULE -> with the column, what was found and what was expected there.
[[nodiscard]] inline Schedule cron(std::string_view text, CronOptions options = {}) {
  return CronSchedule{text, std::move(options)};
}

/// A cron expression on the clocks of `zone`: `punctual::tz::zone("Europe/Berlin")` of
/// <punctual/tz/zone.hpp>, or `punctual::fixed_offset(5h + 30min)`.
///
/// Errors: INVALID_SCHEDULE -> as above.
[[nodiscard]] inline Schedule cron(std::string_view text, TimeZone zone) {
  CronOptions options;
  options.zone = std::move(zone);
  return CronSchedule{text, std::move(options)};
}

/// A literal, `"0 2 * * *"_cron`, on the clocks of a zone.
[[nodiscard]] inline Schedule cron(const CronLiteral& literal, CronOptions options) {
  return cron(literal.text(), std::move(options));
}
[[nodiscard]] inline Schedule cron(const CronLiteral& literal, TimeZone zone) {
  return cron(literal.text(), std::move(zone));
}

/// The instants of several schedules, each once.
///
/// Errors: INVALID_SCHEDULE -> none, or more than 64; one without instants of its own.
template <class ScheduleT = Schedule>
[[nodiscard]] ScheduleT any_of(std::initializer_list<ScheduleT> schedules) {
  return BasicAnyOf<Late<ScheduleRulePtr, ScheduleT>>::of(schedules);
}

}  // namespace punctual
