// SPDX-License-Identifier: MIT
//
// How InMemoryStorage stores a new run: what speaks against it, what it takes the place of, what it
// has to wait for.
//
// Thread-safety: none; InMemoryStorage guards the tables.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

/// Returns the first attempt that answers the due instant of `row`, if one does already.
template <class RunT>
[[nodiscard]] std::optional<RunId> answer_of(MemoryTables<RunT>& tables, const NewRun& row) {
  if (!row.due_at || row.attempt != 1) return std::nullopt;
  const auto* job = tables.find_job(row.job_name);
  const auto* first = job == nullptr ? nullptr : tables.answers.find(*job, *row.due_at);
  return first == nullptr ? std::nullopt : std::optional{first->id};
}

/// Writes into a run, or into the course of one, that it will never start.
template <class CourseT>
void write_skip(CourseT& course, std::string_view code, const char* summary, TimePoint now) {
  course.message_code = std::string{code};
  course.summary = summary;
  course.completed_at = now;
}

template <class CourseT>
void write_dependency_failed(CourseT& course, TimePoint now) {
  write_skip(course, message_code::job_dependency_failed,
             "a run that it waits for did not end well", now);
}

/// Returns the open pieces of work that `ids` name; nullopt if one has ended otherwise than well,
/// or is not there.
template <class RunT>
[[nodiscard]] std::optional<LateVector<RunId, RunT>> open_works(MemoryTables<RunT>& tables,
                                                                const std::vector<RunId>& ids) {
  LateVector<RunId, RunT> works;
  for (const RunId id : ids) {
    const RunId work = tables.work_of(id);
    if (tables.is_open(work)) {
      works.push_back(work);
      continue;
    }
    const auto* last = tables.last_attempt(work);
    if (last == nullptr || !ended_well(*last)) return std::nullopt;
  }
  std::sort(works.begin(), works.end());
  works.erase(std::unique(works.begin(), works.end()), works.end());
  return works;
}

/// Ends the exclusive runs of the job that are running: another one takes their place.
template <class RunT>
void end_replaced(MemoryTables<RunT>& tables, const std::string& job_name, TimePoint now) {
  for (auto* run : tables.running.exclusive_of(tables.job_of(job_name))) {
    auto& course = run->course.write();
    const TimePoint started_at = course.started_at.value_or(now);
    ++course.fence;
    course.message_code = std::string{message_code::job_cancelled};
    course.summary = "replaced by the next run of the job";
    course.remarks.write().error = RunError{"CANCELLED", "another run took its place"};
    course.completed_at = std::max(now, started_at);
    course.duration = *course.completed_at - started_at;
    tables.end(*run, JobStatus::failed);
  }
}

/// Decides how a pending `run` made of `row` is stored: skipped, waiting, or for when.
template <class RunT>
[[nodiscard]] EnqueueAnswer::Kind place_run(MemoryTables<RunT>& tables, const NewRun& row,
                                            RunT& run, TimePoint now) {
  using Kind = EnqueueAnswer::Kind;
  const auto works = open_works(tables, row.after);
  if (!works) {
    run.status = JobStatus::skipped;
    write_dependency_failed(run, now);
    return Kind::stored;
  }
  if (row.replaces_running) end_replaced(tables, row.job_name, now);
  if (tables.overlaps(row, now)) {
    run.status = JobStatus::skipped;
    write_skip(run, message_code::job_overlapped,
               row.skip_if_open ? "another run of the job is still open"
                                : "another run of the job is waiting already",
               now);
    return Kind::overlapped;
  }
  if (!works->empty()) {
    run.waits_for = static_cast<std::uint32_t>(works->size());
    run.run_at = time_max;
    for (const RunId work : *works) tables.waits.add(run.id, work);
  } else if (row.pace.limit.max > 0) {
    run.run_at = tables.buckets.take(row.pace, row.run_at);
  }
  return Kind::stored;
}

/// Stores a row, unless its due instant is answered or an open run has its unique key. The caller
/// settles afterwards.
template <class RunT>
EnqueueAnswer store_run(MemoryTables<RunT>& tables, const NewRun& row, TimePoint now) {
  using Kind = EnqueueAnswer::Kind;
  if (const auto first = answer_of(tables, row)) return {Kind::duplicate, *first};
  const bool is_pending = row.status == JobStatus::pending;
  if (is_pending && !row.unique_key.empty()) {
    if (const auto open = tables.open_with_key(row.unique_key)) return {Kind::duplicate, *open};
  }
  RunT run = to_run(row, now);
  const Kind kind = is_pending ? place_run(tables, row, run, now) : Kind::stored;
  tables.insert(std::move(run));
  return {kind, row.id};
}

}  // namespace punctual::detail
