// SPDX-License-Identifier: MIT
//
// Giving up the runs of InMemoryStorage that no node can run.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

/// Returns the jobs that have runs which were ready at `before` and that no node has known since.
///
/// Complexity: linear in the jobs that have such old runs.
template <class RunT>
[[nodiscard]] std::vector<BasicMemoryJob<RunT>*> find_unknown(const MemoryTables<RunT>& tables,
                                                              const JobNames& known,
                                                              TimePoint before) {
  std::vector<BasicMemoryJob<RunT>*> unknown;
  const auto& jobs = tables.pending.jobs();
  for (const bool paused : {false, true}) {
    auto it =
        jobs.lower_bound(std::tuple{paused, Late<TimePoint, RunT>::min(), std::string_view{}});
    for (; it != jobs.end() && (*it)->paused == paused; ++it) {
      auto* job = *it;
      if (*job->first_pending_at > before) break;
      const bool is_seen = job->seen_at && *job->seen_at > before;
      if (!is_seen && !knows(known, job->name)) unknown.push_back(job);
    }
  }
  return unknown;
}

/// Notes that a node is there for the jobs it names, and ends up to `request.limit` runs of jobs
/// that no node is there for; returns how many.
template <class RunT>
std::size_t expire_unknown_runs(MemoryTables<RunT>& tables, const ExpiryRequest& request,
                                TimePoint now) {
  for (const auto& name : *request.jobs) {
    if (auto* job = tables.find_job(name)) job->seen_at = now;
  }
  const TimePoint before = add_clamped(now, -request.age);
  std::size_t count = 0;
  for (auto* job : find_unknown(tables, *request.jobs, before)) {
    const std::string message = "no node that knows job \"" + job->name + "\" was there for " +
                                std::to_string(request.age.count()) + " ms";
    for (auto* run = tables.pending.first_of(*job); count < request.limit && run != nullptr;
         run = tables.pending.first_of(*job)) {
      if (run->run_at > before) break;
      auto& course = run->course.write();
      course.message_code = std::string{message_code::job_not_found};
      course.summary = "no node knew the job";
      course.remarks.write().error = RunError{"JOB_NOT_FOUND", message};
      course.completed_at = now;
      tables.end(*run, JobStatus::failed);
      ++count;
    }
  }
  return count;
}

}  // namespace punctual::detail
