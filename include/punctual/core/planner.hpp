// SPDX-License-Identifier: MIT
//
// The planner: every decision of the scheduler, as pure functions of a state and an instant.
//
// Nothing here reads a clock, touches a storage or starts a thread; ids and jitter come from the
// generators handed in. So each decision can be tested by a table, and the scheduler that calls
// them is left with doing what they say.
//
// Thread-safety: pure functions; the generators belong to the caller.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/policy/job_context.hpp"

namespace punctual::planner {

/// The longest the loop sleeps: a wall clock that was set is noticed within it.
inline constexpr Duration sleep_max = std::chrono::seconds{60};

/// How late an instant may be and still run under `MissedPolicy::skip`.
inline constexpr Duration missed_tolerance = std::chrono::minutes{1};

/// Returns a pending run of a job with the job's policies on it.
///
/// Runs that stand for the job itself (a due instant, a trigger, a startup, and their retries) are
/// exclusive unless the job allows overlap; runs handed in by `enqueue` are not.
[[nodiscard]] inline NewRun make_run(const JobConfig& config, RunTrigger trigger, TimePoint run_at,
                                     RunId id) {
  NewRun run;
  run.id = id;
  run.job_name = config.name;
  run.trigger = trigger;
  run.run_at = run_at;
  run.priority = config.priority;
  run.exclusive = config.overlap == OverlapPolicy::skip;
  run.skip_if_open = run.exclusive;
  if (config.concurrency.max > 0) {
    run.concurrency_max = config.concurrency.max;
    run.concurrency_key = config.concurrency.key.empty() ? config.name : config.concurrency.key;
  }
  return run;
}

/// Returns a row that answers something without running the job.
[[nodiscard]] inline NewRun make_skipped(const JobConfig& config, RunTrigger trigger,
                                         std::string_view code, std::string summary, TimePoint now,
                                         RunId id) {
  NewRun run;
  run.id = id;
  run.job_name = config.name;
  run.status = JobStatus::skipped;
  run.trigger = trigger;
  run.run_at = now;
  run.message_code = std::string{code};
  run.summary = std::move(summary);
  return run;
}

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

/// Returns how to move a due schedule on: the next instant, and rows for all that have come.
///
/// Whatever time has passed, the answer is one run at most and one row for the instants before it,
/// computed without walking through them.
///
/// Requires: `state.next_due_at` <= `now`.
template <class IdsT>
[[nodiscard]] Advance plan_due(const ScheduleState& state, const JobConfig& config, TimePoint now,
                               IdsT& ids) {
  const Schedule schedule = config.schedule.bound_to(state.job_name, state.anchor_at);
  const TimePoint first = *state.next_due_at;
  const bool waits_for_finish = schedule.after_finish_delay().has_value();

  TimePoint latest = first;
  if (!waits_for_finish) {
    const auto previous = schedule.previous_before(add_clamped(now, Duration{1}));
    if (previous && *previous > first) latest = *previous;
  }
  Advance advance;
  advance.job_name = state.job_name;
  advance.version = state.version;
  if (!waits_for_finish) advance.next_due_at = schedule.next_after(std::max(now, latest));

  const bool runs = config.missed == MissedPolicy::run_once || now - latest <= missed_tolerance;
  std::optional<TimePoint> last_missed;
  if (!runs) {
    last_missed = latest;
  } else if (latest > first) {
    last_missed = std::max(first, schedule.previous_before(latest).value_or(first));
  }
  if (last_missed) {
    advance.rows.push_back(detail::make_passed_row(config, schedule, message_code::job_missed,
                                                   " passed while no scheduler was there", first,
                                                   *last_missed, now, ids));
  }
  if (runs) {
    NewRun run = make_run(config, RunTrigger::schedule, latest, ids.next(now));
    run.due_at = latest;
    advance.rows.push_back(std::move(run));
  }
  return advance;
}

/// True if what is armed for the future is none of the schedule's instants: the zone database, or
/// the host's idea of the schedule, has changed since it was armed.
[[nodiscard]] inline bool is_misarmed(const ScheduleState& state, const JobConfig& config,
                                      TimePoint now) {
  if (!state.enabled || state.paused || !state.next_due_at || *state.next_due_at <= now) {
    return false;
  }
  const Schedule schedule = config.schedule.bound_to(state.job_name, state.anchor_at);
  if (schedule.after_finish_delay()) return false;
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
  const bool waits_for_finish = schedule.after_finish_delay().has_value();
  const TimePoint last =
      waits_for_finish
          ? first
          : std::max(first,
                     schedule.previous_before(add_clamped(now, Duration{1})).value_or(first));
  change.rows.push_back(detail::make_passed_row(config, schedule, message_code::job_paused,
                                                " passed while the job was paused", first, last,
                                                now, ids));
  change.next_due_at = schedule.next_after(now);
  return change;
}

/// Returns the run that follows a failed one, or nullopt if there is none.
template <class IdsT>
[[nodiscard]] std::optional<NewRun> plan_retry(const JobRun& run, const JobConfig& config,
                                               TimePoint now, IdsT& ids, Random& random) {
  if (run.attempt >= config.retry.max_attempts) return std::nullopt;
  const Duration delay = config.retry.backoff.delay(run.attempt, random);
  NewRun next;
  next.id = ids.next(now);
  next.job_name = run.job_name;
  next.trigger = RunTrigger::retry;
  next.due_at = run.due_at;
  next.run_at = add_clamped(now, delay);
  next.actor = run.actor;
  next.reason = run.reason;
  next.attempt = run.attempt + 1;
  next.retry_of = run.retry_of.value_or(run.id);
  next.priority = run.priority;
  next.payload = run.payload;
  next.unique_key = run.unique_key;
  next.concurrency_key = run.concurrency_key;
  next.concurrency_max = run.concurrency_max;
  next.exclusive = run.exclusive;
  return next;
}

namespace detail {

/// Returns the outcome's code, or its status's if that is none: a body may fill an outcome by hand.
[[nodiscard]] inline std::string message_code_of(JobOutcome& outcome) {
  if (is_message_code(outcome.message_code)) return std::move(outcome.message_code);
  if (outcome.status == JobStatus::failed) return std::string{message_code::job_failed};
  return std::string{outcome.status == JobStatus::success ? message_code::job_completed
                                                          : message_code::job_skipped};
}

}  // namespace detail

/// Returns the end of a run: its outcome within the limits, and the next attempt if there is one.
///
/// Requires: `outcome.status` is terminal.
template <class IdsT>
[[nodiscard]] Completion plan_completion(const JobRun& run, const JobConfig& config,
                                         JobOutcome outcome, Duration duration, bool may_retry,
                                         TimePoint now, IdsT& ids, Random& random) {
  Completion completion;
  completion.lease = {run.id, run.fence};
  completion.status = outcome.status;
  completion.message_code = detail::message_code_of(outcome);
  completion.summary = clamp_text(outcome.summary, summary_bytes_max);
  completion.details = clamp_details(outcome.details);
  if (outcome.error) {
    completion.error = RunError{clamp_text(outcome.error->code, key_bytes_max),
                                clamp_text(outcome.error->message, error_message_bytes_max)};
  }
  completion.duration = std::max(duration, Duration{0});
  if (may_retry && outcome.status == JobStatus::failed) {
    if (auto retry = plan_retry(run, config, now, ids, random)) {
      completion.follow_ups.push_back(std::move(*retry));
    }
  }
  return completion;
}

/// Returns the end of a run whose node let the lease expire.
template <class IdsT>
[[nodiscard]] Completion plan_abandoned(const JobRun& run, const JobConfig& config, TimePoint now,
                                        IdsT& ids, Random& random) {
  JobOutcome outcome;
  outcome.status = JobStatus::failed;
  outcome.message_code = std::string{message_code::job_abandoned};
  outcome.summary = "the node that ran it went away";
  outcome.error =
      RunError{"ABANDONED", "node " + run.node +
                                " held the run and did not renew its lease: the process "
                                "died, hung or lost the storage"};
  const Duration since_start = run.started_at ? now - *run.started_at : Duration{0};
  const bool may_retry = !run.cancel_requested;  // somebody wanted it to stop; it has
  return plan_completion(run, config, std::move(outcome), since_start, may_retry, now, ids, random);
}

/// A run in flight, as the planner sees it. All instants are of the monotonic clock.
struct FlightView {
  bool started = false;         ///< the body has been entered
  bool stop_requested = false;  ///< for any reason
  Duration deadline{};          ///< the timeout; Duration::max() if none
  Duration give_up_at{};        ///< recorded without the body; Duration::max() if not to be
  Duration begun_at{};          ///< the body was entered
  Duration renewed_at{};        ///< the last renewal was asked for
  Duration renew_at{};          ///< Duration::max() once the lease is lost
  Duration lease_stop_at{};     ///< not renewed until then, the body has to stop
};

/// What to do about a run in flight.
struct FlightStep {
  bool request_timeout_stop = false;
  bool request_lease_stop = false;  ///< the lease is about to expire and could not be renewed
  bool give_up = false;
};

/// Returns when a body has to stop whose lease, asked for at `asked_at`, is not renewed.
///
/// A sixth of the lease is left then: two renewals have failed, and the body has that time to end
/// before another node may start the run again.
[[nodiscard]] constexpr Duration lease_stop_at(Duration asked_at, Duration lease) noexcept {
  return asked_at + lease - lease / 6;
}

[[nodiscard]] inline FlightStep plan_flight(const FlightView& run, Duration now) {
  FlightStep step;
  step.request_timeout_stop = run.started && !run.stop_requested && now >= run.deadline;
  step.request_lease_stop = !run.stop_requested && now >= run.lease_stop_at;
  step.give_up = run.started && now >= run.give_up_at;
  return step;
}

/// Returns when `plan_flight` has something new to say.
///
/// A run that waits for a thread counts with the deadline it has if it starts at once. That one can
/// only move back, so nobody need be woken when the body begins.
[[nodiscard]] inline Duration next_flight_step(const FlightView& run, Duration now) noexcept {
  Duration next = run.renew_at;
  if (!run.stop_requested) next = std::min(next, run.lease_stop_at);
  if (!run.stop_requested && (run.started || run.deadline > now)) {
    next = std::min(next, run.deadline);
  }
  if (run.started || run.give_up_at > now) next = std::min(next, run.give_up_at);
  return next;
}

/// What is known when a tick has done its work.
struct SleepView {
  WakeTimes wake{};
  bool has_room = true;                    ///< the executor would take more
  bool is_blocked = false;                 ///< ready runs are waiting for a limit that others hold
  Duration rescue_hold{};                  ///< no rescue for so long
  std::optional<Duration> poll_period{};   ///< of the storage
  std::optional<Duration> next_flight{};   ///< from now
  std::optional<Duration> next_attempt{};  ///< from now, after an error
};

/// Returns the next instant at which a tick has something to do, or nullopt if none is known.
///
/// Whoever sleeps until then does so for `sleep_max` at most: a wall clock may be set.
[[nodiscard]] inline std::optional<TimePoint> plan_wake(const SleepView& view, TimePoint now) {
  std::optional<TimePoint> until;
  const auto sooner = [&](TimePoint instant) {
    instant = std::max(instant, now);
    if (!until || instant < *until) until = instant;
  };
  if (view.next_flight) sooner(add_clamped(now, *view.next_flight));
  if (view.next_attempt) {
    // The storage does not answer: nothing in it can be acted on before the next try.
    sooner(add_clamped(now, *view.next_attempt));
    return until;
  }
  if (view.poll_period) sooner(add_clamped(now, *view.poll_period));
  if (view.wake.due_at) sooner(*view.wake.due_at);
  if (view.wake.run_at && view.has_room) {
    // What is ready and was not given to us waits for a limit; its holder may be another process.
    const bool waits_for_limit = view.is_blocked && *view.wake.run_at <= now;
    sooner(waits_for_limit ? now + std::chrono::seconds{1} : *view.wake.run_at);
  }
  if (view.wake.expires_at) {
    sooner(std::max(*view.wake.expires_at, add_clamped(now, view.rescue_hold)));
  }
  return until;
}

/// How a body's answer is to be recorded.
struct Verdict {
  bool release = false;   ///< handed back: neither an end nor an attempt
  bool may_retry = true;  ///< a failure may be tried again
  JobOutcome outcome{};
};

/// Returns what a body's answer means, given why it was asked to stop, if it was.
///
/// A timeout is a failure whatever the body says once it is over. A body that does its work in
/// spite of a cancel has done it. A body that gives up because of a shutdown has not failed.
[[nodiscard]] inline Verdict judge(JobOutcome outcome, bool threw, StopReason reason,
                                   const JobConfig& config) {
  Verdict verdict;
  const bool interrupted = outcome.status == JobStatus::pending;
  const bool ending = reason == StopReason::shutdown || reason == StopReason::lease_lost;
  if (ending && (interrupted || threw)) {
    verdict.release = true;
    return verdict;
  }
  if (interrupted || outcome.status == JobStatus::running) {
    outcome.status = JobStatus::failed;
    outcome.error = RunError{"INTERRUPTED", "the body ended early, but no shutdown was under way"};
  }
  if (reason == StopReason::timeout) {
    outcome.status = JobStatus::failed;
    outcome.message_code = std::string{message_code::job_timeout};
    outcome.error = RunError{"TIMEOUT", "ran longer than its timeout of " +
                                            std::to_string(config.timeout.count()) + " ms"};
  } else if (reason == StopReason::cancelled && outcome.status != JobStatus::success) {
    verdict.may_retry = false;
    outcome.status = JobStatus::failed;
    outcome.message_code = std::string{message_code::job_cancelled};
    outcome.error = RunError{"CANCELLED", "cancelled while it ran"};
  }
  verdict.outcome = std::move(outcome);
  return verdict;
}

}  // namespace punctual::planner
