// SPDX-License-Identifier: MIT
//
// What the end of some work sets going: runs that waited for it, and jobs that depend on its job.
//
// Work is a run and its retries; it ends with the last of them. All of it happens in the
// transaction that records that end, so no dependent is forgotten whoever dies.
//
// Thread-safety: as the Connection. Requires: inside a transaction that writes.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/postgres/counters.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_moves.hpp"

namespace punctual::postgres::detail {

/// An attempt that has ended.
struct EndedAttempt {
  std::string job_name{};
  RunId work{};  ///< the id of the first attempt
  std::uint32_t attempt = 1;
  bool is_well = false;
  bool tells_jobs = false;  ///< it ran, or is the answer to a failed dependency
};

[[nodiscard]] inline EndedAttempt ended_attempt(const JobRun& run, bool is_well) {
  EndedAttempt ended;
  ended.job_name = run.job_name;
  ended.work = work_id(run);
  ended.attempt = run.attempt;
  ended.is_well = is_well;
  ended.tells_jobs =
      run.started_at.has_value() || run.message_code == message_code::job_dependency_failed;
  return ended;
}

/// How some work stands.
enum class WorkState : std::uint8_t { open, ended_well, ended_otherwise, unknown };

/// Returns the id of the first attempt at the work that `run` is an attempt of. A run that is not
/// there any more may have been a first one, of which later ones are left.
[[nodiscard]] inline RunId find_work(Connection& connection, RunId run) {
  Query query{connection, "SELECT coalesce(retry_of, id) FROM {}job_runs WHERE id = ?"};
  return query.bind(run).step() ? query.id() : run;
}

/// True if an attempt at the work is pending or running.
[[nodiscard]] inline bool is_open(Connection& connection, RunId work) {
  Query query{connection,
              "SELECT 1 WHERE EXISTS (SELECT 1 FROM {}job_pending WHERE id = ?1 OR retry_of = ?1)"
              " OR EXISTS (SELECT 1 FROM {}job_running WHERE id = ?1 OR retry_of = ?1)"};
  return query.bind(work).step();
}

[[nodiscard]] inline WorkState work_state(Connection& connection, RunId work) {
  if (is_open(connection, work)) return WorkState::open;
  Query query{connection,
              "SELECT status, started_at IS NOT NULL FROM {}job_history"
              " WHERE retry_of = ?1 OR id = ?1"
              " ORDER BY (retry_of IS NOT NULL) DESC, attempt DESC, id DESC LIMIT 1"};
  if (!query.bind(work).step()) return WorkState::unknown;
  const JobStatus status = parse_job_status(query.text()).value_or(JobStatus::failed);
  const bool has_started = query.boolean();
  const bool is_well =
      status == JobStatus::success || (status == JobStatus::skipped && has_started);
  return is_well ? WorkState::ended_well : WorkState::ended_otherwise;
}

/// True if anything could depend on the end of this attempt.
[[nodiscard]] inline bool has_dependents(Connection& connection, const EndedAttempt& ended) {
  Query query{connection,
              "SELECT EXISTS (SELECT 1 FROM {}run_edges WHERE prerequisite = ?1)"
              " OR EXISTS (SELECT 1 FROM {}job_dependencies WHERE prerequisite = ?2)"};
  return query.bind(ended.work, ended.job_name).step() && query.boolean();
}

/// Returns the texts in the first column.
[[nodiscard]] inline std::vector<std::string> texts_of(Query& query) {
  std::vector<std::string> texts;
  while (query.step()) texts.push_back(query.text());
  return texts;
}

/// Returns the ids in the first column.
[[nodiscard]] inline std::vector<RunId> ids_of(Query& query) {
  std::vector<RunId> ids;
  while (query.step()) ids.push_back(query.id());
  return ids;
}

/// Arms a job unless something is armed, at an instant that none of its runs has answered. A
/// failure that is armed makes way for an end that is well.
inline void arm_dependent(Connection& connection, const std::string& job_name,
                          const std::string& failed_dependency, TimePoint ended_at) {
  Query{connection,
        "UPDATE {}jobs SET version = version + 1, failed_dependency = ?3::text, next_due_at = "
        "greatest(?2,"
        " coalesce((SELECT max(due_at) + 1 FROM {}job_instants WHERE job_name = ?1), ?2))"
        " WHERE name = ?1 AND (next_due_at IS NULL"
        "  OR (?3::text IS NULL AND failed_dependency IS NOT NULL))"}
      .bind(job_name, ended_at, Text{failed_dependency})
      .run();
}

/// Notes the end for the jobs that depend on its job; arms those that it was the last one for, or
/// that it failed.
inline void tell_jobs(Connection& connection, const EndedAttempt& ended, TimePoint ended_at) {
  static const std::string none;
  Query query{connection,
              "SELECT job_name FROM {}job_dependencies JOIN {}jobs ON name = job_name"
              " WHERE prerequisite = ? AND enabled AND version > 0 ORDER BY job_name"};
  for (const auto& dependent : texts_of(query.bind(ended.job_name))) {
    Query{connection,
          "UPDATE {}job_dependencies SET done = true WHERE job_name = ? AND prerequisite = ?"}
        .bind(dependent, ended.job_name)
        .run();
    const bool is_waiting = [&] {
      Query open{connection,
                 "SELECT 1 FROM {}job_dependencies WHERE job_name = ? AND done = false"};
      return open.bind(dependent).step();
    }();
    if (ended.is_well && is_waiting) continue;
    Query{connection, "UPDATE {}job_dependencies SET done = false WHERE job_name = ?"}
        .bind(dependent)
        .run();
    arm_dependent(connection, dependent, ended.is_well ? none : ended.job_name, ended_at);
  }
}

/// Lets a run wait for one work less.
inline void wait_for_one_less(Connection& connection, RunId run, TimePoint ended_at) {
  Query{connection,
        "UPDATE {}job_pending SET waits_for = nullif(waits_for - 1, 0),"
        " run_at = CASE WHEN waits_for = 1 THEN ?2 ELSE run_at END,"
        " claim_order = CASE WHEN waits_for = 1 THEN ?2 - priority * 60000 ELSE claim_order END"
        " WHERE id = ?1"}
      .bind(run, ended_at)
      .run();
}

/// Answers a run whose prerequisite did not end well; nullopt if it has been answered otherwise.
[[nodiscard]] inline std::optional<EndedAttempt> skip_dependent(Connection& connection, RunId run,
                                                                TimePoint ended_at) {
  EndedAttempt skipped;
  {
    Query query{connection,
                "SELECT job_name, coalesce(retry_of, id), attempt FROM {}job_pending"
                " WHERE id = ?"};
    if (!query.bind(run).step()) return std::nullopt;
    skipped.job_name = query.text();
    skipped.work = query.id();
    skipped.attempt = query.number<std::uint32_t>();
    skipped.tells_jobs = true;
  }
  RunEnd end;
  end.message_code = message_code::job_dependency_failed;
  end.summary = dependency_failed_summary;
  end_pending(connection, run, end, ended_at);
  count_ended(connection, skipped.job_name, JobStatus::skipped);
  rearm(connection, skipped.job_name, ended_at);
  return skipped;
}

/// To be called with each attempt that has ended, once what follows it is stored.
inline void note_end(Connection& connection, EndedAttempt first, TimePoint ended_at) {
  std::deque<EndedAttempt> ends;
  ends.push_back(std::move(first));
  while (!ends.empty()) {
    const EndedAttempt ended = std::move(ends.front());
    ends.pop_front();
    if (!has_dependents(connection, ended) || is_open(connection, ended.work)) continue;
    if (ended.tells_jobs) tell_jobs(connection, ended, ended_at);
    Query query{connection, "SELECT dependent FROM {}run_edges WHERE prerequisite = ?"};
    for (const RunId dependent : ids_of(query.bind(ended.work))) {
      if (ended.is_well) {
        wait_for_one_less(connection, dependent, ended_at);
      } else if (auto skipped = skip_dependent(connection, dependent, ended_at)) {
        ends.push_back(std::move(*skipped));
      }
    }
    Query{connection, "DELETE FROM {}run_edges WHERE prerequisite = ?"}.bind(ended.work).run();
  }
}

}  // namespace punctual::postgres::detail
