// SPDX-License-Identifier: MIT
//
// Checks of `set_paused`: a pause holds on every node, and resuming answers what passed meanwhile.

#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Ends a pause as read in `state`, armed anew, with one row for what passed meanwhile.
inline PauseChange resumption(const ScheduleState& state, TimePoint next_due_at, NewRun row) {
  return {.job_name = state.job_name,
          .version = state.version,
          .paused = false,
          .actor = "olga",
          .reason = "done",
          .next_due_at = next_due_at,
          .rows = {std::move(row)}};
}

/// Loads and pauses the job "alpha"; returns its definition.
inline JobDefinition sync_paused(StorageTrial& trial) {
  JobDefinition job = trial.definition("alpha");
  trial.require(trial.pause(trial.sync(job)), "the job to be paused");
  return job;
}

}  // namespace detail

inline constexpr StorageCheck pause_checks[] = {
    {"set_paused marks the job and keeps the armed instant when it pauses",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState before = trial.sync(job);
       const TimePoint first = trial.now();
       trial.expect_equal("answer", true, trial.pause(before));
       const TimePoint last = trial.now();
       const ScheduleState state = trial.sync(job);
       trial.expect_equal("paused", true, state.paused);
       trial.expect_between("paused_at", first, state.paused_at, last);
       trial.expect(state.version > before.version, "a higher version");
       trial.expect_equal("enabled", true, state.enabled);
       trial.expect_equal("next_due_at", before.next_due_at, state.next_due_at);
       trial.expect_equal("anchor_at", before.anchor_at, state.anchor_at);
     }},

    {"set_paused changes nothing and answers false when the version had moved on",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState read = trial.sync(job);
       trial.require(trial.advance_schedule(read, job.next_due_at).advanced, "an advance");
       const ScheduleState before = trial.sync(job);
       trial.expect_equal("answer", false, trial.pause(read));
       trial.expect_same("state", difference(before, trial.sync(job)));
     }},

    {"set_paused answers false when the job was never loaded",
     [](StorageTrial& trial) {
       trial.expect_equal("answer", false, trial.pause({.job_name = "nobody", .version = 1}));
       trial.expect_equal("number of summaries", 0U, trial.storage().summaries().size());
     }},

    {"set_paused says who paused the job and why when the summaries are read",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_paused(trial);
       const JobSummary paused = trial.summary("alpha");
       trial.expect_equal("paused", true, paused.paused);
       trial.expect_equal("paused_by", "olga", paused.paused_by);
       trial.expect_equal("paused_reason", "maintenance", paused.paused_reason);
       const auto change = detail::resumption(trial.sync(job), *job.next_due_at,
                                              trial.skipped_row("alpha", "JOB_PAUSED"));
       trial.require(trial.storage().set_paused(change, trial.now()), "the job to be resumed");
       const JobSummary resumed = trial.summary("alpha");
       trial.expect_equal("paused after resuming", false, resumed.paused);
       trial.expect_equal("paused_by after resuming", "", resumed.paused_by);
       trial.expect_equal("paused_reason after resuming", "", resumed.paused_reason);
     }},

    {"set_paused arms the given instant and stores the rows when it resumes",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_paused(trial);
       trial.advance(std::chrono::hours{3});
       const ScheduleState before = trial.sync(job);
       const TimePoint next = trial.now() + std::chrono::minutes{30};
       NewRun row = trial.skipped_row("alpha", "JOB_PAUSED");
       row.due_at = job.next_due_at;
       trial.expect_equal(
           "answer", true,
           trial.storage().set_paused(detail::resumption(before, next, row), trial.now()));
       const ScheduleState state = trial.sync(job);
       trial.expect_equal("paused", false, state.paused);
       trial.expect_equal("paused_at", std::nullopt, state.paused_at);
       trial.expect_equal("next_due_at", next, state.next_due_at);
       trial.expect(state.version > before.version, "a higher version");
       const JobRun run = trial.stored(row.id);
       trial.expect_equal("status of the row", JobStatus::skipped, run.status);
       trial.expect_equal("message_code of the row", "JOB_PAUSED", run.message_code);
       trial.expect_equal("due_at of the row", job.next_due_at, run.due_at);
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
     }},

    {"set_paused stores no rows when it resumes with a version that had moved on",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState read = trial.sync(job);
       trial.require(trial.pause(read), "the job to be paused");
       const auto stale =
           detail::resumption(read, *job.next_due_at, trial.skipped_row("alpha", "JOB_PAUSED"));
       trial.expect_equal("answer", false, trial.storage().set_paused(stale, trial.now()));
       trial.expect_equal("paused", true, trial.sync(job).paused);
       trial.expect_equal("number of runs", 0U, trial.runs_of("alpha").size());
     }},

    {"set_paused leaves out a row when its instant was answered before",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_paused(trial);
       NewRun enqueued = trial.row("alpha");
       enqueued.due_at = job.next_due_at;
       trial.enqueue(enqueued);
       NewRun row = trial.skipped_row("alpha", "JOB_PAUSED");
       row.due_at = job.next_due_at;
       const auto change = detail::resumption(trial.sync(job), *job.next_due_at, row);
       trial.expect_equal("answer", true, trial.storage().set_paused(change, trial.now()));
       trial.expect_equal("ids of stored runs", {enqueued.id},
                          trial.ids_of(trial.runs_of("alpha")));
     }},

    {"set_paused lets pending runs be claimed when it resumes",
     [](StorageTrial& trial) {
       const JobDefinition job = detail::sync_paused(trial);
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("claimed while paused", 0U, trial.claim({"alpha"}).size());
       const auto change = detail::resumption(trial.sync(job), *job.next_due_at,
                                              trial.skipped_row("alpha", "JOB_PAUSED"));
       trial.require(trial.storage().set_paused(change, trial.now()), "the job to be resumed");
       trial.expect_equal("ids of claimed runs", {id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"set_paused lets a running run be renewed and finished when its job is paused",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       const JobRun run = trial.start(trial.row("alpha"));
       trial.require(trial.pause(state), "the job to be paused");
       trial.expect_equal("answer to a renewal", RenewAnswer::kept, trial.renew(run));
       trial.expect_equal("answer to the completion", FinishAnswer::done, trial.finish(run));
     }},
};

}  // namespace punctual::testing
