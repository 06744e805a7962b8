// SPDX-License-Identifier: MIT
//
// The history half of postgres::Storage: summing up and pruning runs. Finding them: run_pages.hpp.
//
// Thread-safety: as the Connection. Only `forget_runs` writes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_pages.hpp"
#include "punctual/postgres/run_rows.hpp"

namespace punctual::postgres::detail {

[[nodiscard]] inline std::vector<JobSummary> summarize_jobs(Connection& connection) {
  static const std::string sql =
      "SELECT name, description, enabled, paused, paused_by, paused_reason, schedule, next_due_at,"
      " coalesce(success_sum, 0)::bigint, coalesce(failure_sum, 0)::bigint,"
      " coalesce(skipped_sum, 0)::bigint, anchor_at, epoch_at, depends_on,"
      " id IS NOT NULL, " +
      run_columns(false) +
      " FROM {}jobs LEFT JOIN (SELECT job_name AS counted, sum(success_count) AS success_sum,"
      "  sum(failure_count) AS failure_sum, sum(skipped_count) AS skipped_sum"
      "  FROM {}job_counts GROUP BY job_name) AS counts ON counted = name"
      " LEFT JOIN LATERAL (SELECT * FROM {}job_history WHERE job_name = name"
      "  AND started_at IS NOT NULL ORDER BY job_name DESC, id DESC LIMIT 1) AS last ON true"
      " WHERE version > 0 ORDER BY name";
  std::vector<JobSummary> summaries;
  Query row{connection, sql};
  while (row.step()) {
    JobSummary job;
    job.name = row.text();
    job.description = row.text();
    job.enabled = row.boolean();
    job.paused = row.boolean();
    job.paused_by = row.text();
    job.paused_reason = row.text();
    job.schedule = row.json();
    job.next_run_at = row.optional_instant();
    if (!job.enabled || job.paused) job.next_run_at.reset();
    job.success_count = static_cast<std::uint64_t>(row.integer());
    job.failure_count = static_cast<std::uint64_t>(row.integer());
    job.skipped_count = static_cast<std::uint64_t>(row.integer());
    job.run_count = job.success_count + job.failure_count + job.skipped_count;
    job.anchor_at = row.instant();
    job.epoch_at = row.instant();
    for (const auto& name : row.json()) {
      if (name.is_string()) job.depends_on.push_back(name.get<std::string>());
    }
    if (row.boolean()) job.last_run = read_run(row);
    summaries.push_back(std::move(job));
  }
  return summaries;
}

/// Returns the lowest id among the newest `keep_last` ended runs of the job; nullopt if there are
/// fewer.
[[nodiscard]] inline std::optional<RunId> first_kept_id(Connection& connection,
                                                        const std::string& job_name,
                                                        std::size_t keep_last) {
  if (keep_last == 0) return above_every_id;
  Query query{connection,
              "SELECT id FROM {}job_history"
              " WHERE job_name = ? ORDER BY job_name DESC, id DESC LIMIT 1 OFFSET ?"};
  if (!query.bind(job_name, std::uint64_t{keep_last - 1}).step()) return std::nullopt;
  return query.id();
}

/// Returns up to `limit` runs of the job that ended before its retention, the longest ended first.
[[nodiscard]] inline std::vector<RunId> find_prunable_of(Connection& connection,
                                                         const std::string& job_name,
                                                         const RetentionPolicy& retention,
                                                         std::size_t limit, TimePoint now) {
  static constexpr const char* sql =
      "SELECT id FROM {}job_history WHERE job_name = ? AND completed_at < ? AND id < ?"
      " ORDER BY completed_at, id LIMIT ?";
  const TimePoint kept_from = add_clamped(now, -retention.period);
  const auto find = [&](RunId below, std::size_t count) {
    std::vector<RunId> ids;
    Query query{connection, sql};
    query.bind(job_name, kept_from, below, std::uint64_t{count});
    while (query.step()) ids.push_back(query.id());
    return ids;
  };
  if (find(above_every_id, 1).empty()) return {};  // nothing is old: the newest need not be counted
  const auto first_kept = first_kept_id(connection, job_name, retention.keep_last);
  return first_kept ? find(*first_kept, limit) : std::vector<RunId>{};
}

/// Returns up to `limit` ended runs that their job's retention keeps no longer. Reads only.
///
/// What it returns stays prunable: ended runs do not change, and newer ones only push them down.
[[nodiscard]] inline std::vector<RunId> find_prunable(Connection& connection, std::size_t limit,
                                                      TimePoint now) {
  std::vector<RunId> found;
  Query job{connection,
            "SELECT name, retention_period_ms, retention_keep_last FROM {}jobs ORDER BY name"};
  while (found.size() < limit && job.step()) {
    const std::string name = job.text();
    RetentionPolicy retention;
    retention.period = Duration{job.integer()};
    retention.keep_last = static_cast<std::size_t>(job.integer());
    auto ids = find_prunable_of(connection, name, retention, limit - found.size(), now);
    found.insert(found.end(), ids.begin(), ids.end());
  }
  return found;
}

/// Removes runs that have ended; returns how many were there. Counters stay.
[[nodiscard]] inline std::size_t forget_runs(Connection& connection,
                                             const std::vector<RunId>& ids) {
  Query gone{
      connection,
      "WITH gone AS (DELETE FROM {}job_history WHERE id = ANY(?) RETURNING *),"
      " freed AS (DELETE FROM {}job_instants AS i USING gone WHERE i.job_name = gone.job_name"
      "  AND i.due_at = gone.due_at AND i.run_id = gone.id)"
      " SELECT count(*) FROM gone"};
  return gone.bind(ids).step() ? static_cast<std::size_t>(gone.integer()) : 0;
}

}  // namespace punctual::postgres::detail
