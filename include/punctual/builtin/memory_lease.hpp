// SPDX-License-Identifier: MIT
//
// The leases of InMemoryStorage: taking runs, keeping them, handing them back, taking them over.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

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
[[nodiscard]] JobRun* find_held(MemoryTables<RunT>& tables, const LeaseRef& lease) {
  JobRun* run = tables.find_run(lease.run_id);
  const bool is_held =
      run != nullptr && run->status == JobStatus::running && run->fence == lease.fence;
  return is_held ? run : nullptr;
}

/// Returns the runs that a claim gets, in order, before it gets them.
template <class RunT>
[[nodiscard]] LateVector<JobRun*, RunT> find_claimable(MemoryTables<RunT>& tables,
                                                       const ClaimRequest& request, TimePoint now) {
  tables.promote(now);
  if (!request.only) return MemoryClaim{tables, request, now}.pick();
  JobRun* run = tables.find_run(*request.only);
  if (run == nullptr || run->status != JobStatus::pending || run->waits_for > 0 ||
      run->run_at > now) {
    return {};
  }
  const BasicMemoryJob<RunT>& job = tables.job_of(run->job_name);
  const KeyedRate* rate = rate_of(request, run->job_name);
  const bool may_start =
      knows(*request.jobs, run->job_name) && !job.state.paused && tables.may_start(job, *run) &&
      (rate == nullptr || rate->limit.next_token_at(tables.buckets.level(rate->key), now) <= now);
  return may_start ? std::vector{run} : LateVector<JobRun*, RunT>{};
}

template <class RunT>
LateVector<JobRun, RunT> claim_runs(MemoryTables<RunT>& tables, const ClaimRequest& request,
                                    TimePoint now) {
  LateVector<JobRun, RunT> claimed;
  for (JobRun* run : find_claimable(tables, request, now)) {
    run->node = request.node;
    ++run->fence;
    run->started_at = now;
    run->lease_until_at = add_clamped(now, request.lease);
    tables.start(*run);
    const KeyedRate* rate = rate_of(request, run->job_name);
    if (rate != nullptr) tables.buckets.take(*rate, now);
    claimed.push_back(*run);
  }
  return claimed;
}

template <class RunT>
RenewAnswer renew_lease(MemoryTables<RunT>& tables, const Renewal& renewal, Duration lease,
                        TimePoint now) {
  JobRun* run = find_held(tables, renewal.lease);
  if (run == nullptr) return RenewAnswer::lost;
  tables.set_lease(*run, add_clamped(now, lease));
  if (renewal.progress) {
    run->progress = *renewal.progress;
    run->progress_note = renewal.progress_note;
  }
  if (!renewal.log.is_null()) run->log = renewal.log;
  return run->cancel_requested ? RenewAnswer::cancel_requested : RenewAnswer::kept;
}

template <class RunT>
FinishAnswer release_lease(MemoryTables<RunT>& tables, const LeaseRef& lease) {
  JobRun* run = find_held(tables, lease);
  if (run == nullptr) return FinishAnswer::lost;
  tables.hand_back(*run);
  run->message_code = std::string{message_code::job_interrupted};
  run->node.clear();
  run->lease_until_at.reset();
  run->started_at.reset();
  run->progress = 0.0;
  run->progress_note.clear();
  return FinishAnswer::done;
}

/// Takes over the runs whose leases have expired, the longest expired first. They keep the name of
/// the node that ran them.
template <class RunT>
LateVector<JobRun, RunT> take_expired_runs(MemoryTables<RunT>& tables, const RescueRequest& request,
                                           TimePoint now) {
  LateVector<JobRun*, RunT> expired;
  for (const auto& [until, id] : tables.leases()) {
    if (until > now || expired.size() == request.limit) break;
    JobRun& run = *tables.find_run(id);
    if (knows(*request.jobs, run.job_name)) expired.push_back(&run);
  }
  LateVector<JobRun, RunT> taken;
  taken.reserve(expired.size());
  for (JobRun* run : expired) {
    ++run->fence;
    tables.set_lease(*run, add_clamped(now, request.lease));
    taken.push_back(*run);
  }
  return taken;
}

}  // namespace punctual::detail
