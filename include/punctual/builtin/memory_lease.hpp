// SPDX-License-Identifier: MIT
//
// The leases of InMemoryStorage: taking runs, keeping them, recording their end, handing them back,
// taking them over.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_claim.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

/// Returns the run if it is running under this fence, else null.
template <class RunT>
[[nodiscard]] BasicMemoryRun<RunT>* find_held(MemoryTables<RunT>& tables, const LeaseRef& lease) {
  auto* run = tables.find_run(lease.run_id);
  const bool is_held =
      run != nullptr && run->status == JobStatus::running && run->course->fence == lease.fence;
  return is_held ? run : nullptr;
}

/// True if a claim of just this run gets it.
template <class RunT>
[[nodiscard]] bool is_claimable(MemoryTables<RunT>& tables, const BasicMemoryRun<RunT>& run,
                                const ClaimRequest& request, TimePoint now) {
  const std::string& job_name = run.job->name;
  const bool is_ready =
      run.status == JobStatus::pending && run.extra->waits_for == 0 && run.run_at <= now;
  if (!is_ready || run.job->paused || !knows(*request.jobs, job_name)) return false;
  const KeyedRate* rate = rate_of(request, job_name);
  const bool has_token =
      rate == nullptr || rate->limit.next_token_at(tables.buckets.level(rate->key), now) <= now;
  return has_token && tables.running.may_start(run);
}

/// Returns the runs that a claim gets, in order, before it gets them.
template <class RunT>
[[nodiscard]] std::vector<BasicMemoryRun<RunT>*> find_claimable(MemoryTables<RunT>& tables,
                                                                const ClaimRequest& request,
                                                                TimePoint now) {
  tables.pending.promote(now);
  if (!request.only) return MemoryClaim{tables, request, now}.pick();
  auto* run = tables.find_run(*request.only);
  if (run == nullptr || !is_claimable(tables, *run, request, now)) return {};
  return {run};
}

template <class RunT>
LateVector<JobRun, RunT> claim_runs(MemoryTables<RunT>& tables, const ClaimRequest& request,
                                    TimePoint now) {
  LateVector<JobRun, RunT> claimed;
  for (auto* run : find_claimable(tables, request, now)) {
    auto& course = run->course.write();
    course.node = request.node;
    ++course.fence;
    course.started_at = now;
    course.lease_until_at = add_clamped(now, request.lease);
    tables.start(*run);
    const KeyedRate* rate = rate_of(request, run->job->name);
    if (rate != nullptr) tables.buckets.take(*rate, now);
    claimed.push_back(to_job_run(*run));
  }
  return claimed;
}

template <class RunT>
RenewAnswer renew_lease(MemoryTables<RunT>& tables, const Renewal& renewal, Duration lease,
                        TimePoint now) {
  auto* run = find_held(tables, renewal.lease);
  if (run == nullptr) return RenewAnswer::lost;
  tables.running.set_lease(*run, add_clamped(now, lease));
  auto& course = run->course.write();
  if (renewal.progress) {
    auto& remarks = course.remarks.write();
    remarks.progress = *renewal.progress;
    remarks.progress_note = renewal.progress_note;
  }
  if (!renewal.log.is_null()) course.remarks.write().log = renewal.log;
  return course.remarks->cancel_requested ? RenewAnswer::cancel_requested : RenewAnswer::kept;
}

template <class RunT>
FinishAnswer finish_run(MemoryTables<RunT>& tables, const Completion& completion, TimePoint now) {
  auto* run = find_held(tables, completion.lease);
  if (run == nullptr) return FinishAnswer::lost;
  auto& course = run->course.write();
  course.message_code = completion.message_code;
  course.summary = completion.summary;
  course.duration = completion.duration;
  course.completed_at = std::max(now, course.started_at.value_or(now));
  if (!completion.details.is_null()) course.remarks.write().details = completion.details;
  if (completion.error) course.remarks.write().error = completion.error;
  if (!completion.log.is_null()) course.remarks.write().log = completion.log;
  tables.end(*run, completion.status);
  return FinishAnswer::done;
}

template <class RunT>
FinishAnswer release_lease(MemoryTables<RunT>& tables, const LeaseRef& lease) {
  auto* run = find_held(tables, lease);
  if (run == nullptr) return FinishAnswer::lost;
  tables.hand_back(*run);
  auto& course = run->course.write();
  course.message_code = std::string{message_code::job_interrupted};
  course.node.clear();
  course.lease_until_at.reset();
  course.started_at.reset();
  if (!course.remarks.is_written()) return FinishAnswer::done;
  course.remarks.write().progress = 0.0;
  course.remarks.write().progress_note.clear();
  return FinishAnswer::done;
}

/// Takes over the runs whose leases have expired, the longest expired first. They keep the name of
/// the node that ran them.
template <class RunT>
LateVector<JobRun, RunT> take_expired_runs(MemoryTables<RunT>& tables, const RescueRequest& request,
                                           TimePoint now) {
  std::vector<BasicMemoryRun<RunT>*> expired;
  for (auto* run : tables.running.leases()) {
    if (*run->course->lease_until_at > now || expired.size() == request.limit) break;
    if (knows(*request.jobs, run->job->name)) expired.push_back(run);
  }
  LateVector<JobRun, RunT> taken;
  taken.reserve(expired.size());
  for (auto* run : expired) {
    ++run->course.write().fence;
    tables.running.set_lease(*run, add_clamped(now, request.lease));
    taken.push_back(to_job_run(*run));
  }
  return taken;
}

}  // namespace punctual::detail
