// SPDX-License-Identifier: MIT
//
// The history half of InMemoryStorage: finding, summing up and pruning runs.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual::detail {

/// As for a JobRun.
template <class RunT>
[[nodiscard]] bool matches(const RunQuery& query, const BasicMemoryRun<RunT>& run) {
  return (!query.job_name || *query.job_name == run.job->name) &&
         (!query.status || *query.status == run.status) &&
         (!query.trigger || *query.trigger == run.trigger) &&
         (!query.message_code || *query.message_code == run.course->message_code) &&
         (!query.created_from || *query.created_from <= run.created_at) &&
         (!query.created_before || *query.created_before > run.created_at) &&
         (!query.due_from || (run.due_at && *query.due_from <= *run.due_at)) &&
         (!query.due_before || (run.due_at && *query.due_before > *run.due_at)) &&
         (!query.workflow_id || query.workflow_id == run.extra->workflow_id) &&
         (!query.dead || run.status == JobStatus::failed);
}

/// Gathers a page of a query from rows that it is shown, the newest first.
template <class RunT>
class MemoryPage {
 public:
  MemoryPage(const MemoryTables<RunT>& tables, const RunQuery& query)
      : tables_(tables),
        query_(query) {}

  [[nodiscard]] bool is_full() const { return found_.size() == query_.limit; }

  void consider(const BasicMemoryRun<RunT>& run) {
    if (!matches(query_, run)) return;
    if (query_.dead && tables_.attempts.has_later(work_id(run), run.attempt)) return;
    found_.push_back(to_job_run(run, query_.with_details));
  }

  [[nodiscard]] LateVector<JobRun, RunT> take() { return std::move(found_); }

 private:
  const MemoryTables<RunT>& tables_;
  const RunQuery& query_;
  LateVector<JobRun, RunT> found_;
};

/// Shows the page the runs of one job, open and ended merged from their ends.
template <class RunT>
void show_runs_of(const BasicMemoryJob<RunT>& job, MemoryTables<RunT>& tables,
                  const RunQuery& query, MemoryPage<RunT>& page) {
  const auto& all_open = tables.open();
  const auto& all_ended = job.past->ended;
  const auto first_open = all_open.lower_bound(std::tuple{job.number, RunId{}});
  const auto first_ended = all_ended.begin();
  auto open = query.before ? all_open.lower_bound(std::tuple{job.number, *query.before})
                           : all_open.lower_bound(std::tuple{job.number + 1, RunId{}});
  auto ended = query.before ? all_ended.lower_bound(*query.before) : all_ended.end();
  while (!page.is_full() && (open != first_open || ended != first_ended)) {
    const bool take_open = open != first_open && (ended == first_ended ||
                                                  (*std::prev(open))->id > (*std::prev(ended))->id);
    page.consider(take_open ? **--open : **--ended);
  }
}

/// Returns matching runs, the newest first.
///
/// Complexity: linear in the rows between the page's ends, of the workflow alone if the query names
/// one, of the job alone if it names one.
template <class RunT>
[[nodiscard]] LateVector<JobRun, RunT> find_runs(MemoryTables<RunT>& tables,
                                                 const RunQuery& query) {
  MemoryPage<RunT> page{tables, query};
  if (query.workflow_id) {
    const auto& ids = tables.workflows.members_of(*query.workflow_id);
    auto it = query.before ? ids.lower_bound(*query.before) : ids.end();
    while (it != ids.begin() && !page.is_full()) page.consider(*tables.find_run(*--it));
  } else if (query.job_name) {
    const auto* job = tables.find_job(*query.job_name);
    if (job != nullptr) show_runs_of(*job, tables, query, page);
  } else {
    const auto& runs = tables.runs();
    auto it = query.before ? runs.lower_bound(*query.before) : runs.end();
    while (it != runs.begin() && !page.is_full()) page.consider(*--it);
  }
  return page.take();
}

template <class RunT>
[[nodiscard]] JobSummary summarize(const BasicMemoryJob<RunT>& job) {
  JobSummary summary;
  summary.name = job.name;
  summary.description = job.extra->description;
  summary.enabled = job.enabled;
  summary.paused = job.paused;
  summary.paused_by = job.extra->paused_by;
  summary.paused_reason = job.extra->paused_reason;
  summary.schedule = job.terms().schedule;
  summary.anchor_at = job.anchor_at;
  summary.epoch_at = job.epoch_at;
  summary.depends_on = job.extra->depends_on;
  if (job.is_armed()) summary.next_run_at = job.next_due_at;
  const auto& executed = job.past->executed;
  if (!executed.empty()) summary.last_run = to_job_run(**executed.rbegin(), false);
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
std::size_t prune_job(MemoryTables<RunT>& tables, const BasicMemoryJob<RunT>& job,
                      std::size_t limit, TimePoint now) {
  const auto& [period, keep_last] = job.terms().retention;
  const auto& past = *job.past;
  if (past.ended.size() <= keep_last) return 0;
  const TimePoint kept_from = add_clamped(now, -period);
  if (*(*past.by_end.begin())->course->completed_at >= kept_from) return 0;
  // From this id on runs are among the newest `keep_last`. Not the end of the walk: a run that was
  // stored early may have ended late.
  const auto first_kept = std::prev(past.ended.end(), static_cast<std::ptrdiff_t>(keep_last));
  LateVector<RunId, RunT> old;
  for (const auto* run : past.by_end) {
    if (*run->course->completed_at >= kept_from || old.size() == limit) break;
    if (first_kept == past.ended.end() || run->id < (*first_kept)->id) old.push_back(run->id);
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
  for (const auto& job : tables.jobs()) {
    if (count == limit) break;
    count += prune_job(tables, job, limit - count, now);
  }
  return count;
}

}  // namespace punctual::detail
