// SPDX-License-Identifier: MIT
//
// Checks of `due_schedules`: which schedules a node is told to answer.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Loads a job that was due `ago` before now.
inline ScheduleState sync_due(StorageTrial& trial, std::string job, Duration ago) {
  JobDefinition definition = trial.definition(std::move(job));
  definition.next_due_at = trial.now() - ago;
  return trial.sync(definition);
}

inline std::vector<std::string> due_names(StorageTrial& trial, const JobNames& jobs,
                                          std::size_t limit = 100) {
  std::vector<std::string> names;
  for (const auto& state : trial.storage().due_schedules(jobs, limit, trial.now())) {
    names.push_back(state.job_name);
  }
  return names;
}

}  // namespace detail

inline constexpr StorageCheck due_checks[] = {
    {"due_schedules returns nothing when no job was ever loaded",
     [](StorageTrial& trial) {
       trial.expect_equal("due jobs", {}, detail::due_names(trial, {"alpha"}));
     }},

    {"due_schedules returns the earliest first when several are due",
     [](StorageTrial& trial) {
       detail::sync_due(trial, "alpha", std::chrono::minutes{2});
       detail::sync_due(trial, "beta", std::chrono::minutes{3});
       detail::sync_due(trial, "gamma", std::chrono::minutes{1});
       trial.expect_equal("due jobs", {"beta", "alpha", "gamma"},
                          detail::due_names(trial, {"alpha", "beta", "gamma"}));
     }},

    {"due_schedules returns the state as stored when a job is due",
     [](StorageTrial& trial) {
       const ScheduleState state = detail::sync_due(trial, "alpha", std::chrono::minutes{2});
       const auto due = trial.storage().due_schedules({"alpha"}, 100, trial.now());
       trial.require_equal("number of due jobs", 1U, due.size());
       trial.expect_same("state", difference(state, due.front()));
     }},

    {"due_schedules returns a job when its instant is now",
     [](StorageTrial& trial) {
       detail::sync_due(trial, "alpha", Duration{0});
       trial.expect_equal("due jobs", {"alpha"}, detail::due_names(trial, {"alpha"}));
     }},

    {"due_schedules leaves out a job when its instant is ahead, and returns it when it has come",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.expect_equal("due jobs", {}, detail::due_names(trial, {"alpha"}));
       trial.advance(std::chrono::hours{1});
       trial.expect_equal("due jobs an hour later", {"alpha"}, detail::due_names(trial, {"alpha"}));
     }},

    {"due_schedules returns the earliest ones when more are due than the limit",
     [](StorageTrial& trial) {
       detail::sync_due(trial, "alpha", std::chrono::minutes{1});
       detail::sync_due(trial, "beta", std::chrono::minutes{3});
       detail::sync_due(trial, "gamma", std::chrono::minutes{2});
       trial.expect_equal("due jobs", {"beta", "gamma"},
                          detail::due_names(trial, {"alpha", "beta", "gamma"}, 2));
     }},

    {"due_schedules returns only the jobs asked about when others are due",
     [](StorageTrial& trial) {
       detail::sync_due(trial, "alpha", std::chrono::minutes{1});
       detail::sync_due(trial, "beta", std::chrono::minutes{2});
       trial.expect_equal("due jobs", {"alpha"}, detail::due_names(trial, {"alpha", "other"}));
       trial.expect_equal("due jobs of none", {}, detail::due_names(trial, {}));
     }},

    {"due_schedules returns a known job when many unknown ones were due before it",
     [](StorageTrial& trial) {
       std::vector<JobDefinition> unknown;
       for (int i = 0; i < 300; ++i) {
         unknown.push_back(trial.definition("other-" + std::to_string(i)));
         unknown.back().next_due_at = trial.now() - std::chrono::hours{1};
       }
       trial.storage().sync_jobs(unknown, trial.now());
       detail::sync_due(trial, "alpha", std::chrono::minutes{1});
       trial.expect_equal("due jobs", {"alpha"}, detail::due_names(trial, {"alpha"}, 10));
     }},

    {"due_schedules leaves out a job when it is disabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.next_due_at = trial.now() - std::chrono::minutes{1};
       trial.sync(job);
       job.enabled = false;
       trial.sync(job);
       trial.expect_equal("due jobs", {}, detail::due_names(trial, {"alpha"}));
     }},

    {"due_schedules leaves out a job when it is paused",
     [](StorageTrial& trial) {
       const ScheduleState state = detail::sync_due(trial, "alpha", std::chrono::minutes{1});
       trial.require(trial.pause(state), "the job to be paused");
       trial.expect_equal("due jobs", {}, detail::due_names(trial, {"alpha"}));
     }},

    {"due_schedules leaves out a job when nothing is armed",
     [](StorageTrial& trial) {
       const ScheduleState state = detail::sync_due(trial, "alpha", std::chrono::minutes{1});
       trial.require(trial.advance_schedule(state, std::nullopt).advanced,
                     "the schedule to be advanced");
       trial.expect_equal("due jobs", {}, detail::due_names(trial, {"alpha"}));
     }},
};

}  // namespace punctual::testing
