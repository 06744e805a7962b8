// SPDX-License-Identifier: MIT
//
// What follows when runs of InMemoryStorage have ended: schedules that wait for the end are armed,
// runs that waited become ready or are skipped, jobs that depend on the job are armed.
//
// Each run that is skipped in turn stands at the end of the same queue, so that a chain of any
// length is gone through without recursion.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_store.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

/// Arms a schedule that waits for the end of a run, once none of the job is open.
template <class RunT>
void arm_after_finish(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job, TimePoint ended_at) {
  const std::optional<Duration> delay = job.terms().after_finish_delay;
  if (!delay || job.next_due_at || job.open_count > 0 || job.version == 0) return;
  tables.change_state(job, [&](auto& state) { state.next_due_at = add_clamped(ended_at, *delay); });
}

/// Makes `names` the jobs that `job` depends on. What they did before counts no longer.
template <class RunT>
void set_dependencies(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job,
                      const JobNames& names) {
  for (const auto& name : job.extra->depends_on) tables.dependents.remove(name, job.name);
  for (const auto& name : names) tables.dependents.add(name, job.name);
  auto& extra = job.extra.write();
  extra.depends_on = names;
  extra.done_dependencies.clear();
}

/// Arms a job whose prerequisites have ended, unless something is armed already: the one run to
/// come answers both. A failure that is armed makes way for an end that is well. `failed` is the
/// prerequisite that failed, empty if none did.
template <class RunT>
void arm_dependent(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job, TimePoint ended_at,
                   const std::string& failed) {
  job.extra.write().done_dependencies.clear();
  const bool replaces_failure = failed.empty() && !job.extra->failed_dependency.empty();
  if (job.next_due_at && !replaces_failure) return;
  const auto* last = job.last_answer;
  const TimePoint due_at =
      last == nullptr ? ended_at  // an instant is answered once: the next one lies behind the last
                      : std::max(ended_at, add_clamped(*last->due_at, Duration{1}));
  tables.change_state(job, [&](auto& state) {
    state.next_due_at = due_at;
    state.extra.write().failed_dependency = failed;
  });
}

/// Tells the jobs that depend on the job of `run` that work of it has ended.
template <class RunT>
void tell_dependents(MemoryTables<RunT>& tables, const BasicMemoryRun<RunT>& run) {
  const bool is_dependency_failure =
      run.status == JobStatus::skipped &&
      run.course->message_code == message_code::job_dependency_failed;
  if (!run.course->started_at && !is_dependency_failure) return;
  const bool is_well = ended_well(run);
  for (const auto& name : tables.dependents.members_of(run.job->name)) {
    auto& job = *tables.find_job(name);
    if (!job.enabled) continue;
    if (is_well) {
      auto& extra = job.extra.write();
      extra.done_dependencies.insert(run.job->name);
      if (extra.done_dependencies.size() < extra.depends_on.size()) continue;
    }
    arm_dependent(tables, job, *run.course->completed_at, is_well ? std::string{} : run.job->name);
  }
}

/// Tells the runs that wait for the work of `run` that it has ended.
template <class RunT>
void tell_waiting(MemoryTables<RunT>& tables, const BasicMemoryRun<RunT>& run) {
  const TimePoint ended_at = *run.course->completed_at;
  for (const RunId id : tables.waits.take(work_id(run))) {
    auto& waiting = *tables.find_run(id);
    if (ended_well(run)) {
      tables.wait_for_less(waiting, ended_at);
      continue;
    }
    write_dependency_failed(waiting.course.write(), ended_at);
    tables.end(waiting, JobStatus::skipped);
  }
}

/// Lets happen what follows from every end since the last time. After all rows of an operation are
/// stored: a later one may be the open run that an earlier one must not arm beside.
template <class RunT>
void settle_ends(MemoryTables<RunT>& tables) {
  while (const auto* run = tables.next_ended()) {
    arm_after_finish(tables, *run->job, *run->course->completed_at);
    if (tables.is_open_beside(*run)) continue;
    tell_waiting(tables, *run);
    tell_dependents(tables, *run);
  }
}

}  // namespace punctual::detail
