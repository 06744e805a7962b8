// SPDX-License-Identifier: MIT
//
// Checks of `take_expired`: runs of a node that died come to another one, and what the dead node
// says later is void.

#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Starts a run of "alpha" on "node-a" and lets its lease expire.
inline JobRun start_expired(StorageTrial& trial) {
  JobRun run = trial.start(trial.row("alpha"), "node-a");
  trial.advance(2 * trial.lease);
  return run;
}

}  // namespace detail

inline constexpr StorageCheck rescue_checks[] = {
    {"take_expired takes nothing when no lease has expired",
     [](StorageTrial& trial) {
       trial.enqueue(trial.row("alpha"));
       trial.end(trial.row("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(trial.lease / 2);
       trial.expect_equal("number of runs taken over", 0U, trial.take_expired({"alpha"}).size());
       trial.expect_same("running run", difference(run, trial.stored(run.id)));
     }},

    {"take_expired takes the run under the next fence and keeps its node when its lease has "
     "expired",
     [](StorageTrial& trial) {
       const JobRun run = detail::start_expired(trial);
       const TimePoint first = trial.now();
       const auto taken = trial.take_expired({"alpha"});
       const TimePoint last = trial.now();
       trial.require_equal("ids of runs taken over", {run.id}, trial.ids_of(taken));
       const JobRun stored = trial.stored(run.id);
       trial.expect_between("lease_until_at", first + trial.lease, stored.lease_until_at,
                            last + trial.lease);
       JobRun wanted = run;
       wanted.fence = run.fence + 1;
       wanted.lease_until_at = stored.lease_until_at;
       trial.expect_same("stored run", difference(wanted, stored));
     }},

    {"take_expired returns the run as it is stored when it takes it",
     [](StorageTrial& trial) {
       detail::start_expired(trial);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("number of runs taken over", 1U, taken.size());
       trial.expect_same("returned run", difference(trial.stored(taken.front().id), taken.front()));
     }},

    {"take_expired lets only its caller finish when it has taken a run",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = detail::start_expired(trial);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("number of runs taken over", 1U, taken.size());
       const JobRun before = trial.stored(run.id);
       trial.expect_equal("answer to the node that lost it", FinishAnswer::lost, trial.finish(run));
       trial.expect_equal("answer to its release", FinishAnswer::lost, trial.release(run));
       trial.expect_same("stored run", difference(before, trial.stored(run.id)));
       trial.expect_equal("answer to the caller", FinishAnswer::done,
                          trial.finish(taken.front(), JobStatus::failed));
       trial.expect_equal("failure_count", 1U, trial.summary("alpha").failure_count);
       trial.expect_equal("success_count", 0U, trial.summary("alpha").success_count);
     }},

    {"take_expired takes a run once when two nodes ask for it",
     [](StorageTrial& trial) {
       detail::start_expired(trial);
       trial.expect_equal("taken by the first", 1U, trial.take_expired({"alpha"}).size());
       trial.expect_equal("taken by the second", 0U, trial.take_expired({"alpha"}).size());
     }},

    {"take_expired takes a run again when the lease of its taker has expired too",
     [](StorageTrial& trial) {
       const JobRun run = detail::start_expired(trial);
       trial.require_equal("taken by the second", 1U, trial.take_expired({"alpha"}).size());
       trial.advance(2 * trial.lease);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("taken by the third", 1U, taken.size());
       trial.expect_equal("fence", run.fence + 2, taken.front().fence);
       trial.expect_equal("node that ran it", "node-a", taken.front().node);
     }},

    {"take_expired leaves runs of other jobs when it names those it knows",
     [](StorageTrial& trial) {
       const JobRun run = detail::start_expired(trial);
       trial.expect_equal("number of runs taken over", 0U, trial.take_expired({"beta"}).size());
       trial.expect_equal("taken of no job", 0U, trial.take_expired({}).size());
       trial.expect_same("stored run", difference(run, trial.stored(run.id)));
     }},

    {"take_expired takes no more than the limit when more have expired",
     [](StorageTrial& trial) {
       for (int i = 0; i < 5; ++i) trial.start(trial.row("alpha"));
       trial.advance(2 * trial.lease);
       trial.expect_equal("taken at first", 3U, trial.take_expired({"alpha"}, 3).size());
       trial.expect_equal("taken then", 2U, trial.take_expired({"alpha"}, 3).size());
       trial.expect_equal("taken at last", 0U, trial.take_expired({"alpha"}, 3).size());
     }},

    {"take_expired takes a run when many that it must leave expired before it",
     [](StorageTrial& trial) {
       for (int i = 0; i < 300; ++i) trial.start(trial.row("other"));
       trial.advance(std::chrono::minutes{1});
       const JobRun run = detail::start_expired(trial);
       trial.expect_equal("ids of runs taken over", {run.id},
                          trial.ids_of(trial.take_expired({"alpha"}, 1)));
     }},

    {"take_expired takes a run when its job is paused",
     [](StorageTrial& trial) {
       const ScheduleState state = trial.sync(trial.definition("alpha"));
       const JobRun run = detail::start_expired(trial);
       trial.require(trial.pause(state), "the job to be paused");
       trial.expect_equal("ids of runs taken over", {run.id},
                          trial.ids_of(trial.take_expired({"alpha"})));
     }},
};

}  // namespace punctual::testing
