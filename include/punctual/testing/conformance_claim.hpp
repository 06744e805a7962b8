// SPDX-License-Identifier: MIT
//
// Checks of `claim`: which runs a node gets, in what order, and what it then holds.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Enqueues a run of `job` that was ready `ago` before now; returns its id.
inline RunId enqueue_ready(StorageTrial& trial, std::string job, Duration ago, int priority = 0) {
  NewRun row = trial.row(std::move(job));
  row.run_at = trial.now() - ago;
  row.priority = priority;
  return trial.enqueue(row);
}

/// Expects claims of one run each to give `wanted`, then nothing.
inline void expect_claimed_in_order(StorageTrial& trial, const JobNames& jobs,
                                    const std::vector<RunId>& wanted) {
  std::vector<RunId> got;
  while (got.size() <= wanted.size()) {
    const auto claimed = trial.claim(jobs, 1);
    if (claimed.empty()) break;
    for (const auto& run : claimed) got.push_back(run.id);
  }
  trial.expect_equal("ids in the order of claims", wanted, got);
}

}  // namespace detail

inline constexpr StorageCheck claim_checks[] = {
    {"claim returns nothing when nothing was stored",
     [](StorageTrial& trial) {
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
       trial.expect_equal("claimed runs of no job", 0U, trial.claim({}).size());
     }},

    {"claim gives the node a lease when it takes a run",
     [](StorageTrial& trial) {
       const NewRun row = trial.row("alpha");
       trial.enqueue(row);
       const TimePoint first = trial.now();
       const auto claimed = trial.claim({"alpha"});
       const TimePoint last = trial.now();
       trial.require_equal("ids of claimed runs", {row.id}, trial.ids_of(claimed));
       const JobRun& run = claimed.front();
       trial.expect_equal("status", JobStatus::running, run.status);
       trial.expect_equal("node", "node-a", run.node);
       trial.expect_equal("fence", 1U, run.fence);
       trial.expect_between("started_at", first, run.started_at, last);
       trial.expect_between("lease_until_at", first + trial.lease, run.lease_until_at,
                            last + trial.lease);
       trial.expect_same("stored run", difference(run, trial.stored(row.id)));
       JobRun wanted = to_run(row, run.created_at);
       wanted.status = run.status;
       wanted.node = run.node;
       wanted.fence = run.fence;
       wanted.started_at = run.started_at;
       wanted.lease_until_at = run.lease_until_at;
       trial.expect_same("the rest of the run", difference(wanted, run));
     }},

    {"claim raises the fence by one when a run is claimed again",
     [](StorageTrial& trial) {
       JobRun run = trial.start(trial.row("alpha"));
       for (std::uint64_t fence = 1; fence <= 4; ++fence) {
         trial.expect_equal("fence", fence, run.fence);
         trial.require_equal("answer to the release", FinishAnswer::done, trial.release(run));
         const auto again = trial.claim_only(run.id, "alpha");
         trial.require(again.has_value(), "the run to be claimed again");
         run = *again;
       }
     }},

    {"claim takes a run once when two nodes ask for it",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("first claim", {id}, trial.ids_of(trial.claim({"alpha"})));
       trial.expect_equal("second claim", 0U, trial.claim({"alpha"}).size());
     }},

    {"claim takes runs in the order they became ready when their priorities are equal",
     [](StorageTrial& trial) {
       const RunId second = detail::enqueue_ready(trial, "alpha", std::chrono::minutes{2});
       const RunId third = detail::enqueue_ready(trial, "beta", std::chrono::minutes{1});
       const RunId first = detail::enqueue_ready(trial, "alpha", std::chrono::minutes{3});
       detail::expect_claimed_in_order(trial, {"alpha", "beta"}, {first, second, third});
     }},

    {"claim takes a run a minute earlier for each step of priority when it has one",
     [](StorageTrial& trial) {
       const TimePoint ready_at = trial.now() - std::chrono::minutes{10};
       const auto enqueue = [&](std::chrono::seconds later, int priority) {
         NewRun row = trial.row("alpha");
         row.run_at = ready_at + later;
         row.priority = priority;
         return trial.enqueue(row);
       };
       const RunId second = enqueue(std::chrono::seconds{0}, 0);
       const RunId third = enqueue(std::chrono::seconds{-119}, -2);
       const RunId first = enqueue(std::chrono::seconds{119}, 2);
       const RunId fourth = enqueue(std::chrono::seconds{62}, 1);
       detail::expect_claimed_in_order(trial, {"alpha"}, {first, second, third, fourth});
     }},

    {"claim takes an old run of low priority before a new one of high when it waited long enough",
     [](StorageTrial& trial) {
       const RunId low = trial.enqueue([&] {
         NewRun row = trial.row("alpha");
         row.priority = -50;
         return row;
       }());
       trial.advance(std::chrono::minutes{101});
       const RunId high = detail::enqueue_ready(trial, "alpha", Duration{0}, 50);
       detail::expect_claimed_in_order(trial, {"alpha"}, {low, high});
     }},

    {"claim takes runs by id when they are equal in order",
     [](StorageTrial& trial) {
       const TimePoint ready_at = trial.now() - std::chrono::minutes{5};
       std::vector<NewRun> rows;
       for (const char* job : {"beta", "alpha", "beta", "alpha", "gamma"}) {
         rows.push_back(trial.row(job));
         rows.back().run_at = ready_at;
       }
       rows[3].priority = 1;  // a minute later but one step higher is the same place in the order
       rows[3].run_at = ready_at + std::chrono::minutes{1};
       std::vector<RunId> wanted;
       for (const auto& row : rows) wanted.push_back(row.id);
       trial.storage().enqueue({rows[4], rows[2], rows[0], rows[3], rows[1]}, trial.now());
       trial.expect_equal("ids of claimed runs", wanted,
                          trial.ids_of(trial.claim({"alpha", "beta", "gamma"})));
     }},

    {"claim returns a batch in order when it takes runs of several jobs",
     [](StorageTrial& trial) {
       const RunId third = detail::enqueue_ready(trial, "alpha", std::chrono::minutes{2});
       const RunId first = detail::enqueue_ready(trial, "beta", std::chrono::minutes{4});
       const RunId second = detail::enqueue_ready(trial, "alpha", std::chrono::minutes{3});
       const RunId fourth = detail::enqueue_ready(trial, "beta", std::chrono::minutes{1});
       trial.expect_equal("ids of claimed runs", {first, second, third, fourth},
                          trial.ids_of(trial.claim({"alpha", "beta"})));
     }},

    {"claim takes no more than the limit when more are ready",
     [](StorageTrial& trial) {
       std::vector<RunId> ids;
       for (int i = 0; i < 5; ++i) {
         ids.push_back(detail::enqueue_ready(trial, "alpha", std::chrono::minutes{10 - i}));
       }
       trial.expect_equal("first claim of two", {ids[0], ids[1]},
                          trial.ids_of(trial.claim({"alpha"}, 2)));
       trial.expect_equal("second claim of two", {ids[2], ids[3]},
                          trial.ids_of(trial.claim({"alpha"}, 2)));
       trial.expect_equal("third claim of two", {ids[4]}, trial.ids_of(trial.claim({"alpha"}, 2)));
     }},

    {"claim leaves a run when its instant is ahead, and takes it when that has come",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.run_at += std::chrono::hours{1};
       row.priority = 100;  // a hundred minutes earlier in the order is not earlier to start
       trial.enqueue(row);
       trial.expect_equal("claimed at first", 0U, trial.claim({"alpha"}).size());
       trial.advance(std::chrono::hours{1});
       trial.expect_equal("claimed an hour later", {row.id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim takes a ready run when one that is not ready comes before it in the order",
     [](StorageTrial& trial) {
       NewRun later = trial.row("alpha");
       later.run_at += std::chrono::minutes{30};
       later.priority = 100;
       trial.enqueue(later);
       const RunId ready = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("ids of claimed runs", {ready}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim leaves runs of other jobs when it names those it can run",
     [](StorageTrial& trial) {
       trial.enqueue(trial.row("beta"));
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("ids of claimed runs", {id},
                          trial.ids_of(trial.claim({"alpha", "gamma"})));
     }},

    {"claim takes a known run when many of unknown jobs come before it",
     [](StorageTrial& trial) {
       std::vector<NewRun> rows;
       for (int i = 0; i < 600; ++i) {
         rows.push_back(trial.row("other-" + std::to_string(i % 300)));
         rows.back().run_at -= std::chrono::hours{1};
       }
       trial.storage().enqueue(rows, trial.now());
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("ids of claimed runs", {id}, trial.ids_of(trial.claim({"alpha"}, 5)));
     }},

    {"claim leaves runs of a paused job, and takes those behind them when they are ready",
     [](StorageTrial& trial) {
       trial.require(trial.pause(trial.sync(trial.definition("alpha"))), "the job to be paused");
       for (int i = 0; i < 20; ++i) detail::enqueue_ready(trial, "alpha", std::chrono::hours{1});
       const RunId id = trial.enqueue(trial.row("beta"));
       trial.expect_equal("ids of claimed runs", {id},
                          trial.ids_of(trial.claim({"alpha", "beta"}, 5)));
     }},

    {"claim takes runs of a disabled job when they are pending",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.enabled = false;
       trial.sync(job);
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("ids of claimed runs", {id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim leaves a running run when its lease has expired",
     [](StorageTrial& trial) {
       trial.start(trial.row("alpha"));
       trial.advance(2 * trial.lease);
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
     }},
};

/// Claims of one run that is named: a trigger does not wait for its turn, only for its limits.
inline constexpr StorageCheck claim_only_checks[] = {
    {"claim takes just the named run when others come before it",
     [](StorageTrial& trial) {
       const RunId first = detail::enqueue_ready(trial, "alpha", std::chrono::minutes{5});
       const RunId named = trial.enqueue(trial.row("alpha"));
       const auto run = trial.claim_only(named, "alpha");
       trial.require(run.has_value(), "the named run to be claimed");
       trial.expect_equal("id", named, run->id);
       trial.expect_equal("fence", 1U, run->fence);
       trial.expect_equal("status of the other", JobStatus::pending, trial.stored(first).status);
     }},

    {"claim takes nothing when the named run is not ready yet",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.run_at += std::chrono::hours{1};
       trial.enqueue(row);
       trial.enqueue(trial.row("alpha"));
       trial.expect(!trial.claim_only(row.id, "alpha"), "nothing to be claimed");
     }},

    {"claim takes nothing when the named run is running, has ended or does not exist",
     [](StorageTrial& trial) {
       const JobRun running = trial.start(trial.row("alpha"));
       const JobRun ended = trial.end(trial.row("alpha"));
       trial.expect(!trial.claim_only(running.id, "alpha", "node-b"), "no running run");
       trial.expect(!trial.claim_only(ended.id, "alpha"), "no ended run");
       trial.expect(!trial.claim_only(trial.next_id(), "alpha"), "no run that does not exist");
       trial.expect_same("running run", difference(running, trial.stored(running.id)));
       trial.expect_same("ended run", difference(ended, trial.stored(ended.id)));
     }},

    {"claim takes nothing when the named run is of a paused or an unknown job",
     [](StorageTrial& trial) {
       trial.require(trial.pause(trial.sync(trial.definition("alpha"))), "the job to be paused");
       const RunId paused = trial.enqueue(trial.row("alpha"));
       const RunId unknown = trial.enqueue(trial.row("beta"));
       trial.expect(!trial.claim_only(paused, "alpha"), "no run of a paused job");
       trial.expect(!trial.claim_only(unknown, "gamma"), "no run of an unknown job");
     }},

    {"claim takes nothing when a limit keeps the named run from starting",
     [](StorageTrial& trial) {
       trial.start(trial.exclusive_row("alpha"));
       NewRun exclusive = trial.exclusive_row("alpha");
       exclusive.skip_if_open = false;
       trial.enqueue(exclusive);
       NewRun limited = trial.row("beta");
       limited.concurrency_key = "shared";
       limited.concurrency_max = 1;
       trial.start(limited);
       limited.id = trial.next_id();
       trial.enqueue(limited);
       trial.expect(!trial.claim_only(exclusive.id, "alpha"), "no second exclusive run");
       trial.expect(!trial.claim_only(limited.id, "beta"), "no run above the limit");
     }},
};

}  // namespace punctual::testing
