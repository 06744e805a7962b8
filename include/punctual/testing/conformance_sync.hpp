// SPDX-License-Identifier: MIT
//
// Checks of `sync_jobs`: every start of every node loads its jobs, and none of that may move a
// schedule that another node is driving.

#pragma once

#include <chrono>
#include <optional>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

inline constexpr StorageCheck sync_checks[] = {
    {"sync_jobs stores a job as proposed when it is new",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       trial.expect_equal("job_name", "alpha", state.job_name);
       trial.expect(state.version > 0, "a version above 0");
       trial.expect_equal("enabled", true, state.enabled);
       trial.expect_equal("paused", false, state.paused);
       trial.expect_equal("paused_at", std::nullopt, state.paused_at);
       trial.expect_equal("anchor_at", job.anchor_at, state.anchor_at);
       trial.expect_equal("next_due_at", job.next_due_at, state.next_due_at);
     }},

    {"sync_jobs arms nothing when a new job proposes nothing",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.schedule = nullptr;
       job.next_due_at.reset();
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"sync_jobs answers in the order of the definitions when several are loaded",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("beta"));
       const auto states = trial.storage().sync_jobs(
           {trial.definition("gamma"), trial.definition("beta"), trial.definition("alpha")},
           trial.now());
       trial.require_equal("number of states", 3U, states.size());
       trial.expect_equal("first state", "gamma", states[0].job_name);
       trial.expect_equal("second state", "beta", states[1].job_name);
       trial.expect_equal("third state", "alpha", states[2].job_name);
     }},

    {"sync_jobs answers nothing when nothing is loaded",
     [](StorageTrial& trial) {
       trial.expect_equal("number of states", 0U,
                          trial.storage().sync_jobs({}, trial.now()).size());
     }},

    {"sync_jobs changes nothing when the same definitions are loaded again",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       trial.advance(std::chrono::hours{3});
       trial.expect_same("state after loading again", difference(first, trial.sync(job)));
     }},

    {"sync_jobs keeps the armed instant and the anchor when the schedule is unchanged",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       trial.advance(std::chrono::minutes{20});
       job.anchor_at = trial.now();
       job.next_due_at = trial.now() + std::chrono::hours{1};
       trial.expect_same("state after a restart", difference(first, trial.sync(job)));
     }},

    {"sync_jobs keeps where the schedule has come to when it had been advanced",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       const TimePoint next = *job.next_due_at + std::chrono::hours{1};
       trial.require(trial.advance_schedule(first, next).advanced, "the schedule to be advanced");
       const ScheduleState again = trial.sync(job);
       trial.expect_equal("next_due_at", next, again.next_due_at);
       trial.expect_equal("anchor_at", job.anchor_at, again.anchor_at);
     }},

    {"sync_jobs keeps a schedule that has run out when it is unchanged",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       trial.require(trial.advance_schedule(trial.sync(job), std::nullopt).advanced,
                     "the schedule to be advanced");
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"sync_jobs takes the proposals and raises the version when the schedule changed",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       trial.advance(std::chrono::minutes{20});
       job.schedule["periodMs"] = 7'200'000;
       job.anchor_at = trial.now();
       job.next_due_at = trial.now() + std::chrono::hours{2};
       const ScheduleState second = trial.sync(job);
       trial.expect(second.version > first.version, "a higher version");
       trial.expect_equal("anchor_at", job.anchor_at, second.anchor_at);
       trial.expect_equal("next_due_at", job.next_due_at, second.next_due_at);
     }},

    {"sync_jobs disarms a job when its changed schedule proposes nothing",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       trial.sync(job);
       job.schedule = nullptr;
       job.next_due_at.reset();
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(job).next_due_at);
     }},

    {"sync_jobs keeps the armed instant and raises the version when a job becomes disabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       job.enabled = false;
       job.anchor_at += std::chrono::minutes{5};
       job.next_due_at = *job.next_due_at + std::chrono::minutes{5};
       const ScheduleState second = trial.sync(job);
       trial.expect_equal("enabled", false, second.enabled);
       trial.expect(second.version > first.version, "a higher version");
       trial.expect_equal("anchor_at", first.anchor_at, second.anchor_at);
       trial.expect_equal("next_due_at", first.next_due_at, second.next_due_at);
     }},

    {"sync_jobs takes the proposals and raises the version when a job becomes enabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.enabled = false;
       const ScheduleState first = trial.sync(job);
       trial.expect_equal("enabled at first", false, first.enabled);
       trial.advance(std::chrono::hours{30});
       job.enabled = true;
       job.anchor_at = trial.now();
       job.next_due_at = trial.now() + std::chrono::hours{1};
       const ScheduleState second = trial.sync(job);
       trial.expect_equal("enabled", true, second.enabled);
       trial.expect(second.version > first.version, "a higher version");
       trial.expect_equal("anchor_at", job.anchor_at, second.anchor_at);
       trial.expect_equal("next_due_at", job.next_due_at, second.next_due_at);
     }},

    {"sync_jobs moves no schedule when only the description changed",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       const ScheduleState first = trial.sync(job);
       job.description = "said in other words";
       job.next_due_at = *job.next_due_at + std::chrono::minutes{5};
       trial.expect_same("state", difference(first, trial.sync(job)));
       trial.expect_equal("description", job.description, trial.summary("alpha").description);
     }},

    {"sync_jobs keeps a pause when the schedule changed",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       trial.require(trial.pause(trial.sync(job)), "the job to be paused");
       job.schedule["periodMs"] = 7'200'000;
       const ScheduleState state = trial.sync(job);
       trial.expect_equal("paused", true, state.paused);
       trial.expect(state.paused_at.has_value(), "the instant of the pause");
     }},

    {"sync_jobs leaves other jobs as they are when they are not named",
     [](StorageTrial& trial) {
       const JobDefinition alpha = trial.definition("alpha");
       const ScheduleState first = trial.sync(alpha);
       trial.sync(trial.definition("beta"));
       trial.expect_equal("number of summaries", 2U, trial.storage().summaries().size());
       trial.expect_same("state of alpha", difference(first, trial.sync(alpha)));
     }},
};

}  // namespace punctual::testing
