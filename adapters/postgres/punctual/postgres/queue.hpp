// SPDX-License-Identifier: MIT
//
// The queue half of postgres::Storage: runs handed in, claimed, kept, ended.
//
// A run changes only under the status and fence that its writer believes in. Whoever is late
// changes no row.
//
// Thread-safety: as the Connection. All but the readers require a transaction that writes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/postgres/buckets.hpp"
#include "punctual/postgres/claim_pick.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_rows.hpp"
#include "punctual/postgres/run_store.hpp"
#include "punctual/postgres/work_end.hpp"

namespace punctual::postgres::detail {

[[nodiscard]] inline EnqueueAnswer enqueue_one(Connection& connection, const NewRun& row,
                                               TimePoint now) {
  using Kind = EnqueueAnswer::Kind;
  switch (store_run(connection, row, now)) {
    case Stored::key_taken:
      return {Kind::duplicate, open_with_key(connection, row.unique_key).value_or(row.id)};
    case Stored::answered:
      return {Kind::duplicate,
              first_attempt(connection, row.job_name, *row.due_at).value_or(row.id)};
    case Stored::overlapped:
      return {Kind::overlapped, row.id};
    case Stored::as_given:
      break;
  }
  return {Kind::stored, row.id};
}

/// A row whose instant has been answered counts as a duplicate, too.
[[nodiscard]] inline std::vector<EnqueueAnswer> enqueue(Connection& connection,
                                                        const std::vector<NewRun>& rows,
                                                        TimePoint now) {
  std::vector<EnqueueAnswer> answers;
  answers.reserve(rows.size());
  for (const auto& row : rows) answers.push_back(enqueue_one(connection, row, now));
  rearm_each(connection, rows, now);
  return answers;
}

/// Makes pending runs running; returns them in the order of `ids`.
[[nodiscard]] inline std::vector<JobRun> start_runs(Connection& connection,
                                                    const std::vector<RunId>& ids,
                                                    const ClaimRequest& request, TimePoint now) {
  static const std::string sql =
      std::string{
          "WITH gone AS (DELETE FROM {}job_pending WHERE id = ANY(?) RETURNING *)"
          " INSERT INTO {}job_running ("} +
      run_request_columns + ", node, started_at, lease_until_at, progress)" + " SELECT " +
      with_values(run_request_columns, {{"fence", "fence + 1"}}) +
      ", ?, ?, ?, 0 FROM gone RETURNING " + running_columns();
  std::unordered_map<RunId, JobRun> started;
  Query query{connection, sql};
  query.bind(ids, request.node, now, add_clamped(now, request.lease));
  while (query.step()) {
    JobRun run = read_run(query);
    started.emplace(run.id, std::move(run));
  }
  std::vector<JobRun> runs;
  runs.reserve(ids.size());
  for (const RunId id : ids) {
    const auto found = started.find(id);
    if (found != started.end()) runs.push_back(std::move(found->second));
  }
  return runs;
}

[[nodiscard]] inline std::vector<JobRun> claim(Connection& connection, const ClaimRequest& request,
                                               TimePoint now) {
  ClaimPick pick{connection, request, now};
  const auto ids = pick.pick(request.limit);
  if (ids.empty()) return {};
  pick.take_tokens();
  return start_runs(connection, ids, request, now);
}

/// What a write under a lease has to know of the run.
struct HeldRun {
  std::string job_name{};
  TimePoint started_at{};
  RunId work{};  ///< the id of the first attempt
  std::uint32_t attempt = 1;
  bool has_dependents = false;  ///< something could depend on its end
};

/// Returns the run if it is running under this fence.
[[nodiscard]] inline std::optional<HeldRun> find_held(Connection& connection,
                                                      const LeaseRef& lease) {
  Query query{
      connection,
      "SELECT job_name, started_at, coalesce(retry_of, id), attempt,"
      " EXISTS (SELECT 1 FROM {}run_edges WHERE prerequisite = coalesce(run.retry_of, run.id))"
      " OR EXISTS (SELECT 1 FROM {}job_dependencies WHERE prerequisite = run.job_name)"
      " FROM {}job_running AS run WHERE id = ? AND fence = ?"};
  if (!query.bind(lease.run_id, lease.fence).step()) return std::nullopt;
  HeldRun run;
  run.job_name = query.text();
  run.started_at = query.instant();
  run.work = query.id();
  run.attempt = query.number<std::uint32_t>();
  run.has_dependents = query.boolean();
  return run;
}

[[nodiscard]] inline FinishAnswer finish(Connection& connection, const Completion& completion,
                                         TimePoint now) {
  const auto held = find_held(connection, completion.lease);
  if (!held) return FinishAnswer::lost;
  const TimePoint ended_at = std::max(now, held->started_at);
  finish_running(connection, completion, ended_at);
  count_ended(connection, held->job_name, completion.status);
  for (const auto& follow_up : completion.follow_ups) store_run(connection, follow_up, now);
  if (held->has_dependents) {
    note_end(connection,
             {.job_name = held->job_name,
              .work = held->work,
              .attempt = held->attempt,
              .is_well = completion.status != JobStatus::failed,
              .tells_jobs = true},
             ended_at);
  }
  rearm(connection, held->job_name, ended_at);
  rearm_each(connection, completion.follow_ups, now);
  return FinishAnswer::done;
}

[[nodiscard]] inline FinishAnswer release(Connection& connection, const LeaseRef& lease) {
  return release_running(connection, lease) ? FinishAnswer::done : FinishAnswer::lost;
}

/// Takes over runs whose lease has expired, the longest expired first; they keep the name of the
/// node that ran them. Leases that end before `leases_from` are passed over.
///
/// Those that somebody has locked are left out: they are being renewed, ended or taken over.
[[nodiscard]] inline std::vector<JobRun> take_expired(Connection& connection,
                                                      const RescueRequest& request,
                                                      TimePoint leases_from, TimePoint now) {
  static const std::string sql =
      "WITH expired AS (SELECT id AS expired_id, lease_until_at AS expired_at FROM {}job_running"
      " WHERE lease_until_at >= ?5 AND lease_until_at <= ?2 AND job_name = ANY(?3)"
      " ORDER BY lease_until_at, id LIMIT ?4 FOR UPDATE SKIP LOCKED),"
      " taken AS (UPDATE {}job_running SET fence = fence + 1, lease_until_at = ?1 FROM expired"
      " WHERE id = expired_id RETURNING *) SELECT " +
      running_columns() + " FROM taken ORDER BY expired_at, id";
  std::vector<JobRun> runs;
  Query query{connection, sql};
  query.bind(add_clamped(now, request.lease), now, *request.jobs, std::uint64_t{request.limit},
             leases_from);
  while (query.step()) runs.push_back(read_run(query));
  return runs;
}

[[nodiscard]] inline CancelAnswer request_cancel(Connection& connection, RunId id,
                                                 const std::string& actor, TimePoint now) {
  const auto run = find_run(connection, id);
  if (!run) return CancelAnswer::not_found;
  if (is_terminal(run->status)) return CancelAnswer::ended;
  if (run->status == JobStatus::running) {
    Query{connection,
          "UPDATE {}job_running SET cancel_requested = true, cancel_actor = ? WHERE id = ?"}
        .bind(Text{actor}, id)
        .run();
    return CancelAnswer::requested;
  }
  RunEnd end;
  end.message_code = message_code::job_cancelled;
  end.summary = "cancelled before it started";
  end.cancel_actor = actor;
  end_pending(connection, id, end, now);
  count_ended(connection, run->job_name, JobStatus::skipped);
  note_end(connection, ended_attempt(*run, false), now);
  rearm(connection, run->job_name, now);
  return CancelAnswer::cancelled;
}

/// True if it is longer ago than is noted that a node was there for some of the jobs, or that was
/// noted before the clock was set back. Reads only.
[[nodiscard]] inline bool has_stale_presence(Connection& connection, const JobNames& jobs,
                                             TimePoint now) {
  Query query{connection,
              "SELECT 1 FROM {}jobs WHERE (seen_at <= ? OR seen_at > ?)"
              " AND name = ANY(?::text[])"
              " LIMIT 1"};
  return query.bind(now - seen_period, now, jobs).step();
}

/// Notes that a node is there for the jobs.
inline void note_presence(Connection& connection, const JobNames& jobs, TimePoint now) {
  Query{connection,
        "UPDATE {}jobs SET seen_at = ?1 WHERE (seen_at <= ?2 OR seen_at > ?1)"
        " AND name = ANY(?3::text[])"}
      .bind(now, now - seen_period, jobs)
      .run();
}

/// Returns jobs with pending runs that no node has been there for so long, and that are none of
/// `request.jobs`.
[[nodiscard]] inline std::vector<std::string> find_unseen_jobs(Connection& connection,
                                                               const ExpiryRequest& request,
                                                               TimePoint now) {
  Query query{connection,
              "SELECT name FROM {}jobs WHERE seen_at <= ? AND name <> ALL(?::text[])"
              " AND EXISTS (SELECT 1 FROM {}job_pending WHERE job_name = name) ORDER BY name"};
  return texts_of(query.bind(add_clamped(now, -request.age), *request.jobs));
}

/// Ends a pending run that no node can run.
inline void expire_run(Connection& connection, const JobRun& run, Duration age, TimePoint now) {
  RunEnd end;
  end.status = JobStatus::failed;
  end.message_code = message_code::job_not_found;
  end.summary = "no node knew the job";
  end.error = RunError{std::string{message_code::job_not_found},
                       "no node that knows job \"" + run.job_name + "\" was there for " +
                           std::to_string(age.count()) + " ms"};
  end_pending(connection, run.id, end, now);
  count_ended(connection, run.job_name, JobStatus::failed);
  note_end(connection, ended_attempt(run, false), now);
  rearm(connection, run.job_name, now);
}

[[nodiscard]] inline std::size_t expire_unknown(Connection& connection,
                                                const ExpiryRequest& request, TimePoint now) {
  static const std::string sql = "SELECT " + run_columns(false) +
                                 " FROM {}job_runs"
                                 " WHERE status = 'pending' AND job_name = ? AND run_at <= ?"
                                 " LIMIT ?";
  note_presence(connection, *request.jobs, now);
  std::size_t count = 0;
  for (const auto& job : find_unseen_jobs(connection, request, now)) {
    std::vector<JobRun> runs;
    {
      Query query{connection, sql};
      query.bind(job, add_clamped(now, -request.age), std::uint64_t{request.limit - count});
      while (query.step()) runs.push_back(read_run(query));
    }
    for (const auto& run : runs) expire_run(connection, run, request.age, now);
    count += runs.size();
    if (count == request.limit) break;
  }
  return count;
}

}  // namespace punctual::postgres::detail
