// SPDX-License-Identifier: MIT
//
// Scheduler: registers jobs, runs them when they are due, and keeps the history.
//
// It is made of a clock, a storage and an executor. What it is given as an rvalue it owns, what it
// is given as an lvalue it borrows; two schedulers on one storage are a cluster. `start()` lets it
// work in the background; without it, nothing happens until `tick()` or `run_due()` is called,
// which is how tests with a fake clock go through time.
//
// Thread-safety: all members, from any thread, also from inside bodies; exceptions are said below.
// Lifetime: what is borrowed must outlive the scheduler. A body may destroy the scheduler it
// belongs to if what is borrowed outlives that body and the storing of its end.

#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/core/job_desk.hpp"
#include "punctual/core/ledger_desk.hpp"
#include "punctual/core/lifecycle.hpp"
#include "punctual/core/options.hpp"
#include "punctual/core/run_desk.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/fwd.hpp"
#include "punctual/policy/clock.hpp"
#include "punctual/policy/executor.hpp"
#include "punctual/policy/job.hpp"
#include "punctual/policy/observer.hpp"
#include "punctual/policy/payload.hpp"
#include "punctual/policy/storage.hpp"

namespace punctual {

template <class ClockT, class StorageT, class ExecutorT>
class Scheduler {
  static_assert(Clock<ClockT>, "the first part is no Clock: see punctual/policy/clock.hpp");
  static_assert(Storage<StorageT>,
                "the second part is no Storage: see punctual/policy/storage.hpp");
  static_assert(Executor<ExecutorT>,
                "the third part is no Executor: see punctual/policy/executor.hpp");

 public:
  /// A scheduler that owns default parts: the system's clock, a storage in memory, a pool of
  /// threads.
  ///
  /// Errors: INVALID_CONFIG -> an option out of its range. So for the other constructor.
  explicit Scheduler(SchedulerOptions options = {})
      : Scheduler(ClockT{}, StorageT{}, ExecutorT{}, std::move(options)) {}

  Scheduler(ClockT&& clock, StorageT&& storage, ExecutorT&& executor, SchedulerOptions options = {})
      : deck_((require_valid(options),
               std::make_shared<Deck>(std::forward<ClockT>(clock), std::forward<StorageT>(storage),
                                      std::forward<ExecutorT>(executor), std::move(options)))),
        engine_(std::make_shared<Engine>(deck_)),
        lifecycle_(std::make_shared<Lifecycle>(deck_, engine_)) {}

  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// As `stop()` with the grace of the options; from inside a body, without waiting for that body.
  ~Scheduler() {
    try {
      const auto lifecycle = lifecycle_;
      lifecycle->shut_down(deck_->parts.options.stop_grace);
    } catch (...) {  // NOLINT(bugprone-empty-catch): destructors do not throw
    }
  }

  // --- jobs

  /// Registers a job with a body: anything callable with `JobContext&`.
  ///
  /// From here on the job is in the ledger: a schedule's instants count from now, or go on where
  /// they were if the storage knows the job. If the storage does not answer, the job is registered
  /// all the same and brought to the ledger as soon as it does.
  ///
  /// Errors: DUPLICATE_JOB -> the name is taken; INVALID_JOB_NAME, INVALID_CONFIG, INVALID_KEY ->
  /// the
  ///         configuration; SCHEDULER_STOPPED. Nothing is registered then.
  template <JobBody Body>
  void register_job(JobConfig config, Body body) {
    open_engine()->book().add(std::move(config), make_any_body(std::move(body)));
  }

  /// Registers an object with `config()` and `execute(JobContext&)`.
  template <Job JobType>
  void register_job(JobType job) {
    JobConfig config = job.config();
    register_job(std::move(config), [shared = std::make_shared<JobType>(std::move(job))](
                                        JobContext& context) { return shared->execute(context); });
  }

  /// Lets a job's schedule start runs again, from the next future instant on.
  ///
  /// Errors: JOB_NOT_FOUND; those of the storage. So for `disable`, `pause`, `resume`, `next_runs`.
  void enable(std::string_view name) { set_enabled(name, true); }

  /// Keeps a job's schedule from starting runs; a trigger is answered skipped / JOB_DISABLED.
  ///
  /// For this registration: the next process registers the job as its configuration says.
  void disable(std::string_view name) { set_enabled(name, false); }

  /// Keeps a job from running on any node, over restarts, until it is resumed. Runs in progress go
  /// on.
  void pause(std::string_view name, std::string actor = {}, std::string reason = {}) {
    job_desk().pause(name, std::move(actor), std::move(reason));
  }

  /// Ends a pause: the schedule goes on with the next future instant, and one row skipped /
  /// JOB_PAUSED answers those that passed.
  void resume(std::string_view name, const std::string& actor = {},
              const std::string& reason = {}) {
    job_desk().resume(name, actor, reason);
  }

  // --- runs

  /// Runs a job now and waits for its end.
  ///
  /// The run is stored before it starts. A disabled or paused job, and one that is still running,
  /// is answered by a skipped run that says so. From inside a body the run is done on the same
  /// thread.
  ///
  /// Returns: the finished run; with `options.wait`, possibly a pending or running one.
  /// Errors:  JOB_NOT_FOUND -> with names that resemble it; SCHEDULER_STOPPED; INVALID_PAYLOAD,
  ///          INVALID_KEY; NESTED_TOO_DEEP -> bodies that trigger bodies, 16 deep; the storage's.
  /// Blocks:  until the end, at most `options.wait`.
  JobResult trigger(std::string_view name, TriggerOptions options = {}) {
    engine_->require_open();
    return run_desk().trigger(name, std::move(options));
  }

  /// Hands in a run with a payload, for now or later, here or on any node that knows the job.
  ///
  /// Returns: the run's id; that of the open run if `options.unique_key` is taken.
  /// Errors:  JOB_NOT_FOUND -> neither this scheduler nor the storage knows the job;
  ///          SCHEDULER_STOPPED; INVALID_PAYLOAD -> over 64 KiB; INVALID_KEY; RUN_NOT_FOUND -> one
  ///          of `after`; INVALID_CONFIG -> the priority, more than 100 of `after`, or `run_at`
  ///          beside them; the storage's. Nothing is stored then.
  template <class Payload>
  RunId enqueue(std::string_view name, const Payload& payload, EnqueueOptions options = {}) {
    engine_->require_open();
    if (options.payload_version == 0) options.payload_version = payload_version_of<Payload>();
    return run_desk().enqueue(name, Json(payload), std::move(options));
  }
  RunId enqueue(std::string_view name) { return enqueue(name, nullptr); }

  /// Returns the row that `enqueue` would store, for a storage that stores it in a transaction of
  /// the caller's own. Stores nothing, and wakes nobody.
  ///
  /// Errors: as `enqueue`.
  template <class Payload>
  [[nodiscard]] NewRun prepare(std::string_view name, const Payload& payload,
                               EnqueueOptions options = {}) {
    engine_->require_open();
    if (options.payload_version == 0) options.payload_version = payload_version_of<Payload>();
    return run_desk().prepare(name, Json(payload), std::move(options));
  }

  /// Hands in many runs of a job at once: all of them, or none.
  ///
  /// Returns: their ids, in order; where a unique key is taken, that of the open run.
  /// Errors:  as `enqueue`; INVALID_CONFIG -> more than 10,000.
  std::vector<RunId> enqueue_all(std::string_view name, std::vector<EnqueueItem> items) {
    engine_->require_open();
    return run_desk().enqueue_all(name, std::move(items));
  }

  /// Hands in runs that wait for one another: all of them, or none. Each step starts when those it
  /// comes after have ended well, on any node; if one fails for good, what comes after it is
  /// skipped / JOB_DEPENDENCY_FAILED.
  ///
  /// Errors: as `enqueue`; INVALID_WORKFLOW -> no steps, too many, names that are missing or twice;
  ///         DEPENDENCY_CYCLE -> with the circle. Nothing is stored then.
  WorkflowRuns enqueue_workflow(Workflow workflow) {
    engine_->require_open();
    return run_desk().enqueue_workflow(std::move(workflow));
  }

  /// Has the due instants in [from, until) done that have not been run, by runs of trigger
  /// `backfill`; rows that answered some of them stay as they are. The job's own schedule goes on.
  ///
  /// Errors: JOB_NOT_FOUND; INVALID_CONFIG -> the range is empty or not past, the limit, or the
  ///         schedule names no instants, or the job is disabled; INVALID_KEY -> the actor;
  ///         SCHEDULER_STOPPED; the storage's.
  BackfillReport backfill(std::string_view name, TimePoint from, TimePoint until,
                          const BackfillOptions& options = {}) {
    engine_->require_open();
    return ledger_desk().backfill(name, from, until, options);
  }

  /// Has a run done once more that failed or succeeded, as a further attempt of the same work,
  /// whatever attempts the job's policy leaves.
  ///
  /// Returns: the id of the new run; of the open one, if the run's unique key is taken.
  /// Errors:  RUN_NOT_FOUND; RUN_NOT_RETRYABLE -> the run is open, was skipped, or has a later
  ///         attempt; its job is disabled;
  ///          SCHEDULER_STOPPED; INVALID_KEY -> the actor; the storage's.
  RunId retry(RunId run_id, RetryOptions options = {}) {
    engine_->require_open();
    return run_desk().retry(run_id, std::move(options));
  }

  /// Cancels a run, wherever it is. A pending one is skipped; a running one is asked to stop.
  CancelAnswer cancel(RunId run_id, const std::string& actor = {}) {
    return run_desk().cancel(run_id, actor);
  }

  // --- reading

  /// Every job of the storage with its counts, and the newest runs.
  [[nodiscard]] SchedulerStatus status();

  /// Runs that match, the newest first.
  ///
  /// Errors: INVALID_QUERY -> the limit is not 1 to 1,000.
  [[nodiscard]] std::vector<JobRun> runs(const RunQuery& query = {}) {
    require_valid(query);
    return deck_->parts.storage.runs(query);
  }

  /// One run, or nullopt.
  [[nodiscard]] std::optional<JobRun> run(RunId run_id) { return deck_->parts.storage.run(run_id); }

  /// The next `count` instants of a job's schedule, as the ledger has it armed; fewer if there are
  /// no more. Of a delay after the finish only the armed one is known.
  [[nodiscard]] std::vector<ScheduledInstant> next_runs(std::string_view name, std::size_t count) {
    return job_desk().next_runs(name, count);
  }

  /// Says why an instant of a job's schedule ran, did not run, or when it will.
  ///
  /// Errors: JOB_NOT_FOUND; those of the storage.
  [[nodiscard]] Explanation explain(std::string_view name, TimePoint instant) {
    return ledger_desk().explain(name, instant);
  }

  // --- around runs

  /// Tells `observer` of every run on this node from now on: anything with `run_started(run)` or
  /// `run_ended(run, completion)`.
  template <Observer ObserverType>
  void observe(ObserverType observer) {
    deck_->surroundings.observe(std::move(observer));
  }

  /// Calls `middleware(job, next)` instead of each body from now on; `next()` calls the body, or
  /// the middleware that was added after this one.
  template <Middleware MiddlewareType>
  void use(MiddlewareType middleware) {
    deck_->surroundings.use(std::move(middleware));
  }

  // --- going

  /// Starts the background loop. A second call does nothing.
  ///
  /// Errors: SCHEDULER_STOPPED -> a stopped scheduler is not started again.
  void start() { lifecycle_->start(); }

  /// One step: fires what is due, claims what is ready, keeps what is running. For hosts with a
  /// loop of their own, and for tests. Does nothing while another tick is under way, or inside a
  /// body.
  TickReport tick() {
    const auto engine = engine_;
    return engine->tick();
  }

  /// Ticks until nothing is due; returns how many ticks that took.
  ///
  /// Errors: those of the storage; NEVER_DONE -> after 1,000,000 ticks there is still something to
  /// do.
  std::size_t run_due();

  /// No new runs from now on; bodies are asked to stop. Returns at once, also inside a body.
  void request_stop() {
    const auto lifecycle = lifecycle_;
    lifecycle->request_stop();
  }

  /// Stops: no new runs, bodies are asked to stop and waited for, what has not ended in time is
  /// handed back to be run again. Leases are kept up to the end.
  ///
  /// Returns: what had to be handed back while its body was still running. Those bodies cannot be
  ///          ended; whatever else they do with the scheduler changes nothing.
  /// Errors:  WOULD_DEADLOCK -> called inside a body, which it would wait for; see request_stop().
  /// Blocks:  `grace` at most, and what the storage needs.
  StopReport stop(Duration grace) { return lifecycle_->stop(grace); }
  StopReport stop() { return stop(deck_->parts.options.stop_grace); }

  /// How far the background loop is behind: how late it woke last, or by how much its next look is
  /// overdue. nullopt: there is no loop.
  [[nodiscard]] std::optional<Duration> loop_lag() const {
    return deck_->lag.at(deck_->parts.clock.steady_now());
  }

  // --- parts

  [[nodiscard]] auto& clock() noexcept { return deck_->parts.clock; }
  [[nodiscard]] auto& storage() noexcept { return deck_->parts.storage; }
  [[nodiscard]] auto& executor() noexcept { return deck_->parts.executor; }

  /// This scheduler's name in the history.
  [[nodiscard]] const std::string& node() const noexcept { return deck_->parts.node; }

 private:
  using Deck = detail::FlightDeck<ClockT, StorageT, ExecutorT>;
  using Engine = detail::Engine<ClockT, StorageT, ExecutorT>;
  using RunDesk = detail::RunDesk<ClockT, StorageT, ExecutorT>;
  using JobDesk = detail::JobDesk<ClockT, StorageT, ExecutorT>;
  using LedgerDesk = detail::LedgerDesk<ClockT, StorageT, ExecutorT>;
  using Lifecycle = detail::Lifecycle<ClockT, StorageT, ExecutorT>;

  /// Each call holds the rooms it works in, for a body may destroy the scheduler under it.
  [[nodiscard]] std::shared_ptr<Engine> open_engine() const {
    engine_->require_open();
    return engine_;
  }
  [[nodiscard]] RunDesk run_desk() const { return {deck_, engine_}; }
  [[nodiscard]] JobDesk job_desk() const { return {deck_, engine_}; }
  [[nodiscard]] LedgerDesk ledger_desk() const { return {deck_, engine_}; }

  void set_enabled(std::string_view name, bool enabled) {
    open_engine()->book().change(name, [&](JobConfig& config) { config.enabled = enabled; });
  }

  std::shared_ptr<Deck> deck_;
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<Lifecycle> lifecycle_;
};

template <class ClockT, class StorageT, class ExecutorT>
Scheduler(ClockT&&, StorageT&&, ExecutorT&&) -> Scheduler<ClockT, StorageT, ExecutorT>;

template <class ClockT, class StorageT, class ExecutorT>
Scheduler(ClockT&&, StorageT&&, ExecutorT&&, SchedulerOptions)
    -> Scheduler<ClockT, StorageT, ExecutorT>;

template <class C, class S, class E>
SchedulerStatus Scheduler<C, S, E>::status() {
  static constexpr std::size_t recent_max = 20;
  auto& storage = deck_->parts.storage;
  SchedulerStatus status;
  status.registered_jobs = storage.summaries();
  for (auto& job : status.registered_jobs) {
    job.is_registered = engine_->book().find_job(job.name) != nullptr;
  }
  status.total_jobs = status.registered_jobs.size();
  status.enabled_jobs = static_cast<std::size_t>(
      std::count_if(status.registered_jobs.begin(), status.registered_jobs.end(),
                    [](const JobSummary& job) { return job.enabled; }));
  status.recent_runs = storage.runs({.limit = recent_max, .with_details = false});
  return status;
}

template <class C, class S, class E>
std::size_t Scheduler<C, S, E>::run_due() {
  static constexpr std::size_t ticks_max = 1'000'000;
  const auto engine = engine_;
  for (std::size_t count = 1; count <= ticks_max; ++count) {
    const TickReport report = engine->tick();
    if (report.error) throw *report.error;
    if (!report.did_something()) return count;
  }
  throw Error{"NEVER_DONE",
              "run_due() ticked 1000000 times and there is still something to do; does "
              "a job enqueue itself for at once?"};
}

}  // namespace punctual
