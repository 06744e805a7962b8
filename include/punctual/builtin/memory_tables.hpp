// SPDX-License-Identifier: MIT
//
// MemoryTables: the rows of InMemoryStorage and the indexes over them.
//
// Every change of a row goes through one of few members that keep all indexes true, so the
// operations above them read as what they mean. Everything is ordered or hashed: no operation walks
// over rows it does not touch, whatever the number of jobs and runs.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "punctual/base/assert.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_attempts.hpp"
#include "punctual/builtin/memory_buckets.hpp"
#include "punctual/builtin/memory_groups.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_waits.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryTables {
 public:
  using Job = BasicMemoryJob<RunT>;
  using Lane = BasicMemoryLane<RunT>;
  using Id = Late<RunId, RunT>;
  using Name = Late<std::string, RunT>;
  using LaneHead = std::tuple<TimePoint, Id, Lane*>;

  [[nodiscard]] Job* find_job(std::string_view name) {
    const auto found = jobs.find(name);
    return found == jobs.end() ? nullptr : found->second.get();
  }

  /// Returns the job's row, made on first use: runs may arrive before their job is synced.
  [[nodiscard]] Job& job_of(const std::string& name) {
    auto& job = jobs[name];
    if (!job) {
      job = std::make_unique<Job>();
      job->state.job_name = name;
    }
    return *job;
  }

  [[nodiscard]] RunT* find_run(RunId id) {
    const auto found = runs.find(id);
    return found == runs.end() ? nullptr : &found->second;
  }

  /// Changes a job's schedule state; the indexes of what is armed and what may start follow.
  template <class Change>
  void change_state(Job& job, Change&& change) {
    const bool was_paused = job.state.paused;
    if (job.state.next_due_at) due_.erase({*job.state.next_due_at, &job});
    unindex_pending(job);
    change(job.state);
    ++job.state.version;
    if (is_armed(job)) due_.insert({*job.state.next_due_at, &job});
    index_pending(job);
    if (was_paused == job.state.paused) return;
    for (auto& [key, lane] : job.lanes) {
      if (was_paused) {
        heads_.insert(head_of(lane));
      } else {
        heads_.erase(head_of(lane));
      }
    }
  }

  /// Stores a new row, pending or ended.
  ///
  /// Requires: no row has its id, and no open one its unique key.
  RunT& insert(RunT row) {
    Job& job = job_of(row.job_name);
    if (row.due_at && row.attempt == 1) job.answered.emplace(*row.due_at, row.id);
    [[maybe_unused]] const std::size_t count_before = runs.size();
    const auto place = runs.emplace_hint(runs.end(), row.id, std::move(row));
    PUNCTUAL_ASSERT(runs.size() == count_before + 1);
    RunT& run = place->second;
    if (run.retry_of) attempts_.add(*run.retry_of, run.attempt, run.id);
    if (run.workflow_id) workflows.add(*run.workflow_id, run.id);
    if (is_terminal(run.status)) {
      count_ended(job, run);
    } else {
      PUNCTUAL_ASSERT(run.status == JobStatus::pending);
      job.open.insert(run.id);
      if (!run.unique_key.empty()) unique_.emplace(run.unique_key, run.id);
      if (run.waits_for == 0) add_pending(job, run);
    }
    return run;
  }

  /// A pending run that waited for other work waits no longer.
  void make_ready(RunT& run, TimePoint run_at) {
    PUNCTUAL_ASSERT(run.waits_for == 0);
    run.run_at = run_at;
    add_pending(job_of(run.job_name), run);
  }

  /// pending -> running, under the lease already written into `run`.
  void start(RunT& run) {
    Job& job = job_of(run.job_name);
    remove_pending(job, run);
    run.status = JobStatus::running;
    if (run.exclusive) job.running_exclusive.insert(run.id);
    if (run.concurrency_max > 0) ++running_by_key_[run.concurrency_key];
    leases_.insert({*run.lease_until_at, run.id});
  }

  /// running -> pending
  void hand_back(RunT& run) {
    Job& job = job_of(run.job_name);
    remove_running(job, run);
    run.status = JobStatus::pending;
    add_pending(job, run);
  }

  /// pending or running -> `status`, at the `completed_at` already written into `run`.
  void end(RunT& run, JobStatus status) {
    Job& job = job_of(run.job_name);
    if (run.status == JobStatus::running) {
      remove_running(job, run);
    } else if (run.waits_for == 0) {
      remove_pending(job, run);
    } else {
      waits.remove(run.id);
    }
    run.status = status;
    job.open.erase(run.id);
    if (!run.unique_key.empty()) unique_.erase(run.unique_key);
    count_ended(job, run);
  }

  void set_lease(RunT& run, TimePoint until) {
    leases_.erase({*run.lease_until_at, run.id});
    run.lease_until_at = until;
    leases_.insert({until, run.id});
  }

  /// Removes a row that has ended; the counters stay.
  void forget(RunId id) {
    const auto found = runs.find(id);
    const RunT& run = found->second;
    PUNCTUAL_ASSERT(is_terminal(run.status));
    Job& job = job_of(run.job_name);
    if (run.due_at && run.attempt == 1) job.answered.erase(*run.due_at);
    job.ended.erase(id);
    job.executed.erase(id);
    job.ended_by_time.erase({*run.completed_at, id});
    history_.erase(id);
    if (run.retry_of) attempts_.remove(*run.retry_of, run.attempt, id);
    if (run.workflow_id) workflows.remove(*run.workflow_id, id);
    runs.erase(found);
  }

  /// Returns the work that a run is an attempt of; that of an unknown run is its own.
  [[nodiscard]] Id work_of(Id run_id) {
    const RunT* run = find_run(run_id);
    return run == nullptr ? run_id : work_id(*run);
  }

  /// Returns the last attempt of `work`, null if none is stored.
  [[nodiscard]] RunT* last_attempt(Id work) {
    return find_run(attempts_.last(work).value_or(work));
  }

  /// True if an attempt of `work` is pending or running.
  [[nodiscard]] bool is_open(Id work) {
    const auto is_open_run = [&](Id id) {
      const RunT* run = find_run(id);
      return run != nullptr && !is_terminal(run->status);
    };
    const auto further = attempts_.last_first(work);
    return std::any_of(further.begin(), further.end(), is_open_run) || is_open_run(work);
  }

  /// True if an attempt of the same work after `run` is stored.
  [[nodiscard]] bool has_later_attempt(const RunT& run) const {
    return attempts_.has_later(work_id(run), run.attempt);
  }

  /// Returns the first run to have ended of those that it has not returned before.
  [[nodiscard]] std::optional<Id> next_ended() {
    if (just_ended_.empty()) return std::nullopt;
    const Id id = just_ended_.front();
    just_ended_.pop_front();
    return id;
  }

  /// Moves pending runs whose time has come to where claims find them.
  void promote(TimePoint now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
      const RunT& run = runs.at(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      add_ready(job_of(run.job_name), run);
    }
  }

  [[nodiscard]] bool has_waiting_exclusive(const Job& job, TimePoint now) const {
    return !job.pending_exclusive.empty() && *job.pending_exclusive.begin() <= now;
  }

  [[nodiscard]] bool has_open_exclusive(const Job& job, TimePoint now) const {
    return !job.running_exclusive.empty() || has_waiting_exclusive(job, now);
  }

  /// True if `row` asked to be skipped beside what is open.
  [[nodiscard]] bool overlaps(const NewRun& row, TimePoint now) {
    if (row.status != JobStatus::pending || !row.exclusive) return false;
    const Job& job = job_of(row.job_name);
    return (row.skip_if_open && has_open_exclusive(job, now)) ||
           (row.skip_if_waiting && has_waiting_exclusive(job, now));
  }

  /// True if neither exclusiveness nor the concurrency limit keeps `run` from starting.
  [[nodiscard]] bool may_start(const Job& job, const RunT& run) const {
    if (run.exclusive && !job.running_exclusive.empty()) return false;
    return run.concurrency_max == 0 || running_with_key(run.concurrency_key) < run.concurrency_max;
  }

  [[nodiscard]] std::uint32_t running_with_key(const std::string& concurrency_key) const {
    const auto found = running_by_key_.find(concurrency_key);
    return found == running_by_key_.end() ? 0 : found->second;
  }

  [[nodiscard]] std::optional<RunId> open_with_key(const std::string& unique_key) const {
    const auto found = unique_.find(unique_key);
    return found == unique_.end() ? std::nullopt : std::optional{found->second};
  }

  std::map<std::string, std::unique_ptr<Job>, std::less<>> jobs;
  std::map<RunId, RunT> runs;
  MemoryBuckets<RunT> buckets;
  MemoryWaits<RunT> waits;        ///< those of pending runs
  MemoryGroups<Name> dependents;  ///< the jobs that depend on each job
  MemoryGroups<Id> workflows;     ///< the runs of each workflow

  /// Armed instants of jobs that are enabled and not paused.
  [[nodiscard]] const auto& due() const noexcept { return due_; }
  /// The first pending run of each job that is not paused, by run_at.
  [[nodiscard]] const auto& pending() const noexcept { return pending_; }
  /// The same of each job that is paused.
  [[nodiscard]] const auto& pending_of_paused() const noexcept { return pending_of_paused_; }
  /// The first ready run of each lane of each job that is not paused, by claim order.
  [[nodiscard]] const auto& heads() const noexcept { return heads_; }
  [[nodiscard]] const auto& leases() const noexcept { return leases_; }
  [[nodiscard]] const auto& history() const noexcept { return history_; }

 private:
  /// Inserts what is most likely the greatest; constant time if it is.
  template <class Key>
  static void add_newest(std::set<Key>& set, const std::type_identity_t<Key>& key) {
    set.insert(set.end(), key);
  }

  [[nodiscard]] static bool is_armed(const Job& job) {
    return job.state.enabled && !job.state.paused && job.state.next_due_at.has_value();
  }

  [[nodiscard]] static LaneHead head_of(Lane& lane) {
    return {lane.ready.begin()->first, lane.ready.begin()->second, &lane};
  }

  void index_pending(Job& job) {
    if (!job.pending.empty()) instants_of(job).insert({job.pending.begin()->first, &job});
  }
  void unindex_pending(Job& job) {
    if (!job.pending.empty()) instants_of(job).erase({job.pending.begin()->first, &job});
  }
  [[nodiscard]] auto& instants_of(const Job& job) {
    return job.state.paused ? pending_of_paused_ : pending_;
  }

  void add_pending(Job& job, const RunT& run) {
    if (run.exclusive) job.pending_exclusive.insert(run.run_at);
    unindex_pending(job);
    job.pending.insert({run.run_at, run.id});
    index_pending(job);
    waiting_.insert({run.run_at, run.id});
  }

  void remove_pending(Job& job, const RunT& run) {
    if (run.exclusive) job.pending_exclusive.erase(job.pending_exclusive.find(run.run_at));
    unindex_pending(job);
    job.pending.erase({run.run_at, run.id});
    index_pending(job);
    if (waiting_.erase({run.run_at, run.id}) == 0) remove_ready(job, run);
  }

  void add_ready(Job& job, const RunT& run) {
    Lane& lane = job.lanes[lane_of(run)];
    if (!lane.ready.empty()) heads_.erase(head_of(lane));
    lane.job = &job;
    lane.ready.insert({claim_order(run.run_at, run.priority), run.id});
    if (!job.state.paused) heads_.insert(head_of(lane));
  }

  void remove_ready(Job& job, const RunT& run) {
    const auto found = job.lanes.find(lane_of(run));
    Lane& lane = found->second;
    heads_.erase(head_of(lane));
    lane.ready.erase({claim_order(run.run_at, run.priority), run.id});
    if (lane.ready.empty()) {
      job.lanes.erase(found);
    } else if (!job.state.paused) {
      heads_.insert(head_of(lane));
    }
  }

  void remove_running(Job& job, const RunT& run) {
    if (run.exclusive) job.running_exclusive.erase(run.id);
    if (run.concurrency_max > 0) {
      const auto found = running_by_key_.find(run.concurrency_key);
      if (--found->second == 0) running_by_key_.erase(found);
    }
    leases_.erase({*run.lease_until_at, run.id});
  }

  /// Moves the job's counters and history on by a run that has ended.
  void count_ended(Job& job, const RunT& run) {
    add_newest(job.ended, run.id);
    if (run.started_at) add_newest(job.executed, run.id);
    add_newest(job.ended_by_time, {*run.completed_at, run.id});
    add_newest(history_, run.id);
    just_ended_.push_back(run.id);
    switch (run.status) {
      case JobStatus::success:
        ++job.success_count;
        break;
      case JobStatus::failed:
        ++job.failure_count;
        break;
      default:
        ++job.skipped_count;
        break;
    }
  }

  using Instant = BasicJobInstant<RunT>;

  std::set<Instant> due_;
  std::set<Instant> pending_;
  std::set<Instant> pending_of_paused_;
  std::set<std::pair<TimePoint, Id>> waiting_;  // pending, not seen to be ready yet
  std::set<LaneHead> heads_;
  std::set<std::pair<TimePoint, Id>> leases_;
  std::set<Id> history_;
  std::deque<Id> just_ended_;
  MemoryAttempts<RunT> attempts_;
  std::unordered_map<Name, Id> unique_;
  std::unordered_map<Name, std::uint32_t> running_by_key_;
};

}  // namespace punctual::detail
