// SPDX-License-Identifier: MIT
//
// Checks of `finish`: the end of a run, its counters and what follows from it are recorded together
// under the fence, or nothing is.

#pragma once

#include <chrono>
#include <cstdint>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Runs and counters of the job "alpha", to be compared before and after.
inline void expect_counts(StorageTrial& trial, std::uint64_t success, std::uint64_t failure,
                          std::uint64_t skipped) {
  const JobSummary summary = trial.summary("alpha");
  trial.expect_equal("success_count", success, summary.success_count);
  trial.expect_equal("failure_count", failure, summary.failure_count);
  trial.expect_equal("skipped_count", skipped, summary.skipped_count);
  trial.expect_equal("run_count", success + failure + skipped, summary.run_count);
}

/// Expects `finish` of `status` to record everything that the completion says.
inline void expect_recorded(StorageTrial& trial, JobStatus status) {
  trial.sync(trial.definition("alpha"));
  const JobRun run = trial.start(trial.row("alpha"));
  trial.advance(std::chrono::seconds{15});
  Completion end = trial.completion(run, status);
  end.message_code = "UPLOADS_TIDIED";
  end.summary = "3 uploads removed";
  end.details = {{"removed", 3}};
  if (status == JobStatus::failed) end.error = RunError{"DISK_FULL", "no space left"};
  end.duration = Duration{14'999};
  const TimePoint first = trial.now();
  trial.expect_equal("answers", {FinishAnswer::done}, trial.storage().finish({end}, first));
  const TimePoint last = trial.now();
  const JobRun ended = trial.stored(run.id);
  trial.expect_between("completed_at", first, ended.completed_at, last);
  JobRun wanted = run;
  wanted.status = status;
  wanted.message_code = end.message_code;
  wanted.summary = end.summary;
  wanted.details = end.details;
  wanted.error = end.error;
  wanted.duration = end.duration;
  wanted.completed_at = ended.completed_at;
  wanted.lease_until_at = ended.lease_until_at;  // of no meaning any more
  trial.expect_same("stored run", difference(wanted, ended));
  expect_counts(trial, status == JobStatus::success, status == JobStatus::failed,
                status == JobStatus::skipped);
}

}  // namespace detail

inline constexpr StorageCheck finish_checks[] = {
    {"finish records the end of a run when it succeeds",
     [](StorageTrial& trial) { detail::expect_recorded(trial, JobStatus::success); }},

    {"finish records the end of a run when it fails",
     [](StorageTrial& trial) { detail::expect_recorded(trial, JobStatus::failed); }},

    {"finish records the end of a run when its body skips",
     [](StorageTrial& trial) { detail::expect_recorded(trial, JobStatus::skipped); }},

    {"finish counts every run once when many end",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.sync(trial.definition("beta"));
       for (int i = 0; i < 3; ++i) trial.end(trial.row("alpha"), JobStatus::success);
       for (int i = 0; i < 2; ++i) trial.end(trial.row("alpha"), JobStatus::failed);
       trial.end(trial.row("alpha"), JobStatus::skipped);
       detail::expect_counts(trial, 3, 2, 1);
       trial.expect_equal("run_count of beta", 0U, trial.summary("beta").run_count);
     }},

    {"finish writes nothing when the fence is not the run's",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       for (const std::uint64_t fence : {run.fence - 1, run.fence + 1}) {
         Completion end = trial.completion(run);
         end.lease.fence = fence;
         end.details = {{"written", true}};
         end.follow_ups = {trial.row("alpha"), trial.skipped_row("alpha", "JOB_MISSED")};
         trial.expect_equal("answers", {FinishAnswer::lost},
                            trial.storage().finish({end}, trial.now()));
         trial.expect_same("stored run", difference(run, trial.stored(run.id)));
       }
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
       detail::expect_counts(trial, 0, 0, 0);
     }},

    {"finish writes nothing when the run has ended",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun ended = trial.end(trial.row("alpha"));
       trial.advance(std::chrono::minutes{1});
       Completion again = trial.completion(ended, JobStatus::failed);
       again.follow_ups = {trial.row("alpha")};
       trial.expect_equal("answers", {FinishAnswer::lost},
                          trial.storage().finish({again}, trial.now()));
       trial.expect_same("stored run", difference(ended, trial.stored(ended.id)));
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
       detail::expect_counts(trial, 1, 0, 0);
     }},

    {"finish writes the first end when one batch ends a run twice",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       trial.expect_equal("answers", {FinishAnswer::done, FinishAnswer::lost},
                          trial.storage().finish({trial.completion(run, JobStatus::success),
                                                  trial.completion(run, JobStatus::failed)},
                                                 trial.now()));
       trial.expect_equal("status", JobStatus::success, trial.stored(run.id).status);
       detail::expect_counts(trial, 1, 0, 0);
     }},

    {"finish answers lost when the run never started, was handed back or does not exist",
     [](StorageTrial& trial) {
       const JobRun pending = trial.stored(trial.enqueue(trial.row("alpha")));
       const JobRun handed_back = trial.start(trial.row("alpha"));
       trial.release(handed_back);
       JobRun unknown = handed_back;
       unknown.id = trial.next_id();
       trial.expect_equal("answer for a pending run", FinishAnswer::lost, trial.finish(pending));
       trial.expect_equal("answer for one handed back", FinishAnswer::lost,
                          trial.finish(handed_back));
       trial.expect_equal("answer for an unknown run", FinishAnswer::lost, trial.finish(unknown));
       trial.expect_same("pending run", difference(pending, trial.stored(pending.id)));
       trial.expect_equal("status of the one handed back", JobStatus::pending,
                          trial.stored(handed_back.id).status);
     }},

    {"finish records the end when the lease has expired but nobody took the run",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(3 * trial.lease);
       trial.expect_equal("answer", FinishAnswer::done, trial.finish(run));
       trial.expect_equal("status", JobStatus::success, trial.stored(run.id).status);
     }},

    {"finish records the end when the run was asked to stop",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().request_cancel(run.id, "olga", trial.now());
       trial.expect_equal("answer", FinishAnswer::done, trial.finish(run, JobStatus::skipped));
       trial.expect_equal("cancel_actor", "olga", trial.stored(run.id).cancel_actor);
     }},

    {"finish stores the rows that follow when it records the end",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       NewRun retry = trial.row("alpha");
       retry.trigger = RunTrigger::retry;
       retry.attempt = 2;
       retry.retry_of = run.id;
       retry.run_at += std::chrono::minutes{5};
       NewRun dependent = trial.row("beta");
       dependent.trigger = RunTrigger::dependency;
       const NewRun skipped = trial.skipped_row("alpha", "JOB_DEPENDENCY_FAILED");
       Completion end = trial.completion(run, JobStatus::failed);
       end.follow_ups = {retry, dependent, skipped};
       const TimePoint first = trial.now();
       trial.expect_equal("answers", {FinishAnswer::done}, trial.storage().finish({end}, first));
       for (const auto& row : {retry, dependent}) {
         const JobRun stored = trial.stored(row.id);
         trial.expect_between("created_at", first, stored.created_at, trial.now());
         trial.expect_same("follow-up", difference(to_run(row, stored.created_at), stored));
       }
       trial.expect_equal("status of the skipped one", JobStatus::skipped,
                          trial.stored(skipped.id).status);
       detail::expect_counts(trial, 0, 1, 1);
       trial.expect_equal("claimable now", {dependent.id},
                          trial.ids_of(trial.claim({"alpha", "beta"})));
     }},

    {"finish lets an exclusive retry start when it follows an exclusive run",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       NewRun retry = trial.row("alpha");
       retry.exclusive = true;
       retry.attempt = 2;
       retry.retry_of = run.id;
       retry.due_at = run.due_at;
       Completion end = trial.completion(run, JobStatus::failed);
       end.follow_ups = {retry};
       trial.storage().finish({end}, trial.now());
       trial.expect_equal("ids of claimed runs", {retry.id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"finish answers each by itself when held and lost ones come in one batch",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun first = trial.start(trial.row("alpha"));
       const JobRun second = trial.start(trial.row("alpha"));
       const JobRun third = trial.start(trial.row("alpha"));
       Completion lost = trial.completion(second);
       lost.lease.fence += 1;
       lost.follow_ups = {trial.row("alpha")};
       Completion last = trial.completion(third, JobStatus::failed);
       last.follow_ups = {trial.row("alpha")};
       trial.expect_equal(
           "answers", {FinishAnswer::done, FinishAnswer::lost, FinishAnswer::done},
           trial.storage().finish({trial.completion(first), lost, last}, trial.now()));
       trial.expect_equal("status of the first", JobStatus::success, trial.stored(first.id).status);
       trial.expect_same("second run", difference(second, trial.stored(second.id)));
       trial.expect_equal("status of the third", JobStatus::failed, trial.stored(third.id).status);
       trial.expect_equal("number of runs", 4U, trial.runs_of("alpha").size());
       detail::expect_counts(trial, 1, 1, 0);
       trial.expect_equal("answers to none", {}, trial.storage().finish({}, trial.now()));
     }},
};

}  // namespace punctual::testing
