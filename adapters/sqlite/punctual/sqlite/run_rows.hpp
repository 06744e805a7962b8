// SPDX-License-Identifier: MIT
//
// Rows of `job_runs`: which column holds which field of a run.
//
// Thread-safety: as the Connection.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/sqlite/query.hpp"

namespace punctual::sqlite::detail {

/// The columns that `read_run` reads, but for its last three, which may be large.
inline constexpr const char* slim_run_columns = R"(
  id, job_name, status, trigger, message_code, summary, error_code, error_message, due_at, run_at,
  created_at, started_at, completed_at, duration_ms, actor, reason, attempt, retry_of, priority,
  unique_key, concurrency_key, concurrency_max, exclusive, node, fence, lease_until_at,
  cancel_requested, cancel_actor, progress, progress_note, abandon_count, payload_version,
  workflow_id, step, after_ids, waits_for, )";

/// Returns the columns that `read_run` reads.
[[nodiscard]] inline std::string run_columns(bool with_details = true) {
  return std::string{slim_run_columns} +
         (with_details ? "details, payload, log" : "NULL, NULL, NULL");
}

/// Returns the ids in a list of them; what is none is left out.
[[nodiscard]] inline std::vector<RunId> read_ids(const Json& list) {
  std::vector<RunId> ids;
  for (const auto& id : list) {
    const auto parsed = id.is_string() ? Uuid::parse(id.get<std::string>()) : std::nullopt;
    if (parsed) ids.push_back(*parsed);
  }
  return ids;
}

/// Reads a run from the next columns of `row`.
///
/// The table's checks let only known statuses and triggers in. Should one be unknown all the same,
/// the row is shown as failed, which nobody claims, rather than in the way of the others.
[[nodiscard]] inline JobRun read_run(Query& row) {
  JobRun run;
  run.id = row.optional_id().value_or(RunId{});
  run.job_name = row.text();
  run.status = parse_job_status(row.text()).value_or(JobStatus::failed);
  run.trigger = parse_run_trigger(row.text()).value_or(RunTrigger::manual);
  run.message_code = row.text();
  run.summary = row.text();
  auto error_code = row.optional_text();
  auto error_message = row.text();
  if (error_code) run.error = RunError{std::move(*error_code), std::move(error_message)};
  run.due_at = row.optional_instant();
  run.run_at = row.instant();
  run.created_at = row.instant();
  run.started_at = row.optional_instant();
  run.completed_at = row.optional_instant();
  run.duration = row.optional_span();
  run.actor = row.text();
  run.reason = row.text();
  run.attempt = row.number<std::uint32_t>();
  run.retry_of = row.optional_id();
  run.priority = row.number<int>();
  run.unique_key = row.text();
  run.concurrency_key = row.text();
  run.concurrency_max = row.number<std::uint32_t>();
  run.exclusive = row.boolean();
  run.node = row.text();
  run.fence = static_cast<std::uint64_t>(row.integer());
  run.lease_until_at = row.optional_instant();
  run.cancel_requested = row.boolean();
  run.cancel_actor = row.text();
  run.progress = row.real();
  run.progress_note = row.text();
  run.abandon_count = row.number<std::uint32_t>();
  run.payload_version = row.number<std::uint32_t>();
  run.workflow_id = row.optional_id();
  run.step = row.text();
  run.after = read_ids(row.json());
  run.waits_for = row.number<std::uint32_t>();
  run.details = row.json();
  run.payload = row.json();
  run.log = row.json();
  return run;
}

/// Returns the run with that id, in canonical text.
[[nodiscard]] inline std::optional<JobRun> read_run_by_id(Connection& connection,
                                                          const std::string& id) {
  static const std::string sql = "SELECT " + run_columns() + " FROM {}job_runs WHERE id = ?";
  Query query{connection, sql};
  return query.bind(id).step() ? std::optional{read_run(query)} : std::nullopt;
}

[[nodiscard]] inline std::optional<JobRun> find_run(Connection& connection, RunId id) {
  return read_run_by_id(connection, id.to_string());
}

[[nodiscard]] inline Error duplicate_run_id() {
  return Error{"DUPLICATE_RUN_ID", "a new run expects an id that no other run has"};
}

/// Stores a run that is pending or was answered at once.
///
/// Errors: DUPLICATE_RUN_ID -> another run has its id.
inline void insert_run(Connection& connection, const JobRun& run) {
  static constexpr const char* sql = R"(
    INSERT INTO {}job_runs (id, job_name, status, trigger, message_code, summary, details, due_at,
      run_at, created_at, completed_at, actor, reason, attempt, retry_of, priority, claim_order,
      payload, unique_key, concurrency_key, concurrency_max, exclusive, abandon_count,
      payload_version, workflow_id, step, after_ids, waits_for)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))";
  Query query{connection, sql};
  query.bind(run.id, run.job_name, to_string(run.status), to_string(run.trigger),
             Text{run.message_code}, Text{run.summary}, run.details, run.due_at, run.run_at,
             run.created_at, run.completed_at, Text{run.actor}, Text{run.reason}, run.attempt,
             run.retry_of, run.priority, claim_order(run.run_at, run.priority), run.payload,
             Text{run.unique_key}, run.concurrency_key, run.concurrency_max, run.exclusive,
             run.abandon_count, run.payload_version, run.workflow_id, Text{run.step},
             run.after.empty() ? Json(nullptr) : Json(run.after), run.waits_for);
  try {
    query.run();
  } catch (const SQLite::Exception& error) {
    if (error.getExtendedErrorCode() != SQLITE_CONSTRAINT_PRIMARYKEY) throw;
    throw duplicate_run_id();
  }
}

}  // namespace punctual::sqlite::detail
