// SPDX-License-Identifier: MIT
//
// What every end of a run moves on: the job's counters, and the schedule that waits for it.
//
// Thread-safety: as the Connection. Requires: inside a transaction that writes.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/postgres/query.hpp"

namespace punctual::postgres::detail {

/// How exactly is noted when a node was last there for a job, so that most syncs write nothing.
inline constexpr Duration seen_period = std::chrono::minutes{10};

/// The summary of rows that are skipped because of what they waited for.
inline constexpr const char* dependency_failed_summary = "a run that it waits for did not end well";

/// Arms a schedule that waits for the end of a run, once none of the job is open.
inline void rearm(Connection& connection, const std::string& job_name, TimePoint ended_at) {
  static constexpr const char* sql =
      "UPDATE {}jobs SET version = version + 1,"
      " next_due_at = greatest(?2, least(?3, ?4 + after_finish_delay_ms))"
      " WHERE name = ?1 AND after_finish_delay_ms IS NOT NULL AND next_due_at IS NULL"
      " AND version > 0"
      " AND NOT EXISTS (SELECT 1 FROM {}job_pending WHERE job_name = ?1)"
      " AND NOT EXISTS (SELECT 1 FROM {}job_running WHERE job_name = ?1)";
  Query{connection, sql}.bind(job_name, time_min, time_max, ended_at).run();
}

/// Draws the rows of counters together; returns nothing, for the sums stay the same.
///
/// Rows that another connection draws together just now are left to it.
inline void draw_counts_together(Connection& connection) {
  Query{connection,
        "WITH drawn AS (DELETE FROM {}job_counts WHERE ctid = ANY(ARRAY("
        " SELECT ctid FROM {}job_counts LIMIT 50000 FOR UPDATE SKIP LOCKED)) RETURNING *)"
        " INSERT INTO {}job_counts SELECT job_name, sum(success_count), sum(failure_count),"
        " sum(skipped_count) FROM drawn GROUP BY job_name"}
      .run(Phase::commit);
}

/// Moves the job's counters on by a run that has ended.
inline void count_ended(Connection& connection, const std::string& job_name, JobStatus status) {
  const auto one_if = [](bool is) { return std::int32_t{is ? 1 : 0}; };
  Query{connection, "INSERT INTO {}job_counts VALUES (?, ?, ?, ?)"}
      .bind(job_name, one_if(status == JobStatus::success), one_if(status == JobStatus::failed),
            one_if(status == JobStatus::skipped))
      .run();
}

}  // namespace punctual::postgres::detail
