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

#include <cstddef>
#include <cstdint>
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
#include "punctual/builtin/memory_job.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryTables {
 public:
  using Job = BasicMemoryJob<RunT>;
  using Lane = BasicMemoryLane<RunT>;
  using LaneHead = std::tuple<TimePoint, Late<RunId, RunT>, Lane*>;

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
    if (row.due_at && row.attempt == 1) add_newest(job.answered, *row.due_at);
    [[maybe_unused]] const std::size_t count_before = runs.size();
    const auto place = runs.emplace_hint(runs.end(), row.id, std::move(row));
    PUNCTUAL_ASSERT(runs.size() == count_before + 1);
    RunT& run = place->second;
    if (is_terminal(run.status)) {
      count_ended(job, run);
    } else {
      PUNCTUAL_ASSERT(run.status == JobStatus::pending);
      job.open.insert(run.id);
      if (!run.unique_key.empty()) unique_.emplace(run.unique_key, run.id);
      add_pending(job, run);
    }
    return run;
  }

  /// pending -> running, under the lease already written into `run`.
  void start(RunT& run) {
    Job& job = job_of(run.job_name);
    remove_pending(job, run);
    run.status = JobStatus::running;
    if (run.exclusive) ++job.running_exclusive;
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
    if (run.status == JobStatus::pending) {
      remove_pending(job, run);
    } else {
      remove_running(job, run);
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
    runs.erase(found);
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
    return job.running_exclusive > 0 || has_waiting_exclusive(job, now);
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
    if (run.exclusive && job.running_exclusive > 0) return false;
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

  /// Armed instants of jobs that are enabled and not paused.
  [[nodiscard]] const auto& due() const noexcept { return due_; }
  /// The first pending run of each job that is not paused, by run_at.
  [[nodiscard]] const auto& pending() const noexcept { return pending_; }
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
    if (!job.pending.empty() && !job.state.paused) pending_.insert({*job.pending.begin(), &job});
  }
  void unindex_pending(Job& job) {
    if (!job.pending.empty()) pending_.erase({*job.pending.begin(), &job});
  }

  void add_pending(Job& job, const RunT& run) {
    if (run.exclusive) job.pending_exclusive.insert(run.run_at);
    unindex_pending(job);
    job.pending.insert(run.run_at);
    index_pending(job);
    waiting_.insert({run.run_at, run.id});
  }

  void remove_pending(Job& job, const RunT& run) {
    if (run.exclusive) job.pending_exclusive.erase(job.pending_exclusive.find(run.run_at));
    unindex_pending(job);
    job.pending.erase(job.pending.find(run.run_at));
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
    if (run.exclusive) --job.running_exclusive;
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

  using Id = Late<RunId, RunT>;
  using Key = Late<std::string, RunT>;

  std::set<Instant> due_;
  std::set<Instant> pending_;
  std::set<std::pair<TimePoint, Id>> waiting_;  // pending, not seen to be ready yet
  std::set<LaneHead> heads_;
  std::set<std::pair<TimePoint, Id>> leases_;
  std::set<Id> history_;
  std::unordered_map<Key, Id> unique_;
  std::unordered_map<Key, std::uint32_t> running_by_key_;
};

}  // namespace punctual::detail
