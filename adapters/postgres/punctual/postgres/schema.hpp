// SPDX-License-Identifier: MIT
//
// The tables, as the migrations that make them.
//
// A run moves through three tables: `job_pending`, `job_running`, `job_history`. Each move deletes
// it in one and inserts it in the next, in one statement. So what is looked through for the next
// run or the next expired lease is as small as the work that is left, and history is only ever
// appended to. The view `job_runs` shows all three.
//
// Instants are bigint milliseconds since 1970 UTC, spans bigint milliseconds in columns `…_ms`,
// `details`, `payload`, `log` and `schedule` JSON as text, exactly as it came; NULL where there is
// nothing, and in place of 0 in the columns that are nearly always 0. Texts are compared by their
// bytes.

#pragma once

#include <array>
#include <chrono>

#include "punctual/base/time.hpp"
#include "punctual/postgres/enqueue_functions.hpp"
#include "punctual/postgres/functions.hpp"

namespace punctual::postgres::detail {

struct Migration {
  const char* name;
  /// `{}` and `{index}` as Connection reads them. Each may take `migration_timeout`: an index of a
  /// table that may be long is a text of its own.
  std::array<const char*, 6> up;
  const char* down;  ///< undoes it
};

/// The columns of a run that all three tables have.
inline constexpr const char* run_request_columns =
    "id, job_name, trigger, run_at, created_at, attempt, priority, exclusive, fence, due_at, "
    "retry_of, concurrency_max, abandon_count, payload_version, waits_for, workflow_id, "
    "payload, actor, reason, unique_key, concurrency_key, message_code, log, step, after_ids, "
    "cancel_requested, cancel_actor";

/// The columns that `job_running` and `job_history` have besides.
inline constexpr const char* run_lease_columns =
    "node, started_at, lease_until_at, progress, progress_note";

/// The columns that `job_history` alone has.
inline constexpr const char* run_end_columns =
    "status, completed_at, duration_ms, summary, details, error_code, error_message";

/// `jobs`: the ledger; version 0 is a job of which runs came before the job itself.
/// `job_counts`: ended runs; a job's counts are the sums of its rows, which are drawn together now
/// and then. Rows are only added, so that ends do not wait for each other.
/// `job_instants`: the due instants that a first attempt has answered.
/// `job_keys`: the unique keys of open runs.
/// `job_dependencies`: each job that another depends on, and whether it has ended well since the
/// other was armed last. `run_edges`: each run and each work that it waits for, named by its first
/// attempt, until that has ended. `rate_buckets`: one that has no row is full.
inline constexpr const char* ledger_tables = R"(
CREATE TABLE {}jobs (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0,
  description text NOT NULL DEFAULT '',
  schedule text COLLATE "C" NOT NULL DEFAULT 'null',
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
  retention_keep_last bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX {index}jobs_armed ON {}jobs (next_due_at, name)
  WHERE enabled AND NOT paused AND next_due_at IS NOT NULL;
CREATE INDEX {index}jobs_after_finish ON {}jobs (name) WHERE after_finish_delay_ms IS NOT NULL;

CREATE TABLE {}job_counts (
  job_name text COLLATE "C" NOT NULL,
  success_count bigint NOT NULL,
  failure_count bigint NOT NULL,
  skipped_count bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0);

CREATE TABLE {}job_instants (
  job_name text COLLATE "C" NOT NULL,
  due_at bigint NOT NULL,
  run_id uuid NOT NULL,
  PRIMARY KEY (job_name, due_at)
);

CREATE TABLE {}job_keys (
  unique_key text COLLATE "C" PRIMARY KEY,
  run_id uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE {}job_dependencies (
  job_name text COLLATE "C" NOT NULL,
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

CREATE TABLE {}rate_buckets (
  key text COLLATE "C" PRIMARY KEY,
  full_at_us bigint NOT NULL
);
)";

/// `kind` and `claim_order` are what the order of claims goes by; see PendingLanes. Dead rows are
/// removed eagerly: the tables are small, and each claim looks at their beginning. They are not
/// analyzed: what there is to know changes within seconds, and an analysis keeps dead rows alive.
inline constexpr const char* run_tables = R"(
CREATE TABLE {}job_pending (
  id uuid PRIMARY KEY,
  job_name text COLLATE "C" NOT NULL,
  trigger text COLLATE "C" NOT NULL,
  run_at bigint NOT NULL,
  created_at bigint NOT NULL,
  attempt bigint NOT NULL,
  priority bigint NOT NULL,
  exclusive boolean NOT NULL,
  fence bigint NOT NULL,
  due_at bigint,
  retry_of uuid,
  concurrency_max bigint,
  abandon_count bigint,
  payload_version bigint,
  waits_for bigint,
  workflow_id uuid,
  payload text,
  actor text,
  reason text,
  unique_key text COLLATE "C",
  concurrency_key text COLLATE "C",
  message_code text COLLATE "C",
  log text,
  step text,
  after_ids text,
  cancel_requested boolean NOT NULL DEFAULT false,
  cancel_actor text,
  kind bigint NOT NULL,
  claim_order bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_threshold = 2000000000);
CREATE INDEX {index}job_pending_order ON {}job_pending (priority, claim_order, id);
CREATE INDEX {index}job_pending_lanes ON {}job_pending
  (job_name, kind, priority, claim_order, id);
CREATE INDEX {index}job_pending_exclusive ON {}job_pending (job_name, run_at) WHERE exclusive;
CREATE INDEX {index}job_pending_attempts ON {}job_pending (retry_of, attempt)
  WHERE retry_of IS NOT NULL;
CREATE INDEX {index}job_pending_workflows ON {}job_pending (workflow_id, id)
  WHERE workflow_id IS NOT NULL;

CREATE TABLE {}job_running (
  id uuid PRIMARY KEY,
  job_name text COLLATE "C" NOT NULL,
  trigger text COLLATE "C" NOT NULL,
  run_at bigint NOT NULL,
  created_at bigint NOT NULL,
  attempt bigint NOT NULL,
  priority bigint NOT NULL,
  exclusive boolean NOT NULL,
  fence bigint NOT NULL,
  due_at bigint,
  retry_of uuid,
  concurrency_max bigint,
  abandon_count bigint,
  payload_version bigint,
  waits_for bigint,
  workflow_id uuid,
  payload text,
  actor text,
  reason text,
  unique_key text COLLATE "C",
  concurrency_key text COLLATE "C",
  message_code text COLLATE "C",
  log text,
  step text,
  after_ids text,
  cancel_requested boolean NOT NULL DEFAULT false,
  cancel_actor text,
  node text,
  started_at bigint,
  lease_until_at bigint,
  progress double precision NOT NULL,
  progress_note text
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_threshold = 2000000000);
CREATE INDEX {index}job_running_leases ON {}job_running (lease_until_at);
CREATE UNIQUE INDEX {index}job_running_exclusive ON {}job_running (job_name) WHERE exclusive;
CREATE INDEX {index}job_running_keys ON {}job_running (concurrency_key)
  WHERE concurrency_max IS NOT NULL;
CREATE INDEX {index}job_running_attempts ON {}job_running (retry_of, attempt)
  WHERE retry_of IS NOT NULL;

CREATE TABLE {}job_history (
  id uuid PRIMARY KEY,
  job_name text COLLATE "C" NOT NULL,
  trigger text COLLATE "C" NOT NULL,
  run_at bigint NOT NULL,
  created_at bigint NOT NULL,
  attempt bigint NOT NULL,
  priority bigint NOT NULL,
  exclusive boolean NOT NULL,
  fence bigint NOT NULL,
  due_at bigint,
  retry_of uuid,
  concurrency_max bigint,
  abandon_count bigint,
  payload_version bigint,
  waits_for bigint,
  workflow_id uuid,
  payload text,
  actor text,
  reason text,
  unique_key text COLLATE "C",
  concurrency_key text COLLATE "C",
  message_code text COLLATE "C",
  log text,
  step text,
  after_ids text,
  cancel_requested boolean NOT NULL DEFAULT false,
  cancel_actor text,
  node text,
  started_at bigint,
  lease_until_at bigint,
  progress double precision NOT NULL,
  progress_note text,
  status text COLLATE "C" NOT NULL,
  completed_at bigint NOT NULL,
  duration_ms bigint,
  summary text,
  details text,
  error_code text,
  error_message text
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1,
  autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX {index}job_history_jobs ON {}job_history (job_name, id);
CREATE INDEX {index}job_history_ended ON {}job_history (job_name, completed_at);
CREATE INDEX {index}job_history_unsuccessful ON {}job_history (status, id)
  WHERE status <> 'success';
CREATE INDEX {index}job_history_attempts ON {}job_history (retry_of, attempt)
  WHERE retry_of IS NOT NULL;
CREATE INDEX {index}job_history_workflows ON {}job_history (workflow_id, id)
  WHERE workflow_id IS NOT NULL;

CREATE VIEW {}job_runs AS
  SELECT id, job_name, trigger, run_at, created_at, attempt, priority, exclusive, fence, due_at,
    retry_of, concurrency_max, abandon_count, payload_version, waits_for, workflow_id,
    payload, actor, reason, unique_key, concurrency_key, message_code, log, step, after_ids,
    cancel_requested, cancel_actor,
    NULL::text AS node, NULL::bigint AS started_at, NULL::bigint AS lease_until_at,
    0::double precision AS progress,
    NULL::text AS progress_note, 'pending'::text COLLATE "C" AS status,
    NULL::bigint AS completed_at, NULL::bigint AS duration_ms, NULL::text AS summary,
    NULL::text AS details, NULL::text AS error_code, NULL::text AS error_message
  FROM {}job_pending
  UNION ALL
  SELECT id, job_name, trigger, run_at, created_at, attempt, priority, exclusive, fence, due_at,
    retry_of, concurrency_max, abandon_count, payload_version, waits_for, workflow_id,
    payload, actor, reason, unique_key, concurrency_key, message_code, log, step, after_ids,
    cancel_requested, cancel_actor,
    node, started_at, lease_until_at, progress, progress_note,
    'running'::text COLLATE "C", NULL, NULL, NULL, NULL, NULL, NULL
  FROM {}job_running
  UNION ALL
  SELECT id, job_name, trigger, run_at, created_at, attempt, priority, exclusive, fence, due_at,
    retry_of, concurrency_max, abandon_count, payload_version, waits_for, workflow_id,
    payload, actor, reason, unique_key, concurrency_key, message_code, log, step, after_ids,
    cancel_requested, cancel_actor,
    node, started_at, lease_until_at, progress, progress_note,
    status, completed_at, duration_ms, summary, details, error_code, error_message
  FROM {}job_history;
)";

inline constexpr const char* tables_down = R"(
DROP VIEW {}job_runs;
DROP TABLE {}job_pending, {}job_running, {}job_history, {}rate_buckets, {}run_edges,
  {}job_dependencies, {}job_keys, {}job_instants, {}job_counts, {}jobs;
)";

/// Rows whose id was made more than an hour away from when they were stored, or from the instant
/// that they answer; see RunPage. The greater of |x - a| and |x - b| is half of
/// |2x - a - b| + |a - b|, which takes the id apart once.
inline constexpr const char* apart_sql =
    "abs(2 * ('x' || encode(substr(uuid_send(id), 1, 6), 'hex'))::bit(48)::bigint - created_at"
    " - coalesce(due_at, created_at)) + abs(created_at - coalesce(due_at, created_at)) > 7200000";

inline constexpr Duration apart_min = std::chrono::hours{1};

/// What finds pages of the history whatever is asked for; see RunPage.
inline constexpr const char* shapes_index = R"(
CREATE INDEX {index}job_history_shapes ON {}job_history
  (status, (coalesce(message_code, '')), trigger, (uuid_send(id)));
)";
inline constexpr const char* apart_index = R"(
CREATE INDEX {index}job_history_apart ON {}job_history ((uuid_send(id))) WHERE
  abs(2 * ('x' || encode(substr(uuid_send(id), 1, 6), 'hex'))::bit(48)::bigint - created_at
   - coalesce(due_at, created_at)) + abs(created_at - coalesce(due_at, created_at)) > 7200000;
)";

inline constexpr const char* page_indexes_down = R"(
DROP INDEX {}job_history_shapes, {}job_history_apart;
)";

/// In the order in which they are applied; migration i leads to version i + 1. Never changed once
/// released: whoever has the older tables gets a further one.
inline constexpr std::array<Migration, 3> migrations{{
    {"tables", {ledger_tables, run_tables}, tables_down},
    {"functions",
     {enqueue_function, enqueue_one_function, claim_function, finish_function, renew_function,
      advance_function},
     functions_down},
    {"pages", {shapes_index, apart_index}, page_indexes_down},
}};

inline constexpr int schema_version_latest = static_cast<int>(migrations.size());

}  // namespace punctual::postgres::detail
