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
#include "punctual/sqlite/counters.hpp"
#include "punctual/sqlite/query.hpp"

namespace punctual::sqlite::detail {

/// An attempt that has ended.
struct EndedAttempt {
  std::string job_name{};
  std::string work{};  ///< the id of the first attempt
  std::uint32_t attempt = 1;
  bool is_well = false;
  bool tells_jobs = false;  ///< it ran, or is the answer to a failed dependency
};

[[nodiscard]] inline EndedAttempt ended_attempt(const JobRun& run, bool is_well) {
  EndedAttempt ended;
  ended.job_name = run.job_name;
  ended.work = work_id(run).to_string();
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
[[nodiscard]] inline std::string find_work(Connection& connection, RunId run) {
  Query query{connection, "SELECT coalesce(retry_of, id) FROM {}job_runs WHERE id = ?"};
  return query.bind(run).step() ? query.text() : run.to_string();
}

[[nodiscard]] inline WorkState work_state(Connection& connection, const std::string& work) {
  Query query{connection,
              "SELECT status, started_at IS NOT NULL FROM {}job_runs WHERE rowid = coalesce("
              "(SELECT rowid FROM {}job_runs INDEXED BY {}job_runs_attempts"
              " WHERE retry_of = ?1 ORDER BY attempt DESC LIMIT 1),"
              " (SELECT rowid FROM {}job_runs WHERE id = ?1))"};
  if (!query.bind(work).step()) return WorkState::unknown;
  const JobStatus status = parse_job_status(query.text()).value_or(JobStatus::failed);
  const bool has_started = query.boolean();
  if (!is_terminal(status)) return WorkState::open;
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

[[nodiscard]] inline bool has_later_attempt(Connection& connection, const EndedAttempt& ended) {
  Query query{connection,
              "SELECT 1 FROM {}job_runs INDEXED BY {}job_runs_attempts"
              " WHERE retry_of = ? AND attempt > ? LIMIT 1"};
  return query.bind(ended.work, ended.attempt).step();
}

/// Returns the texts in the first column.
[[nodiscard]] inline std::vector<std::string> texts_of(Query& query) {
  std::vector<std::string> texts;
  while (query.step()) texts.push_back(query.text());
  return texts;
}

/// Arms a job unless something is armed, at an instant that none of its runs has answered. A
/// failure that is armed makes way for an end that is well.
inline void arm_dependent(Connection& connection, const std::string& job_name,
                          const std::string& failed_dependency, TimePoint ended_at) {
  Query{connection,
        "UPDATE {}jobs SET version = version + 1, failed_dependency = ?3, next_due_at = max(?2,"
        " coalesce((SELECT max(due_at) + 1 FROM {}job_runs INDEXED BY {}job_runs_first_attempts"
        "  WHERE job_name = ?1 AND attempt = 1 AND due_at IS NOT NULL), ?2))"
        " WHERE name = ?1 AND (next_due_at IS NULL"
        "  OR (?3 IS NULL AND failed_dependency IS NOT NULL))"}
      .bind(job_name, ended_at, Text{failed_dependency})
      .run();
}

/// Notes the end for the jobs that depend on its job; arms those that it was the last one for, or
/// that it failed.
inline void tell_jobs(Connection& connection, const EndedAttempt& ended, TimePoint ended_at) {
  static const std::string none;
  Query query{connection,
              "SELECT job_name FROM {}job_dependencies CROSS JOIN {}jobs ON name = job_name"
              " WHERE prerequisite = ? AND enabled = 1 AND version > 0 ORDER BY job_name"};
  for (const auto& dependent : texts_of(query.bind(ended.job_name))) {
    Query{connection,
          "UPDATE {}job_dependencies SET done = 1 WHERE job_name = ? AND prerequisite = ?"}
        .bind(dependent, ended.job_name)
        .run();
    const bool is_waiting = [&] {
      Query open{connection, "SELECT 1 FROM {}job_dependencies WHERE job_name = ? AND done = 0"};
      return open.bind(dependent).step();
    }();
    if (ended.is_well && is_waiting) continue;
    Query{connection, "UPDATE {}job_dependencies SET done = 0 WHERE job_name = ?"}
        .bind(dependent)
        .run();
    arm_dependent(connection, dependent, ended.is_well ? none : ended.job_name, ended_at);
  }
}

/// Lets a run wait for one work less.
inline void wait_for_one_less(Connection& connection, const std::string& run, TimePoint ended_at) {
  Query{connection,
        "UPDATE {}job_runs SET waits_for = waits_for - 1, run_at = iif(waits_for = 1, ?2, run_at),"
        " claim_order = iif(waits_for = 1, ?2 - priority * 60000, claim_order)"
        " WHERE id = ?1 AND status = 'pending'"}
      .bind(run, ended_at)
      .run();
}

/// Answers a run whose prerequisite did not end well; nullopt if it has been answered otherwise.
[[nodiscard]] inline std::optional<EndedAttempt> skip_dependent(Connection& connection,
                                                                const std::string& run,
                                                                TimePoint ended_at) {
  EndedAttempt skipped;
  {
    Query query{connection,
                "SELECT job_name, coalesce(retry_of, id), attempt FROM {}job_runs"
                " WHERE id = ? AND status = 'pending'"};
    if (!query.bind(run).step()) return std::nullopt;
    skipped.job_name = query.text();
    skipped.work = query.text();
    skipped.attempt = query.number<std::uint32_t>();
    skipped.tells_jobs = true;
  }
  Query{connection,
        "UPDATE {}job_runs SET status = 'skipped', message_code = ?, summary = ?, completed_at = ?"
        " WHERE id = ?"}
      .bind(message_code::job_dependency_failed, dependency_failed_summary, ended_at, run)
      .run();
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
    if (!has_dependents(connection, ended) || has_later_attempt(connection, ended)) continue;
    if (ended.tells_jobs) tell_jobs(connection, ended, ended_at);
    Query query{connection, "SELECT dependent FROM {}run_edges WHERE prerequisite = ?"};
    for (const auto& dependent : texts_of(query.bind(ended.work))) {
      if (ended.is_well) {
        wait_for_one_less(connection, dependent, ended_at);
      } else if (auto skipped = skip_dependent(connection, dependent, ended_at)) {
        ends.push_back(std::move(*skipped));
      }
    }
    Query{connection, "DELETE FROM {}run_edges WHERE prerequisite = ?"}.bind(ended.work).run();
  }
}

}  // namespace punctual::sqlite::detail
