// SPDX-License-Identifier: MIT
//
// When there is something to do next, in one statement: an idle scheduler asks nothing else.
//
// Thread-safety: as the Connection.

#pragma once

#include <string>

#include "punctual/domain/ledger.hpp"
#include "punctual/postgres/pending_lanes.hpp"
#include "punctual/postgres/query.hpp"

namespace punctual::postgres::detail {

/// Returns the earliest instants with something to do for `jobs`.
///
/// The earliest pending runs are nearly always some of these jobs', so the first hundred are looked
/// through. Behind a longer backlog of paused or unknown jobs it is searched lane by lane.
[[nodiscard]] inline WakeTimes next_wake(Connection& connection, const JobNames& jobs) {
  static const std::string sql = std::string{"WITH RECURSIVE "} + pending_lanes_cte + R"(
    SELECT
      (SELECT next_due_at FROM {}jobs
        WHERE enabled AND NOT paused AND next_due_at IS NOT NULL AND name = ANY(?1::text[])
        ORDER BY next_due_at LIMIT 1),
      coalesce(
        (SELECT min(run_at) FROM (
            SELECT job_name, run_at FROM {}job_runs
            WHERE status = 'pending' ORDER BY run_at LIMIT 100) AS early
          WHERE job_name = ANY(?1::text[])
          AND NOT EXISTS (SELECT 1 FROM {}jobs WHERE name = early.job_name AND paused)),
        (SELECT min((
            SELECT run_at FROM {}job_runs
            WHERE status = 'pending' AND job_name = lane.job_name AND exclusive = lane.exclusive
            AND concurrency_key = lane.concurrency_key AND concurrency_max = lane.concurrency_max
            AND priority = lane.priority ORDER BY claim_order LIMIT 1)) FROM lane
          WHERE job_name = ANY(?1::text[])
          AND NOT EXISTS (SELECT 1 FROM {}jobs WHERE name = lane.job_name AND paused))),
      (SELECT lease_until_at FROM {}job_runs
        WHERE status = 'running' AND job_name = ANY(?1::text[]) ORDER BY lease_until_at LIMIT 1))";
  Query query{connection, sql};
  query.bind(jobs);
  WakeTimes wake;
  if (!query.step()) return wake;
  wake.due_at = query.optional_instant();
  wake.run_at = query.optional_instant();
  if (wake.run_at == time_max) wake.run_at.reset();  // waits for the end of other runs
  wake.expires_at = query.optional_instant();
  return wake;
}

}  // namespace punctual::postgres::detail
