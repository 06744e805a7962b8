// SPDX-License-Identifier: MIT
//
// What happens around a run's row when it is stored and when it ends: what speaks against it, the
// job's counters, and the schedule that waits for the end.
//
// Thread-safety: as the Connection. Requires: inside a transaction that writes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/sqlite/query.hpp"
#include "punctual/sqlite/run_rows.hpp"

namespace punctual::sqlite::detail {

/// What became of a row that was to be stored.
enum class Stored : std::uint8_t {
  as_given,
  overlapped,  ///< as skipped / JOB_OVERLAPPED
  key_taken,   ///< not at all: an open run has the unique key
  answered,    ///< not at all: its due instant has a first attempt
};

/// Makes the job's row if there is none: runs may arrive before their job is synced.
inline void ensure_job(Connection& connection, const std::string& job_name) {
  const RetentionPolicy retention;
  Query{connection,
        "INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING"}
      .bind(job_name, retention.period, std::uint64_t{retention.keep_last})
      .run();
}

/// Returns the open run that has the unique key.
[[nodiscard]] inline std::optional<RunId> open_with_key(Connection& connection,
                                                        const std::string& unique_key) {
  Query query{connection,
              "SELECT id FROM {}job_runs"
              " WHERE unique_key = ? AND status IN ('pending', 'running')"};
  return query.bind(unique_key).step() ? query.optional_id() : std::nullopt;
}

/// Returns the first attempt at a due instant of the job.
[[nodiscard]] inline std::optional<RunId> first_attempt(Connection& connection,
                                                        const std::string& job_name,
                                                        TimePoint due_at) {
  Query query{connection,
              "SELECT id FROM {}job_runs WHERE job_name = ? AND due_at = ? AND attempt = 1"};
  return query.bind(job_name, due_at).step() ? query.optional_id() : std::nullopt;
}

/// True if an exclusive run of the job is running.
[[nodiscard]] inline bool has_running_exclusive(Connection& connection,
                                                const std::string& job_name) {
  Query query{connection,
              "SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_running_of_job"
              " WHERE status = 'running' AND job_name = ? AND exclusive = 1 LIMIT 1"};
  return query.bind(job_name).step();
}

/// True if an exclusive run of the job is pending with its `run_at` reached.
[[nodiscard]] inline bool has_waiting_exclusive(Connection& connection, const std::string& job_name,
                                                TimePoint now) {
  Query query{
      connection,
      "SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_pending_exclusive"
      " WHERE status = 'pending' AND exclusive = 1 AND job_name = ? AND run_at <= ? LIMIT 1"};
  return query.bind(job_name, now).step();
}

/// True if `row` asked to be skipped beside what is open.
[[nodiscard]] inline bool overlaps_open(Connection& connection, const NewRun& row, TimePoint now) {
  if (row.status != JobStatus::pending || !row.exclusive) return false;
  if (row.skip_if_open && has_running_exclusive(connection, row.job_name)) return true;
  return (row.skip_if_open || row.skip_if_waiting) &&
         has_waiting_exclusive(connection, row.job_name, now);
}

/// Arms a schedule that waits for the end of a run, once none of the job is open.
inline void rearm(Connection& connection, const std::string& job_name, TimePoint ended_at) {
  static constexpr const char* sql =
      "UPDATE {}jobs SET version = version + 1,"
      " next_due_at = max(?2, min(?3, ?4 + after_finish_delay_ms))"
      " WHERE name = ?1 AND after_finish_delay_ms IS NOT NULL AND next_due_at IS NULL"
      " AND version > 0"
      " AND NOT EXISTS (SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_pending_lanes"
      "   WHERE status = 'pending' AND job_name = ?1)"
      " AND NOT EXISTS (SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_running_of_job"
      "   WHERE status = 'running' AND job_name = ?1)";
  Query{connection, sql}.bind(job_name, time_min, time_max, ended_at).run();
}

/// Arms what the rows arm that were stored as ended.
///
/// After all of them: a later row may be the open run beside which an earlier one must not arm.
inline void rearm_each(Connection& connection, const std::vector<NewRun>& rows, TimePoint now) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].job_name == rows[i - 1].job_name) continue;
    rearm(connection, rows[i].job_name, now);
  }
}

/// Moves the job's counters on by a run that has ended.
inline void count_ended(Connection& connection, const std::string& job_name, JobStatus status) {
  Query{connection,
        "UPDATE {}jobs SET success_count = success_count + ?, failure_count = failure_count + ?,"
        " skipped_count = skipped_count + ? WHERE name = ?"}
      .bind(status == JobStatus::success, status == JobStatus::failed, status == JobStatus::skipped,
            job_name)
      .run();
}

/// Stores a row, pending, or skipped if it asked for that and an exclusive run is open. The caller
/// calls `rearm_each` afterwards.
///
/// Leaves out what would be a second open run of its key, or a second answer to its instant.
///
/// Errors: DUPLICATE_RUN_ID -> another run has its id.
inline Stored store_run(Connection& connection, const NewRun& row, TimePoint now) {
  if (row.due_at && row.attempt == 1 && first_attempt(connection, row.job_name, *row.due_at)) {
    return Stored::answered;
  }
  const bool is_pending = row.status == JobStatus::pending;
  if (is_pending && !row.unique_key.empty() && open_with_key(connection, row.unique_key)) {
    return Stored::key_taken;
  }
  ensure_job(connection, row.job_name);
  JobRun run = to_run(row, now);
  const bool overlaps = overlaps_open(connection, row, now);
  if (overlaps) {
    run.status = JobStatus::skipped;
    run.message_code = std::string{message_code::job_overlapped};
    run.summary = row.skip_if_open ? "another run of the job is still open"
                                   : "another run of the job is waiting already";
    run.completed_at = now;
  }
  insert_run(connection, run);
  if (is_terminal(run.status)) count_ended(connection, run.job_name, run.status);
  return overlaps ? Stored::overlapped : Stored::as_given;
}

}  // namespace punctual::sqlite::detail
