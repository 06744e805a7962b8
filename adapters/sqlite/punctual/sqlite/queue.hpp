// SPDX-License-Identifier: MIT
//
// The queue half of sqlite::Storage: runs handed in, claimed, kept, ended.
//
// A run changes only under the status and fence that its writer believes in. Whoever is late
// changes no row.
//
// Thread-safety: as the Connection. All but the readers require a transaction that writes.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/sqlite/claim_pick.hpp"
#include "punctual/sqlite/known_jobs.hpp"
#include "punctual/sqlite/query.hpp"
#include "punctual/sqlite/run_rows.hpp"
#include "punctual/sqlite/run_store.hpp"

namespace punctual::sqlite::detail {

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

/// True if a claim would get something. Reads only.
[[nodiscard]] inline bool has_claimable(Connection& connection, const ClaimRequest& request,
                                        TimePoint now) {
  return !ClaimPick{connection, request, now}.pick(1).empty();
}

/// Makes a pending run running; returns it.
[[nodiscard]] inline JobRun start_run(Connection& connection, const std::string& id,
                                      const ClaimRequest& request, TimePoint now) {
  JobRun run = read_run_by_id(connection, id).value();
  run.status = JobStatus::running;
  run.node = request.node;
  ++run.fence;
  run.started_at = now;
  run.lease_until_at = add_clamped(now, request.lease);
  Query{connection,
        "UPDATE {}job_runs SET status = 'running', node = ?, fence = ?, started_at = ?,"
        " lease_until_at = ? WHERE id = ?"}
      .bind(run.node, run.fence, run.started_at, run.lease_until_at, id)
      .run();
  return run;
}

[[nodiscard]] inline std::vector<JobRun> claim(Connection& connection, const ClaimRequest& request,
                                               TimePoint now) {
  const auto ids = ClaimPick{connection, request, now}.pick(request.limit);
  std::vector<JobRun> runs;
  runs.reserve(ids.size());
  for (const auto& id : ids) runs.push_back(start_run(connection, id, request, now));
  return runs;
}

/// What a write under a lease has to know of the run.
struct HeldRun {
  std::string job_name{};
  TimePoint started_at{};
  bool cancel_requested = false;
};

/// Returns the run if it is running under this fence.
///
/// A look and then a write, rather than one statement that answers: SQLite makes a table of its own
/// for the answers of each write.
[[nodiscard]] inline std::optional<HeldRun> find_held(Connection& connection,
                                                      const LeaseRef& lease) {
  Query query{connection,
              "SELECT job_name, started_at, cancel_requested FROM {}job_runs"
              " WHERE id = ? AND fence = ? AND status = 'running'"};
  if (!query.bind(lease.run_id, lease.fence).step()) return std::nullopt;
  HeldRun run;
  run.job_name = query.text();
  run.started_at = query.instant();
  run.cancel_requested = query.boolean();
  return run;
}

[[nodiscard]] inline RenewAnswer renew(Connection& connection, const Renewal& renewal,
                                       Duration lease, TimePoint now) {
  const auto held = find_held(connection, renewal.lease);
  if (!held) return RenewAnswer::lost;
  Query{connection,
        "UPDATE {}job_runs SET lease_until_at = ?1, progress = coalesce(?2, progress),"
        " progress_note = iif(?2 IS NULL, progress_note, ?3) WHERE id = ?4"}
      .bind(add_clamped(now, lease), renewal.progress, Text{renewal.progress_note},
            renewal.lease.run_id)
      .run();
  return held->cancel_requested ? RenewAnswer::cancel_requested : RenewAnswer::kept;
}

[[nodiscard]] inline FinishAnswer finish(Connection& connection, const Completion& completion,
                                         TimePoint now) {
  static const std::string no_message;
  const auto held = find_held(connection, completion.lease);
  if (!held) return FinishAnswer::lost;
  const TimePoint ended_at = std::max(now, held->started_at);
  const auto& error = completion.error;
  Query{connection,
        "UPDATE {}job_runs SET status = ?, message_code = ?, summary = ?, details = ?,"
        " error_code = ?, error_message = ?, duration_ms = ?, completed_at = ? WHERE id = ?"}
      .bind(to_string(completion.status), Text{completion.message_code}, Text{completion.summary},
            completion.details, error ? std::optional{error->code} : std::nullopt,
            Text{error ? error->message : no_message}, completion.duration, ended_at,
            completion.lease.run_id)
      .run();
  count_ended(connection, held->job_name, completion.status);
  for (const auto& follow_up : completion.follow_ups) store_run(connection, follow_up, now);
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

/// Returns the runs whose lease has expired, the longest expired first. Reads only.
[[nodiscard]] inline std::vector<JobRun> find_expired(Connection& connection,
                                                      const RescueRequest& request,
                                                      std::size_t limit, TimePoint now) {
  static const std::string sql =
      "SELECT " + run_columns() +
      " FROM {}job_runs INDEXED BY {}job_runs_running_leases"
      " WHERE status = 'running' AND lease_until_at <= ? AND knows_job(job_name)"
      " ORDER BY lease_until_at, id LIMIT ?";
  const KnownJobs known{connection, *request.jobs};
  std::vector<JobRun> runs;
  Query query{connection, sql};
  query.bind(now, std::uint64_t{limit});
  while (query.step()) runs.push_back(read_run(query));
  return runs;
}

/// Takes runs over; they keep the name of the node that ran them.
[[nodiscard]] inline std::vector<JobRun> take_expired(Connection& connection,
                                                      const RescueRequest& request, TimePoint now) {
  auto runs = find_expired(connection, request, request.limit, now);
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
  std::string job_name;
  JobStatus status{};
  {
    Query query{connection, "SELECT job_name, status FROM {}job_runs WHERE id = ?"};
    if (!query.bind(id).step()) return CancelAnswer::not_found;
    job_name = query.text();
    status = parse_job_status(query.text()).value_or(JobStatus::failed);
  }
  if (is_terminal(status)) return CancelAnswer::ended;
  if (status == JobStatus::running) {
    Query{connection, "UPDATE {}job_runs SET cancel_requested = 1, cancel_actor = ? WHERE id = ?"}
        .bind(Text{actor}, id)
        .run();
    return CancelAnswer::requested;
  }
  Query{connection,
        "UPDATE {}job_runs SET status = 'skipped', cancel_requested = 1, cancel_actor = ?,"
        " message_code = ?, summary = 'cancelled before it started', completed_at = ?"
        " WHERE id = ?"}
      .bind(Text{actor}, message_code::job_cancelled, now, id)
      .run();
  count_ended(connection, job_name, JobStatus::skipped);
  rearm(connection, job_name, now);
  return CancelAnswer::cancelled;
}

}  // namespace punctual::sqlite::detail
