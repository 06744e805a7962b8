// SPDX-License-Identifier: MIT
//
// Storing a run: what speaks against it, what it waits for, and what it takes the place of.
//
// Thread-safety: as the Connection. Requires: inside a transaction that writes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/postgres/buckets.hpp"
#include "punctual/postgres/counters.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_moves.hpp"
#include "punctual/postgres/run_rows.hpp"
#include "punctual/postgres/work_end.hpp"

namespace punctual::postgres::detail {

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
  Query query{connection, "SELECT run_id FROM {}job_keys WHERE unique_key = ?"};
  return query.bind(unique_key).step() ? query.optional_id() : std::nullopt;
}

/// Returns the first attempt at a due instant of the job.
[[nodiscard]] inline std::optional<RunId> first_attempt(Connection& connection,
                                                        const std::string& job_name,
                                                        TimePoint due_at) {
  Query query{connection, "SELECT run_id FROM {}job_instants WHERE job_name = ? AND due_at = ?"};
  return query.bind(job_name, due_at).step() ? query.optional_id() : std::nullopt;
}

/// True if an exclusive run of the job is running.
[[nodiscard]] inline bool has_running_exclusive(Connection& connection,
                                                const std::string& job_name) {
  Query query{connection, "SELECT 1 FROM {}job_running WHERE job_name = ? AND exclusive LIMIT 1"};
  return query.bind(job_name).step();
}

/// True if an exclusive run of the job is pending with its `run_at` reached.
[[nodiscard]] inline bool has_waiting_exclusive(Connection& connection, const std::string& job_name,
                                                TimePoint now) {
  Query query{connection,
              "SELECT 1 FROM {}job_pending"
              " WHERE exclusive AND job_name = ? AND run_at <= ? LIMIT 1"};
  return query.bind(job_name, now).step();
}

/// True if `row` asked to be skipped beside what is open.
[[nodiscard]] inline bool overlaps_open(Connection& connection, const NewRun& row, TimePoint now) {
  if (row.status != JobStatus::pending || !row.exclusive) return false;
  if (row.skip_if_open && has_running_exclusive(connection, row.job_name)) return true;
  return (row.skip_if_open || row.skip_if_waiting) &&
         has_waiting_exclusive(connection, row.job_name, now);
}

/// Arms what the rows arm that were stored as ended.
///
/// After all of them: a later row may be the open run beside which an earlier one must not arm.
inline void rearm_each(Connection& connection, const std::vector<NewRun>& rows, TimePoint now) {
  const NewRun* armed_by = nullptr;
  for (const auto& row : rows) {
    if (armed_by != nullptr && armed_by->job_name == row.job_name) continue;
    Query query{connection, "SELECT 1 FROM {}job_history WHERE id = ?"};
    if (!query.bind(row.id).step()) continue;
    rearm(connection, row.job_name, now);
    armed_by = &row;
  }
}

/// Ends the exclusive runs of the job that are running, whoever has them; returns them. The caller
/// notes the ends once what takes their place is stored: it may itself wait for one of them.
[[nodiscard]] inline std::vector<EndedAttempt> end_running_exclusive(Connection& connection,
                                                                     const std::string& job_name,
                                                                     TimePoint now) {
  static const std::string sql = std::string{"SELECT "} + run_columns(false) +
                                 " FROM {}job_runs"
                                 " WHERE status = 'running' AND job_name = ? AND exclusive";
  std::vector<JobRun> runs;
  {
    Query query{connection, sql};
    query.bind(job_name);
    while (query.step()) runs.push_back(read_run(query));
  }
  std::vector<EndedAttempt> ended;
  for (const auto& run : runs) {
    const TimePoint started_at = run.started_at.value_or(now);
    const TimePoint ended_at = std::max(now, started_at);
    RunEnd end;
    end.status = JobStatus::failed;
    end.message_code = message_code::job_cancelled;
    end.summary = "replaced by the next run of the job";
    end.error = RunError{"CANCELLED", "another run took its place"};
    end_running(connection, run.id, end, ended_at);
    count_ended(connection, job_name, JobStatus::failed);
    ended.push_back(ended_attempt(run, false));
  }
  return ended;
}

/// Returns the open works among those that are named; nullopt if one did not end well.
[[nodiscard]] inline std::optional<std::vector<RunId>> open_works(Connection& connection,
                                                                  const std::vector<RunId>& after) {
  std::vector<RunId> open;
  for (const RunId id : after) {
    const auto work = find_work(connection, id);
    const WorkState state = work_state(connection, work);
    if (state == WorkState::unknown || state == WorkState::ended_otherwise) return std::nullopt;
    if (state == WorkState::open) open.push_back(work);
  }
  return open;
}

/// Draws the edges from the works that the run waits for, and counts them.
inline void draw_edges(Connection& connection, JobRun& run, const std::vector<RunId>& works) {
  for (const RunId work : works) {
    Query{connection,
          "INSERT INTO {}run_edges (prerequisite, dependent) VALUES (?, ?) ON CONFLICT DO NOTHING"}
        .bind(work, run.id)
        .run();
    run.waits_for += connection.change_count() > 0 ? 1 : 0;
  }
  if (run.waits_for > 0) run.run_at = time_max;
}

/// Ends a run that is about to be stored as skipped.
inline void skip_at_once(JobRun& run, std::string_view code, const char* why, TimePoint now) {
  run.status = JobStatus::skipped;
  run.message_code = std::string{code};
  run.summary = why;
  run.completed_at = now;
}

/// Stores a row: pending, or skipped if it asked for that and an exclusive run is open, or if what
/// it waits for did not end well. The caller calls `rearm_each` afterwards.
///
/// Leaves out what would be a second open run of its key, or a second answer to its instant.
///
/// Errors: DUPLICATE_RUN_ID -> another run has its id.
inline Stored store_run(Connection& connection, const NewRun& row, TimePoint now) {
  const bool is_pending = row.status == JobStatus::pending;
  const bool is_answered =
      row.due_at && row.attempt == 1 && first_attempt(connection, row.job_name, *row.due_at);
  const bool is_key_taken =
      is_pending && !row.unique_key.empty() && open_with_key(connection, row.unique_key);
  if (is_answered || is_key_taken) {
    if (find_run(connection, row.id)) throw duplicate_run_id();
    return is_answered ? Stored::answered : Stored::key_taken;
  }
  ensure_job(connection, row.job_name);
  JobRun run = to_run(row, now);
  const auto works = open_works(connection, run.after);
  std::vector<EndedAttempt> replaced;
  bool overlaps = false;
  if (is_pending && !works) {
    skip_at_once(run, message_code::job_dependency_failed, dependency_failed_summary, now);
  } else if (is_pending) {
    if (row.replaces_running) replaced = end_running_exclusive(connection, row.job_name, now);
    overlaps = overlaps_open(connection, row, now);
    if (overlaps) {
      skip_at_once(run, message_code::job_overlapped,
                   row.skip_if_open ? "another run of the job is still open"
                                    : "another run of the job is waiting already",
                   now);
    } else {
      draw_edges(connection, run, *works);
      if (run.waits_for == 0 && row.pace.limit.max > 0) {
        run.run_at = take_token(connection, row.pace, run.run_at);
      }
    }
  }
  insert_run(connection, run);
  for (auto& end : replaced) note_end(connection, std::move(end), now);
  if (is_terminal(run.status)) {
    count_ended(connection, run.job_name, run.status);
    note_end(connection, ended_attempt(run, false), now);
  }
  return overlaps ? Stored::overlapped : Stored::as_given;
}

}  // namespace punctual::postgres::detail
