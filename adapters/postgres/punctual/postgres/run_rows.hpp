// SPDX-License-Identifier: MIT
//
// Rows of `job_runs`: which column holds which field of a run.
//
// Thread-safety: as the Connection.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/postgres/native_error.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/schema.hpp"

namespace punctual::postgres::detail {

/// The columns that `read_run` reads, but for its last three, which may be large.
inline constexpr const char* slim_run_columns = R"(
  id, job_name, status, trigger, message_code, summary, error_code, error_message, due_at, run_at,
  created_at, started_at, completed_at, duration_ms, actor, reason, attempt, retry_of, priority,
  unique_key, concurrency_key, concurrency_max, exclusive, node, fence, lease_until_at,
  cancel_requested, cancel_actor, progress, progress_note, abandon_count, payload_version,
  workflow_id, step, after_ids, waits_for, )";

/// Returns the columns that `read_run` reads, as `job_running` has them.
[[nodiscard]] inline std::string running_columns() {
  return "id, job_name, 'running', trigger, message_code, NULL, NULL, NULL, due_at, run_at,"
         " created_at, started_at, NULL, NULL, actor, reason, attempt, retry_of, priority,"
         " unique_key, concurrency_key, concurrency_max, exclusive, node, fence, lease_until_at,"
         " cancel_requested, cancel_actor, progress, progress_note, abandon_count, payload_version,"
         " workflow_id, step, after_ids, waits_for, NULL, payload, log";
}

/// Returns the number of what decides whether a run may start, 0 for what always may: of the runs
/// of a job, all with the same number may or none.
template <class Run>
[[nodiscard]] std::int64_t kind_of(const Run& run) {
  if (!run.exclusive && run.concurrency_max == 0) return 0;
  const std::string text = std::to_string(run.concurrency_max) + (run.exclusive ? "x" : "-") +
                           (run.concurrency_max > 0 ? run.concurrency_key : std::string{});
  return static_cast<std::int64_t>(text_hash(text) | 1U);
}

[[nodiscard]] inline Error duplicate_run_id() {
  return Error{"DUPLICATE_RUN_ID", "a new run expects an id that no other run has"};
}

/// NULL in place of 0.
[[nodiscard]] inline std::optional<std::uint32_t> unless_zero(std::uint32_t value) {
  return value == 0 ? std::nullopt : std::optional{value};
}

/// True if the server's message is about the ids of runs.
[[nodiscard]] inline bool is_about_run_ids(std::string_view message) {
  return message.find("job_runs_pkey") != std::string_view::npos ||
         message.find("job_pending_pkey") != std::string_view::npos;
}

/// Binds the values of `run_request_columns`.
inline void bind_request(Query& query, const JobRun& run) {
  query.bind(run.id, run.job_name, to_string(run.trigger), run.run_at, run.created_at, run.attempt,
             run.priority, run.exclusive, run.fence, run.due_at, run.retry_of,
             unless_zero(run.concurrency_max), unless_zero(run.abandon_count),
             unless_zero(run.payload_version), unless_zero(run.waits_for), run.workflow_id,
             run.payload, Text{run.actor}, Text{run.reason}, Text{run.unique_key},
             Text{run.concurrency_key}, Text{run.message_code}, run.log, Text{run.step},
             run.after.empty() ? Json(nullptr) : Json(run.after), run.cancel_requested,
             Text{run.cancel_actor});
}

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

[[nodiscard]] inline std::optional<JobRun> find_run(Connection& connection, RunId id) {
  static const std::string sql = "SELECT " + run_columns() + " FROM {}job_runs WHERE id = ?";
  Query query{connection, sql};
  return query.bind(id).step() ? std::optional{read_run(query)} : std::nullopt;
}

[[nodiscard]] inline bool has_run(Connection& connection, RunId id) {
  Query query{connection, "SELECT 1 FROM {}job_runs WHERE id = ?"};
  return query.bind(id).step();
}

/// Stores a pending run.
inline void insert_pending(Connection& connection, const JobRun& run) {
  static const std::string sql =
      std::string{"INSERT INTO {}job_pending ("} + run_request_columns +
      ", kind, claim_order) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, ?)";
  Query query{connection, sql};
  bind_request(query, run);
  query.bind(kind_of(run), claim_order(run.run_at, run.priority)).run();
}

/// Stores a run that was answered at once.
inline void insert_ended(Connection& connection, const JobRun& run) {
  static const std::string sql =
      std::string{"INSERT INTO {}job_history ("} + run_request_columns +
      ", progress, status, completed_at, summary, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)";
  Query query{connection, sql};
  bind_request(query, run);
  query.bind(to_string(run.status), run.completed_at, Text{run.summary}, run.details).run();
}

/// Stores a run that is pending or was answered at once.
///
/// Errors: DUPLICATE_RUN_ID -> another run has its id.
inline void insert_run(Connection& connection, const JobRun& run) {
  if (has_run(connection, run.id)) throw duplicate_run_id();
  if (is_terminal(run.status)) {
    insert_ended(connection, run);
  } else {
    insert_pending(connection, run);
  }
  if (run.due_at && run.attempt == 1) {
    Query{connection, "INSERT INTO {}job_instants VALUES (?, ?, ?)"}
        .bind(run.job_name, *run.due_at, run.id)
        .run();
  }
  if (!run.unique_key.empty() && !is_terminal(run.status)) {
    Query{connection, "INSERT INTO {}job_keys VALUES (?, ?)"}.bind(run.unique_key, run.id).run();
  }
}

}  // namespace punctual::postgres::detail
