// SPDX-License-Identifier: MIT
//
// The tables, as the migrations that make them.
//
// Instants are INTEGER milliseconds since 1970 UTC, spans INTEGER milliseconds in columns `…_ms`,
// ids canonical UUIDs, `details`, `payload` and `schedule` JSON text; NULL where there is nothing,
// but for `concurrency_key`, which is compared together with others and so is empty.
//
// The indexes are partial wherever only open runs are looked for, so their size follows the work
// that is left, not the history.

#pragma once

#include <array>
#include <chrono>

#include "punctual/base/time.hpp"

namespace punctual::sqlite::detail {

struct Migration {
  const char* name;
  const char* sql;  ///< `{}` stands for the table prefix
};

/// The ledger: one row a job. Version 0 is a job of which runs came before the job itself.
inline constexpr const char* jobs_table_sql = R"(
CREATE TABLE {}jobs (
  name TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL DEFAULT 0,
  description TEXT NOT NULL DEFAULT '',
  schedule TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  paused_at INTEGER,
  paused_by TEXT,
  paused_reason TEXT,
  anchor_at INTEGER NOT NULL DEFAULT 0,
  next_due_at INTEGER,
  after_finish_delay_ms INTEGER,
  retention_period_ms INTEGER NOT NULL,
  retention_keep_last INTEGER NOT NULL,
  success_count INTEGER NOT NULL DEFAULT 0,
  failure_count INTEGER NOT NULL DEFAULT 0,
  skipped_count INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX {}jobs_armed ON {}jobs (next_due_at, name)
  WHERE enabled = 1 AND paused = 0 AND next_due_at IS NOT NULL;
)";

/// The history and the queue in one: one row a run.
///
/// The checks are spelt with OR: for a list SQLite would fill a table with it at every write.
inline constexpr const char* job_runs_table_sql = R"(
CREATE TABLE {}job_runs (
  id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
  job_name TEXT NOT NULL REFERENCES {}jobs (name),
  status TEXT NOT NULL CHECK (status = 'pending' OR status = 'running' OR status = 'success'
    OR status = 'failed' OR status = 'skipped'),
  message_code TEXT,
  summary TEXT,
  details TEXT,
  error_code TEXT,
  error_message TEXT,
  duration_ms INTEGER,
  started_at INTEGER,
  completed_at INTEGER,
  created_at INTEGER NOT NULL,
  due_at INTEGER,
  run_at INTEGER NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger = 'schedule' OR trigger = 'manual' OR trigger = 'startup'
    OR trigger = 'retry' OR trigger = 'dependency' OR trigger = 'backfill'),
  actor TEXT,
  reason TEXT,
  attempt INTEGER NOT NULL,
  retry_of TEXT,
  priority INTEGER NOT NULL,
  claim_order INTEGER NOT NULL,
  payload TEXT,
  unique_key TEXT,
  concurrency_key TEXT NOT NULL,
  concurrency_max INTEGER NOT NULL,
  exclusive INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
  node TEXT,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_until_at INTEGER,
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  cancel_actor TEXT,
  progress REAL NOT NULL DEFAULT 0,
  progress_note TEXT,
  CHECK ((status IN ('pending', 'running')) = (completed_at IS NULL)),
  CHECK (status <> 'running' OR lease_until_at IS NOT NULL)
) STRICT;

CREATE INDEX {}job_runs_history ON {}job_runs (job_name, id);
CREATE INDEX {}job_runs_status ON {}job_runs (status, id);
CREATE INDEX {}job_runs_ended ON {}job_runs (job_name, completed_at, id)
  WHERE completed_at IS NOT NULL;
CREATE INDEX {}job_runs_executed ON {}job_runs (job_name, id)
  WHERE completed_at IS NOT NULL AND started_at IS NOT NULL;
CREATE UNIQUE INDEX {}job_runs_first_attempts ON {}job_runs (job_name, due_at)
  WHERE attempt = 1 AND due_at IS NOT NULL;
CREATE UNIQUE INDEX {}job_runs_open_keys ON {}job_runs (unique_key)
  WHERE unique_key IS NOT NULL AND status IN ('pending', 'running');

CREATE INDEX {}job_runs_pending_order ON {}job_runs (priority, claim_order, id)
  WHERE status = 'pending';
CREATE INDEX {}job_runs_pending_lanes ON {}job_runs
  (job_name, exclusive, concurrency_key, concurrency_max, priority, claim_order, id)
  WHERE status = 'pending';
CREATE INDEX {}job_runs_pending_time ON {}job_runs (run_at, job_name) WHERE status = 'pending';
CREATE INDEX {}job_runs_pending_exclusive ON {}job_runs (job_name, run_at)
  WHERE status = 'pending' AND exclusive = 1;

CREATE INDEX {}job_runs_running_leases ON {}job_runs (lease_until_at, id)
  WHERE status = 'running';
CREATE INDEX {}job_runs_running_of_job ON {}job_runs (job_name, exclusive)
  WHERE status = 'running';
CREATE INDEX {}job_runs_running_keys ON {}job_runs (concurrency_key)
  WHERE status = 'running' AND concurrency_max > 0;
)";

/// What runs wait for, and how fast they may start.
///
/// `job_dependencies` has a row for each job that another depends on, and whether it has ended well
/// since the other was armed last. `run_edges` has one for each run and each work that it waits
/// for, named by its first attempt, until that has ended. A bucket that has no row is full.
inline constexpr const char* dependencies_sql = R"(
ALTER TABLE {}jobs ADD COLUMN epoch_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {}jobs ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {}jobs ADD COLUMN depends_on TEXT NOT NULL DEFAULT '[]';
ALTER TABLE {}jobs ADD COLUMN failed_dependency TEXT;
UPDATE {}jobs SET epoch_at = max(anchor_at, coalesce(next_due_at, anchor_at)),
  seen_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000;

ALTER TABLE {}job_runs ADD COLUMN abandon_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {}job_runs ADD COLUMN payload_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {}job_runs ADD COLUMN workflow_id TEXT;
ALTER TABLE {}job_runs ADD COLUMN step TEXT;
ALTER TABLE {}job_runs ADD COLUMN after_ids TEXT;
ALTER TABLE {}job_runs ADD COLUMN waits_for INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {}job_runs ADD COLUMN log TEXT;
CREATE INDEX {}job_runs_attempts ON {}job_runs (retry_of, attempt) WHERE retry_of IS NOT NULL;
CREATE INDEX {}job_runs_workflows ON {}job_runs (workflow_id, id) WHERE workflow_id IS NOT NULL;

CREATE TABLE {}job_dependencies (
  job_name TEXT NOT NULL REFERENCES {}jobs (name),
  prerequisite TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
  PRIMARY KEY (job_name, prerequisite)
) STRICT, WITHOUT ROWID;
CREATE INDEX {}job_dependencies_prerequisites ON {}job_dependencies (prerequisite);

CREATE TABLE {}run_edges (
  prerequisite TEXT NOT NULL,
  dependent TEXT NOT NULL,
  PRIMARY KEY (prerequisite, dependent)
) STRICT, WITHOUT ROWID;

CREATE TABLE {}buckets (
  key TEXT PRIMARY KEY NOT NULL,
  full_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)";

/// Rows whose id was made more than an hour away from when they were stored; see RunPage.
inline constexpr const char* created_apart_sql =
    "(id < printf('%08x-%04x', (created_at - 3600000) >> 16, (created_at - 3600000) & 65535)"
    " OR id >= printf('%08x-%04x', (created_at + 3600000) >> 16, (created_at + 3600000) & 65535))";

/// Rows whose id was made more than an hour away from the instant that they answer.
inline constexpr const char* due_apart_sql =
    "due_at IS NOT NULL"
    " AND (id < printf('%08x-%04x', (due_at - 3600000) >> 16, (due_at - 3600000) & 65535)"
    " OR id >= printf('%08x-%04x', (due_at + 3600000) >> 16, (due_at + 3600000) & 65535))";

/// What finds pages of the history whatever is asked for; see RunPage. Rows of a status are found
/// by their shapes, too.
inline constexpr const char* pages_sql = R"(
DROP INDEX {}job_runs_status;
CREATE INDEX {}job_runs_shapes ON {}job_runs (status, coalesce(message_code, ''), trigger, id);
CREATE INDEX {}job_runs_created_apart ON {}job_runs (created_at) WHERE
  (id < printf('%08x-%04x', (created_at - 3600000) >> 16, (created_at - 3600000) & 65535)
   OR id >= printf('%08x-%04x', (created_at + 3600000) >> 16, (created_at + 3600000) & 65535));
CREATE INDEX {}job_runs_due_apart ON {}job_runs (due_at) WHERE due_at IS NOT NULL
  AND (id < printf('%08x-%04x', (due_at - 3600000) >> 16, (due_at - 3600000) & 65535)
   OR id >= printf('%08x-%04x', (due_at + 3600000) >> 16, (due_at + 3600000) & 65535));
)";

/// The span that the two indexes above go by.
inline constexpr Duration apart_min = std::chrono::hours{1};

/// In the order in which they are applied; migration i leads to version i + 1. Never changed once
/// released: whoever has the older tables gets a further one.
inline constexpr std::array<Migration, 4> migrations{{
    {"jobs", jobs_table_sql},
    {"job_runs", job_runs_table_sql},
    {"dependencies", dependencies_sql},
    {"pages", pages_sql},
}};

inline constexpr int schema_version_latest = static_cast<int>(migrations.size());

}  // namespace punctual::sqlite::detail
