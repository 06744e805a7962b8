// SPDX-License-Identifier: MIT
//
// The planner's answers to due instants: what runs, what is answered without running, and when the
// schedule is due next.
//
// Thread-safety: pure functions of what they are given.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual::planner {

namespace detail {

template <class BasicJson>
[[nodiscard]] BasicJson passed_details(InstantCount passed, TimePoint first, TimePoint last) {
  return {{"count", passed.count},
          {"countIsExact", passed.is_exact},
          {"first", format_iso8601(first)},
          {"last", format_iso8601(last)}};
}

/// Returns one row for every instant in [first, last], which nobody will run.
template <class IdsT>
[[nodiscard]] NewRun make_passed_row(const JobConfig& config, const Schedule& schedule,
                                     std::string_view code, const char* what, TimePoint first,
                                     TimePoint last, TimePoint now, IdsT& ids) {
  InstantCount passed = schedule.count_between(first, last);
  passed.count = std::max<std::int64_t>(passed.count, 1);
  const std::string number = (passed.is_exact ? "" : "at least ") + std::to_string(passed.count);
  NewRun row = make_skipped(config, RunTrigger::schedule, code,
                            number + (passed.count == 1 ? " due instant" : " due instants") + what,
                            now, ids.next(now));
  row.due_at = first;
  row.details = passed_details<Json>(passed, first, last);
  return row;
}

}  // namespace detail

/// Returns the answer to the end of what a job depends on: it runs, or is skipped because one of
/// them failed.
template <class IdsT>
[[nodiscard]] NewRun plan_dependent(const ScheduleState& state, const JobConfig& config,
                                    TimePoint now, IdsT& ids) {
  const TimePoint due_at = *state.next_due_at;
  NewRun run =
      state.failed_dependency.empty()
          ? make_run(config, RunTrigger::dependency, due_at, ids.next(now))
          : make_skipped(config, RunTrigger::dependency, message_code::job_dependency_failed,
                         "job \"" + state.failed_dependency + "\" failed", now, ids.next(now));
  run.due_at = due_at;
  return run;
}

/// Returns how to move a due schedule on: the next instant, and rows for all that have come.
///
/// Whatever time has passed, the answer is as many runs as the job's policy allows and one row for
/// the instants before them, computed without walking through those.
///
/// Requires: `state.next_due_at` <= `now`.
template <class IdsT>
[[nodiscard]] Advance plan_due(const ScheduleState& state, const JobConfig& config, TimePoint now,
                               IdsT& ids) {
  Advance advance;
  advance.job_name = state.job_name;
  advance.version = state.version;
  if (!config.depends_on.empty()) {
    advance.rows.push_back(plan_dependent(state, config, now, ids));
    return advance;
  }
  const Schedule schedule = config.schedule.bound_to(state.job_name, state.anchor_at);
  const TimePoint first = *state.next_due_at;
  const bool waits_for_finish = schedule.after_finish_delay().has_value();

  TimePoint latest = first;
  if (!waits_for_finish) {
    const auto previous = schedule.previous_before(add_clamped(now, Duration{1}));
    if (previous && *previous > first) latest = *previous;
  }
  if (!waits_for_finish) advance.next_due_at = schedule.next_after(std::max(now, latest));

  // From the latest one back, as many as the policy lets run.
  LateVector<TimePoint, IdsT> running;
  std::optional<TimePoint> instant = latest;
  while (instant && running.size() < config.missed.limit() &&
         now - *instant <= config.missed.window()) {
    running.push_back(*instant);
    instant =
        *instant > first
            ? std::optional{std::max(first, schedule.previous_before(*instant).value_or(first))}
            : std::nullopt;
  }
  if (instant) {
    advance.rows.push_back(detail::make_passed_row(config, schedule, message_code::job_missed,
                                                   " passed while no scheduler was there", first,
                                                   *instant, now, ids));
  }
  for (auto due = running.rbegin(); due != running.rend(); ++due) {
    NewRun run = make_run(config, RunTrigger::schedule, *due, ids.next(now));
    run.due_at = *due;
    if (running.size() > 1) {  // they wait for one another, whatever the job does otherwise
      run.skip_if_open = false;
      run.skip_if_waiting = false;
    }
    advance.rows.push_back(std::move(run));
  }
  return advance;
}

/// True if what is armed for the future is none of the schedule's instants, or nothing is armed and
/// there are instants to come: the zone database, or the host's idea of the schedule, has changed
/// since it was armed.
[[nodiscard]] inline bool is_misarmed(const ScheduleState& state, const JobConfig& config,
                                      TimePoint now) {
  if (!state.enabled || state.paused || !config.depends_on.empty()) return false;
  const Schedule schedule = config.schedule.bound_to(state.job_name, state.anchor_at);
  if (schedule.after_finish_delay()) return false;
  if (!state.next_due_at) return schedule.next_after(now).has_value();
  if (*state.next_due_at <= now) return false;
  return schedule.next_after(*state.next_due_at - Duration{1}) != state.next_due_at;
}

/// Returns how to end a pause: armed for the next future instant, the passed ones answered by one
/// row.
template <class IdsT>
[[nodiscard]] PauseChange plan_resume(const ScheduleState& state, const JobConfig& config,
                                      std::string actor, std::string reason, TimePoint now,
                                      IdsT& ids) {
  PauseChange change;
  change.job_name = state.job_name;
  change.version = state.version;
  change.paused = false;
  change.actor = std::move(actor);
  change.reason = std::move(reason);
  change.next_due_at = state.next_due_at;
  if (!state.next_due_at || *state.next_due_at > now) return change;
  const Schedule schedule = config.schedule.bound_to(state.job_name, state.anchor_at);
  const TimePoint first = *state.next_due_at;
  const bool is_armed_by_ends =
      schedule.after_finish_delay().has_value() || !config.depends_on.empty();
  const TimePoint last =
      is_armed_by_ends
          ? first
          : std::max(first,
                     schedule.previous_before(add_clamped(now, Duration{1})).value_or(first));
  change.rows.push_back(detail::make_passed_row(config, schedule, message_code::job_paused,
                                                " passed while the job was paused", first, last,
                                                now, ids));
  change.next_due_at = schedule.next_after(now);
  return change;
}

}  // namespace punctual::planner
