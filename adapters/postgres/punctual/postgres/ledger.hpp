// SPDX-License-Identifier: MIT
//
// The ledger half of postgres::Storage: the jobs' schedules, moved on by compare and set.
//
// Thread-safety: as the Connection. All but the readers require a transaction that writes.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_store.hpp"

namespace punctual::postgres::detail {

/// A job's row without its counters.
struct LedgerRow {
  ScheduleState state{};
  std::string description{};
  std::string schedule{};  ///< the schedule's JSON, as text
  std::optional<Duration> after_finish_delay{};
  RetentionPolicy retention{};
  std::string depends_on{};  ///< the names, as JSON text
  TimePoint seen_at{};

  /// Every change of the state raises its version.
  [[nodiscard]] bool same_as(const LedgerRow& other) const {
    return state.version == other.state.version && description == other.description &&
           schedule == other.schedule && after_finish_delay == other.after_finish_delay &&
           retention == other.retention && seen_at == other.seen_at;
  }
};

inline constexpr const char* schedule_state_columns =
    "name, version, enabled, paused, paused_at, anchor_at, next_due_at, epoch_at,"
    " failed_dependency";

[[nodiscard]] inline ScheduleState read_schedule_state(Query& row) {
  ScheduleState state;
  state.job_name = row.text();
  state.version = static_cast<std::uint64_t>(row.integer());
  state.enabled = row.boolean();
  state.paused = row.boolean();
  state.paused_at = row.optional_instant();
  state.anchor_at = row.instant();
  state.next_due_at = row.optional_instant();
  state.epoch_at = row.instant();
  state.failed_dependency = row.text();
  return state;
}

/// Returns the job's row, or a new one of version 0.
[[nodiscard]] inline LedgerRow read_ledger_row(Connection& connection, const std::string& name) {
  static const std::string sql =
      std::string{"SELECT "} + schedule_state_columns +
      ", description, schedule, after_finish_delay_ms, retention_period_ms, retention_keep_last,"
      " depends_on, seen_at FROM {}jobs WHERE name = ?";
  LedgerRow row;
  row.state.job_name = name;
  Query query{connection, sql};
  if (!query.bind(name).step()) return row;
  row.state = read_schedule_state(query);
  row.description = query.text();
  row.schedule = query.text();
  row.after_finish_delay = query.optional_span();
  row.retention.period = Duration{query.integer()};
  row.retention.keep_last = static_cast<std::size_t>(query.integer());
  row.depends_on = query.text();
  row.seen_at = query.instant();
  return row;
}

/// True if syncing `definition` arms the job anew: its epoch starts, and nothing that it depends on
/// has ended.
[[nodiscard]] inline bool is_rearmed(const LedgerRow& stored, const JobDefinition& definition) {
  return stored.state.version == 0 || stored.schedule != dump_json(definition.schedule) ||
         stored.depends_on != dump_json(definition.depends_on) ||
         (definition.enabled && !stored.state.enabled);
}

/// Returns what syncing `definition` makes of the job's row. The same one if nothing changes.
[[nodiscard]] inline LedgerRow synced(const LedgerRow& stored, const JobDefinition& definition,
                                      TimePoint now) {
  LedgerRow row = stored;
  if (definition.reads_only) return row;
  row.description = definition.description;
  row.schedule = dump_json(definition.schedule);
  row.after_finish_delay = definition.after_finish_delay;
  row.retention = definition.retention;
  row.depends_on = dump_json(definition.depends_on);
  if (now < stored.seen_at || now - stored.seen_at >= seen_period) row.seen_at = now;
  const bool rearms = is_rearmed(stored, definition);
  if (rearms) {
    row.state.anchor_at = definition.anchor_at;
    row.state.next_due_at = definition.next_due_at;
    row.state.epoch_at = now;
    row.state.failed_dependency.clear();
  }
  if (rearms || definition.enabled != stored.state.enabled) ++row.state.version;
  row.state.enabled = definition.enabled;
  return row;
}

/// Writes whom the job depends on; none of them has ended yet as far as it is concerned.
inline void write_dependencies(Connection& connection, const JobDefinition& job) {
  Query{connection, "DELETE FROM {}job_dependencies WHERE job_name = ?"}.bind(job.name).run();
  for (const auto& prerequisite : job.depends_on) {
    Query{connection, "INSERT INTO {}job_dependencies (job_name, prerequisite) VALUES (?, ?)"}
        .bind(job.name, prerequisite)
        .run();
  }
}

inline void write_ledger_row(Connection& connection, const LedgerRow& row) {
  ensure_job(connection, row.state.job_name);
  Query{connection,
        "UPDATE {}jobs SET version = ?, enabled = ?, anchor_at = ?, next_due_at = ?,"
        " description = ?, schedule = ?, after_finish_delay_ms = ?, retention_period_ms = ?,"
        " retention_keep_last = ?, epoch_at = ?, failed_dependency = ?, depends_on = ?, seen_at = ?"
        " WHERE name = ?"}
      .bind(row.state.version, row.state.enabled, row.state.anchor_at, row.state.next_due_at,
            row.description, row.schedule, row.after_finish_delay, row.retention.period,
            std::uint64_t{row.retention.keep_last}, row.state.epoch_at,
            Text{row.state.failed_dependency}, row.depends_on, row.seen_at, row.state.job_name)
      .run();
}

/// Returns the jobs' states if syncing them would change nothing, else nullopt.
[[nodiscard]] inline std::optional<std::vector<ScheduleState>> read_synced_jobs(
    Connection& connection, const std::vector<JobDefinition>& definitions, TimePoint now) {
  std::vector<ScheduleState> states;
  states.reserve(definitions.size());
  for (const auto& definition : definitions) {
    const LedgerRow stored = read_ledger_row(connection, definition.name);
    if (!synced(stored, definition, now).same_as(stored)) return std::nullopt;
    states.push_back(stored.state);
  }
  return states;
}

[[nodiscard]] inline std::vector<ScheduleState> sync_jobs(
    Connection& connection, const std::vector<JobDefinition>& definitions, TimePoint now) {
  std::vector<ScheduleState> states;
  states.reserve(definitions.size());
  for (const auto& definition : definitions) {
    const LedgerRow stored = read_ledger_row(connection, definition.name);
    const LedgerRow row = synced(stored, definition, now);
    if (!row.same_as(stored)) write_ledger_row(connection, row);
    if (is_rearmed(stored, definition)) write_dependencies(connection, definition);
    states.push_back(row.state);
  }
  return states;
}

/// Those that somebody moves on just now are left out.
[[nodiscard]] inline std::vector<ScheduleState> due_schedules(Connection& connection,
                                                              const JobNames& jobs,
                                                              std::size_t limit, TimePoint now) {
  static const std::string sql =
      std::string{"SELECT "} + schedule_state_columns +
      " FROM {}jobs"
      " WHERE enabled AND NOT paused AND next_due_at IS NOT NULL AND next_due_at <= ?"
      " AND name = ANY(?::text[]) ORDER BY next_due_at, name LIMIT ?"
      " FOR NO KEY UPDATE SKIP LOCKED";
  std::vector<ScheduleState> states;
  Query query{connection, sql};
  query.bind(now, jobs, std::uint64_t{limit});
  while (query.step()) states.push_back(read_schedule_state(query));
  return states;
}

[[nodiscard]] inline AdvanceAnswer advance(Connection& connection, const Advance& change,
                                           TimePoint now) {
  Query{connection,
        "UPDATE {}jobs SET next_due_at = ?, failed_dependency = NULL,"
        " epoch_at = coalesce(?, epoch_at), version = version + 1 WHERE name = ? AND version = ?"}
      .bind(change.next_due_at, change.epoch_at, change.job_name, change.version)
      .run();
  AdvanceAnswer answer;
  answer.advanced = connection.change_count() > 0;
  if (!answer.advanced) return answer;
  for (const auto& row : change.rows) {
    if (store_run(connection, row, now) == Stored::answered) ++answer.conflict_count;
  }
  rearm(connection, change.job_name, now);
  rearm_each(connection, change.rows, now);
  return answer;
}

[[nodiscard]] inline bool set_paused(Connection& connection, const PauseChange& change,
                                     TimePoint now) {
  static const std::string nobody;
  Query{connection,
        "UPDATE {}jobs SET paused = ?1, paused_at = ?2, paused_by = ?3, paused_reason = ?4,"
        " failed_dependency = CASE WHEN ?1 OR next_due_at IS NOT DISTINCT FROM ?5"
        " THEN failed_dependency END,"
        " next_due_at = CASE WHEN ?1 THEN next_due_at ELSE ?5 END, version = version + 1"
        " WHERE name = ?6 AND version = ?7"}
      .bind(change.paused, change.paused ? std::optional{now} : std::nullopt,
            Text{change.paused ? change.actor : nobody},
            Text{change.paused ? change.reason : nobody}, change.next_due_at, change.job_name,
            change.version)
      .run();
  if (connection.change_count() == 0) return false;
  for (const auto& row : change.rows) store_run(connection, row, now);
  rearm_each(connection, change.rows, now);
  return true;
}

}  // namespace punctual::postgres::detail
