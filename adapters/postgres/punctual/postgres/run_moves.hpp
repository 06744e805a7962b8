// SPDX-License-Identifier: MIT
//
// How runs move from table to table. Each move is one statement, so a run is always in exactly one.
//
// Thread-safety: as the Connection. Requires: inside a transaction that writes.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_rows.hpp"
#include "punctual/postgres/schema.hpp"

namespace punctual::postgres::detail {

/// Returns a list of columns with some of them replaced by other expressions.
[[nodiscard]] inline std::string with_values(
    std::string columns,
    const std::vector<std::pair<std::string_view, std::string_view>>& replacements) {
  columns = ", " + columns + ",";
  for (const auto& [column, value] : replacements) {
    const std::string name = ", " + std::string{column} + ",";
    const auto at = columns.find(name);
    if (at != std::string::npos) {
      columns.replace(at, name.size(), ", " + std::string{value} + ",");
    }
  }
  return columns.substr(2, columns.size() - 3);
}

/// How a run ends.
struct RunEnd {
  JobStatus status = JobStatus::skipped;
  std::string_view message_code{};
  std::string summary{};
  std::optional<RunError> error{};
  std::optional<std::string> cancel_actor{};  ///< somebody cancelled it
};

/// Ends a pending run.
inline void end_pending(Connection& connection, RunId id, const RunEnd& end, TimePoint ended_at) {
  static const std::string sql =
      std::string{
          "WITH gone AS (DELETE FROM {}job_pending WHERE id = ?1 RETURNING *), freed AS ("
          "DELETE FROM {}job_keys AS k USING gone WHERE k.unique_key = gone.unique_key"
          " AND k.run_id = gone.id) INSERT INTO {}job_history ("} +
      run_request_columns + ", progress, status, completed_at," +
      " summary, error_code, error_message) SELECT " +
      with_values(run_request_columns, {{"message_code", "?2::text"},
                                        {"cancel_requested", "cancel_requested OR ?3"},
                                        {"cancel_actor", "coalesce(?4::text, cancel_actor)"}}) +
      ", 0, ?5, ?6, ?7::text, ?8::text, ?9::text FROM gone";
  static const std::string nobody;
  Query{connection, sql}
      .bind(id, end.message_code, end.cancel_actor.has_value(),
            Text{end.cancel_actor ? *end.cancel_actor : nobody}, to_string(end.status), ended_at,
            Text{end.summary}, end.error ? std::optional{end.error->code} : std::nullopt,
            Text{end.error ? end.error->message : nobody})
      .run();
}

/// Ends a running run, whoever has it, under the next fence.
inline void end_running(Connection& connection, RunId id, const RunEnd& end, TimePoint ended_at) {
  static const std::string sql =
      std::string{
          "WITH gone AS (DELETE FROM {}job_running WHERE id = ?1 RETURNING *), freed AS ("
          "DELETE FROM {}job_keys AS k USING gone WHERE k.unique_key = gone.unique_key"
          " AND k.run_id = gone.id) INSERT INTO {}job_history ("} +
      run_request_columns + ", " + run_lease_columns + ", status, completed_at, duration_ms," +
      " summary, error_code, error_message) SELECT " +
      with_values(run_request_columns, {{"message_code", "?2::text"}, {"fence", "fence + 1"}}) +
      ", " + run_lease_columns +
      ", ?3, ?4, ?4 - started_at, ?5::text, ?6::text, ?7::text FROM gone";
  static const std::string nothing;
  Query{connection, sql}
      .bind(id, end.message_code, to_string(end.status), ended_at, Text{end.summary},
            end.error ? std::optional{end.error->code} : std::nullopt,
            Text{end.error ? end.error->message : nothing})
      .run();
}

/// Records the end that the run's holder reported. Requires: it holds the lease.
inline void finish_running(Connection& connection, const Completion& completion,
                           TimePoint ended_at) {
  static const std::string sql =
      std::string{
          "WITH gone AS (DELETE FROM {}job_running WHERE id = ?1 RETURNING *), freed AS ("
          "DELETE FROM {}job_keys AS k USING gone WHERE k.unique_key = gone.unique_key"
          " AND k.run_id = gone.id) INSERT INTO {}job_history ("} +
      run_request_columns + ", " + run_lease_columns + ", " + run_end_columns + ") SELECT " +
      with_values(run_request_columns,
                  {{"message_code", "?2::text"}, {"log", "coalesce(?3::text, log)"}}) +
      ", " + run_lease_columns + ", ?4, ?5, ?6, ?7::text, ?8::text, ?9::text, ?10::text FROM gone";
  static const std::string no_message;
  const auto& error = completion.error;
  Query{connection, sql}
      .bind(completion.lease.run_id, Text{completion.message_code}, completion.log,
            to_string(completion.status), ended_at, completion.duration, Text{completion.summary},
            completion.details, error ? std::optional{error->code} : std::nullopt,
            Text{error ? error->message : no_message})
      .run();
}

/// Makes a running run pending again, if it is held under the fence; returns whether it was.
[[nodiscard]] inline bool release_running(Connection& connection, const LeaseRef& lease) {
  static const std::string sql =
      std::string{
          "WITH gone AS (DELETE FROM {}job_running WHERE id = ?1 AND fence = ?2 "
          "RETURNING *) INSERT INTO {}job_pending ("} +
      run_request_columns + ", kind, claim_order) SELECT " +
      with_values(run_request_columns, {{"message_code", "?3::text"}}) +
      ", ?4::bigint, greatest(?5, least(?6, run_at - priority * 60000)) FROM gone";
  Query kind_query{connection,
                   "SELECT exclusive, concurrency_key, concurrency_max FROM {}job_running"
                   " WHERE id = ? AND fence = ?"};
  if (!kind_query.bind(lease.run_id, lease.fence).step()) return false;
  JobRun run;
  run.exclusive = kind_query.boolean();
  run.concurrency_key = kind_query.text();
  run.concurrency_max = kind_query.number<std::uint32_t>();
  Query query{connection, sql};
  query
      .bind(lease.run_id, lease.fence, message_code::job_interrupted, kind_of(run), time_min,
            time_max)
      .run();
  return connection.change_count() > 0;
}

}  // namespace punctual::postgres::detail
