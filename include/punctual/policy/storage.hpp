// SPDX-License-Identifier: MIT
//
// Storage: where jobs' schedules, runs and history live. Three concepts and their sum.
//
// Every operation is atomic, takes and answers in batches (answer i belongs to request i), and may
// be called from several threads at once. It throws `punctual::Error` and nothing else: retryable
// if nothing happened, in doubt if it may have. It calls no code of the user.
//
// `now` is the caller's instant. A storage within one host uses it; a storage that hosts share uses
// its own clock instead, because their clocks differ.
//
// testing/storage_conformance.hpp checks all of this for any storage.

#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual {

/// Semantics:
/// - `sync_jobs(definitions, now)` stores new jobs and changed ones and returns every one's state;
///   of those that are `reads_only` it stores nothing.
///   Armed instants are kept unless the schedule's JSON or what the job depends on changed, or the
///   job became enabled; then its epoch starts at `now`, and of the jobs it depends on none has
///   ended yet. Loading the same definitions again changes nothing but when the job was last seen,
///   which may be noted to ten minutes.
/// - `due_schedules(jobs, limit, now)` returns schedules of `jobs` with `next_due_at <= now`, those
///   that are enabled and not paused, the earliest first, ties by name.
/// - `advance(advances, now)` moves each schedule whose version is still as read and stores its
///   rows, each advance atomically. `(job, due_at)` is unique among first attempts: a row whose
///   instant has one already is left out and counted. A row that must not overlap an open run is
///   stored as skipped. What was armed because a dependency failed is not any more.
/// - `set_paused(change, now)` likewise; returns false if the version had moved on. What was armed
///   because a dependency failed stays so while the armed instant stays the same.
template <class T>
concept ScheduleLedger = requires(std::remove_reference_t<T>& storage,
                                  const std::vector<JobDefinition>& definitions,
                                  const JobNames& jobs, std::size_t limit,
                                  const std::vector<Advance>& advances, const PauseChange& change,
                                  TimePoint now) {
  { storage.sync_jobs(definitions, now) } -> std::same_as<std::vector<ScheduleState>>;
  { storage.due_schedules(jobs, limit, now) } -> std::same_as<std::vector<ScheduleState>>;
  { storage.advance(advances, now) } -> std::same_as<std::vector<AdvanceAnswer>>;
  { storage.set_paused(change, now) } -> std::same_as<bool>;
};

/// Semantics:
/// - `enqueue(rows, now)` stores runs, all or none, one after the other. A first attempt whose due
///   instant has one is not stored, nor a row whose unique key an open run has: its answer is
///   `duplicate`, with the id of that one. An overlapping row that asked to be skipped is stored as
///   skipped. An id that is taken refuses all of them (DUPLICATE_RUN_ID).
/// - A row whose `after` names work that has not ended waits: `run_at` is `time_max`, whatever it
///   was, and `waits_for` counts each work once. Work is named by any attempt and stands as its
///   last one does. Where one of it ended otherwise than well, or is not there yet, the row is
///   stored as skipped / JOB_DEPENDENCY_FAILED, with the answer `stored`.
/// - A row with a `pace` takes a token of its `run_at` or later, and is ready when it has it; one
///   that waits, or is not stored as pending, takes none.
/// - A pending row that `replaces_running`, once it is stored, ends the exclusive runs of the job
///   that are running: failed / JOB_CANCELLED, with an error. It may itself be skipped for its
///   overlap with what is left. All this holds for the rows of other operations, too.
/// - `claim(request, now)` makes pending runs with `run_at <= now` running, in the order of
///   `claim_order(run_at, priority)` then id, leaving out unknown and paused jobs and what a limit
///   (room, exclusive, concurrency key, rate) does not let run; raises each fence by one, sets
///   node, lease and `started_at`, takes a token for each whose job has a rate, also for `only`.
///   `rates` are ordered by name; a limit of 0 is none. Runs that cannot start take no token and
///   never block those behind them.
/// - `renew(renewals, lease, now)` extends each lease to `now + lease`, also one that has expired
///   but that nobody took.
/// - `finish(completions, now)` records each end under its fence, with `completed_at` not before
///   `started_at`, the job's counters, and the follow-up rows, in one transaction. A follow-up
///   whose unique key is taken is left out.
/// - Whenever the last attempt of some work ends, by whatever operation, in the same transaction:
///   runs that waited for it wait for one less, and are ready at that instant when they wait for
///   none; if it did not end well they are skipped / JOB_DEPENDENCY_FAILED at that instant, and so
///   on behind them. Those keep `waits_for` and `run_at`: rows that have ended do not change.
/// - If that attempt ran, or was skipped / JOB_DEPENDENCY_FAILED, enabled jobs that depend on its
///   job are armed as JobDefinition says, paused ones too; if it never ran otherwise, that counts
///   neither as a good end nor as a failure. A failure begins a new round, as arming does. What is
///   armed is kept, but a round that ended well replaces an armed failure. The armed instant is at
///   least a millisecond after the last one that a first attempt of the job has answered.
/// - `release(leases, now)` makes each run pending again, coded JOB_INTERRUPTED, the attempt
///   unspent. Its token is spent; its log stays.
/// - `take_expired(request, now)` takes over runs whose lease has expired, whichever node had them:
///   the next fence and a new lease. `node` stays the one that ran them.
/// - `request_cancel(run, actor, now)` ends a pending run, or marks a running one.
/// - `expire_unknown(request, now)` notes, to ten minutes, that a node is there for `jobs`, as far
///   as they have been synced or have runs; then ends pending runs as failed / JOB_NOT_FOUND, up to
///   `limit`, whose `run_at` came `age` ago and whose job is none of `jobs` and no node has been
///   there for, nor synced, for `age`; returns how many. Paused and disabled jobs' too. The error
///   has the same code and names the job.
/// - `next_wake(jobs, now)` returns the earliest instants with something to do. Runs that wait for
///   others have none.
template <class T>
concept RunQueue = requires(std::remove_reference_t<T>& storage, const std::vector<NewRun>& rows,
                            const ClaimRequest& request, const std::vector<Renewal>& renewals,
                            Duration lease, const std::vector<Completion>& completions,
                            const std::vector<LeaseRef>& leases, const RescueRequest& rescue,
                            const ExpiryRequest& expiry, RunId run_id, const std::string& actor,
                            const JobNames& jobs, TimePoint now) {
  { storage.enqueue(rows, now) } -> std::same_as<std::vector<EnqueueAnswer>>;
  { storage.claim(request, now) } -> std::same_as<std::vector<JobRun>>;
  { storage.renew(renewals, lease, now) } -> std::same_as<std::vector<RenewAnswer>>;
  { storage.finish(completions, now) } -> std::same_as<std::vector<FinishAnswer>>;
  { storage.release(leases, now) } -> std::same_as<std::vector<FinishAnswer>>;
  { storage.take_expired(rescue, now) } -> std::same_as<std::vector<JobRun>>;
  { storage.request_cancel(run_id, actor, now) } -> std::same_as<CancelAnswer>;
  { storage.expire_unknown(expiry, now) } -> std::same_as<std::size_t>;
  { storage.next_wake(jobs, now) } -> std::same_as<WakeTimes>;
};

/// Semantics:
/// - `runs(query)` returns matching runs by descending id, by key, never by offset or count.
///   Without details they have no log either.
/// - `run(id)` returns one run with everything, or nullopt.
/// - `summaries()` returns every job ever synced, by name, its counts from counters.
/// - `prune(limit, now)` removes up to `limit` runs that ended longer ago than their job's
///   retention, never an open one, nor one of the newest `keep_last` by id; returns how many.
///   Counters stay.
template <class T>
concept RunHistory = requires(std::remove_reference_t<T>& storage, const RunQuery& query,
                              RunId run_id, std::size_t limit, TimePoint now) {
  { storage.runs(query) } -> std::same_as<std::vector<JobRun>>;
  { storage.run(run_id) } -> std::same_as<std::optional<JobRun>>;
  { storage.summaries() } -> std::same_as<std::vector<JobSummary>>;
  { storage.prune(limit, now) } -> std::same_as<std::size_t>;
};

/// A storage that hears from other processes.
///
/// Semantics:
/// - `watch(on_change)` calls `on_change`, on any thread and under no lock, when another process
///   has stored something to do, as long as the returned handle lives. It is a hint, which may come
///   late, twice, or not at all: `poll_period` holds all the same.
template <class T>
concept WatchableStorage = requires(std::remove_reference_t<T>& storage, void (*on_change)()) {
  { storage.watch(on_change) } -> std::same_as<std::shared_ptr<void>>;
};

/// Semantics, beside those of its parts:
/// - `now(caller_now)` returns the instant that the storage's decisions go by.
/// - `poll_period()` returns how often to look for what other processes stored; nullopt if this
///   process is the only one.
/// - `health()` tries the storage and says how it is; it does not throw.
template <class T>
concept Storage = ScheduleLedger<T> && RunQueue<T> && RunHistory<T> &&
    requires(std::remove_reference_t<T>& storage, TimePoint caller_now) {
  { storage.now(caller_now) } -> std::same_as<TimePoint>;
  { storage.poll_period() } -> std::same_as<std::optional<Duration>>;
  { storage.health() } -> std::same_as<StorageHealth>;
};

}  // namespace punctual
