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
  if (!job.after_finish_delay || job.state.next_due_at || !job.open.empty() ||
      job.state.version == 0) {
    return;
  }
  tables.change_state(job, [&](ScheduleState& state) {
    state.next_due_at = add_clamped(ended_at, *job.after_finish_delay);
  });
}

/// Makes `names` the jobs that `job` depends on. What they did before counts no longer.
template <class RunT>
void set_dependencies(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job,
                      const JobNames& names) {
  const std::string& dependent = job.state.job_name;
  for (const auto& name : job.depends_on) tables.dependents.remove(name, dependent);
  for (const auto& name : names) tables.dependents.add(name, dependent);
  job.depends_on = names;
  job.done_dependencies.clear();
}

/// Arms a job whose prerequisites have ended, unless something is armed already: the one run to
/// come answers both. `failed` is the prerequisite that failed, empty if none did.
template <class RunT>
void arm_dependent(MemoryTables<RunT>& tables, BasicMemoryJob<RunT>& job, TimePoint ended_at,
                   const std::string& failed) {
  job.done_dependencies.clear();
  if (job.state.next_due_at) return;
  const TimePoint due_at =
      job.answered.empty()
          ? ended_at  // an instant is answered once: the next one lies behind the last
          : std::max(ended_at, add_clamped(job.answered.rbegin()->first, Duration{1}));
  tables.change_state(job, [&](ScheduleState& state) {
    state.next_due_at = due_at;
    state.failed_dependency = failed;
  });
}

/// Tells the jobs that depend on the job of `run` that work of it has ended.
template <class RunT>
void tell_dependents(MemoryTables<RunT>& tables, const RunT& run) {
  const bool is_dependency_failure =
      run.status == JobStatus::skipped && run.message_code == message_code::job_dependency_failed;
  if (!run.started_at && !is_dependency_failure) return;
  const bool is_well = ended_well(run);
  for (const auto& name : tables.dependents.members_of(run.job_name)) {
    auto& job = *tables.find_job(name);
    if (!job.state.enabled) continue;
    if (is_well) {
      job.done_dependencies.insert(run.job_name);
      if (job.done_dependencies.size() < job.depends_on.size()) continue;
    }
    arm_dependent(tables, job, *run.completed_at, is_well ? std::string{} : run.job_name);
  }
}

/// Tells the runs that wait for the work of `run` that it has ended.
template <class RunT>
void tell_waiting(MemoryTables<RunT>& tables, const RunT& run) {
  const TimePoint ended_at = *run.completed_at;
  for (const RunId id : tables.waits.take(work_id(run))) {
    RunT& waiting = *tables.find_run(id);
    if (--waiting.waits_for == 0) tables.make_ready(waiting, ended_at);
    if (ended_well(run)) continue;
    write_dependency_failed(waiting, ended_at);
    tables.end(waiting, JobStatus::skipped);
  }
}

/// Lets happen what follows from every end since the last time. After all rows of an operation are
/// stored: a later one may be the open run that an earlier one must not arm beside.
template <class RunT>
void settle_ends(MemoryTables<RunT>& tables) {
  while (const auto id = tables.next_ended()) {
    const RunT& run = *tables.find_run(*id);
    arm_after_finish(tables, tables.job_of(run.job_name), *run.completed_at);
    if (tables.is_open(work_id(run))) continue;
    tell_waiting(tables, run);
    tell_dependents(tables, run);
  }
}

}  // namespace punctual::detail
