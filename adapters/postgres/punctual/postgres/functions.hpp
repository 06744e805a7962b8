// SPDX-License-Identifier: MIT
//
// Functions on the server, for what is done most often: each is one operation on a batch, in one
// statement that is a transaction of its own.
//
// They do only what depends on no row that others could add, so they pass the gate shared, and new
// rows do not pass it at all. What does not fit, a function leaves as it is, and says so: `fits`
// false. Then the operation is done by the statements of Queue, alone behind the gate.
//
// `shift_ms` is added to the server's clock, `at_ms` if not NULL replaces it; `wait_ms` is how long
// the gate is waited for. The functions' settings keep the server from plans for tables as large as
// it remembers them: these fill and empty within seconds, but are looked up by key always.

#pragma once

namespace punctual::postgres::detail {

/// Claims up to `count` runs, in the order of claims. Exclusive ones are kept apart by the unique
/// index of `job_running`: of two claims that take runs of one job, the later begins again.
///
/// It fits if no run among the first is limited by a concurrency key or a rate (`rated`), and not
/// many are passed over: runs of jobs that are unknown, paused or without room, and exclusive ones
/// behind another.
///
/// The first row is a head: `fits`, the microseconds that the search took, and the priorities that
/// there are. `priorities` and `marks`, if not NULL, say where to search: runs before the mark of
/// their priority are passed over unseen. Others' locked rows are left to them.
inline constexpr const char* claim_function = R"(
CREATE FUNCTION {}job_claim(gate bigint, wait_ms bigint, shift_ms bigint, at_ms bigint,
  node_name text, names text[], rated text[], room_names text[], rooms bigint[],
  lease_ms bigint, count bigint,
  priorities bigint[], marks bigint[])
RETURNS TABLE (fits boolean, search_us bigint, found_priorities bigint[], id uuid, job_name text,
  trigger text, run_at bigint, created_at bigint, attempt bigint, priority bigint,
  exclusive boolean, fence bigint, due_at bigint, retry_of uuid, abandon_count bigint,
  payload_version bigint, workflow_id uuid, payload text, actor text, reason text, unique_key text,
  message_code text, log text, step text, after_ids text, waits_for bigint,
  cancel_requested boolean, cancel_actor text, concurrency_key text, started_at bigint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  now_ms bigint;
  begun_at timestamptz;
  front record;
  quota bigint;
  seen_count bigint;
  passed_over bigint;
  spare bigint := 0;
  picked tid[];
  ranks bigint[];
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(gate) THEN
    PERFORM set_config('lock_timeout', wait_ms::text, true);
    PERFORM pg_advisory_xact_lock_shared(gate);
  END IF;
  begun_at := clock_timestamp();
  now_ms := coalesce(at_ms, floor(extract(epoch FROM begun_at) * 1000)::bigint + shift_ms);
  IF priorities IS NULL THEN
    WITH RECURSIVE lane (priority) AS (
      SELECT (SELECT p.priority FROM {}job_pending p ORDER BY p.priority LIMIT 1)
      UNION ALL
      SELECT (SELECT p.priority FROM {}job_pending p WHERE p.priority > lane.priority
        ORDER BY p.priority LIMIT 1)
      FROM lane WHERE lane.priority IS NOT NULL)
    SELECT array_agg(lane.priority), array_agg((-9223372036854775808)::bigint)
    INTO priorities, marks FROM lane WHERE lane.priority IS NOT NULL;
  END IF;
  LOOP
    fits := true;
    seen_count := 0;
    passed_over := 0;
    picked := ARRAY[]::tid[];
    ranks := ARRAY[]::bigint[];
    FOR front IN
      SELECT r.job_name, r.kind, array_agg(r.place) AS places, array_agg(r.rank) AS ranks,
        bool_or(r.exclusive) AS is_exclusive, bool_or(r.concurrency_max IS NOT NULL) AS is_keyed
      FROM (
        SELECT p.*, row_number() OVER (ORDER BY p.claim_order, p.id) AS rank
        FROM unnest(priorities, marks) AS l (priority, mark) CROSS JOIN LATERAL (
          SELECT q.ctid AS place, q.job_name, q.kind, q.claim_order, q.id, q.exclusive,
            q.concurrency_max
          FROM {}job_pending q WHERE q.priority = l.priority AND q.claim_order >= l.mark
          AND q.claim_order <= now_ms - l.priority * 60000 AND q.run_at <= now_ms
          ORDER BY q.priority, q.claim_order, q.id LIMIT count + spare FOR UPDATE SKIP LOCKED) AS p
        ORDER BY p.claim_order, p.id LIMIT count + spare) AS r
      GROUP BY r.job_name, r.kind
    LOOP
      seen_count := seen_count + cardinality(front.places);
      quota := cardinality(front.places);
      IF front.job_name <> ALL(names)
        OR EXISTS (SELECT 1 FROM {}jobs j WHERE j.name = front.job_name AND j.paused) THEN
        quota := 0;
      ELSIF front.is_keyed OR front.job_name = ANY(rated) THEN
        fits := false;
      ELSE
        IF front.is_exclusive THEN
          quota := CASE WHEN EXISTS (SELECT 1 FROM {}job_running u
            WHERE u.job_name = front.job_name AND u.exclusive) THEN 0 ELSE 1 END;
        END IF;
        IF cardinality(room_names) > 0 THEN
          SELECT least(quota, m.room) INTO quota FROM unnest(room_names, rooms) AS m (name, room)
          WHERE m.name = front.job_name UNION ALL SELECT quota LIMIT 1;
          fits := fits AND (front.kind = 0 OR front.job_name <> ALL(room_names));
        END IF;
      END IF;
      EXIT WHEN NOT fits;
      passed_over := passed_over + cardinality(front.places) - quota;
      IF quota < cardinality(front.places) THEN
        SELECT array_agg(o.place), array_agg(o.rank) INTO front.places, front.ranks FROM (
          SELECT u.place, u.rank FROM unnest(front.places, front.ranks) AS u (place, rank)
          ORDER BY u.rank LIMIT quota) AS o;
      END IF;
      IF quota > 0 THEN
        picked := picked || front.places;
        ranks := ranks || front.ranks;
      END IF;
    END LOOP;
    EXIT WHEN NOT fits OR passed_over = 0 OR seen_count < count + spare
      OR cardinality(picked) >= count;
    IF spare > 0 THEN
      fits := false;
      EXIT;
    END IF;
    spare := 200;
  END LOOP;
  search_us := floor(extract(epoch FROM clock_timestamp() - begun_at) * 1000000)::bigint;
  found_priorities := priorities;
  RETURN NEXT;
  IF NOT fits OR cardinality(picked) = 0 THEN
    RETURN;
  END IF;
  -- Read after the search: a run that was seen to have ended has ended before.
  now_ms := coalesce(at_ms, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms);
  IF cardinality(picked) > count THEN
    SELECT array_agg(o.place) INTO picked FROM (SELECT u.place
      FROM unnest(picked, ranks) AS u (place, rank) ORDER BY u.rank LIMIT count) AS o;
  END IF;
  RETURN QUERY WITH gone AS (DELETE FROM {}job_pending p WHERE p.ctid = ANY(picked) RETURNING p.*),
    started AS (INSERT INTO {}job_running AS u SELECT g.id, g.job_name, g.trigger, g.run_at,
      g.created_at, g.attempt, g.priority, g.exclusive, g.fence + 1, g.due_at, g.retry_of,
      g.concurrency_max, g.abandon_count, g.payload_version, g.waits_for, g.workflow_id,
      g.payload, g.actor, g.reason, g.unique_key, g.concurrency_key, g.message_code, g.log,
      g.step, g.after_ids, g.cancel_requested, g.cancel_actor, node_name, now_ms,
      least(now_ms + lease_ms, 253402300799999), 0, NULL
      FROM gone g RETURNING u.*)
    SELECT true, 0::bigint, NULL::bigint[], s.id, s.job_name, s.trigger, s.run_at, s.created_at,
      s.attempt, s.priority, s.exclusive, s.fence, s.due_at, s.retry_of, s.abandon_count,
      s.payload_version, s.workflow_id, s.payload, s.actor, s.reason, s.unique_key,
      s.message_code, s.log, s.step, s.after_ids, s.waits_for, s.cancel_requested, s.cancel_actor,
      s.concurrency_key, s.started_at FROM started s;
END $$;
)";

/// Records the ends of runs that nothing waits for: neither a run, nor a job that runs after
/// theirs, nor a schedule that goes by the end. Returns whether they are so, and the ids of those
/// that were held under the fence that was given.
inline constexpr const char* finish_function = R"(
CREATE FUNCTION {}job_finish(gate bigint, wait_ms bigint, shift_ms bigint, at_ms bigint, ids uuid[],
  fences bigint[], statuses text[], codes text[], summaries text[], details text[],
  error_codes text[], error_messages text[], durations bigint[], logs text[])
RETURNS TABLE (fits boolean, ended uuid[], ended_fences bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_ms bigint;
  keys text[];
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(gate) THEN
    PERFORM set_config('lock_timeout', wait_ms::text, true);
    PERFORM pg_advisory_xact_lock_shared(gate);
  END IF;
  fits := NOT EXISTS (SELECT 1 FROM {}run_edges LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM {}job_dependencies LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM {}jobs WHERE after_finish_delay_ms IS NOT NULL LIMIT 1);
  IF NOT fits THEN
    fits := NOT EXISTS (SELECT 1 FROM {}job_running r WHERE r.id = ANY(ids) AND (
      EXISTS (SELECT 1 FROM {}run_edges e WHERE e.prerequisite = coalesce(r.retry_of, r.id))
      OR EXISTS (SELECT 1 FROM {}job_dependencies d WHERE d.prerequisite = r.job_name)
      OR EXISTS (SELECT 1 FROM {}jobs j WHERE j.name = r.job_name
        AND j.after_finish_delay_ms IS NOT NULL)));
    IF NOT fits THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  now_ms := coalesce(at_ms,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms);
  WITH gone AS (
    DELETE FROM {}job_running r
    USING unnest(ids, fences, statuses, codes, summaries, details, error_codes, error_messages,
        durations, logs)
      AS e (id, fence, status, code, summary, details, error_code, error_message, duration, log)
    WHERE r.id = e.id AND r.fence = e.fence
    RETURNING r.*, e.status AS end_status, e.code AS end_code, e.summary AS end_summary,
      e.details AS end_details, e.error_code AS end_error_code,
      e.error_message AS end_error_message, e.duration AS end_duration, e.log AS end_log),
  kept AS (
    INSERT INTO {}job_history AS h SELECT g.id, g.job_name, g.trigger, g.run_at, g.created_at,
      g.attempt, g.priority, g.exclusive, g.fence, g.due_at, g.retry_of, g.concurrency_max,
      g.abandon_count, g.payload_version, g.waits_for, g.workflow_id, g.payload, g.actor,
      g.reason, g.unique_key, g.concurrency_key, g.end_code, coalesce(g.end_log, g.log), g.step,
      g.after_ids, g.cancel_requested, g.cancel_actor, g.node, g.started_at, g.lease_until_at,
      g.progress, g.progress_note, g.end_status, greatest(now_ms, g.started_at), g.end_duration,
      g.end_summary, g.end_details, g.end_error_code, g.end_error_message
    FROM gone g RETURNING h.id, h.fence, h.job_name, h.status, h.unique_key),
  counted AS (
    INSERT INTO {}job_counts SELECT k.job_name, count(*) FILTER (WHERE k.status = 'success'),
      count(*) FILTER (WHERE k.status = 'failed'), count(*) FILTER (WHERE k.status = 'skipped')
    FROM kept k GROUP BY k.job_name)
  SELECT array_agg(k.id), array_agg(k.fence),
    array_agg(k.unique_key) FILTER (WHERE k.unique_key IS NOT NULL)
  INTO ended, ended_fences, keys FROM kept k;
  IF keys IS NOT NULL THEN
    DELETE FROM {}job_keys WHERE unique_key = ANY(keys) AND run_id = ANY(ended);
  END IF;
  RETURN NEXT;
END $$;
)";

/// Extends leases; returns those that were held under the fence that was given.
inline constexpr const char* renew_function = R"(
CREATE FUNCTION {}job_renew(gate bigint, wait_ms bigint, shift_ms bigint, at_ms bigint,
  lease_ms bigint, ids uuid[], fences bigint[], shares double precision[], notes text[],
  logs text[])
RETURNS TABLE (id uuid, fence bigint, cancel_requested boolean)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  now_ms bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(gate) THEN
    PERFORM set_config('lock_timeout', wait_ms::text, true);
    PERFORM pg_advisory_xact_lock_shared(gate);
  END IF;
  now_ms := coalesce(at_ms,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms);
  RETURN QUERY UPDATE {}job_running AS r SET
    lease_until_at = least(now_ms + lease_ms, 253402300799999),
    progress = coalesce(e.share, r.progress),
    progress_note = CASE WHEN e.share IS NULL THEN r.progress_note ELSE e.note END,
    log = coalesce(e.log, r.log)
  FROM unnest(ids, fences, shares, notes, logs) AS e (id, fence, share, note, log)
  WHERE r.id = e.id AND r.fence = e.fence
  RETURNING r.id, r.fence, r.cancel_requested;
END $$;
)";

/// Moves schedules on, each with the one run that answers its due instant: pending, or skipped if
/// it asked for that and another exclusive run of the job is open (`skip_opens`), or waits
/// (`skip_waits`). Returns the places, in the arrays, of those that were moved, and of those among
/// them whose instant had been answered.
///
/// A schedule that somebody else moves just now counts as moved by them: it is left alone.
inline constexpr const char* advance_function = R"(
CREATE FUNCTION {}job_advance(gate bigint, wait_ms bigint, shift_ms bigint, at_ms bigint,
  names text[], versions bigint[], nexts bigint[], epochs bigint[], ids uuid[], triggers text[],
  due_ats bigint[], run_ats bigint[], priorities bigint[], exclusives boolean[],
  skip_opens boolean[], skip_waits boolean[], maxes bigint[], payloads text[],
  payload_versions bigint[], actors text[], reasons text[], keys text[], kinds bigint[],
  orders bigint[], overlap_open text, overlap_waiting text)
RETURNS TABLE (moved bigint[], conflicts bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_ms bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(gate) THEN
    PERFORM set_config('lock_timeout', wait_ms::text, true);
    PERFORM pg_advisory_xact_lock_shared(gate);
  END IF;
  now_ms := coalesce(at_ms,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + shift_ms);
  SELECT array_agg(l.place) INTO moved FROM (
    SELECT a.place FROM unnest(names, versions) WITH ORDINALITY AS a (name, version, place)
    JOIN {}jobs j ON j.name = a.name AND j.version = a.version
    FOR NO KEY UPDATE OF j SKIP LOCKED) AS l;
  IF moved IS NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  UPDATE {}jobs j SET next_due_at = nexts[p.place], failed_dependency = NULL,
    epoch_at = coalesce(epochs[p.place], j.epoch_at), version = j.version + 1
  FROM unnest(moved) AS p (place) WHERE j.name = names[p.place];
  WITH answered AS (
    INSERT INTO {}job_instants SELECT names[p.place], due_ats[p.place], ids[p.place]
    FROM unnest(moved) AS p (place) ON CONFLICT DO NOTHING RETURNING run_id),
  rows AS (
    SELECT p.place, CASE
        WHEN exclusives[p.place] AND skip_opens[p.place] AND EXISTS (SELECT 1 FROM {}job_running u
          WHERE u.job_name = names[p.place] AND u.exclusive) THEN overlap_open
        WHEN exclusives[p.place] AND (skip_opens[p.place] OR skip_waits[p.place])
          AND EXISTS (SELECT 1 FROM {}job_pending w WHERE w.exclusive
            AND w.job_name = names[p.place] AND w.run_at <= now_ms)
          THEN CASE WHEN skip_opens[p.place] THEN overlap_open ELSE overlap_waiting END
      END AS overlap
    FROM unnest(moved) AS p (place) JOIN answered a ON a.run_id = ids[p.place]),
  pending AS (
    INSERT INTO {}job_pending (id, job_name, trigger, run_at, created_at, attempt, priority,
      exclusive, fence, due_at, concurrency_max, payload_version, payload, actor, reason,
      concurrency_key, kind, claim_order)
    SELECT ids[r.place], names[r.place], triggers[r.place], run_ats[r.place], now_ms, 1,
      priorities[r.place], exclusives[r.place], 0, due_ats[r.place], maxes[r.place],
      payload_versions[r.place], payloads[r.place], actors[r.place], reasons[r.place],
      keys[r.place], kinds[r.place], orders[r.place]
    FROM rows r WHERE r.overlap IS NULL),
  skipped AS (
    INSERT INTO {}job_history (id, job_name, trigger, run_at, created_at, attempt, priority,
      exclusive, fence, due_at, concurrency_max, payload_version, payload, actor, reason,
      concurrency_key, message_code, progress, status, completed_at, summary)
    SELECT ids[r.place], names[r.place], triggers[r.place], run_ats[r.place], now_ms, 1,
      priorities[r.place], exclusives[r.place], 0, due_ats[r.place], maxes[r.place],
      payload_versions[r.place], payloads[r.place], actors[r.place], reasons[r.place],
      keys[r.place], 'JOB_OVERLAPPED', 0, 'skipped', now_ms, r.overlap
    FROM rows r WHERE r.overlap IS NOT NULL),
  counted AS (
    INSERT INTO {}job_counts SELECT names[r.place], 0, 0, 1 FROM rows r
    WHERE r.overlap IS NOT NULL)
  SELECT array_agg(p.place) INTO conflicts FROM unnest(moved) AS p (place)
  WHERE NOT EXISTS (SELECT 1 FROM answered a WHERE a.run_id = ids[p.place]);
  RETURN NEXT;
END $$;
)";

inline constexpr const char* functions_down = R"(
DROP FUNCTION {}job_enqueue, {}job_enqueue_one, {}job_claim, {}job_finish, {}job_renew,
  {}job_advance;
)";

}  // namespace punctual::postgres::detail
