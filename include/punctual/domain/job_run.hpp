// SPDX-License-Identifier: MIT
//
// JobRun: one execution of a job, one row of the history. NewRun: one that is about to be stored.
//
// A retry is a row of its own, so history is written once and never rewritten. Fields follow the
// wire format; those of the lease (`node`, `fence`, `lease_until_at`) say who may write the rest.
//
// Thread-safety: values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/domain/rate_limit.hpp"

namespace punctual {

/// Identifies a run for ever, over all nodes. Sorts by creation.
using RunId = Uuid;

/// A run to be stored: pending, or at once `skipped` where a due instant is answered without one.
struct NewRun {
  RunId id{};
  std::string job_name{};
  JobStatus status = JobStatus::pending;  ///< pending or skipped
  RunTrigger trigger = RunTrigger::manual;
  std::string message_code{};         ///< of a skipped row
  std::string summary{};              ///< of a skipped row
  Json details = nullptr;             ///< of a skipped row
  std::optional<TimePoint> due_at{};  ///< the instant of the schedule that it answers
  TimePoint run_at{};                 ///< not claimed before
  std::string actor{};                ///< who asked for it
  std::string reason{};               ///< why
  std::uint32_t attempt = 1;
  std::optional<RunId> retry_of{};  ///< the first attempt
  int priority = 0;
  Json payload = nullptr;
  std::string unique_key{};  ///< one open run at a time per key; empty: none
  std::string concurrency_key{};
  std::uint32_t concurrency_max = 0;  ///< 0: no limit
  /// At most one exclusive run of a job is running at a time, over all nodes.
  bool exclusive = false;
  /// If another exclusive run of the job is open when this one is stored (running, or pending with
  /// its `run_at` reached), this one is stored as skipped / JOB_OVERLAPPED.
  bool skip_if_open = false;
  /// The same, but only if another exclusive run of the job waits already: is pending with its
  /// `run_at` reached.
  bool skip_if_waiting = false;
  /// Exclusive runs of the job that are running when this one is stored are ended by that: failed /
  /// JOB_CANCELLED, under the next fence.
  bool replaces_running = false;
  std::uint32_t abandon_count = 0;     ///< earlier attempts whose node went away
  std::uint32_t payload_version = 0;   ///< of the payload's type
  std::optional<RunId> workflow_id{};  ///< the workflow that it belongs to
  std::string step{};                  ///< its name there
  /// Pieces of work that have to end well before it can start, each named by any of its attempts.
  std::vector<RunId> after{};
  /// Of a retry: a token is taken from the bucket; `run_at` moves on to when there is one.
  KeyedRate pace{};
};

/// A stored run.
struct JobRun {
  RunId id{};
  std::string job_name{};
  JobStatus status = JobStatus::pending;
  RunTrigger trigger = RunTrigger::manual;
  std::string message_code{};
  std::string summary{};
  Json details = nullptr;
  std::optional<RunError> error{};
  std::optional<TimePoint> due_at{};
  TimePoint run_at{};
  TimePoint created_at{};
  std::optional<TimePoint> started_at{};
  std::optional<TimePoint> completed_at{};
  std::optional<Duration> duration{};  ///< of the body, by the monotonic clock
  std::string actor{};
  std::string reason{};
  std::uint32_t attempt = 1;
  std::optional<RunId> retry_of{};
  int priority = 0;
  Json payload = nullptr;
  std::string unique_key{};
  std::string concurrency_key{};
  std::uint32_t concurrency_max = 0;
  bool exclusive = false;
  std::string node{};       ///< the node that holds or held the lease
  std::uint64_t fence = 0;  ///< rises by one with every claim
  std::optional<TimePoint> lease_until_at{};
  bool cancel_requested = false;
  std::string cancel_actor{};
  double progress = 0.0;  ///< 0 to 1
  std::string progress_note{};
  std::uint32_t abandon_count = 0;
  std::uint32_t payload_version = 0;
  std::optional<RunId> workflow_id{};
  std::string step{};
  std::vector<RunId> after{};
  /// How many of `after` have not ended yet. While there are any, `run_at` is `time_max`.
  std::uint32_t waits_for = 0;
  /// What the body wrote: `{"lines": [{"at", "text"}], "dropped": n}`; null if nothing.
  Json log = nullptr;
};

/// True if work that waited for this run may start: it succeeded, or found nothing to do.
///
/// Requires: the run has ended, and is the last attempt of its work.
[[nodiscard]] inline bool ended_well(const JobRun& run) noexcept {
  return run.status == JobStatus::success ||
         (run.status == JobStatus::skipped && run.started_at.has_value());
}

/// True if the row answers several due instants, which nobody ran: its details say from which to
/// which.
[[nodiscard]] inline bool answers_many(const JobRun& run) noexcept {
  return run.status == JobStatus::skipped && !run.started_at &&
         (run.message_code == message_code::job_missed ||
          run.message_code == message_code::job_paused) &&
         run.details.is_object();
}

/// Returns the id of the first attempt, which names the work of all of them.
[[nodiscard]] inline RunId work_id(const JobRun& run) noexcept {
  return run.retry_of.value_or(run.id);
}

/// Returns the key by which pending runs are ordered: the moment they became ready, a minute
/// earlier per step of priority.
///
/// Because it is fixed when the run is stored, a run that waits long enough comes before any later
/// one of a higher priority, and an index can serve the order.
[[nodiscard]] constexpr TimePoint claim_order(TimePoint run_at, int priority) noexcept {
  return add_clamped(run_at, std::chrono::minutes{-priority});
}

/// Returns the row that storing `row` at `now` makes.
///
/// `NewRunT` is NewRun; as a template, it costs those who only include it little.
template <class NewRunT>
[[nodiscard]] JobRun to_run(const NewRunT& row, TimePoint now) {
  JobRun run;
  run.id = row.id;
  run.job_name = row.job_name;
  run.status = row.status;
  run.trigger = row.trigger;
  run.message_code = row.message_code;
  run.summary = row.summary;
  run.details = row.details;
  run.due_at = row.due_at;
  run.run_at = row.run_at;
  run.created_at = now;
  run.actor = row.actor;
  run.reason = row.reason;
  run.attempt = row.attempt;
  run.retry_of = row.retry_of;
  run.priority = row.priority;
  run.payload = row.payload;
  run.unique_key = row.unique_key;
  run.concurrency_key = row.concurrency_key;
  run.concurrency_max = row.concurrency_max;
  run.exclusive = row.exclusive;
  run.abandon_count = row.abandon_count;
  run.payload_version = row.payload_version;
  run.workflow_id = row.workflow_id;
  run.step = row.step;
  run.after = row.after;
  if (is_terminal(run.status)) run.completed_at = now;
  return run;
}

/// Wire: the seed's names in camelCase; times in ISO 8601; absent values are null, `details` and
/// `payload` as they are.
template <class BasicJson>
void to_json(BasicJson& json, const JobRun& run) {
  const auto time = [](const std::optional<TimePoint>& instant) -> BasicJson {
    return instant ? BasicJson(format_iso8601(*instant)) : BasicJson(nullptr);
  };
  const auto text = [](const std::string& value) -> BasicJson {
    return value.empty() ? BasicJson(nullptr) : BasicJson(value);
  };
  json = BasicJson::object();
  json["id"] = run.id;
  json["jobName"] = run.job_name;
  json["status"] = run.status;
  json["trigger"] = run.trigger;
  json["messageCode"] = text(run.message_code);
  json["summary"] = text(run.summary);
  json["details"] = run.details;
  json["errorCode"] = run.error ? BasicJson(run.error->code) : BasicJson(nullptr);
  json["errorMessage"] = run.error ? BasicJson(run.error->message) : BasicJson(nullptr);
  json["durationMs"] = run.duration ? BasicJson(run.duration->count()) : BasicJson(nullptr);
  json["dueAt"] = time(run.due_at);
  json["runAt"] = run.waits_for > 0 ? BasicJson(nullptr) : BasicJson(format_iso8601(run.run_at));
  json["createdAt"] = format_iso8601(run.created_at);
  json["startedAt"] = time(run.started_at);
  json["completedAt"] = time(run.completed_at);
  json["actor"] = text(run.actor);
  json["reason"] = text(run.reason);
  json["attempt"] = run.attempt;
  json["retryOf"] = run.retry_of ? BasicJson(*run.retry_of) : BasicJson(nullptr);
  json["priority"] = run.priority;
  json["payload"] = run.payload;
  json["uniqueKey"] = text(run.unique_key);
  json["concurrencyKey"] = text(run.concurrency_key);
  json["node"] = text(run.node);
  json["fence"] = run.fence;
  json["leaseUntilAt"] = time(run.lease_until_at);
  json["cancelRequested"] = run.cancel_requested;
  json["cancelActor"] = text(run.cancel_actor);
  json["progress"] = run.progress;
  json["progressNote"] = text(run.progress_note);
  json["abandonCount"] = run.abandon_count;
  json["payloadVersion"] = run.payload_version;
  json["workflowId"] = run.workflow_id ? BasicJson(*run.workflow_id) : BasicJson(nullptr);
  json["step"] = text(run.step);
  json["after"] = BasicJson::array();
  for (const auto& id : run.after) json["after"].push_back(id);
  json["waitsFor"] = run.waits_for;
  json["log"] = run.log;
}

}  // namespace punctual
