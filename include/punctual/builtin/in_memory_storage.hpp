// SPDX-License-Identifier: MIT
//
// InMemoryStorage: the reference storage, in the memory of one process.
//
// It keeps the whole contract of policy/storage.hpp, forgets everything when it is destroyed, and
// bounds its history. Several schedulers of one process may share it, as they would a database.
//
// Thread-safety: all members, from any thread. No user code runs under its lock.

#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/answer_each.hpp"
#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_expiry.hpp"
#include "punctual/builtin/memory_history.hpp"
#include "punctual/builtin/memory_lease.hpp"
#include "punctual/builtin/memory_settle.hpp"
#include "punctual/builtin/memory_store.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/fwd.hpp"

namespace punctual {

struct InMemoryStorageOptions {
  /// Ended runs kept over all jobs; beyond it the oldest go, whatever the jobs' retention says.
  std::size_t history_max = 100'000;
};

/// A template on its row, which is `JobRun`, so that only programs which use it compile it; its
/// name is `punctual::InMemoryStorage`.
template <class RunT>
class BasicInMemoryStorage {
 public:
  BasicInMemoryStorage() = default;
  explicit BasicInMemoryStorage(InMemoryStorageOptions options) : options_(options) {}

  /// For handing a storage to its owner; not while anyone uses it.
  BasicInMemoryStorage(BasicInMemoryStorage&& other) noexcept
      : options_(other.options_),
        tables_(std::move(other.tables_)) {}

  // --- ScheduleLedger, as policy/storage.hpp describes it
  LateVector<ScheduleState, RunT> sync_jobs(const std::vector<JobDefinition>& definitions,
                                            TimePoint now);
  LateVector<ScheduleState, RunT> due_schedules(const JobNames& jobs, std::size_t limit,
                                                TimePoint now);
  std::vector<AdvanceAnswer> advance(const LateVector<Advance, RunT>& advances, TimePoint now);
  bool set_paused(const PauseChange& change, TimePoint now);

  // --- RunQueue
  std::vector<EnqueueAnswer> enqueue(const LateVector<NewRun, RunT>& rows, TimePoint now);
  LateVector<JobRun, RunT> claim(const ClaimRequest& request, TimePoint now);
  LateVector<RenewAnswer, RunT> renew(const LateVector<Renewal, RunT>& renewals, Duration lease,
                                      TimePoint now);
  std::vector<FinishAnswer> finish(const LateVector<Completion, RunT>& completions, TimePoint now);
  std::vector<FinishAnswer> release(const LateVector<LeaseRef, RunT>& leases, TimePoint now);
  LateVector<JobRun, RunT> take_expired(const RescueRequest& request, TimePoint now);
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now);
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now);
  WakeTimes next_wake(const JobNames& jobs, TimePoint now);

  // --- RunHistory
  LateVector<JobRun, RunT> runs(const RunQuery& query);
  std::optional<JobRun> run(RunId run_id);
  LateVector<JobSummary, RunT> summaries();
  std::size_t prune(std::size_t limit, TimePoint now);

  /// The caller's clock decides: there is no other one in this process.
  [[nodiscard]] TimePoint now(TimePoint caller_now) const noexcept { return caller_now; }

  /// Nobody but this process can store anything here.
  [[nodiscard]] std::optional<Duration> poll_period() const noexcept { return std::nullopt; }

  [[nodiscard]] StorageHealth health() const { return {.kind = "memory"}; }

 private:
  /// Lets happen what follows from the runs that have ended, and bounds the history.
  void settle();

  /// Errors: DUPLICATE_RUN_ID -> a row has the id of a stored run or of another row.
  void require_new_ids(const LateVector<NewRun, RunT>& rows);

  InMemoryStorageOptions options_{};
  std::mutex mutex_;
  detail::MemoryTables<RunT> tables_;
};

template <class RunT>
LateVector<ScheduleState, RunT> BasicInMemoryStorage<RunT>::sync_jobs(
    const std::vector<JobDefinition>& definitions, TimePoint now) {
  const std::lock_guard lock{mutex_};
  return answer_each(definitions, [&](const JobDefinition& definition) -> ScheduleState {
    if (definition.reads_only) {
      const auto* known = tables_.find_job(definition.name);
      return known ? detail::state_of(*known) : ScheduleState{.job_name = definition.name};
    }
    auto& job = tables_.job_of(definition.name);
    const bool depends_on_others = job.extra->depends_on != definition.depends_on;
    const bool rearms = job.version == 0 || depends_on_others ||
                        job.terms().schedule != definition.schedule ||
                        (definition.enabled && !job.enabled);
    if (job.extra->description != definition.description) {
      job.extra.write().description = definition.description;
    }
    tables_.set_terms(job,
                      {definition.schedule, definition.after_finish_delay, definition.retention});
    if (depends_on_others) detail::set_dependencies(tables_, job, definition.depends_on);
    job.seen_at = now;
    if (rearms || definition.enabled != job.enabled) {
      tables_.change_state(job, [&](auto& state) {
        state.enabled = definition.enabled;
        if (!rearms) return;
        state.anchor_at = definition.anchor_at;
        state.next_due_at = definition.next_due_at;
        state.epoch_at = now;
        state.clear_failed_dependency();
        if (!state.extra->done_dependencies.empty()) state.extra.write().done_dependencies.clear();
      });
    }
    return detail::state_of(job);
  });
}

template <class RunT>
LateVector<ScheduleState, RunT> BasicInMemoryStorage<RunT>::due_schedules(const JobNames& jobs,
                                                                          std::size_t limit,
                                                                          TimePoint now) {
  const std::lock_guard lock{mutex_};
  LateVector<ScheduleState, RunT> states;
  for (const auto* job : tables_.due()) {
    if (*job->next_due_at > now || states.size() == limit) break;
    if (detail::knows(jobs, job->name)) states.push_back(detail::state_of(*job));
  }
  return states;
}

template <class RunT>
std::vector<AdvanceAnswer> BasicInMemoryStorage<RunT>::advance(
    const LateVector<Advance, RunT>& advances, TimePoint now) {
  const std::lock_guard lock{mutex_};
  return answer_each(advances, [&](const Advance& advance) {
    AdvanceAnswer answer;
    auto* job = tables_.find_job(advance.job_name);
    if (job == nullptr || job->version != advance.version) return answer;
    answer.advanced = true;
    tables_.change_state(*job, [&](auto& state) {
      state.next_due_at = advance.next_due_at;
      state.clear_failed_dependency();
      if (advance.epoch_at) state.epoch_at = *advance.epoch_at;
    });
    for (const auto& row : advance.rows) {
      if (detail::answer_of(tables_, row)) ++answer.conflict_count;
      detail::store_run(tables_, row, now);
    }
    detail::arm_after_finish(tables_, *job, now);
    settle();
    return answer;
  });
}

template <class RunT>
bool BasicInMemoryStorage<RunT>::set_paused(const PauseChange& change, TimePoint now) {
  const std::lock_guard lock{mutex_};
  auto* job = tables_.find_job(change.job_name);
  if (job == nullptr || job->version != change.version) return false;
  tables_.set_paused(*job, change.paused);
  tables_.change_state(*job, [&](auto& state) {
    auto& extra = state.extra.write();
    extra.paused_at = change.paused ? std::optional{now} : std::nullopt;
    extra.paused_by = change.paused ? change.actor : "";
    extra.paused_reason = change.paused ? change.reason : "";
    if (change.paused || state.next_due_at == change.next_due_at) return;
    state.next_due_at = change.next_due_at;
    state.clear_failed_dependency();
  });
  for (const auto& row : change.rows) detail::store_run(tables_, row, now);
  settle();
  return true;
}

template <class RunT>
void BasicInMemoryStorage<RunT>::settle() {
  detail::settle_ends(tables_);
  while (tables_.ended.size() > options_.history_max) tables_.forget(tables_.ended.oldest().id);
}

template <class RunT>
void BasicInMemoryStorage<RunT>::require_new_ids(const LateVector<NewRun, RunT>& rows) {
  std::set<Late<RunId, RunT>> ids;
  for (const auto& row : rows) {
    if (tables_.find_run(row.id) == nullptr && ids.insert(row.id).second) continue;
    throw Error{"DUPLICATE_RUN_ID", "a new run expects an id that no other run has, got " +
                                        row.id.to_string() + " again"};
  }
}

template <class RunT>
std::vector<EnqueueAnswer> BasicInMemoryStorage<RunT>::enqueue(const LateVector<NewRun, RunT>& rows,
                                                               TimePoint now) {
  const std::lock_guard lock{mutex_};
  require_new_ids(rows);  // before anything is stored: all or none
  auto answers =
      answer_each(rows, [&](const NewRun& row) { return detail::store_run(tables_, row, now); });
  settle();
  return answers;
}

template <class RunT>
LateVector<JobRun, RunT> BasicInMemoryStorage<RunT>::claim(const ClaimRequest& request,
                                                           TimePoint now) {
  const std::lock_guard lock{mutex_};
  return detail::claim_runs(tables_, request, now);
}

template <class RunT>
LateVector<RenewAnswer, RunT> BasicInMemoryStorage<RunT>::renew(
    const LateVector<Renewal, RunT>& renewals, Duration lease, TimePoint now) {
  const std::lock_guard lock{mutex_};
  return answer_each(renewals, [&](const Renewal& renewal) {
    return detail::renew_lease(tables_, renewal, lease, now);
  });
}

template <class RunT>
std::vector<FinishAnswer> BasicInMemoryStorage<RunT>::finish(
    const LateVector<Completion, RunT>& completions, TimePoint now) {
  const std::lock_guard lock{mutex_};
  return answer_each(completions, [&](const Completion& completion) {
    const FinishAnswer answer = detail::finish_run(tables_, completion, now);
    if (answer == FinishAnswer::lost) return answer;
    for (const auto& row : completion.follow_ups) detail::store_run(tables_, row, now);
    settle();
    return answer;
  });
}

template <class RunT>
std::vector<FinishAnswer> BasicInMemoryStorage<RunT>::release(
    const LateVector<LeaseRef, RunT>& leases, TimePoint) {
  const std::lock_guard lock{mutex_};
  return answer_each(leases,
                     [&](const LeaseRef& lease) { return detail::release_lease(tables_, lease); });
}

template <class RunT>
LateVector<JobRun, RunT> BasicInMemoryStorage<RunT>::take_expired(const RescueRequest& request,
                                                                  TimePoint now) {
  const std::lock_guard lock{mutex_};
  return detail::take_expired_runs(tables_, request, now);
}

template <class RunT>
CancelAnswer BasicInMemoryStorage<RunT>::request_cancel(RunId run_id, const std::string& actor,
                                                        TimePoint now) {
  const std::lock_guard lock{mutex_};
  auto* run = tables_.find_run(run_id);
  if (run == nullptr) return CancelAnswer::not_found;
  if (run->has_ended()) return CancelAnswer::ended;
  auto& course = run->course.write();
  auto& remarks = course.remarks.write();
  remarks.cancel_requested = true;
  remarks.cancel_actor = actor;
  if (run->status == JobStatus::running) return CancelAnswer::requested;
  detail::write_skip(course, message_code::job_cancelled, "cancelled before it started", now);
  tables_.end(*run, JobStatus::skipped);
  settle();
  return CancelAnswer::cancelled;
}

template <class RunT>
std::size_t BasicInMemoryStorage<RunT>::expire_unknown(const ExpiryRequest& request,
                                                       TimePoint now) {
  const std::lock_guard lock{mutex_};
  const std::size_t count = detail::expire_unknown_runs(tables_, request, now);
  settle();
  return count;
}

template <class RunT>
WakeTimes BasicInMemoryStorage<RunT>::next_wake(const JobNames& jobs, TimePoint) {
  const std::lock_guard lock{mutex_};
  WakeTimes wake;
  for (const auto* job : tables_.due()) {
    if (!detail::knows(jobs, job->name)) continue;
    wake.due_at = job->next_due_at;
    break;
  }
  for (const auto* job : tables_.pending.jobs()) {
    if (job->paused) break;
    if (!detail::knows(jobs, job->name)) continue;
    wake.run_at = job->first_pending_at;
    break;
  }
  for (const auto* run : tables_.running.leases()) {
    if (!detail::knows(jobs, run->job->name)) continue;
    wake.expires_at = run->course->lease_until_at;
    break;
  }
  return wake;
}

template <class RunT>
LateVector<JobRun, RunT> BasicInMemoryStorage<RunT>::runs(const RunQuery& query) {
  require_valid(query);
  const std::lock_guard lock{mutex_};
  return detail::find_runs(tables_, query);
}

template <class RunT>
std::optional<JobRun> BasicInMemoryStorage<RunT>::run(RunId run_id) {
  const std::lock_guard lock{mutex_};
  const auto* run = tables_.find_run(run_id);
  return run == nullptr ? std::nullopt : std::optional{detail::to_job_run(*run)};
}

template <class RunT>
LateVector<JobSummary, RunT> BasicInMemoryStorage<RunT>::summaries() {
  const std::lock_guard lock{mutex_};
  LateVector<JobSummary, RunT> summaries;
  for (const auto& job : tables_.jobs()) {
    if (job.version > 0) summaries.push_back(detail::summarize(job));
  }
  return summaries;
}

template <class RunT>
std::size_t BasicInMemoryStorage<RunT>::prune(std::size_t limit, TimePoint now) {
  const std::lock_guard lock{mutex_};
  return detail::prune_runs(tables_, limit, now);
}

}  // namespace punctual
