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

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/at.hpp"
#include "punctual/schedule/cron_expression.hpp"
#include "punctual/schedule/every.hpp"
#include "punctual/schedule/every_after_finish.hpp"

namespace punctual {

/// A cron expression with the text it was read from.
struct CronSchedule {
  std::string text;
  CronExpression expression;

  friend bool operator==(const CronSchedule& a, const CronSchedule& b) { return a.text == b.text; }
};

/// How many instants lie in a range; counting stops where it would cost too much.
struct InstantCount {
  std::int64_t count = 0;
  bool is_exact = true;  ///< false: at least `count`
};

class Schedule {
 public:
  /// No schedule: the job runs by hand, by `enqueue`, or on startup only.
  Schedule() = default;
  Schedule(Every every) : kind_(every) {}                  // NOLINT(google-explicit-constructor)
  Schedule(EveryAfterFinish delay) : kind_(delay) {}       // NOLINT(google-explicit-constructor)
  Schedule(At once) : kind_(once) {}                       // NOLINT(google-explicit-constructor)
  Schedule(CronSchedule cron) : kind_(std::move(cron)) {}  // NOLINT(google-explicit-constructor)

  /// True for a job that no schedule starts.
  [[nodiscard]] bool is_manual() const noexcept {
    return std::holds_alternative<std::monostate>(kind_);
  }

  /// Returns the first instant strictly after `after`, or nullopt if there is none up to year 9999.
  ///
  /// For a delay after the finish: the instant that is due if a run ended at `after`.
  [[nodiscard]] std::optional<TimePoint> next_after(TimePoint after) const noexcept;

  /// Returns the last instant strictly before `before`, or nullopt if there is none.
  ///
  /// A delay after the finish has no instants of its own before the one it waits for.
  [[nodiscard]] std::optional<TimePoint> previous_before(TimePoint before) const noexcept;

  /// Counts the instants in [first, last].
  ///
  /// Of a delay after the finish only one instant can be open at a time.
  ///
  /// Complexity: constant for periods; a cron expression is counted up to 10,000.
  [[nodiscard]] InstantCount count_between(TimePoint first, TimePoint last) const noexcept;

  /// Returns this schedule with the anchor that the ledger stored, where the user chose none.
  [[nodiscard]] Schedule anchored_at(TimePoint anchor) const;

  /// The period of `every` and `every_after_finish`, nullopt for the other kinds.
  [[nodiscard]] std::optional<Duration> period() const noexcept;

  /// The delay of `every_after_finish`, nullopt for the other kinds.
  [[nodiscard]] std::optional<Duration> after_finish_delay() const noexcept;

  /// Says the schedule in English, e.g. "every 5 minutes".
  [[nodiscard]] std::string describe() const;

  /// Returns the JSON form, e.g. `{"kind":"interval","periodMs":300000}`; null for none.
  ///
  /// Two schedules with equal JSON are the same schedule: it is what the ledger compares to decide
  /// whether a job's next instant is kept or computed anew.
  template <class BasicJson = Json>
  [[nodiscard]] BasicJson to_json() const;

  friend bool operator==(const Schedule&, const Schedule&) = default;

 private:
  std::variant<std::monostate, Every, EveryAfterFinish, At, CronSchedule> kind_;
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
  return CronSchedule{std::string{text}, CronExpression::parse(text)};
}

namespace detail {

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

}  // namespace detail

inline std::optional<TimePoint> Schedule::next_after(TimePoint after) const noexcept {
  if (const auto* every = std::get_if<Every>(&kind_)) return every->next_after(after);
  if (const auto* delay = std::get_if<EveryAfterFinish>(&kind_)) return delay->next_after(after);
  if (const auto* once = std::get_if<At>(&kind_)) return once->next_after(after);
  if (const auto* cron = std::get_if<CronSchedule>(&kind_)) {
    return cron->expression.next_after(after);
  }
  return std::nullopt;
}

inline std::optional<TimePoint> Schedule::previous_before(TimePoint before) const noexcept {
  if (const auto* every = std::get_if<Every>(&kind_)) return every->previous_before(before);
  if (const auto* once = std::get_if<At>(&kind_)) return once->previous_before(before);
  if (const auto* cron = std::get_if<CronSchedule>(&kind_)) {
    return cron->expression.previous_before(before);
  }
  return std::nullopt;
}

inline InstantCount Schedule::count_between(TimePoint first, TimePoint last) const noexcept {
  if (const auto* every = std::get_if<Every>(&kind_)) {
    return {every->count_between(first, last), true};
  }
  if (std::holds_alternative<EveryAfterFinish>(kind_)) return {first <= last ? 1 : 0, true};
  static constexpr std::int64_t count_max = 10'000;
  InstantCount result;
  auto instant = next_after(first - Duration{1});
  while (instant && *instant <= last) {
    if (result.count == count_max) return {count_max, false};
    ++result.count;
    instant = next_after(*instant);
  }
  return result;
}

inline Schedule Schedule::anchored_at(TimePoint anchor) const {
  if (const auto* every = std::get_if<Every>(&kind_)) return every->anchored_at(anchor);
  return *this;
}

inline std::optional<Duration> Schedule::period() const noexcept {
  if (const auto* every = std::get_if<Every>(&kind_)) return every->period();
  return after_finish_delay();
}

inline std::optional<Duration> Schedule::after_finish_delay() const noexcept {
  if (const auto* delay = std::get_if<EveryAfterFinish>(&kind_)) return delay->period();
  return std::nullopt;
}

inline std::string Schedule::describe() const {
  if (const auto* every = std::get_if<Every>(&kind_)) {
    const auto anchor =
        every->is_pinned() ? ", counted from " + format_iso8601(every->anchor()) : "";
    return "every " + detail::describe_duration(every->period()) + anchor;
  }
  if (const auto* delay = std::get_if<EveryAfterFinish>(&kind_)) {
    return detail::describe_duration(delay->period()) + " after the previous run ended";
  }
  if (const auto* once = std::get_if<At>(&kind_))
    return "once at " + format_iso8601(once->instant());
  if (const auto* cron = std::get_if<CronSchedule>(&kind_)) return "cron " + cron->text + " (UTC)";
  return "by hand";
}

template <class BasicJson>
BasicJson Schedule::to_json() const {
  if (const auto* every = std::get_if<Every>(&kind_)) {
    BasicJson json{{"kind", "interval"}, {"periodMs", every->period().count()}};
    if (every->is_pinned()) json["anchor"] = format_iso8601(every->anchor());
    return json;
  }
  if (const auto* delay = std::get_if<EveryAfterFinish>(&kind_)) {
    return {{"kind", "afterFinish"}, {"periodMs", delay->period().count()}};
  }
  if (const auto* once = std::get_if<At>(&kind_)) {
    return {{"kind", "once"}, {"at", format_iso8601(once->instant())}};
  }
  if (const auto* cron = std::get_if<CronSchedule>(&kind_)) {
    return {{"kind", "cron"}, {"expression", cron->text}, {"timeZone", "UTC"}};
  }
  return nullptr;
}

}  // namespace punctual
