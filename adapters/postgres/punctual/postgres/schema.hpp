// SPDX-License-Identifier: MIT
//
// The tables, as the migrations that make them.
//
// Instants are bigint milliseconds since 1970 UTC, spans bigint milliseconds in columns `…_ms`,
// `details`, `payload`, `log` and `schedule` JSON as text, exactly as it came; NULL where there is
// nothing, but for `concurrency_key`, which is compared together with others and so is empty. Texts
// are compared by their bytes.
//
// The indexes are partial wherever only open runs are looked for, so their size follows the work
// that is left, not the history.

#pragma once

#include <array>

namespace punctual::postgres::detail {

struct Migration {
  const char* name;
  const char* sql;  ///< `{}` and `{index}` as Connection reads them
};

/// `jobs`: the ledger; version 0 is a job of which runs came before the job itself.
/// `job_runs`: the history and the queue in one.
/// `job_dependencies`: each job that another depends on, and whether it has ended well since the
/// other was armed last. `run_edges`: each run and each work that it waits for, named by its first
/// attempt, until that has ended. `buckets`: one that has no row is full.
inline constexpr const char* tables_sql = R"(
CREATE TABLE {}jobs (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0,
  description text NOT NULL DEFAULT '',
  schedule text COLLATE "C" NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  paused boolean NOT NULL DEFAULT false,
  paused_at bigint,
  paused_by text,
  paused_reason text,
  anchor_at bigint NOT NULL DEFAULT 0,
  next_due_at bigint,
  epoch_at bigint NOT NULL DEFAULT 0,
  seen_at bigint NOT NULL DEFAULT 0,
  depends_on text COLLATE "C" NOT NULL DEFAULT '[]',
  failed_dependency text,
  after_finish_delay_ms bigint,
  retention_period_ms bigint NOT NULL,
  retention_keep_last bigint NOT NULL,
  success_count bigint NOT NULL DEFAULT 0,
  failure_count bigint NOT NULL DEFAULT 0,
  skipped_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX {index}jobs_armed ON {}jobs (next_due_at, name)
  WHERE enabled AND NOT paused AND next_due_at IS NOT NULL;

CREATE TABLE {}job_runs (
  id uuid PRIMARY KEY,
  job_name text COLLATE "C" NOT NULL REFERENCES {}jobs (name),
  status text COLLATE "C" NOT NULL
    CHECK (status IN ('pending', 'running', 'success', 'failed', 'skipped')),
  message_code text COLLATE "C",
  summary text,
  details text,
  error_code text,
  error_message text,
  duration_ms bigint,
  started_at bigint,
  completed_at bigint,
  created_at bigint NOT NULL,
  due_at bigint,
  run_at bigint NOT NULL,
  trigger text COLLATE "C" NOT NULL
    CHECK (trigger IN ('schedule', 'manual', 'startup', 'retry', 'dependency', 'backfill')),
  actor text,
  reason text,
  attempt bigint NOT NULL,
  retry_of uuid,
  priority bigint NOT NULL,
  claim_order bigint NOT NULL,
  payload text,
  unique_key text COLLATE "C",
  concurrency_key text COLLATE "C" NOT NULL,
  concurrency_max bigint NOT NULL,
  exclusive boolean NOT NULL,
  node text,
  fence bigint NOT NULL DEFAULT 0,
  lease_until_at bigint,
  cancel_requested boolean NOT NULL DEFAULT false,
  cancel_actor text,
  progress double precision NOT NULL DEFAULT 0,
  progress_note text,
  abandon_count bigint NOT NULL DEFAULT 0,
  payload_version bigint NOT NULL DEFAULT 0,
  workflow_id uuid,
  step text,
  after_ids text,
  waits_for bigint NOT NULL DEFAULT 0,
  log text,
  CHECK ((status IN ('pending', 'running')) = (completed_at IS NULL)),
  CHECK (status <> 'running' OR lease_until_at IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX {index}job_runs_history ON {}job_runs (job_name, id);
CREATE INDEX {index}job_runs_status ON {}job_runs (status, id);
CREATE INDEX {index}job_runs_ended ON {}job_runs (job_name, completed_at, id)
  WHERE completed_at IS NOT NULL;
CREATE INDEX {index}job_runs_executed ON {}job_runs (job_name, id)
  WHERE completed_at IS NOT NULL AND started_at IS NOT NULL;
CREATE UNIQUE INDEX {index}job_runs_first_attempts ON {}job_runs (job_name, due_at)
  WHERE attempt = 1 AND due_at IS NOT NULL;
CREATE UNIQUE INDEX {index}job_runs_open_keys ON {}job_runs (unique_key)
  WHERE unique_key IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX {index}job_runs_attempts ON {}job_runs (retry_of, attempt)
  WHERE retry_of IS NOT NULL;
CREATE INDEX {index}job_runs_workflows ON {}job_runs (workflow_id, id)
  WHERE workflow_id IS NOT NULL;

CREATE INDEX {index}job_runs_pending_order ON {}job_runs (priority, claim_order, id)
  WHERE status = 'pending';
CREATE INDEX {index}job_runs_pending_lanes ON {}job_runs
  (job_name, exclusive, concurrency_key, concurrency_max, priority, claim_order, id)
  WHERE status = 'pending';
CREATE INDEX {index}job_runs_pending_time ON {}job_runs (run_at, job_name)
  WHERE status = 'pending';
CREATE INDEX {index}job_runs_running_leases ON {}job_runs (lease_until_at, id)
  WHERE status = 'running';
CREATE INDEX {index}job_runs_running_of_job ON {}job_runs (job_name, exclusive)
  WHERE status = 'running';
CREATE INDEX {index}job_runs_running_keys ON {}job_runs (concurrency_key)
  WHERE status = 'running' AND concurrency_max > 0;

CREATE TABLE {}job_dependencies (
  job_name text COLLATE "C" NOT NULL REFERENCES {}jobs (name),
  prerequisite text COLLATE "C" NOT NULL,
  done boolean NOT NULL DEFAULT false,
  PRIMARY KEY (job_name, prerequisite)
);
CREATE INDEX {index}job_dependencies_prerequisites ON {}job_dependencies (prerequisite);

CREATE TABLE {}run_edges (
  prerequisite uuid NOT NULL,
  dependent uuid NOT NULL,
  PRIMARY KEY (prerequisite, dependent)
);

CREATE TABLE {}buckets (
  key text COLLATE "C" PRIMARY KEY,
  full_at_us bigint NOT NULL
);
)";

/// In the order in which they are applied; migration i leads to version i + 1. Never changed once
/// released: whoever has the older tables gets a further one.
inline constexpr std::array<Migration, 1> migrations{{
    {"tables", tables_sql},
}};

inline constexpr int schema_version_latest = static_cast<int>(migrations.size());

}  // namespace punctual::postgres::detail
