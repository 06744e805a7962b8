// SPDX-License-Identifier: MIT
//
// Checks that a run which has ended never changes again, bit for bit, whatever operation names it.

#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// One ended run of each kind of the job "alpha": succeeded, failed, skipped by its body, cancelled
/// and skipped at once.
inline std::vector<JobRun> ended_runs(StorageTrial& trial) {
  trial.sync(trial.definition("alpha"));
  std::vector<JobRun> runs;
  NewRun row = trial.exclusive_row("alpha");
  row.unique_key = "report";
  row.concurrency_key = "shared";
  row.concurrency_max = 1;
  row.due_at = trial.now();
  for (const auto status : {JobStatus::success, JobStatus::failed, JobStatus::skipped}) {
    row.id = trial.next_id();
    runs.push_back(trial.end(row, status));
    row.due_at.reset();
  }
  row.id = trial.next_id();
  trial.enqueue(row);
  trial.storage().request_cancel(row.id, "olga", trial.now());
  runs.push_back(trial.stored(row.id));
  runs.push_back(trial.stored(trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"))));
  trial.advance(2 * trial.lease);
  return runs;
}

inline void expect_unchanged(StorageTrial& trial, const std::vector<JobRun>& runs) {
  for (const auto& run : runs) {
    const auto stored = trial.storage().run(run.id);
    trial.require(stored.has_value(), "an ended run to stay");
    trial.expect_same("ended run", difference(run, *stored));
  }
}

/// Enqueues a row with the id of a stored run, which may be refused.
inline void enqueue_same_id(StorageTrial& trial, const JobRun& run) {
  NewRun row = trial.row("alpha");
  row.id = run.id;
  try {
    trial.storage().enqueue({row}, trial.now());
  } catch (const Error&) {
    // Refused is as good as left alone: what counts is the stored row.
  }
}

}  // namespace detail

inline constexpr StorageCheck final_row_checks[] = {
    {"finish, renew and release leave ended runs as they are when they come under any fence",
     [](StorageTrial& trial) {
       const auto runs = detail::ended_runs(trial);
       for (const auto& run : runs) {
         for (std::uint64_t fence = 0; fence <= run.fence + 1; ++fence) {
           Completion end = trial.completion(run, JobStatus::failed);
           end.lease.fence = fence;
           end.details = {{"late", true}};
           trial.expect_equal("answers to completions", {FinishAnswer::lost},
                              trial.storage().finish({end}, trial.now()));
           trial.expect_equal("answers to renewals", {RenewAnswer::lost},
                              trial.storage().renew({{.lease = end.lease, .progress = 0.5}},
                                                    trial.lease, trial.now()));
           trial.expect_equal("answers to releases", {FinishAnswer::lost},
                              trial.storage().release({end.lease}, trial.now()));
         }
       }
       detail::expect_unchanged(trial, runs);
       trial.expect_equal("run_count", runs.size(), trial.summary("alpha").run_count);
     }},

    {"claim, take_expired and request_cancel leave ended runs as they are when they name them",
     [](StorageTrial& trial) {
       const auto runs = detail::ended_runs(trial);
       for (const auto& run : runs) {
         trial.expect(!trial.claim_only(run.id, "alpha"), "no ended run to be claimed");
         trial.expect_equal("answer to a request to cancel", CancelAnswer::ended,
                            trial.storage().request_cancel(run.id, "somebody", trial.now()));
       }
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
       trial.expect_equal("runs taken over", 0U, trial.take_expired({"alpha"}).size());
       detail::expect_unchanged(trial, runs);
     }},

    {"enqueue leaves ended runs as they are when rows share their id or keys",
     [](StorageTrial& trial) {
       const auto runs = detail::ended_runs(trial);
       for (const auto& run : runs) detail::enqueue_same_id(trial, run);
       NewRun row = trial.exclusive_row("alpha");
       row.unique_key = "report";
       trial.end(row);
       detail::expect_unchanged(trial, runs);
       trial.expect_equal("run_count", runs.size() + 1, trial.summary("alpha").run_count);
     }},

    {"sync_jobs, advance and set_paused leave ended runs as they are when they change their job",
     [](StorageTrial& trial) {
       const auto runs = detail::ended_runs(trial);
       JobDefinition job = trial.definition("alpha");
       job.schedule["periodMs"] = 60'000;
       job.enabled = false;
       trial.sync(job);
       job.enabled = true;
       NewRun row = trial.due_row("alpha", *runs.front().due_at);
       trial.advance_schedule(trial.sync(job), trial.now(), {row});
       trial.pause(trial.sync(job));
       row = trial.skipped_row("alpha", "JOB_PAUSED");
       trial.storage().set_paused({.job_name = "alpha",
                                   .version = trial.sync(job).version,
                                   .paused = false,
                                   .next_due_at = trial.now(),
                                   .rows = {row}},
                                  trial.now());
       detail::expect_unchanged(trial, runs);
     }},

    {"prune and next_wake leave ended runs as they are when they are kept",
     [](StorageTrial& trial) {
       const auto runs = detail::ended_runs(trial);
       trial.advance(std::chrono::hours{24 * 365});
       trial.expect_equal("number of removed runs", 0U, trial.storage().prune(100, trial.now()));
       trial.storage().next_wake({"alpha"}, trial.now());
       detail::expect_unchanged(trial, runs);
     }},
};

}  // namespace punctual::testing
