// SPDX-License-Identifier: MIT
//
// MemoryRun: one run of InMemoryStorage, in as few bytes as an ordinary pending one needs.
//
// A million of them are to fit. What every run has stands in the row; limits, what few runs are
// given, and what happens to a run once it starts are parts that are there only where written.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_optional_time.hpp"
#include "punctual/builtin/memory_part.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT>
struct BasicMemoryRun {
  using Id = Late<RunId, RunT>;
  using Text = Late<std::string, RunT>;
  using Value = Late<Json, RunT>;

  struct Limit {
    std::uint32_t max = 0;
    Text key{};
  };

  /// What few runs are given.
  struct Extra {
    Text actor{};
    Text reason{};
    std::optional<Id> retry_of{};
    Value payload = nullptr;
    std::uint32_t payload_version = 0;
    std::uint32_t abandon_count = 0;
    Text unique_key{};
    std::optional<Id> workflow_id{};
    Text step{};
    std::vector<Id> after{};
    std::uint32_t waits_for = 0;
  };

  /// What few runs are told meanwhile, or leave behind.
  struct Remarks {
    Value details = nullptr;
    std::optional<RunError> error{};
    Value log = nullptr;
    double progress = 0.0;
    Text progress_note{};
    Text cancel_actor{};
    bool cancel_requested = false;
  };

  /// What has happened to a run since it was stored.
  struct Course {
    OptionalTime started_at{};
    OptionalTime completed_at{};
    OptionalTime lease_until_at{};
    std::uint64_t fence = 0;
    Text node{};
    std::optional<Duration> duration{};
    Text message_code{};
    Text summary{};
    MemoryPart<Remarks> remarks{};
  };

  explicit BasicMemoryRun(Id its_id, BasicMemoryJob<RunT>& its_job)
      : id(its_id),
        job(&its_job),
        job_number(its_job.number) {}

  Id id;
  BasicMemoryJob<RunT>* job;
  TimePoint run_at{};
  TimePoint created_at{};
  OptionalTime due_at{};
  MemoryPart<Limit> limit{};
  MemoryPart<Extra> extra{};
  MemoryPart<Course> course{};
  std::uint32_t job_number;  ///< here too, for what orders rows would look it up all the time
  std::uint32_t attempt = 1;
  int priority = 0;
  JobStatus status = JobStatus::pending;
  RunTrigger trigger = RunTrigger::manual;
  bool exclusive = false;

  [[nodiscard]] bool has_ended() const noexcept { return is_terminal(status); }
  [[nodiscard]] bool is_first_answer() const noexcept { return due_at && attempt == 1; }
};

/// As for a JobRun.
template <class RunT>
[[nodiscard]] bool ended_well(const BasicMemoryRun<RunT>& run) {
  return run.status == JobStatus::success ||
         (run.status == JobStatus::skipped && run.course->started_at.has_value());
}

/// As for a JobRun.
template <class RunT>
[[nodiscard]] RunId work_id(const BasicMemoryRun<RunT>& run) {
  return run.extra->retry_of.value_or(run.id);
}

/// What of a run stands in which part of its row, for comparing it with what a part reads as
/// anyway.
struct PartsOf {
  static auto extra(const auto& run) {
    return std::tie(run.actor, run.reason, run.retry_of, run.payload, run.payload_version,
                    run.abandon_count, run.unique_key, run.workflow_id, run.step, run.after,
                    run.waits_for);
  }
  static auto remarks(const auto& run) {
    return std::tie(run.details, run.error, run.log, run.progress, run.progress_note,
                    run.cancel_actor, run.cancel_requested);
  }
  static auto course(const auto& run) {
    return std::tie(run.started_at, run.completed_at, run.lease_until_at, run.fence, run.node,
                    run.duration, run.message_code, run.summary);
  }
};

/// Returns the row of a run of `job`.
template <class RunT>
[[nodiscard]] BasicMemoryRun<RunT> to_row(RunT run, BasicMemoryJob<RunT>& job) {
  static const RunT ordinary{};
  BasicMemoryRun<RunT> row{run.id, job};
  row.run_at = run.run_at;
  row.created_at = run.created_at;
  row.due_at = run.due_at;
  row.attempt = run.attempt;
  row.priority = run.priority;
  row.status = run.status;
  row.trigger = run.trigger;
  row.exclusive = run.exclusive;
  if (run.concurrency_max > 0 || !run.concurrency_key.empty()) {
    row.limit.write() = {.max = run.concurrency_max, .key = std::move(run.concurrency_key)};
  }
  if (PartsOf::extra(run) != PartsOf::extra(ordinary)) {
    row.extra.write() = {.actor = std::move(run.actor),
                         .reason = std::move(run.reason),
                         .retry_of = run.retry_of,
                         .payload = std::move(run.payload),
                         .payload_version = run.payload_version,
                         .abandon_count = run.abandon_count,
                         .unique_key = std::move(run.unique_key),
                         .workflow_id = run.workflow_id,
                         .step = std::move(run.step),
                         .after = std::move(run.after),
                         .waits_for = run.waits_for};
  }
  if (PartsOf::course(run) != PartsOf::course(ordinary)) {
    row.course.write() = {.started_at = run.started_at,
                          .completed_at = run.completed_at,
                          .lease_until_at = run.lease_until_at,
                          .fence = run.fence,
                          .node = std::move(run.node),
                          .duration = run.duration,
                          .message_code = std::move(run.message_code),
                          .summary = std::move(run.summary)};
  }
  if (PartsOf::remarks(run) != PartsOf::remarks(ordinary)) {
    row.course.write().remarks.write() = {.details = std::move(run.details),
                                          .error = std::move(run.error),
                                          .log = std::move(run.log),
                                          .progress = run.progress,
                                          .progress_note = std::move(run.progress_note),
                                          .cancel_actor = std::move(run.cancel_actor),
                                          .cancel_requested = run.cancel_requested};
  }
  return row;
}

/// Returns the run that `row` holds, without details, payload and log if they are not wanted.
template <class RunT>
[[nodiscard]] RunT to_job_run(const BasicMemoryRun<RunT>& row, bool with_details = true) {
  RunT run;
  run.id = row.id;
  run.job_name = row.job->name;
  run.status = row.status;
  run.trigger = row.trigger;
  run.due_at = row.due_at;
  run.run_at = row.run_at;
  run.created_at = row.created_at;
  run.attempt = row.attempt;
  run.priority = row.priority;
  run.exclusive = row.exclusive;
  run.concurrency_max = row.limit->max;
  run.concurrency_key = row.limit->key;

  if (row.extra.is_written()) {
    const auto& extra = *row.extra;
    run.actor = extra.actor;
    run.reason = extra.reason;
    run.retry_of = extra.retry_of;
    run.unique_key = extra.unique_key;
    run.abandon_count = extra.abandon_count;
    run.payload_version = extra.payload_version;
    run.workflow_id = extra.workflow_id;
    run.step = extra.step;
    run.after = extra.after;
    run.waits_for = extra.waits_for;
    if (with_details) run.payload = extra.payload;
  }
  if (!row.course.is_written()) return run;

  const auto& course = *row.course;
  run.message_code = course.message_code;
  run.summary = course.summary;
  run.started_at = course.started_at;
  run.completed_at = course.completed_at;
  run.duration = course.duration;
  run.node = course.node;
  run.fence = course.fence;
  run.lease_until_at = course.lease_until_at;
  if (!course.remarks.is_written()) return run;

  const auto& remarks = *course.remarks;
  run.error = remarks.error;
  run.cancel_requested = remarks.cancel_requested;
  run.cancel_actor = remarks.cancel_actor;
  run.progress = remarks.progress;
  run.progress_note = remarks.progress_note;
  if (!with_details) return run;
  run.details = remarks.details;
  run.log = remarks.log;
  return run;
}

using MemoryRun = BasicMemoryRun<JobRun>;

}  // namespace punctual::detail
