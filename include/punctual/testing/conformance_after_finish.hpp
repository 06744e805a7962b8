// SPDX-License-Identifier: MIT
//
// Checks of schedules that wait for the end of a run: whatever ends the last open run of such a job
// arms it again in the same transaction, so that no crash can silence it.

#pragma once

#include <chrono>
#include <optional>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Loads the job "alpha", whose schedule waits for the end of its runs; returns its definition.
inline JobDefinition sync_after_finish(StorageTrial& trial) {
  JobDefinition job = trial.after_finish_definition("alpha");
  trial.require_equal("next_due_at at first", std::nullopt, trial.sync(job).next_due_at);
  return job;
}

/// Expects the job to be armed a minute after `run` was completed.
inline void expect_armed_after(StorageTrial& trial, const JobDefinition& job, RunId run_id) {
  const JobRun run = trial.stored(run_id);
  trial.require(run.completed_at.has_value(), "the run to have ended");
  trial.expect_equal("next_due_at", *run.completed_at + *job.after_finish_delay,
                     trial.sync(job).next_due_at);
}

}  // namespace detail

inline constexpr StorageCheck after_finish_checks[] = {
    {"finish arms the delay after the end when a run succeeds",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const ScheduleState before = trial.sync(job);
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(std::chrono::minutes{5});
       trial.finish(run);
       detail::expect_armed_after(trial, job, run.id);
       trial.expect(trial.sync(job).version > before.version, "a higher version");
       trial.expect_equal("due jobs", 0U,
                          trial.storage().due_schedules({"alpha"}, 10, trial.now()).size());
       trial.advance(std::chrono::minutes{1});
       trial.expect_equal("due jobs a minute later", 1U,
                          trial.storage().due_schedules({"alpha"}, 10, trial.now()).size());
     }},

    {"finish arms the delay after the end when a run fails for good",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const JobRun run = trial.end(trial.row("alpha"), JobStatus::failed);
       detail::expect_armed_after(trial, job, run.id);
     }},

    {"finish arms nothing when a retry follows, and arms the delay when the retry ends",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const JobRun run = trial.start(trial.row("alpha"));
       NewRun retry = trial.row("alpha");
       retry.attempt = 2;
       retry.retry_of = run.id;
       Completion failed = trial.completion(run, JobStatus::failed);
       failed.follow_ups = {retry};
       trial.storage().finish({failed}, trial.now());
       trial.expect_equal("next_due_at with a retry open", std::nullopt,
                          trial.sync(job).next_due_at);
       const auto second = trial.claim_only(retry.id, "alpha");
       trial.require(second.has_value(), "the retry to be claimed");
       trial.advance(std::chrono::minutes{2});
       trial.finish(*second);
       detail::expect_armed_after(trial, job, retry.id);
     }},

    {"finish arms nothing when another run of the job is open",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const JobRun first = trial.start(trial.row("alpha"));
       const RunId second = trial.enqueue(trial.row("alpha"));
       trial.finish(first);
       trial.expect_equal("next_due_at with a run open", std::nullopt, trial.sync(job).next_due_at);
       trial.finish(trial.claim_only(second, "alpha").value());
       detail::expect_armed_after(trial, job, second);
     }},

    {"finish keeps the armed instant when one is armed already",
     [](StorageTrial& trial) {
       JobDefinition job = trial.after_finish_definition("alpha");
       job.next_due_at = trial.now() + std::chrono::hours{5};
       const ScheduleState before = trial.sync(job);
       trial.end(trial.row("alpha"));
       trial.expect_same("state", difference(before, trial.sync(job)));
     }},

    {"finish arms nothing when the job's schedule does not wait for the end of a run",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.next_due_at.reset();
       trial.sync(job);
       trial.end(trial.row("alpha"));
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"finish arms the delay of the definition last loaded when that changed",
     [](StorageTrial& trial) {
       JobDefinition job = detail::sync_after_finish(trial);
       job.schedule["periodMs"] = 120'000;
       job.after_finish_delay = std::chrono::minutes{2};
       trial.sync(job);
       const JobRun run = trial.end(trial.row("alpha"));
       detail::expect_armed_after(trial, job, run.id);
     }},

    {"finish arms a paused job too when its run ends",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const JobRun run = trial.start(trial.row("alpha"));
       trial.require(trial.pause(trial.sync(job)), "the job to be paused");
       trial.finish(run);
       detail::expect_armed_after(trial, job, run.id);
       trial.expect_equal("paused", true, trial.sync(job).paused);
     }},

    {"release arms nothing when it hands back a run",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       trial.release(trial.start(trial.row("alpha")));
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"request_cancel arms the delay after the end when it ends the last open run",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.storage().request_cancel(id, "olga", trial.now());
       detail::expect_armed_after(trial, job, id);
     }},

    {"enqueue arms the delay after the end when it stores a skipped row",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_after_finish(trial);
       const RunId id = trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       detail::expect_armed_after(trial, job, id);
     }},

    {"advance arms the delay after the end when it answers an instant by a skipped row",
     [](StorageTrial& trial) {
       JobDefinition job = trial.after_finish_definition("alpha");
       job.next_due_at = trial.now();
       NewRun row = trial.skipped_row("alpha", "JOB_MISSED");
       row.due_at = job.next_due_at;
       const ScheduleState state = trial.sync(job);
       trial.require(trial.advance_schedule(state, std::nullopt, {row}).advanced,
                     "the schedule to be advanced");
       detail::expect_armed_after(trial, job, row.id);
     }},

    {"finish and advance arm nothing when a row they store stays open beside a skipped one",
     [](StorageTrial& trial) {
       JobDefinition job = trial.after_finish_definition("alpha");
       job.next_due_at = trial.now();
       const ScheduleState state = trial.sync(job);
       const NewRun run = trial.due_row("alpha", *job.next_due_at);
       trial.advance_schedule(state, std::nullopt, {trial.skipped_row("alpha", "JOB_MISSED"), run});
       trial.expect_equal("next_due_at after advance", std::nullopt, trial.sync(job).next_due_at);
       const auto claimed = trial.claim_only(run.id, "alpha");
       trial.require(claimed.has_value(), "the run to be claimed");
       Completion failed = trial.completion(*claimed, JobStatus::failed);
       failed.follow_ups = {trial.skipped_row("alpha", "JOB_MISSED"), trial.row("alpha")};
       trial.storage().finish({failed}, trial.now());
       trial.expect_equal("next_due_at after finish", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"advance arms nothing when it answers an instant by a run",
     [](StorageTrial& trial) {
       JobDefinition job = trial.after_finish_definition("alpha");
       job.next_due_at = trial.now();
       const ScheduleState state = trial.sync(job);
       const NewRun row = trial.due_row("alpha", *job.next_due_at);
       trial.require(trial.advance_schedule(state, std::nullopt, {row}).advanced,
                     "the schedule to be advanced");
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},
};

}  // namespace punctual::testing
