// SPDX-License-Identifier: MIT
//
// Lanes: the pending runs of one kind and priority, in claim order.
//
// A kind is what decides whether a run may start, so all runs of a kind may or none. The statements
// here step from lane to lane through an index: they cost what there are of lanes, not of runs.
//
// Thread-safety: values and pure functions.

#pragma once

#include <cstdint>
#include <string>

#include "punctual/postgres/query.hpp"

namespace punctual::postgres::detail {

struct RunKind {
  std::string job_name{};
  bool exclusive = false;
  std::string concurrency_key{};
  std::uint32_t concurrency_max = 0;
  std::int64_t number = 0;  ///< see `kind_of`
};

/// The columns of a kind, in the order in which `read_run_kind` reads them.
inline constexpr const char* run_kind_columns =
    "job_name, exclusive, concurrency_key, concurrency_max, kind";

[[nodiscard]] inline RunKind read_run_kind(Query& row) {
  RunKind kind;
  kind.job_name = row.text();
  kind.exclusive = row.boolean();
  kind.concurrency_key = row.text();
  kind.concurrency_max = row.number<std::uint32_t>();
  kind.number = row.integer();
  return kind;
}

/// A statement for the priorities that pending runs have.
inline constexpr const char* pending_priorities_sql = R"(
  WITH RECURSIVE lane (priority) AS (
    SELECT (SELECT priority FROM {}job_pending ORDER BY priority LIMIT 1)
    UNION ALL
    SELECT (SELECT priority FROM {}job_pending
      WHERE priority > lane.priority ORDER BY priority LIMIT 1)
    FROM lane WHERE lane.priority IS NOT NULL)
  SELECT priority FROM lane WHERE priority IS NOT NULL)";

/// A common table expression: `lane` with the columns of a kind, and `priority`.
///
/// Each step seeks the first run behind the lane: the tuple goes on with a claim order that is
/// above every run's.
inline constexpr const char* pending_lanes_cte = R"(
  lane (job_name, exclusive, concurrency_key, concurrency_max, kind, priority) AS (
    (SELECT job_name, exclusive, concurrency_key, concurrency_max, kind, priority
      FROM {}job_pending ORDER BY job_name, kind, priority LIMIT 1)
    UNION ALL
    SELECT next.* FROM lane CROSS JOIN LATERAL (
      SELECT job_name, exclusive, concurrency_key, concurrency_max, kind, priority
      FROM {}job_pending
      WHERE (job_name, kind, priority, claim_order) >
        (lane.job_name, lane.kind, lane.priority, 9223372036854775807)
      ORDER BY job_name, kind, priority, claim_order LIMIT 1) AS next))";

/// Returns a statement for the lanes that have runs.
[[nodiscard]] inline const std::string& pending_lanes_sql() {
  static const std::string sql = std::string{"WITH RECURSIVE "} + pending_lanes_cte + " SELECT " +
                                 run_kind_columns + ", priority FROM lane";
  return sql;
}

}  // namespace punctual::postgres::detail
