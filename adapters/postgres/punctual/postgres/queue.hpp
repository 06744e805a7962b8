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

/// True if what becomes of the row depends on nothing that is stored.
[[nodiscard]] inline bool is_plain(const NewRun& row) {
  return row.status == JobStatus::pending && !row.due_at && row.unique_key.empty() &&
         row.after.empty() && row.pace.limit.max == 0 && !row.skip_if_open &&
         !row.skip_if_waiting && !row.replaces_running;
}

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
                                                    const std::vector<std::string>& ids,
                                                    const ClaimRequest& request, TimePoint now) {
  static const std::string sql =
      "UPDATE {}job_runs SET status = 'running', node = ?, fence = fence + 1, started_at = ?,"
      " lease_until_at = ? WHERE id = ANY(?::uuid[]) AND status = 'pending' RETURNING " +
      run_columns();
  std::unordered_map<RunId, JobRun> started;
  Query query{connection, sql};
  query.bind(request.node, now, add_clamped(now, request.lease), ids);
  while (query.step()) {
    JobRun run = read_run(query);
    started.emplace(run.id, std::move(run));
  }
  std::vector<JobRun> runs;
  runs.reserve(ids.size());
  for (const auto& id : ids) {
    const auto found = started.find(Uuid::parse(id).value_or(RunId{}));
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

/// Locks runs in the order of their ids, so that batches that meet wait and do not deadlock.
inline void lock_runs(Connection& connection, const std::vector<std::string>& ids) {
  if (connection.gate() == Gate::alone) return;
  Query{connection, "SELECT 1 FROM {}job_runs WHERE id = ANY(?::uuid[]) ORDER BY id FOR UPDATE"}
      .bind(ids)
      .run();
}

/// Locks the runs' jobs, whose counters will move, and then the runs.
///
/// Whoever ends a run holds its job's row until the commit: of two that end a job's last runs at
/// once, the second sees what the first did, and arms the job.
inline void lock_runs_and_jobs(Connection& connection, const std::vector<std::string>& ids) {
  if (connection.gate() == Gate::alone) return;
  Query{connection,
        "SELECT 1 FROM {}jobs WHERE name IN"
        " (SELECT job_name FROM {}job_runs WHERE id = ANY(?::uuid[]))"
        " ORDER BY name FOR NO KEY UPDATE"}
      .bind(ids)
      .run();
  lock_runs(connection, ids);
}

/// What a write under a lease has to know of the run.
struct HeldRun {
  std::string job_name{};
  TimePoint started_at{};
  bool cancel_requested = false;
  std::string work{};  ///< the id of the first attempt
  std::uint32_t attempt = 1;
  bool has_dependents = false;  ///< something could depend on its end
};

/// Returns the run if it is running under this fence.
[[nodiscard]] inline std::optional<HeldRun> find_held(Connection& connection,
                                                      const LeaseRef& lease) {
  Query query{
      connection,
      "SELECT job_name, started_at, cancel_requested, coalesce(retry_of, id), attempt,"
      " EXISTS (SELECT 1 FROM {}run_edges WHERE prerequisite = coalesce(run.retry_of, run.id))"
      " OR EXISTS (SELECT 1 FROM {}job_dependencies WHERE prerequisite = run.job_name)"
      " FROM {}job_runs AS run"
      " WHERE id = ? AND fence = ? AND status = 'running' FOR UPDATE"};
  if (!query.bind(lease.run_id, lease.fence).step()) return std::nullopt;
  HeldRun run;
  run.job_name = query.text();
  run.started_at = query.instant();
  run.cancel_requested = query.boolean();
  run.work = query.text();
  run.attempt = query.number<std::uint32_t>();
  run.has_dependents = query.boolean();
  return run;
}

[[nodiscard]] inline RenewAnswer renew(Connection& connection, const Renewal& renewal,
                                       Duration lease, TimePoint now) {
  const auto held = find_held(connection, renewal.lease);
  if (!held) return RenewAnswer::lost;
  Query{connection,
        "UPDATE {}job_runs SET lease_until_at = ?1, progress = coalesce(?2, progress),"
        " progress_note = CASE WHEN ?2 IS NULL THEN progress_note ELSE ?3 END, log = coalesce(?4, "
        "log)"
        " WHERE id = ?5"}
      .bind(add_clamped(now, lease), renewal.progress, Text{renewal.progress_note}, renewal.log,
            renewal.lease.run_id)
      .run();
  return held->cancel_requested ? RenewAnswer::cancel_requested : RenewAnswer::kept;
}

[[nodiscard]] inline FinishAnswer finish(Connection& connection, const Completion& completion,
                                         TimePoint now) {
  static const std::string no_message;
  const auto held = find_held(connection, completion.lease);
  if (!held) return FinishAnswer::lost;
  if (held->has_dependents || !completion.follow_ups.empty()) require_alone(connection);
  const TimePoint ended_at = std::max(now, held->started_at);
  const auto& error = completion.error;
  Query{connection,
        "UPDATE {}job_runs SET status = ?, message_code = ?, summary = ?, details = ?,"
        " error_code = ?, error_message = ?, duration_ms = ?, completed_at = ?,"
        " log = coalesce(?, log) WHERE id = ?"}
      .bind(to_string(completion.status), Text{completion.message_code}, Text{completion.summary},
            completion.details, error ? std::optional{error->code} : std::nullopt,
            Text{error ? error->message : no_message}, completion.duration, ended_at,
            completion.log, completion.lease.run_id)
      .run();
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
  Query{connection,
        "UPDATE {}job_runs SET status = 'pending', message_code = ?, node = NULL,"
        " lease_until_at = NULL, started_at = NULL, progress = 0, progress_note = NULL"
        " WHERE id = ? AND fence = ? AND status = 'running'"}
      .bind(message_code::job_interrupted, lease.run_id, lease.fence)
      .run();
  return connection.change_count() > 0 ? FinishAnswer::done : FinishAnswer::lost;
}

/// Returns the runs whose lease has expired, the longest expired first, and locks them.
///
/// Those that somebody has locked are left out: they are being renewed, ended or taken over.
[[nodiscard]] inline std::vector<JobRun> find_expired(Connection& connection,
                                                      const RescueRequest& request, TimePoint now) {
  static const std::string sql = "SELECT " + run_columns() +
                                 " FROM {}job_runs WHERE status = 'running' AND lease_until_at <= ?"
                                 " AND job_name = ANY(?::text[])"
                                 " ORDER BY lease_until_at, id LIMIT ? FOR UPDATE SKIP LOCKED";
  std::vector<JobRun> runs;
  Query query{connection, sql};
  query.bind(now, *request.jobs, std::uint64_t{request.limit});
  while (query.step()) runs.push_back(read_run(query));
  return runs;
}

/// Takes runs over; they keep the name of the node that ran them.
[[nodiscard]] inline std::vector<JobRun> take_expired(Connection& connection,
                                                      const RescueRequest& request, TimePoint now) {
  auto runs = find_expired(connection, request, now);
  for (auto& run : runs) {
    ++run.fence;
    run.lease_until_at = add_clamped(now, request.lease);
    Query{connection, "UPDATE {}job_runs SET fence = ?, lease_until_at = ? WHERE id = ?"}
        .bind(run.fence, run.lease_until_at, run.id)
        .run();
  }
  return runs;
}

[[nodiscard]] inline CancelAnswer request_cancel(Connection& connection, RunId id,
                                                 const std::string& actor, TimePoint now) {
  const auto run = find_run(connection, id);
  if (!run) return CancelAnswer::not_found;
  if (is_terminal(run->status)) return CancelAnswer::ended;
  if (run->status == JobStatus::running) {
    Query{connection,
          "UPDATE {}job_runs SET cancel_requested = true, cancel_actor = ? WHERE id = ?"}
        .bind(Text{actor}, id)
        .run();
    return CancelAnswer::requested;
  }
  Query{connection,
        "UPDATE {}job_runs SET status = 'skipped', cancel_requested = true, cancel_actor = ?,"
        " message_code = ?, summary = 'cancelled before it started', completed_at = ?"
        " WHERE id = ?"}
      .bind(Text{actor}, message_code::job_cancelled, now, id)
      .run();
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
              " AND EXISTS (SELECT 1 FROM {}job_runs"
              "  WHERE status = 'pending' AND job_name = name) ORDER BY name"};
  return texts_of(query.bind(add_clamped(now, -request.age), *request.jobs));
}

/// Ends a pending run that no node can run.
inline void expire_run(Connection& connection, const JobRun& run, Duration age, TimePoint now) {
  Query{connection,
        "UPDATE {}job_runs SET status = 'failed', message_code = ?1, summary = ?2,"
        " error_code = ?1, error_message = ?3, completed_at = ?4 WHERE id = ?5"}
      .bind(message_code::job_not_found, "no node knew the job",
            "no node that knows job \"" + run.job_name + "\" was there for " +
                std::to_string(age.count()) + " ms",
            now, run.id)
      .run();
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
