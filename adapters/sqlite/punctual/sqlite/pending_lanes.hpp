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

#include "punctual/sqlite/query.hpp"

namespace punctual::sqlite::detail {

struct RunKind {
  std::string job_name{};
  bool exclusive = false;
  std::string concurrency_key{};
  std::uint32_t concurrency_max = 0;
};

/// Reads a kind from the next columns of `row`: job_name, exclusive, concurrency_key,
/// concurrency_max.
[[nodiscard]] inline RunKind read_run_kind(Query& row) {
  RunKind kind;
  kind.job_name = row.text();
  kind.exclusive = row.boolean();
  kind.concurrency_key = row.text();
  kind.concurrency_max = row.number<std::uint32_t>();
  return kind;
}

/// Returns a statement for the priorities that pending runs have.
[[nodiscard]] inline const std::string& pending_priorities_sql() {
  static const std::string pending =
      "SELECT priority FROM {}job_runs INDEXED BY {}job_runs_pending_order WHERE status = "
      "'pending'";
  static const std::string sql =
      "WITH RECURSIVE lane (priority) AS ("
      " SELECT (" +
      pending +
      " ORDER BY priority LIMIT 1)"
      " UNION ALL"
      " SELECT (" +
      pending +
      " AND priority > lane.priority ORDER BY priority LIMIT 1)"
      " FROM lane WHERE lane.priority IS NOT NULL)"
      " SELECT priority FROM lane WHERE priority IS NOT NULL";
  return sql;
}

/// Returns a common table expression: `lane` with the columns of a kind, and `priority`.
///
/// Two things keep SQLite from stepping through a lane's runs to come to the next one. The plus
/// signs take the columns' affinity away, with which it would use the index for the first column
/// alone. And it seeks a tuple's `>` as `>=`, so the tuple goes on with a claim order that is above
/// every run's.
[[nodiscard]] inline const std::string& pending_lanes_cte() {
  static const std::string columns =
      "job_name, exclusive, concurrency_key, concurrency_max, priority";
  static const std::string pending =
      " FROM {}job_runs INDEXED BY {}job_runs_pending_lanes WHERE status = 'pending'";
  static const std::string cte =
      "lane (" + columns +
      ") AS ("
      " SELECT * FROM (SELECT " +
      columns + pending + " ORDER BY " + columns +
      " LIMIT 1)"
      " UNION ALL"
      " SELECT following.job_name, following.exclusive, following.concurrency_key,"
      "  following.concurrency_max, following.priority"
      " FROM lane JOIN {}job_runs AS following ON following.rowid = (SELECT rowid" +
      pending + "  AND (" + columns +
      ", claim_order) > (+lane.job_name, +lane.exclusive,"
      "  +lane.concurrency_key, +lane.concurrency_max, +lane.priority, 9223372036854775807)"
      "  ORDER BY " +
      columns + " LIMIT 1))";
  return cte;
}

/// Returns a statement for the lanes that have runs.
[[nodiscard]] inline const std::string& pending_lanes_sql() {
  static const std::string sql = "WITH RECURSIVE " + pending_lanes_cte() +
                                 " SELECT job_name, exclusive, concurrency_key, concurrency_max,"
                                 " priority FROM lane";
  return sql;
}

}  // namespace punctual::sqlite::detail
