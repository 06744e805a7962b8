// SPDX-License-Identifier: MIT
//
// Functions on the server that store runs: a batch, or one. New rows pass no gate.
//
// Parameters and settings are those of functions.hpp.

#pragma once

namespace punctual::postgres::detail {

/// Stores pending runs that depend on nothing that is stored. A column that is NULL as a whole is
/// NULL in every row.
///
/// `names` are the jobs, each once. The ids are looked for among running and ended runs after the
/// rows are there: a run with such an id that moves meanwhile is waited for and found.
inline constexpr const char* enqueue_function = R"(
CREATE FUNCTION {}job_enqueue(shift_ms bigint, at_ms bigint, names text[], default_period_ms bigint,
  default_keep_last bigint, first_id uuid,
  ids uuid[], jobs text[], triggers text[], run_ats bigint[], attempts bigint[],
  priorities bigint[], exclusives boolean[], retries uuid[], concurrency_maxes bigint[],
  abandons bigint[], versions bigint[], workflows uuid[], payloads text[], actors text[],
  reasons text[], concurrency_keys text[], steps text[], kinds bigint[], orders bigint[])
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_ms bigint := coalesce(at_ms,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms);
  is_taken boolean;
  is_unknown boolean;
BEGIN
  INSERT INTO {}job_pending (id, job_name, trigger, run_at, created_at, attempt, priority,
    exclusive, fence, retry_of, concurrency_max, abandon_count, payload_version, workflow_id,
    payload, actor, reason, concurrency_key, step, kind, claim_order)
  SELECT r.id, r.job, r.trigger, r.run_at, now_ms, r.attempt, r.priority, r.exclusive, 0,
    r.retry, r.concurrency_max, r.abandons, r.version, r.workflow, r.payload, r.actor, r.reason,
    r.concurrency_key, r.step, r.kind, r.claim_order
  FROM unnest(ids, jobs, triggers, run_ats, attempts, priorities, exclusives, retries,
      concurrency_maxes, abandons, versions, workflows, payloads, actors, reasons,
      concurrency_keys, steps, kinds, orders)
    AS r (id, job, trigger, run_at, attempt, priority, exclusive, retry, concurrency_max,
      abandons, version, workflow, payload, actor, reason, concurrency_key, step, kind,
      claim_order);
  SELECT EXISTS (SELECT 1 FROM {}job_running WHERE id = ANY(ids))
      OR (first_id <= (SELECT id FROM {}job_history ORDER BY id DESC LIMIT 1)
        AND EXISTS (SELECT 1 FROM {}job_history WHERE id = ANY(ids))),
    EXISTS (SELECT 1 FROM unnest(names) AS n WHERE NOT EXISTS (
      SELECT 1 FROM {}jobs WHERE name = n))
  INTO is_taken, is_unknown;
  IF is_taken THEN
    RAISE unique_violation USING MESSAGE = 'job_runs_pkey';
  END IF;
  IF is_unknown THEN
    INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last)
    SELECT n, default_period_ms, default_keep_last FROM unnest(names) AS n ORDER BY n
    ON CONFLICT DO NOTHING;
  END IF;
END $$;
)";

/// Stores one such run: the same without arrays, which take longer to take apart than to store.
inline constexpr const char* enqueue_one_function = R"(
CREATE FUNCTION {}job_enqueue_one(shift_ms bigint, at_ms bigint, default_period_ms bigint,
  default_keep_last bigint, run_id uuid, job text, trigger text, run_at bigint, attempt bigint,
  priority bigint, exclusive boolean, retry uuid, concurrency_max bigint, abandons bigint,
  version bigint, workflow uuid, payload text, actor text, reason text, concurrency_key text,
  step text, kind bigint, claim_order bigint)
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_variable
DECLARE
  is_taken boolean;
  is_unknown boolean;
BEGIN
  INSERT INTO {}job_pending (id, job_name, trigger, run_at, created_at, attempt, priority,
    exclusive, fence, retry_of, concurrency_max, abandon_count, payload_version, workflow_id,
    payload, actor, reason, concurrency_key, step, kind, claim_order)
  VALUES (run_id, job, trigger, run_at, coalesce(at_ms,
      floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms), attempt, priority,
    exclusive, 0, retry, concurrency_max, abandons, version, workflow, payload, actor, reason,
    concurrency_key, step, kind, claim_order);
  SELECT EXISTS (SELECT 1 FROM {}job_running r WHERE r.id = run_id)
      OR EXISTS (SELECT 1 FROM {}job_history h WHERE h.id = run_id),
    NOT EXISTS (SELECT 1 FROM {}jobs j WHERE j.name = job)
  INTO is_taken, is_unknown;
  IF is_taken THEN
    RAISE unique_violation USING MESSAGE = 'job_runs_pkey';
  END IF;
  IF is_unknown THEN
    INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last)
    VALUES (job, default_period_ms, default_keep_last) ON CONFLICT DO NOTHING;
  END IF;
END $$;
)";

}  // namespace punctual::postgres::detail
