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
  run.exclusive = config.overlap != OverlapPolicy::allow;
  run.skip_if_open = config.overlap == OverlapPolicy::skip;
  run.skip_if_waiting = config.overlap == OverlapPolicy::queue_one ||
                        config.overlap == OverlapPolicy::cancel_running ||
                        config.overlap == OverlapPolicy::terminate_running;
  run.replaces_running = config.overlap == OverlapPolicy::terminate_running;
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

/// Returns the next attempt of a run's work.
[[nodiscard]] inline NewRun next_attempt(const JobRun& run, TimePoint run_at, RunId id) {
  NewRun next;
  next.id = id;
  next.job_name = run.job_name;
  next.trigger = RunTrigger::retry;
  next.due_at = run.due_at;
  next.run_at = run_at;
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
  next.abandon_count = run.abandon_count;
  next.payload_version = run.payload_version;
  next.workflow_id = run.workflow_id;
  next.step = run.step;
  return next;
}

/// Returns the run that follows a failed one, or nullopt if there is none. `wait`, if there is one,
/// is waited for instead of the backoff.
template <class IdsT>
[[nodiscard]] std::optional<NewRun> plan_retry(const JobRun& run, const JobConfig& config,
                                               TimePoint now, IdsT& ids, Random& random,
                                               std::optional<Duration> wait = std::nullopt) {
  if (run.attempt >= config.retry.max_attempts) return std::nullopt;
  const Duration delay = wait ? *wait : config.retry.backoff.delay(run.attempt, random);
  NewRun next = next_attempt(run, add_clamped(now, delay), ids.next(now));
  // A wait that the body named may be a day: it must not keep those behind it waiting for so long.
  if (config.retry.budget.max > 0 && !wait) {
    next.pace.key = "retry:" + run.job_name;
    next.pace.limit = config.retry.budget;
  }
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

/// True if the policy's choice of errors lets this one be tried again.
template <class PolicyT>
[[nodiscard]] bool is_tried_again(const PolicyT& policy, const std::optional<RunError>& error) {
  const auto names = [&](const auto& codes) {
    return std::any_of(codes.begin(), codes.end(),
                       [&](const auto& code) { return error && error->code == code; });
  };
  return !names(policy.except) && (policy.only.empty() || names(policy.only));
}

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
  if (may_retry && outcome.status == JobStatus::failed && !outcome.is_final &&
      is_tried_again(config.retry, completion.error)) {
    if (auto retry = plan_retry(run, config, now, ids, random, outcome.retry_after)) {
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
  const std::uint32_t abandon_count = run.abandon_count + 1;
  const bool is_parked = abandon_count >= config.retry.max_abandons;
  if (is_parked && abandon_count > 1) {
    outcome.summary = "its node went away " + std::to_string(abandon_count) +
                      " times: it is not tried again by itself";
  }
  const bool may_retry = !run.cancel_requested && !is_parked;  // wanted to stop, it has
  Completion end =
      plan_completion(run, config, std::move(outcome), since_start, may_retry, now, ids, random);
  for (auto& next : end.follow_ups) next.abandon_count = abandon_count;
  return end;
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
  bool has_room = true;     ///< the executor would take more
  bool is_blocked = false;  ///< ready runs are waiting for a limit that others hold
  Duration blocked_pause = std::chrono::seconds{1};  ///< for how long these are left alone
  Duration rescue_hold{};                            ///< no rescue for so long
  std::optional<Duration> poll_period{};             ///< of the storage
  std::optional<Duration> next_flight{};             ///< from now
  std::optional<Duration> next_attempt{};            ///< from now, after an error
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
    sooner(waits_for_limit ? now + view.blocked_pause : *view.wake.run_at);
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
