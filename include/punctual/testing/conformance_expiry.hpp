// SPDX-License-Identifier: MIT
//
// Checks of `expire_unknown`: pending runs that no node can run are given up in the end.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_depends_on.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline constexpr Duration expiry_age = std::chrono::hours{10};

/// Gives up on behalf of a node that knows `jobs`; returns how many runs were ended.
inline std::size_t expire(StorageTrial& trial, const JobNames& jobs, std::size_t limit = 100) {
  return trial.storage().expire_unknown({.jobs = &jobs, .limit = limit, .age = expiry_age},
                                        trial.now());
}

inline void expect_given_up(StorageTrial& trial, RunId id) {
  const JobRun run = trial.stored(id);
  trial.expect_equal("status of a run that was given up", JobStatus::failed, run.status);
  trial.expect_equal("message_code", "JOB_NOT_FOUND", run.message_code);
}

inline void expect_pending(StorageTrial& trial, RunId id, std::string_view what) {
  trial.expect_equal("status of " + std::string{what}, JobStatus::pending, trial.stored(id).status);
}

}  // namespace detail

inline constexpr StorageCheck expiry_checks[] = {
    {"expire_unknown ends a pending run when no node was there for its job for so long",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("gone"));
       NewRun row = trial.row("gone");
       row.unique_key = "report";
       trial.enqueue(row);
       const JobRun before = trial.stored(row.id);
       trial.advance(detail::expiry_age + std::chrono::minutes{15});
       const TimePoint first = trial.now();
       trial.expect_equal("ended runs", 1U, detail::expire(trial, {"alpha"}));
       const JobRun run = trial.stored(row.id);
       trial.expect_between("completed_at", first, run.completed_at, trial.now());
       trial.require(run.error.has_value(), "an error of the run");
       trial.expect_equal("code of the error", "JOB_NOT_FOUND", run.error->code);
       trial.expect(run.error->message.find("gone") != std::string::npos,
                    "the error to name the job, got " + to_text(run.error->message));
       JobRun wanted = before;
       wanted.status = JobStatus::failed;
       wanted.message_code = "JOB_NOT_FOUND";
       wanted.summary = run.summary;
       wanted.error = run.error;
       wanted.completed_at = run.completed_at;
       trial.expect_same("ended run", difference(wanted, run));
       trial.expect_equal("failure_count", 1U, trial.summary("gone").failure_count);
       trial.expect_equal("run_count", 1U, trial.summary("gone").run_count);
       NewRun again = trial.row("gone");
       again.unique_key = "report";
       trial.expect_equal("answer for the same key", EnqueueAnswer::Kind::stored,
                          trial.offer(again).kind);
     }},

    {"expire_unknown ends a run when its job was never loaded",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(trial.row("gone"));
       trial.expect_equal("runs ended at once", 0U, detail::expire(trial, {"alpha"}));
       trial.advance(detail::expiry_age - std::chrono::minutes{5});
       trial.expect_equal("runs ended too early", 0U, detail::expire(trial, {"alpha"}));
       trial.advance(std::chrono::minutes{5});
       trial.expect_equal("runs ended in time", 1U, detail::expire(trial, {"alpha"}));
       detail::expect_given_up(trial, id);
       trial.expect_equal("runs ended again", 0U, detail::expire(trial, {"alpha"}));
     }},

    {"expire_unknown ends a run by when it became ready, not by when it was stored",
     [](StorageTrial& trial) {
       const RunId ready = trial.enqueue(trial.row("gone"));
       NewRun later = trial.row("gone");
       later.run_at += std::chrono::hours{5};
       trial.enqueue(later);
       NewRun future = trial.row("gone");
       future.run_at += std::chrono::hours{1000};
       trial.enqueue(future);
       trial.advance(detail::expiry_age);
       trial.expect_equal("runs ended first", 1U, detail::expire(trial, {"alpha"}));
       detail::expect_given_up(trial, ready);
       detail::expect_pending(trial, later.id, "a run that became ready later");
       trial.advance(std::chrono::hours{5});
       trial.expect_equal("runs ended then", 1U, detail::expire(trial, {"alpha"}));
       detail::expect_given_up(trial, later.id);
       detail::expect_pending(trial, future.id, "a run of the future");
     }},

    {"expire_unknown ends no run when the asking node knows its job",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.advance(std::chrono::hours{1000});
       trial.expect_equal("ended runs", 0U, detail::expire(trial, {"alpha", "beta"}));
       detail::expect_pending(trial, id, "a run of a known job");
     }},

    {"expire_unknown keeps the runs of a job when a node that knows it has asked meanwhile",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(trial.row("gone"));
       trial.advance(detail::expiry_age + std::chrono::minutes{15});
       trial.expect_equal("runs ended by who knows them", 0U, detail::expire(trial, {"gone"}));
       trial.advance(detail::expiry_age - std::chrono::minutes{15});
       trial.expect_equal("runs ended while a node was there", 0U,
                          detail::expire(trial, {"alpha"}));
       detail::expect_pending(trial, id, "a run whose job a node was there for");
       trial.advance(std::chrono::minutes{30});
       trial.expect_equal("runs ended after it went", 1U, detail::expire(trial, {"alpha"}));
     }},

    {"expire_unknown keeps the runs of a job when it was loaded meanwhile",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("gone");
       trial.sync(job);
       const RunId id = trial.enqueue(trial.row("gone"));
       trial.advance(std::chrono::hours{9});
       trial.sync(job);
       trial.advance(std::chrono::hours{9});
       trial.expect_equal("runs ended while it was loaded", 0U, detail::expire(trial, {"alpha"}));
       detail::expect_pending(trial, id, "a run whose job was loaded");
       trial.advance(std::chrono::hours{2});
       trial.expect_equal("runs ended after that", 1U, detail::expire(trial, {"alpha"}));
     }},

    {"expire_unknown ends up to its limit when more are to be given up",
     [](StorageTrial& trial) {
       for (int i = 0; i < 3; ++i) trial.enqueue(trial.row("gone"));
       for (int i = 0; i < 2; ++i) trial.enqueue(trial.row("lost"));
       trial.advance(detail::expiry_age);
       trial.expect_equal("runs ended of none", 0U, detail::expire(trial, {"alpha"}, 0));
       for (const std::size_t count : {2U, 2U, 1U, 0U}) {
         trial.expect_equal("ended runs", count, detail::expire(trial, {"alpha"}, 2));
       }
       trial.expect_equal("failed runs", 5U,
                          trial.storage().runs({.status = JobStatus::failed}).size());
     }},

    {"expire_unknown ends the runs of a job when it is paused or disabled",
     [](StorageTrial& trial) {
       trial.require(trial.pause(trial.sync(trial.definition("gone"))), "the job to be paused");
       JobDefinition disabled = trial.definition("lost");
       disabled.enabled = false;
       trial.sync(disabled);
       const RunId paused_id = trial.enqueue(trial.row("gone"));
       const RunId disabled_id = trial.enqueue(trial.row("lost"));
       trial.advance(detail::expiry_age + std::chrono::minutes{15});
       trial.expect_equal("ended runs", 2U, detail::expire(trial, {"alpha"}));
       detail::expect_given_up(trial, paused_id);
       detail::expect_given_up(trial, disabled_id);
     }},

    {"expire_unknown leaves runs alone when they are running or wait for others",
     [](StorageTrial& trial) {
       const JobRun running = trial.start(trial.row("gone"));
       const RunId waiting = trial.enqueue(detail::row_after(trial, "gone", {running.id}));
       trial.advance(std::chrono::hours{1000});
       trial.expect_equal("ended runs", 0U, detail::expire(trial, {"alpha"}));
       trial.expect_same("running run", difference(running, trial.stored(running.id)));
       detail::expect_waiting(trial, waiting, 1);
       trial.finish(running);
       trial.advance(std::chrono::hours{9});
       trial.expect_equal("runs ended after it became ready", 0U, detail::expire(trial, {"alpha"}));
     }},

    {"expire_unknown skips what waits and arms no job when it ends a run",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"gone"}};
       const RunId first = trial.enqueue(trial.row("gone"));
       const RunId second = trial.enqueue(detail::row_after(trial, "beta", {first}));
       const RunId third = trial.enqueue(detail::row_after(trial, "beta", {second}));
       trial.advance(detail::expiry_age);
       trial.expect_equal("ended runs", 1U, detail::expire(trial, {"alpha", "beta"}));
       detail::expect_dependency_failed(trial, second);
       detail::expect_dependency_failed(trial, third);
       omega.expect_idle("when a run that never started was given up");
     }},
};

}  // namespace punctual::testing
