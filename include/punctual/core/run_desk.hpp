// SPDX-License-Identifier: MIT
//
// RunDesk: where runs are handed in: triggered and waited for, enqueued, cancelled.
//
// A run is in the storage before anything else happens to it; what is accepted here is never lost.
//
// Thread-safety: all members, from any thread, also from inside bodies.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/active_run.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/core/workflow_order.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/redaction.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class RunDesk {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;
  using EngineT = Engine<ClockT, StorageT, ExecutorT>;

  RunDesk(std::shared_ptr<Deck> deck, std::shared_ptr<EngineT> engine)
      : deck_(std::move(deck)),
        engine_(std::move(engine)),
        parts_(deck_->parts) {}

  JobResult trigger(std::string_view name, TriggerOptions options);
  RunId enqueue(std::string_view name, Json payload, EnqueueOptions options);
  std::vector<RunId> enqueue_all(std::string_view name, std::vector<EnqueueItem> items);
  [[nodiscard]] NewRun prepare(std::string_view name, Json payload, EnqueueOptions options) {
    return make_checked(config_of(name), {std::move(payload), std::move(options)}, parts_.now());
  }
  WorkflowRuns enqueue_workflow(Workflow workflow);
  RunId retry(RunId run_id, RetryOptions options);
  CancelAnswer cancel(RunId run_id, const std::string& actor);

 private:
  /// How deep bodies may trigger bodies.
  static constexpr std::size_t nesting_max = 16;
  /// How often a thread that waits looks whether another node has ended the run.
  static constexpr Duration result_poll_period = std::chrono::seconds{1};

  /// How many runs one call may hand in.
  static constexpr std::size_t batch_max = 10'000;

  /// How many runs one may wait for.
  static constexpr std::size_t after_max = 100;

  void require_after_known(LateVector<RunId, ClockT>& after);
  [[nodiscard]] NewRun make_checked(const JobConfig& config, EnqueueItem item, TimePoint now);
  [[nodiscard]] NewRun make_enqueued(JobConfig config, EnqueueItem item, TimePoint now);
  [[nodiscard]] JobConfig config_of(std::string_view name);
  [[nodiscard]] NewRun make_triggered(const RegisteredJob& job, TriggerOptions options);
  /// The run is stored: it waits longer for what could not be asked to stop, but is not lost.
  void make_way_for(const NewRun& run, const RegisteredJobPtr& job) {
    try {
      parts_.guarded([&] { deck_->make_way_for({run}, job); });
    } catch (const Error& error) {
      parts_.note_failure(error);
    }
  }

  [[nodiscard]] JobResult wait_for(RunId run_id, Duration wait);
  [[nodiscard]] std::optional<JobRun> read(RunId run_id, bool is_last);
  void require_known(std::string_view name);
  void require_last_attempt(const JobRun& run);

  void redact_payload(const JobConfig& config, Json& payload) const {
    if (!config.redact_payload) return;
    redact(parts_.options.redaction, config.redact, RedactedPart::payload, payload);
  }

  [[nodiscard]] static Error run_not_found(RunId run_id) {
    return Error{"RUN_NOT_FOUND", "run " + run_id.to_string() + " is not in the storage"};
  }

  std::shared_ptr<Deck> deck_;
  std::shared_ptr<EngineT> engine_;
  Parts<ClockT, StorageT, ExecutorT>& parts_;
};

template <class C, class S, class E>
NewRun RunDesk<C, S, E>::make_triggered(const RegisteredJob& job, TriggerOptions options) {
  const TimePoint now = parts_.now();
  const RunId id = parts_.next_id(now);
  const auto skipped = [&](std::string_view code, const char* why) {
    return planner::make_skipped(job.config, RunTrigger::manual, code, why, now, id);
  };
  NewRun run;
  if (!job.config.enabled) {
    run = skipped(message_code::job_disabled, "the job is disabled");
  } else if (engine_->book().state_of(job).paused) {
    run = skipped(message_code::job_paused, "the job is paused");
  } else {
    run = planner::make_run(job.config, RunTrigger::manual, now, id);
  }
  run.actor = std::move(options.actor);
  run.reason = clamp_text(options.reason, reason_bytes_max);
  run.unique_key = std::move(options.unique_key);
  run.payload = std::move(options.payload);
  run.payload_version = options.payload_version;
  redact_payload(job.config, run.payload);
  return run;
}

template <class C, class S, class E>
JobResult RunDesk<C, S, E>::trigger(std::string_view name, TriggerOptions options) {
  require_payload_fits(options.payload);
  require_key_fits(options.unique_key, "unique_key");
  require_key_fits(options.actor, "actor");
  const std::size_t depth = ActiveRun::depth(deck_.get());
  const RegisteredJobPtr job = engine_->book().job(name);
  if (depth >= nesting_max) {
    throw Error{"NESTED_TOO_DEEP", "bodies trigger bodies " + std::to_string(depth) +
                                       " deep; job \"" + job->config.name + "\" was not run"};
  }
  const Duration wait = options.wait;
  const NewRun run = make_triggered(*job, std::move(options));
  const auto answer = parts_.storage.enqueue({run}, parts_.now()).at(0);
  const bool is_stored = answer.kind == EnqueueAnswer::Kind::stored;
  if (is_stored) make_way_for(run, job);
  if (is_stored && !is_terminal(run.status)) {
    const bool is_claimed = engine_->claim_one(run.id, job, depth > 0);
    if (!is_claimed) deck_->wake.raise();
  }
  // Inside a body nothing is waited for: what keeps the run from starting may be that very body.
  return wait_for(answer.id, depth > 0 ? Duration{0} : wait);
}

template <class C, class S, class E>
JobResult RunDesk<C, S, E>::wait_for(RunId run_id, Duration wait) {
  const Duration started_at = parts_.clock.steady_now();
  Waiting waiting{deck_->waiters, run_id};
  while (true) {
    // Before the run is read, so that one that ends in between is seen to have ended.
    const Duration waited = parts_.clock.steady_now() - started_at;
    const bool is_over = waited >= wait || (engine_->is_closed() && !deck_->table.contains(run_id));
    const auto run = read(run_id, is_over);
    if (run && (is_over || is_terminal(run->status))) return to_result(*run);
    if (parts_.executor.help()) continue;
    if (!engine_->has_loop() && engine_->tick().did_something()) continue;
    const Duration sleep = std::min(std::max(wait - waited, Duration{1}), result_poll_period);
    parts_.clock.wait_until(add_clamped(parts_.clock.now(), sleep), waiting.signal);
  }
}

/// Returns the run, or nullopt if the storage does not answer for now: it goes on without us.
///
/// Errors: RUN_NOT_FOUND -> it was pruned; those of the storage that are permanent, or any if
/// `is_last`.
template <class C, class S, class E>
std::optional<JobRun> RunDesk<C, S, E>::read(RunId run_id, bool is_last) {
  try {
    auto run = parts_.storage.run(run_id);
    if (run) return run;
  } catch (const Error& error) {
    if (is_last || !error.retryable()) throw;
    return std::nullopt;
  }
  throw Error{"RUN_NOT_FOUND", "run " + run_id.to_string() + " is not in the storage any more"};
}

template <class C, class S, class E>
RunId RunDesk<C, S, E>::enqueue(std::string_view name, Json payload, EnqueueOptions options) {
  LateVector<EnqueueItem, C> items(1);
  items.front() = {std::move(payload), std::move(options)};
  return enqueue_all(name, std::move(items)).at(0);
}

/// All rows are made, and refused, before the first is stored.
template <class C, class S, class E>
std::vector<RunId> RunDesk<C, S, E>::enqueue_all(std::string_view name,
                                                 std::vector<EnqueueItem> items) {
  if (items.size() > batch_max) {
    throw Error{"INVALID_CONFIG", "enqueue_all() expects at most " + std::to_string(batch_max) +
                                      " runs, got " + std::to_string(items.size())};
  }
  const JobConfig config = config_of(name);
  const TimePoint now = parts_.now();
  LateVector<NewRun, C> rows;
  for (auto& item : items) rows.push_back(make_checked(config, std::move(item), now));
  LateVector<RunId, C> ids;
  for (const auto& answer : parts_.storage.enqueue(rows, now)) ids.push_back(answer.id);
  deck_->wake.raise();
  return ids;
}

template <class C, class S, class E>
NewRun RunDesk<C, S, E>::make_checked(const JobConfig& config, EnqueueItem item, TimePoint now) {
  if (item.options.run_at && !item.options.after.empty()) {
    throw Error{"INVALID_CONFIG",
                "a run starts at an instant or after others, got both: `run_at` and `after`"};
  }
  require_after_known(item.options.after);
  return make_enqueued(config, std::move(item), now);
}

/// Each of them once, and only runs that are there.
template <class C, class S, class E>
void RunDesk<C, S, E>::require_after_known(LateVector<RunId, C>& after) {
  if (after.size() > after_max) {
    throw Error{"INVALID_CONFIG", "EnqueueOptions.after may name " + std::to_string(after_max) +
                                      " runs, got " + std::to_string(after.size())};
  }
  std::sort(after.begin(), after.end());
  after.erase(std::unique(after.begin(), after.end()), after.end());
  for (const RunId id : after) {
    if (!parts_.storage.run(id)) throw run_not_found(id);
  }
}

template <class C, class S, class E>
WorkflowRuns RunDesk<C, S, E>::enqueue_workflow(Workflow workflow) {
  const StepOrder<Late<Workflow, C>> order{workflow};
  const TimePoint now = parts_.now();
  Late<WorkflowRuns, C> made;
  made.id = parts_.next_id(now);
  LateVector<NewRun, C> rows;
  made.steps.resize(workflow.steps.size());
  for (const std::size_t index : order.indexes()) {
    WorkflowStep& step = workflow.steps[index];
    EnqueueItem item;
    item.payload = std::move(step.payload);
    item.options.payload_version = step.payload_version;
    item.options.priority = step.priority;
    item.options.run_at = workflow.run_at;
    item.options.actor = workflow.actor;
    item.options.reason = workflow.reason;
    for (const auto& before : step.after) {
      item.options.after.push_back(made.steps[order.index_of(before)]);
    }
    const JobConfig config = config_of(step.job.empty() ? step.name : step.job);
    NewRun row = make_enqueued(config, std::move(item), now);
    row.workflow_id = made.id;
    row.step = step.name;
    made.steps[index] = row.id;
    rows.push_back(std::move(row));
  }
  parts_.storage.enqueue(rows, now);
  deck_->wake.raise();
  return made;
}

template <class C, class S, class E>
JobConfig RunDesk<C, S, E>::config_of(std::string_view name) {
  const RegisteredJobPtr job = engine_->book().find_job(name);
  if (job) return job->config;
  require_known(name);
  JobConfig config;
  config.name = std::string{name};
  return config;
}

template <class C, class S, class E>
NewRun RunDesk<C, S, E>::make_enqueued(JobConfig config, EnqueueItem item, TimePoint now) {
  EnqueueOptions& options = item.options;
  require_payload_fits(item.payload);
  require_key_fits(options.unique_key, "unique_key");
  require_key_fits(options.actor, "actor");
  if (options.priority) config.priority = *options.priority;
  require_valid(config);
  const RunId id = parts_.next_id(now);
  NewRun run = config.enabled
                   ? planner::make_run(config, RunTrigger::manual, options.run_at.value_or(now), id)
                   : planner::make_skipped(config, RunTrigger::manual, message_code::job_disabled,
                                           "the job is disabled", now, id);
  run.exclusive = false;  // runs with payloads of their own do not stand for one another
  run.skip_if_open = false;
  run.skip_if_waiting = false;
  run.replaces_running = false;
  run.payload = std::move(item.payload);
  run.payload_version = options.payload_version;
  redact_payload(config, run.payload);
  run.unique_key = std::move(options.unique_key);
  run.after = std::move(options.after);
  run.actor = std::move(options.actor);
  run.reason = clamp_text(options.reason, reason_bytes_max);
  return run;
}

template <class C, class S, class E>
RunId RunDesk<C, S, E>::retry(RunId run_id, RetryOptions options) {
  require_key_fits(options.actor, "actor");
  const auto run = parts_.storage.run(run_id);
  if (!run) throw run_not_found(run_id);
  if (run->status != JobStatus::failed && run->status != JobStatus::success) {
    throw Error{"RUN_NOT_RETRYABLE",
                "a run is done once more when it has failed or succeeded; run " +
                    run_id.to_string() + " of job \"" + run->job_name + "\" is " +
                    std::string{to_string(run->status)}};
  }
  const RegisteredJobPtr job = engine_->book().find_job(run->job_name);
  if (job && !job->config.enabled) {
    throw Error{"RUN_NOT_RETRYABLE", "job \"" + run->job_name + "\" is disabled"};
  }
  require_last_attempt(*run);
  const TimePoint now = parts_.now();
  NewRun next = planner::next_attempt(*run, options.run_at.value_or(now), parts_.next_id(now));
  if (!options.actor.empty()) next.actor = std::move(options.actor);
  if (!options.reason.empty()) next.reason = clamp_text(options.reason, reason_bytes_max);
  const auto answer = parts_.storage.enqueue({next}, now).at(0);
  deck_->wake.raise();
  return answer.id;
}

/// A failed run that has been tried again is retried by its latest attempt.
template <class C, class S, class E>
void RunDesk<C, S, E>::require_last_attempt(const JobRun& run) {
  if (run.status != JobStatus::failed) return;
  RunQuery query;
  query.job_name = run.job_name;
  query.created_from = run.created_at;
  query.created_before = add_clamped(run.created_at, Duration{1});
  query.dead = true;
  query.with_details = false;
  query.limit = 1000;
  const auto dead = parts_.storage.runs(query);
  const bool is_last = std::any_of(dead.begin(), dead.end(),
                                   [&](const JobRun& other) { return other.id == run.id; });
  if (is_last) return;
  throw Error{"RUN_NOT_RETRYABLE", "run " + run.id.to_string() + " of job \"" + run.job_name +
                                       "\" has been tried again: retry its latest attempt"};
}

/// A job of another node may be enqueued for here; a name that nobody knows is a mistake.
template <class C, class S, class E>
void RunDesk<C, S, E>::require_known(std::string_view name) {
  require_job_name(name);
  const auto summaries = parts_.storage.summaries();
  const bool is_known = std::any_of(summaries.begin(), summaries.end(),
                                    [&](const JobSummary& job) { return job.name == name; });
  if (!is_known) throw engine_->book().not_found(name);
}

template <class C, class S, class E>
CancelAnswer RunDesk<C, S, E>::cancel(RunId run_id, const std::string& actor) {
  require_key_fits(actor, "actor");
  const auto answer = parts_.storage.request_cancel(run_id, actor, parts_.now());
  if (answer == CancelAnswer::requested) deck_->cancel(run_id);
  if (answer == CancelAnswer::cancelled) deck_->waiters.notify(run_id);
  return answer;
}

}  // namespace punctual::detail
