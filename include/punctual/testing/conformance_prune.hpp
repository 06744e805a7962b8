// SPDX-License-Identifier: MIT
//
// Checks of `prune`: old rows go, and nothing that is still wanted goes with them.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Loads a job whose ended runs are kept for a day, and beyond that the newest `keep_last`.
inline void sync_kept(StorageTrial& trial, std::string job, std::size_t keep_last) {
  JobDefinition definition = trial.definition(std::move(job));
  definition.retention = {.period = std::chrono::hours{24}, .keep_last = keep_last};
  trial.sync(definition);
}

/// Ends runs of `job`; returns their ids, the newest first as `runs` does.
inline std::vector<RunId> end_runs(StorageTrial& trial, const std::string& job, int count) {
  std::vector<RunId> ids;
  for (int i = 0; i < count; ++i) ids.insert(ids.begin(), trial.end(trial.row(job)).id);
  return ids;
}

inline std::size_t prune(StorageTrial& trial, std::size_t limit = 1000) {
  return trial.storage().prune(limit, trial.now());
}

}  // namespace detail

inline constexpr StorageCheck prune_checks[] = {
    {"prune removes nothing when there is nothing",
     [](StorageTrial& trial) {
       trial.expect_equal("number of removed runs", 0U, detail::prune(trial));
       detail::sync_kept(trial, "alpha", 0);
       trial.expect_equal("number of removed runs of a job", 0U, detail::prune(trial));
     }},

    {"prune removes ended runs when they are older than their job keeps them",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       detail::end_runs(trial, "alpha", 2);
       trial.end(trial.row("alpha"), JobStatus::failed);
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.advance(std::chrono::hours{13});
       const auto young = detail::end_runs(trial, "alpha", 2);
       trial.expect_equal("removed after 13 hours", 0U, detail::prune(trial));
       trial.advance(std::chrono::hours{13});
       trial.expect_equal("removed after 26 hours", 4U, detail::prune(trial));
       trial.expect_equal("ids of runs", young, trial.ids_of(trial.runs_of("alpha")));
       trial.expect_equal("removed then", 0U, detail::prune(trial));
     }},

    {"prune removes a run for good when it is old",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       const auto ids = detail::end_runs(trial, "alpha", 1);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("number of removed runs", 1U, detail::prune(trial));
       trial.expect(!trial.storage().run(ids.front()), "no run by its id");
       trial.expect(trial.storage().runs({}).empty(), "no run in the history");
       trial.expect_equal("answer to a request to cancel", CancelAnswer::not_found,
                          trial.storage().request_cancel(ids.front(), "olga", trial.now()));
     }},

    {"prune keeps the newest runs of each job when all are old",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 3);
       detail::sync_kept(trial, "beta", 1);
       auto alpha = detail::end_runs(trial, "alpha", 5);
       auto beta = detail::end_runs(trial, "beta", 4);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("number of removed runs", 5U, detail::prune(trial));
       alpha.resize(3);
       beta.resize(1);
       trial.expect_equal("ids of runs of alpha", alpha, trial.ids_of(trial.runs_of("alpha")));
       trial.expect_equal("ids of runs of beta", beta, trial.ids_of(trial.runs_of("beta")));
     }},

    {"prune goes by each job's own period when they differ",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       JobDefinition beta = trial.definition("beta");
       beta.retention = {.period = std::chrono::hours{24 * 30}, .keep_last = 0};
       trial.sync(beta);
       detail::end_runs(trial, "alpha", 2);
       detail::end_runs(trial, "beta", 2);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("number of removed runs", 2U, detail::prune(trial));
       trial.expect_equal("runs of beta", 2U, trial.runs_of("beta").size());
     }},

    {"prune goes by the retention last loaded when that changed",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 5);
       detail::end_runs(trial, "alpha", 3);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("removed at first", 0U, detail::prune(trial));
       detail::sync_kept(trial, "alpha", 1);
       trial.expect_equal("removed then", 2U, detail::prune(trial));
     }},

    {"prune removes no open run when it is older than anything",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       NewRun later = trial.row("alpha");
       later.run_at += std::chrono::hours{24 * 365};
       trial.enqueue(later);
       const JobRun running = trial.start(trial.row("alpha"));
       const RunId pending = trial.enqueue(trial.row("alpha"));
       detail::end_runs(trial, "alpha", 2);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("number of removed runs", 2U, detail::prune(trial));
       trial.expect_equal("ids of runs", {pending, running.id, later.id},
                          trial.ids_of(trial.runs_of("alpha")));
       trial.expect_equal("answer to the completion", FinishAnswer::done, trial.finish(running));
     }},

    {"prune removes no more than the limit, and the rest when it is repeated",
     [](StorageTrial& trial) {
       for (const char* job : {"alpha", "beta"}) {
         detail::sync_kept(trial, job, 1);
         detail::end_runs(trial, job, 6);
       }
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("removed at first", 4U, detail::prune(trial, 4));
       trial.expect_equal("removed next", 4U, detail::prune(trial, 4));
       trial.expect_equal("removed then", 2U, detail::prune(trial, 4));
       trial.expect_equal("removed at last", 0U, detail::prune(trial, 4));
       trial.expect_equal("runs of alpha", 1U, trial.runs_of("alpha").size());
       trial.expect_equal("runs of beta", 1U, trial.runs_of("beta").size());
     }},

    {"prune leaves the counters as they are when it removes runs",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       detail::end_runs(trial, "alpha", 3);
       trial.end(trial.row("alpha"), JobStatus::failed);
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.advance(std::chrono::hours{48});
       trial.require_equal("number of removed runs", 5U, detail::prune(trial));
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("success_count", 3U, summary.success_count);
       trial.expect_equal("failure_count", 1U, summary.failure_count);
       trial.expect_equal("skipped_count", 1U, summary.skipped_count);
       trial.expect_equal("run_count", 5U, summary.run_count);
       trial.end(trial.row("alpha"));
       trial.expect_equal("run_count then", 6U, trial.summary("alpha").run_count);
     }},

    {"prune removes runs that ended long ago when one stored before them ended lately",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 0);
       const JobRun slow = trial.start(trial.row("alpha"));
       detail::end_runs(trial, "alpha", 3);
       trial.advance(std::chrono::hours{48});
       trial.finish(slow);
       trial.expect_equal("number of removed runs", 3U, detail::prune(trial));
       trial.expect_equal("ids of runs", {slow.id}, trial.ids_of(trial.runs_of("alpha")));
     }},

    {"prune keeps the last run of the summary when it is among the newest",
     [](StorageTrial& trial) {
       detail::sync_kept(trial, "alpha", 1);
       const auto ids = detail::end_runs(trial, "alpha", 3);
       trial.advance(std::chrono::hours{48});
       trial.expect_equal("number of removed runs", 2U, detail::prune(trial));
       const auto last = trial.summary("alpha").last_run;
       trial.require(last.has_value(), "a last run");
       trial.expect_equal("id", ids.front(), last->id);
     }},
};

}  // namespace punctual::testing
