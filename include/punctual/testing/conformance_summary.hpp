// SPDX-License-Identifier: MIT
//
// Checks of `summaries`: every job that was ever loaded, with counts that cost nothing and stay
// true.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

inline constexpr StorageCheck summary_checks[] = {
    {"summaries returns nothing when no job was loaded",
     [](StorageTrial& trial) {
       trial.enqueue(trial.row("alpha"));
       trial.end(trial.row("beta"));
       trial.expect_equal("number of summaries", 0U, trial.storage().summaries().size());
     }},

    {"summaries returns a job as it was loaded when nothing has run",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       trial.sync(job);
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("description", job.description, summary.description);
       trial.expect_equal("schedule", job.schedule, summary.schedule);
       trial.expect_equal("enabled", true, summary.enabled);
       trial.expect_equal("paused", false, summary.paused);
       trial.expect_equal("next_run_at", job.next_due_at, summary.next_run_at);
       trial.expect(!summary.last_run, "no last run");
       trial.expect_equal("run_count", 0U, summary.run_count);
     }},

    {"summaries returns jobs by name, byte by byte, when several were loaded",
     [](StorageTrial& trial) {
       const std::vector<std::string> names{"a",   "a-b", "a.b", "a0b", "a9",
                                            "a_b", "aa",  "ab",  "b",   "b-"};
       for (auto name = names.rbegin(); name != names.rend(); ++name) {
         trial.sync(trial.definition(*name));
       }
       std::vector<std::string> got;
       for (const auto& summary : trial.storage().summaries()) got.push_back(summary.name);
       trial.expect_equal("names", names, got);
     }},

    {"summaries counts runs by how they ended when some have",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.end(trial.row("alpha"));
       trial.end(trial.row("alpha"));
       trial.end(trial.row("alpha"), JobStatus::failed);
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.start(trial.row("alpha"));
       trial.enqueue(trial.row("alpha"));
       trial.end(trial.row("beta"));
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("success_count", 2U, summary.success_count);
       trial.expect_equal("failure_count", 1U, summary.failure_count);
       trial.expect_equal("skipped_count", 1U, summary.skipped_count);
       trial.expect_equal("run_count", 4U, summary.run_count);
     }},

    {"summaries counts runs when they ended before their job was loaded",
     [](StorageTrial& trial) {
       trial.end(trial.row("alpha"));
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.sync(trial.definition("alpha"));
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("success_count", 1U, summary.success_count);
       trial.expect_equal("skipped_count", 1U, summary.skipped_count);
       trial.expect(summary.last_run.has_value(), "a last run");
     }},

    {"summaries shows no next run when the job is disabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       trial.sync(job);
       job.enabled = false;
       trial.sync(job);
       trial.expect_equal("enabled", false, trial.summary("alpha").enabled);
       trial.expect_equal("next_run_at", std::nullopt, trial.summary("alpha").next_run_at);
     }},

    {"summaries shows no next run when the job is paused",
     [](StorageTrial& trial) {
       trial.require(trial.pause(trial.sync(trial.definition("alpha"))), "the job to be paused");
       trial.expect_equal("next_run_at", std::nullopt, trial.summary("alpha").next_run_at);
     }},

    {"summaries shows the next run where the schedule has come to when it was advanced",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const TimePoint next = *job.next_due_at + std::chrono::hours{1};
       trial.require(trial.advance_schedule(trial.sync(job), next).advanced, "an advance");
       trial.expect_equal("next_run_at", next, trial.summary("alpha").next_run_at);
     }},

    {"summaries shows the last run when runs have ended",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.end(trial.row("alpha"), JobStatus::failed);
       const JobRun last = trial.end(trial.row("alpha"));
       trial.start(trial.row("alpha"));
       trial.enqueue(trial.row("alpha"));
       const auto shown = trial.summary("alpha").last_run;
       trial.require(shown.has_value(), "a last run");
       trial.expect_equal("id", last.id, shown->id);
       trial.expect_equal("status", last.status, shown->status);
       trial.expect_equal("started_at", last.started_at, shown->started_at);
       trial.expect_equal("completed_at", last.completed_at, shown->completed_at);
       trial.expect_equal("duration", last.duration, shown->duration);
       trial.expect_equal("message_code", last.message_code, shown->message_code);
       trial.expect_equal("summary", last.summary, shown->summary);
     }},

    {"summaries shows the last run when rows without a run came after it",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun last = trial.end(trial.row("alpha"));
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.storage().request_cancel(trial.enqueue(trial.row("alpha")), "olga", trial.now());
       const auto shown = trial.summary("alpha").last_run;
       trial.require(shown.has_value(), "a last run");
       trial.expect_equal("id", last.id, shown->id);
     }},

    {"summaries shows no last run when only rows without a run are there",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.expect(!trial.summary("alpha").last_run, "no last run");
     }},

    {"summaries shows a run as the last when its body was executed and chose to skip",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.end(trial.row("alpha"));
       const JobRun last = trial.end(trial.row("alpha"), JobStatus::skipped);
       const auto shown = trial.summary("alpha").last_run;
       trial.require(shown.has_value(), "a last run");
       trial.expect_equal("id", last.id, shown->id);
       trial.expect_equal("status", JobStatus::skipped, shown->status);
     }},

    {"summaries shows the newest run as the last when an older one ended after it",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun older = trial.start(trial.row("alpha"));
       const JobRun newer = trial.end(trial.row("alpha"));
       trial.advance(std::chrono::minutes{1});
       trial.finish(older);
       const auto shown = trial.summary("alpha").last_run;
       trial.require(shown.has_value(), "a last run");
       trial.expect_equal("id", newer.id, shown->id);
     }},
};

}  // namespace punctual::testing
