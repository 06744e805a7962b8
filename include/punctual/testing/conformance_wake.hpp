// SPDX-License-Identifier: MIT
//
// Checks of `next_wake`: when a node has something to do, so that it may sleep until then.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline WakeTimes wake_of(StorageTrial& trial, const JobNames& jobs) {
  return trial.storage().next_wake(jobs, trial.now());
}

inline JobDefinition sync_armed(StorageTrial& trial, std::string job,
                                std::optional<TimePoint> next_due_at) {
  JobDefinition definition = trial.definition(std::move(job));
  definition.next_due_at = next_due_at;
  trial.sync(definition);
  return definition;
}

inline RunId enqueue_at(StorageTrial& trial, std::string job, TimePoint run_at, int priority = 0) {
  NewRun row = trial.row(std::move(job));
  row.run_at = run_at;
  row.priority = priority;
  return trial.enqueue(row);
}

}  // namespace detail

inline constexpr StorageCheck wake_checks[] = {
    {"next_wake returns nothing when there is nothing to do",
     [](StorageTrial& trial) {
       detail::sync_armed(trial, "alpha", std::nullopt);
       trial.end(trial.row("alpha"));
       const WakeTimes wake = detail::wake_of(trial, {"alpha"});
       trial.expect_equal("due_at", std::nullopt, wake.due_at);
       trial.expect_equal("run_at", std::nullopt, wake.run_at);
       trial.expect_equal("expires_at", std::nullopt, wake.expires_at);
     }},

    {"next_wake returns the earliest armed instant when several jobs are armed",
     [](StorageTrial& trial) {
       const TimePoint now = trial.now();
       detail::sync_armed(trial, "alpha", now + std::chrono::hours{2});
       detail::sync_armed(trial, "beta", now + std::chrono::hours{1});
       detail::sync_armed(trial, "gamma", std::nullopt);
       trial.expect_equal("due_at ahead", now + std::chrono::hours{1},
                          detail::wake_of(trial, {"alpha", "beta", "gamma"}).due_at);
       detail::sync_armed(trial, "delta", now - std::chrono::hours{1});
       trial.expect_equal("due_at past", now - std::chrono::hours{1},
                          detail::wake_of(trial, {"alpha", "beta", "delta"}).due_at);
     }},

    {"next_wake leaves out armed jobs when they are unknown, disabled or paused",
     [](StorageTrial& trial) {
       const TimePoint now = trial.now();
       JobDefinition disabled = detail::sync_armed(trial, "alpha", now + std::chrono::minutes{1});
       disabled.enabled = false;
       trial.sync(disabled);
       const JobDefinition paused =
           detail::sync_armed(trial, "beta", now + std::chrono::minutes{2});
       trial.require(trial.pause(trial.sync(paused)), "the job to be paused");
       detail::sync_armed(trial, "gamma", now + std::chrono::minutes{3});
       trial.expect_equal("due_at of those", std::nullopt,
                          detail::wake_of(trial, {"alpha", "beta"}).due_at);
       detail::sync_armed(trial, "zeta", now + std::chrono::minutes{4});
       trial.expect_equal("due_at", now + std::chrono::minutes{4},
                          detail::wake_of(trial, {"alpha", "beta", "zeta"}).due_at);
     }},

    {"next_wake returns the earliest pending run when several wait",
     [](StorageTrial& trial) {
       const TimePoint now = trial.now();
       detail::enqueue_at(trial, "alpha", now + std::chrono::hours{2});
       trial.expect_equal("run_at of one", now + std::chrono::hours{2},
                          detail::wake_of(trial, {"alpha", "beta"}).run_at);
       detail::enqueue_at(trial, "beta", now + std::chrono::hours{1});
       detail::enqueue_at(trial, "alpha", now + std::chrono::hours{3});
       trial.expect_equal("run_at of three", now + std::chrono::hours{1},
                          detail::wake_of(trial, {"alpha", "beta"}).run_at);
       detail::enqueue_at(trial, "alpha", now - std::chrono::hours{1});
       trial.expect_equal("run_at of a ready one", now - std::chrono::hours{1},
                          detail::wake_of(trial, {"alpha", "beta"}).run_at);
     }},

    {"next_wake goes by the instant of a run, not by its priority, when they disagree",
     [](StorageTrial& trial) {
       const TimePoint now = trial.now();
       detail::enqueue_at(trial, "alpha", now + std::chrono::minutes{20}, 100);
       detail::enqueue_at(trial, "alpha", now + std::chrono::minutes{10});
       trial.expect_equal("run_at ahead", now + std::chrono::minutes{10},
                          detail::wake_of(trial, {"alpha"}).run_at);
       trial.advance(std::chrono::minutes{30});
       trial.expect_equal("run_at when both are ready", now + std::chrono::minutes{10},
                          detail::wake_of(trial, {"alpha"}).run_at);
     }},

    {"next_wake leaves out pending runs when their job is unknown or paused",
     [](StorageTrial& trial) {
       const TimePoint now = trial.now();
       trial.require(trial.pause(trial.sync(trial.definition("alpha"))), "the job to be paused");
       detail::enqueue_at(trial, "alpha", now);
       detail::enqueue_at(trial, "alpha", now + std::chrono::minutes{1});
       detail::enqueue_at(trial, "beta", now);
       trial.expect_equal("run_at of those", std::nullopt,
                          detail::wake_of(trial, {"alpha"}).run_at);
       detail::enqueue_at(trial, "gamma", now + std::chrono::minutes{2});
       trial.expect_equal("run_at", now + std::chrono::minutes{2},
                          detail::wake_of(trial, {"alpha", "gamma"}).run_at);
     }},

    {"next_wake leaves out runs when they are running or have ended, and returns released ones",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.expect_equal("run_at of a running run", std::nullopt,
                          detail::wake_of(trial, {"alpha"}).run_at);
       trial.release(run);
       trial.expect_equal("run_at of a released run", run.run_at,
                          detail::wake_of(trial, {"alpha"}).run_at);
       trial.storage().request_cancel(run.id, "olga", trial.now());
       trial.expect_equal("run_at of a cancelled run", std::nullopt,
                          detail::wake_of(trial, {"alpha"}).run_at);
     }},

    {"next_wake returns a pending run when its job is disabled",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.enabled = false;
       trial.sync(job);
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       detail::enqueue_at(trial, "alpha", run_at);
       trial.expect_equal("run_at", run_at, detail::wake_of(trial, {"alpha"}).run_at);
     }},

    {"next_wake returns the earliest lease end when runs are running",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       trial.advance(std::chrono::minutes{1});
       const JobRun second = trial.start(trial.row("beta"), "node-b");
       trial.expect_equal("expires_at", first.lease_until_at,
                          detail::wake_of(trial, {"alpha", "beta"}).expires_at);
       trial.expect_equal("expires_at of known jobs", second.lease_until_at,
                          detail::wake_of(trial, {"beta", "gamma"}).expires_at);
       trial.renew(first);
       trial.expect_equal("expires_at after a renewal", second.lease_until_at,
                          detail::wake_of(trial, {"alpha", "beta"}).expires_at);
       trial.finish(second);
       trial.expect_equal("expires_at after an end", trial.stored(first.id).lease_until_at,
                          detail::wake_of(trial, {"alpha", "beta"}).expires_at);
       trial.release(first);
       trial.expect_equal("expires_at after a release", std::nullopt,
                          detail::wake_of(trial, {"alpha", "beta"}).expires_at);
     }},
};

}  // namespace punctual::testing
