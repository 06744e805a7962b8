// SPDX-License-Identifier: MIT
//
// Checks of `request_cancel`: a run that has not started ends, one that runs is asked to stop.

#pragma once

#include <chrono>
#include <optional>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline CancelAnswer cancel(StorageTrial& trial, RunId id) {
  return trial.storage().request_cancel(id, "olga", trial.now());
}

}  // namespace detail

inline constexpr StorageCheck cancel_checks[] = {
    {"request_cancel ends and counts a run when it is pending",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.advance(std::chrono::minutes{1});
       const TimePoint first = trial.now();
       trial.expect_equal("answer", CancelAnswer::cancelled, detail::cancel(trial, id));
       const JobRun run = trial.stored(id);
       trial.expect_equal("status", JobStatus::skipped, run.status);
       trial.expect_equal("message_code", "JOB_CANCELLED", run.message_code);
       trial.expect_equal("cancel_actor", "olga", run.cancel_actor);
       trial.expect_equal("started_at", std::nullopt, run.started_at);
       trial.expect_between("completed_at", first, run.completed_at, trial.now());
       trial.expect_equal("fence", 0U, run.fence);
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
     }},

    {"request_cancel ends a run when it waits for its instant or for its paused job",
     [](StorageTrial& trial) {
       NewRun later = trial.row("alpha");
       later.run_at += std::chrono::hours{1};
       trial.enqueue(later);
       trial.require(trial.pause(trial.sync(trial.definition("beta"))), "the job to be paused");
       const RunId paused = trial.enqueue(trial.row("beta"));
       trial.expect_equal("answer for the later one", CancelAnswer::cancelled,
                          detail::cancel(trial, later.id));
       trial.expect_equal("answer for the paused one", CancelAnswer::cancelled,
                          detail::cancel(trial, paused));
       trial.advance(std::chrono::hours{2});
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
     }},

    {"request_cancel ends a run when it was handed back",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.release(run);
       trial.expect_equal("answer", CancelAnswer::cancelled, detail::cancel(trial, run.id));
       trial.expect_equal("status", JobStatus::skipped, trial.stored(run.id).status);
       trial.expect_equal("message_code", "JOB_CANCELLED", trial.stored(run.id).message_code);
     }},

    {"request_cancel marks a run and leaves it to its node when it is running",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       trial.expect_equal("answer", CancelAnswer::requested, detail::cancel(trial, run.id));
       JobRun wanted = run;
       wanted.cancel_requested = true;
       wanted.cancel_actor = "olga";
       trial.expect_same("stored run", difference(wanted, trial.stored(run.id)));
       trial.expect_equal("answer to a second request", CancelAnswer::requested,
                          detail::cancel(trial, run.id));
       trial.expect_equal("run_count", 0U, trial.summary("alpha").run_count);
     }},

    {"request_cancel reaches the new node when a marked run is taken over",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       detail::cancel(trial, run.id);
       trial.advance(2 * trial.lease);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("number of runs taken over", 1U, taken.size());
       trial.expect_equal("cancel_requested", true, taken.front().cancel_requested);
       trial.expect_equal("answer to a renewal", RenewAnswer::cancel_requested,
                          trial.renew(taken.front()));
     }},

    {"request_cancel answers ended and changes nothing when the run has ended",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun ended = trial.end(trial.row("alpha"));
       const RunId cancelled = trial.enqueue(trial.row("alpha"));
       detail::cancel(trial, cancelled);
       const JobRun before = trial.stored(cancelled);
       trial.advance(std::chrono::minutes{1});
       trial.expect_equal("answer for a finished run", CancelAnswer::ended,
                          detail::cancel(trial, ended.id));
       trial.expect_equal("answer for a cancelled run", CancelAnswer::ended,
                          trial.storage().request_cancel(cancelled, "somebody else", trial.now()));
       trial.expect_same("finished run", difference(ended, trial.stored(ended.id)));
       trial.expect_same("cancelled run", difference(before, trial.stored(cancelled)));
       trial.expect_equal("run_count", 2U, trial.summary("alpha").run_count);
     }},

    {"request_cancel answers not_found when there is no such run",
     [](StorageTrial& trial) {
       trial.enqueue(trial.row("alpha"));
       trial.expect_equal("answer", CancelAnswer::not_found,
                          detail::cancel(trial, trial.next_id()));
       trial.expect_equal("answer for nil", CancelAnswer::not_found,
                          detail::cancel(trial, RunId{}));
     }},
};

}  // namespace punctual::testing
