// SPDX-License-Identifier: MIT
//
// MemoryTables: the rows of InMemoryStorage and the indexes over them.
//
// Every change of a row goes through one of few members that keep all indexes true, so the
// operations above them read as what they mean. Everything is ordered or hashed: no operation walks
// over rows it does not touch, whatever the number of jobs and runs.
//
// Rows and jobs keep their addresses for as long as they are stored, also when the tables are
// moved.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "punctual/base/assert.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_answers.hpp"
#include "punctual/builtin/memory_attempts.hpp"
#include "punctual/builtin/memory_buckets.hpp"
#include "punctual/builtin/memory_ended.hpp"
#include "punctual/builtin/memory_groups.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_pending.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/builtin/memory_running.hpp"
#include "punctual/builtin/memory_shared.hpp"
#include "punctual/builtin/memory_waits.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryTables {
 public:
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;
  using Terms = BasicMemoryTerms<RunT>;
  using Id = Late<RunId, RunT>;
  using Name = Late<std::string, RunT>;

  // --- Jobs

  [[nodiscard]] Job* find_job(std::string_view name) {
    const auto found = jobs_.find(name);
    return found == jobs_.end() ? nullptr : &row_at(found);
  }

  /// Returns the job's row, made on first use: runs may arrive before their job is synced.
  [[nodiscard]] Job& job_of(const std::string& name) {
    if (Job* job = find_job(name)) return *job;
    return row_at(jobs_.emplace(name, static_cast<std::uint32_t>(jobs_.size())).first);
  }

  /// Changes a job's place in the ledger, but not whether it is paused.
  template <class Change>
  void change_state(Job& job, Change&& change) {
    if (job.is_armed()) due_.erase(&job);
    [[maybe_unused]] const bool was_paused = job.paused;
    change(job);
    PUNCTUAL_ASSERT(job.paused == was_paused);
    ++job.version;
    if (job.is_armed()) due_.insert(&job);
  }

  void set_paused(Job& job, bool paused) {
    if (job.is_armed()) due_.erase(&job);
    pending.set_paused(job, paused);
    if (job.is_armed()) due_.insert(&job);
  }

  void set_terms(Job& job, const Terms& terms) {
    const Terms* before = job.shared_terms;
    if (before != nullptr && *before == terms) return;
    job.shared_terms = terms_.take(terms);
    if (before != nullptr) terms_.give_back(before);
  }

  /// By name.
  [[nodiscard]] const auto& jobs() const noexcept { return jobs_; }
  /// Jobs that are armed, enabled and not paused, by what is armed.
  [[nodiscard]] const auto& due() const noexcept { return due_; }

  // --- Runs

  [[nodiscard]] Run* find_run(RunId id) {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &row_at(found);
  }

  /// Stores a new run, pending or ended.
  ///
  /// Requires: no row has its id, and no open one its unique key.
  Run& insert(RunT new_run) {
    Job& job = job_of(new_run.job_name);
    [[maybe_unused]] const std::size_t count_before = runs_.size();
    Run& run = row_at(runs_.insert(runs_.end(), to_row(std::move(new_run), job)));
    PUNCTUAL_ASSERT(runs_.size() == count_before + 1);
    if (run.is_first_answer()) answers.add(run);
    if (run.extra->retry_of) attempts.add(*run.extra->retry_of, run.attempt, run.id);
    if (run.extra->workflow_id) workflows.add(*run.extra->workflow_id, run.id);
    if (run.has_ended()) {
      count_ended(run);
    } else {
      PUNCTUAL_ASSERT(run.status == JobStatus::pending);
      ++job.open_count;
      open_.insert(&run);
      if (!run.extra->unique_key.empty()) unique_.emplace(run.extra->unique_key, run.id);
      if (run.extra->waits_for == 0) pending.add(run);
    }
    return run;
  }

  /// A pending run waits for one piece of work less; at the last one it is ready at `now`.
  void wait_for_less(Run& run, TimePoint now) {
    if (--run.extra.write().waits_for > 0) return;
    run.run_at = now;
    pending.add(run);
  }

  /// pending -> running, under the lease already written into `run`.
  void start(Run& run) {
    pending.remove(run);
    run.status = JobStatus::running;
    running.add(run);
  }

  /// running -> pending
  void hand_back(Run& run) {
    running.remove(run);
    run.status = JobStatus::pending;
    pending.add(run);
  }

  /// pending or running -> `status`, at the `completed_at` already written into `run`.
  void end(Run& run, JobStatus status) {
    if (run.status == JobStatus::running) {
      running.remove(run);
    } else if (run.extra->waits_for == 0) {
      pending.remove(run);
    } else {
      waits.remove(run.id);
    }
    run.status = status;
    open_.erase(&run);
    --run.job->open_count;
    if (!run.extra->unique_key.empty()) unique_.erase(run.extra->unique_key);
    count_ended(run);
  }

  /// Removes a run that has ended; the counters stay.
  void forget(RunId id) {
    const auto found = runs_.find(id);
    Run& run = row_at(found);
    PUNCTUAL_ASSERT(run.has_ended());
    if (run.is_first_answer()) answers.remove(run);
    if (run.extra->retry_of) attempts.remove(*run.extra->retry_of, run.attempt, id);
    if (run.extra->workflow_id) workflows.remove(*run.extra->workflow_id, id);
    ended.remove(run);
    runs_.erase(found);
  }

  /// Returns the work that a run is an attempt of; that of an unknown run is its own.
  [[nodiscard]] Id work_of(RunId run_id) {
    const Run* run = find_run(run_id);
    return run == nullptr ? run_id : work_id(*run);
  }

  /// Returns the last attempt of `work`, null if none is stored.
  [[nodiscard]] const Run* last_attempt(RunId work) {
    return find_run(attempts.last(work).value_or(work));
  }

  /// True if an attempt of `work` is pending or running.
  [[nodiscard]] bool is_open(RunId work) {
    const auto is_open_run = [&](RunId id) {
      const Run* run = find_run(id);
      return run != nullptr && !run->has_ended();
    };
    const auto further = attempts.last_first(work);
    return std::any_of(further.begin(), further.end(), is_open_run) || is_open_run(work);
  }

  /// True if another attempt of the work of `run` is pending or running.
  [[nodiscard]] bool is_open_beside(const Run& run) {
    if (run.extra->retry_of) return is_open(*run.extra->retry_of);
    return attempts.has_later(run.id, run.attempt) && is_open(run.id);
  }

  /// Returns the first run to have ended of those that it has not returned before.
  [[nodiscard]] Run* next_ended() {
    if (just_ended_.empty()) return nullptr;
    Run* run = just_ended_.front();
    just_ended_.pop_front();
    return run;
  }

  /// True if an exclusive run of the job is pending and its time has come.
  [[nodiscard]] bool has_waiting_exclusive(const Job& job, TimePoint now) const {
    const auto first_at = pending.first_of(job, true);
    return first_at && *first_at <= now;
  }

  /// True if `row` asked to be skipped beside what is open.
  [[nodiscard]] bool overlaps(const NewRun& row, TimePoint now) {
    if (row.status != JobStatus::pending || !row.exclusive) return false;
    const Job& job = job_of(row.job_name);
    return (row.skip_if_open && running.has_exclusive(job)) ||
           ((row.skip_if_open || row.skip_if_waiting) && has_waiting_exclusive(job, now));
  }

  [[nodiscard]] std::optional<RunId> open_with_key(const std::string& unique_key) const {
    const auto found = unique_.find(unique_key);
    return found == unique_.end() ? std::nullopt : std::optional{found->second};
  }

  /// By id.
  [[nodiscard]] const auto& runs() const noexcept { return runs_; }
  /// The open runs of each job, by id.
  [[nodiscard]] const auto& open() const noexcept { return open_; }

  MemoryPending<RunT> pending;
  MemoryRunning<RunT> running;
  MemoryEnded<RunT> ended;
  MemoryAnswers<RunT> answers;
  MemoryAttempts<RunT> attempts;
  MemoryWaits<RunT> waits;        ///< those of pending runs
  MemoryGroups<Id> workflows;     ///< the runs of each workflow
  MemoryGroups<Name> dependents;  ///< the jobs that depend on each job
  MemoryBuckets<RunT> buckets;

 private:
  /// Moves the job's counters and history on by a run that has ended.
  void count_ended(Run& run) {
    ended.add(run);
    just_ended_.push_back(&run);
    switch (run.status) {
      case JobStatus::success:
        ++run.job->success_count;
        break;
      case JobStatus::failed:
        ++run.job->failure_count;
        break;
      default:
        ++run.job->skipped_count;
        break;
    }
  }

  MemoryRows<Job, ByName> jobs_;
  MemoryShared<Terms> terms_;
  MemoryIndex<Job, ByArmedInstant> due_;

  MemoryRows<Run, ById> runs_;
  MemoryIndex<Run, ByJobAndId> open_;
  std::unordered_map<Name, Id> unique_;
  std::deque<Run*> just_ended_;
};

}  // namespace punctual::detail
