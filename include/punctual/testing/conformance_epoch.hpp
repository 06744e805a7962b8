// SPDX-License-Identifier: MIT
//
// Checks of `epoch_at`: since when each instant of a schedule is answered by a row.

#pragma once

#include <chrono>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Expects that syncing `job` starts its epoch now.
inline void expect_epoch_starts(StorageTrial& trial, const JobDefinition& job,
                                std::string_view what) {
  const TimePoint first = trial.now();
  const ScheduleState state = trial.sync(job);
  trial.expect_between("epoch_at of a job that is " + std::string{what}, first, state.epoch_at,
                       trial.now());
}

}  // namespace detail

inline constexpr StorageCheck epoch_checks[] = {
    {"sync_jobs starts the epoch of a job when it is new, changed or enabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       detail::expect_epoch_starts(trial, job, "new");
       trial.advance(std::chrono::hours{1});
       job.schedule["periodMs"] = 60'000;
       detail::expect_epoch_starts(trial, job, "changed");
       job.enabled = false;
       trial.sync(job);
       trial.advance(std::chrono::hours{1});
       job.enabled = true;
       detail::expect_epoch_starts(trial, job, "enabled");
     }},

    {"sync_jobs keeps the epoch of a job when its schedule stays the same",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       const TimePoint epoch_at = trial.sync(job).epoch_at;
       trial.advance(std::chrono::hours{1});
       trial.expect_equal("epoch_at, loaded again", epoch_at, trial.sync(job).epoch_at);
       job.description = "described otherwise";
       job.anchor_at = trial.now();
       job.next_due_at = trial.now();
       trial.expect_equal("epoch_at, described otherwise", epoch_at, trial.sync(job).epoch_at);
       job.enabled = false;
       trial.expect_equal("epoch_at, disabled", epoch_at, trial.sync(job).epoch_at);
     }},

    {"sync_jobs starts the epoch of a job when runs of it came before it",
     [](StorageTrial& trial) {
       trial.end(trial.row("alpha"));
       trial.advance(std::chrono::hours{1});
       detail::expect_epoch_starts(trial, trial.definition("alpha"), "loaded after its runs");
     }},

    {"advance stores the epoch when it is given one, and keeps it otherwise",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       const TimePoint next = trial.now() + std::chrono::hours{3};
       trial.require(trial.advance_schedule(state, next).advanced, "the schedule to move on");
       const ScheduleState kept = trial.sync(job);
       trial.expect_equal("epoch_at that was not given", state.epoch_at, kept.epoch_at);
       const TimePoint epoch_at = state.epoch_at - std::chrono::hours{50} - Duration{1};
       const auto answers = trial.storage().advance({{.job_name = "alpha",
                                                      .version = kept.version,
                                                      .next_due_at = next,
                                                      .epoch_at = epoch_at}},
                                                    trial.now());
       trial.require_equal("number of answers", 1U, answers.size());
       trial.expect_equal("advanced", true, answers.front().advanced);
       trial.expect_equal("epoch_at that was given", epoch_at, trial.sync(job).epoch_at);
       trial.expect_equal("epoch_at of the summary", epoch_at, trial.summary("alpha").epoch_at);
     }},

    {"advance keeps the epoch when another node was first",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       trial.storage().advance({{.job_name = "alpha",
                                 .version = state.version + 1,
                                 .epoch_at = state.epoch_at - std::chrono::hours{1}}},
                               trial.now());
       trial.expect_same("state", difference(state, trial.sync(job)));
     }},

    {"set_paused keeps the epoch when a job is paused and goes on",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       trial.advance(std::chrono::hours{1});
       trial.require(trial.pause(state), "the job to be paused");
       const ScheduleState paused = trial.sync(job);
       trial.expect_equal("epoch_at while paused", state.epoch_at, paused.epoch_at);
       trial.storage().set_paused({.job_name = "alpha", .version = paused.version, .paused = false},
                                  trial.now());
       trial.expect_equal("epoch_at afterwards", state.epoch_at, trial.sync(job).epoch_at);
     }},

    {"summaries returns what a schedule counts from when it was armed",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("anchor_at", state.anchor_at, summary.anchor_at);
       trial.expect_equal("epoch_at", state.epoch_at, summary.epoch_at);
     }},
};

}  // namespace punctual::testing
