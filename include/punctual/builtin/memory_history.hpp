// SPDX-License-Identifier: MIT
//
// The history half of InMemoryStorage: finding, summing up and pruning runs.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual::detail {

inline void leave_out_details(JobRun& run) {
  run.details = nullptr;
  run.payload = nullptr;
  run.log = nullptr;
}

/// Returns matching runs, the newest first.
///
/// Complexity: linear in the rows between the page's ends, of the workflow alone if the query names
/// one, of the job alone if it names one.
template <class RunT>
[[nodiscard]] LateVector<JobRun, RunT> find_runs(MemoryTables<RunT>& tables,
                                                 const RunQuery& query) {
  LateVector<JobRun, RunT> found;
  const auto consider = [&](const JobRun& run) {
    if (!matches(query, run) || (query.dead && tables.has_later_attempt(run))) return;
    found.push_back(run);
    if (!query.with_details) leave_out_details(found.back());
  };
  const auto start_in = [&](const std::set<Late<RunId, RunT>>& ids) {
    return query.before ? ids.lower_bound(*query.before) : ids.end();
  };
  if (query.workflow_id) {
    const auto& ids = tables.workflows.members_of(*query.workflow_id);
    auto it = start_in(ids);
    while (it != ids.begin() && found.size() < query.limit) consider(*tables.find_run(*--it));
    return found;
  }
  if (!query.job_name) {
    auto it = query.before ? tables.runs.lower_bound(*query.before) : tables.runs.end();
    while (it != tables.runs.begin() && found.size() < query.limit) consider((--it)->second);
    return found;
  }
  const BasicMemoryJob<RunT>* job = tables.find_job(*query.job_name);
  if (job == nullptr) return found;
  auto open = start_in(job->open);
  auto ended = start_in(job->ended);
  while (found.size() < query.limit) {  // merges the two sets from their ends
    const bool has_open = open != job->open.begin();
    const bool has_ended = ended != job->ended.begin();
    if (!has_open && !has_ended) break;
    const bool take_open = has_open && (!has_ended || *std::prev(open) > *std::prev(ended));
    consider(*tables.find_run(take_open ? *--open : *--ended));
  }
  return found;
}

template <class RunT>
[[nodiscard]] JobSummary summarize(MemoryTables<RunT>& tables, const BasicMemoryJob<RunT>& job) {
  JobSummary summary;
  summary.name = job.state.job_name;
  summary.description = job.description;
  summary.enabled = job.state.enabled;
  summary.paused = job.state.paused;
  summary.paused_by = job.paused_by;
  summary.paused_reason = job.paused_reason;
  summary.schedule = job.schedule;
  summary.anchor_at = job.state.anchor_at;
  summary.epoch_at = job.state.epoch_at;
  summary.depends_on = job.depends_on;
  if (summary.enabled && !summary.paused) summary.next_run_at = job.state.next_due_at;
  if (!job.executed.empty()) {
    summary.last_run = *tables.find_run(*job.executed.rbegin());
    leave_out_details(*summary.last_run);
  }
  summary.success_count = job.success_count;
  summary.failure_count = job.failure_count;
  summary.skipped_count = job.skipped_count;
  summary.run_count = job.success_count + job.failure_count + job.skipped_count;
  return summary;
}

/// Removes up to `limit` runs of one job that ended before its retention; returns how many.
///
/// Complexity: linear in what is removed and in the runs that are kept however old.
template <class RunT>
std::size_t prune_job(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job, std::size_t limit,
                      TimePoint now) {
  const std::size_t keep_last = job.retention.keep_last;
  if (job.ended.size() <= keep_last) return 0;
  const TimePoint kept_from = add_clamped(now, -job.retention.period);
  if (job.ended_by_time.begin()->first >= kept_from) return 0;
  // From this id on runs are among the newest `keep_last`. Not the end of the walk: a run that was
  // stored early may have ended late.
  const auto first_kept = std::prev(job.ended.end(), static_cast<std::ptrdiff_t>(keep_last));
  LateVector<RunId, RunT> old;
  for (const auto& [completed_at, id] : job.ended_by_time) {
    if (completed_at >= kept_from || old.size() == limit) break;
    if (first_kept == job.ended.end() || id < *first_kept) old.push_back(id);
  }
  for (const RunId id : old) tables.forget(id);
  return old.size();
}

/// Removes up to `limit` runs that their jobs' retention keeps no longer; returns how many. Rates
/// that nobody used for so long that they are as if nobody ever had are forgotten, too.
template <class RunT>
std::size_t prune_runs(MemoryTables<RunT>& tables, std::size_t limit, TimePoint now) {
  tables.buckets.forget_full(now);
  std::size_t count = 0;
  for (const auto& [name, job] : tables.jobs) {
    if (count == limit) break;
    count += prune_job(tables, *job, limit - count, now);
  }
  return count;
}

}  // namespace punctual::detail
