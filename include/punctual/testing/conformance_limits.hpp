// SPDX-License-Identifier: MIT
//
// Checks of what keeps a ready run from being claimed: the node's room, exclusiveness, concurrency
// keys. And that a run which cannot start never blocks those behind it.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// A run that becomes ready so many seconds after a common instant in the past, which fixes its
/// place in the order.
inline NewRun ordered_row(StorageTrial& trial, std::string job, int place) {
  NewRun row = trial.row(std::move(job));
  row.run_at = row.run_at - std::chrono::hours{1} + std::chrono::seconds{place};
  return row;
}

inline NewRun ordered_exclusive(StorageTrial& trial, std::string job, int place) {
  NewRun row = ordered_row(trial, std::move(job), place);
  row.exclusive = true;
  return row;
}

inline NewRun ordered_limited(StorageTrial& trial, std::string job, int place,
                              std::uint32_t concurrency_max, std::string concurrency_key = "k") {
  NewRun row = ordered_row(trial, std::move(job), place);
  row.concurrency_key = std::move(concurrency_key);
  row.concurrency_max = concurrency_max;
  return row;
}

}  // namespace detail

inline constexpr StorageCheck room_checks[] = {
    {"claim takes no more of a job than there is room when others have room",
     [](StorageTrial& trial) {
       std::vector<RunId> ids;
       for (int i = 0; i < 3; ++i) {
         ids.push_back(trial.enqueue(detail::ordered_row(trial, "alpha", i)));
       }
       for (int i = 3; i < 5; ++i) {
         ids.push_back(trial.enqueue(detail::ordered_row(trial, "beta", i)));
       }
       const JobNames jobs{"alpha", "beta", "gamma"};
       ClaimRequest request = trial.request(jobs);
       request.rooms = {{"gamma", 0}, {"alpha", 2}};
       trial.expect_equal("ids of claimed runs", {ids[0], ids[1], ids[3], ids[4]},
                          trial.ids_of(trial.storage().claim(request, trial.now())));
     }},

    {"claim takes none of a job when there is no room for it",
     [](StorageTrial& trial) {
       for (int i = 0; i < 20; ++i) trial.enqueue(detail::ordered_row(trial, "alpha", i));
       const RunId beta = trial.enqueue(detail::ordered_row(trial, "beta", 30));
       const JobNames jobs{"alpha", "beta"};
       ClaimRequest request = trial.request(jobs, 5);
       request.rooms = {{"alpha", 0}};
       trial.expect_equal("ids of claimed runs", {beta},
                          trial.ids_of(trial.storage().claim(request, trial.now())));
     }},

    {"claim counts the room anew when the node asks again",
     [](StorageTrial& trial) {
       for (int i = 0; i < 3; ++i) trial.enqueue(detail::ordered_row(trial, "alpha", i));
       const JobNames jobs{"alpha"};
       ClaimRequest request = trial.request(jobs);
       request.rooms = {{"alpha", 1}};
       trial.expect_equal("first claim", 1U, trial.storage().claim(request, trial.now()).size());
       trial.expect_equal("second claim", 1U, trial.storage().claim(request, trial.now()).size());
     }},
};

inline constexpr StorageCheck exclusive_checks[] = {
    {"claim takes one exclusive run of a job when several are ready at once",
     [](StorageTrial& trial) {
       const RunId first = trial.enqueue(detail::ordered_exclusive(trial, "alpha", 0));
       trial.enqueue(detail::ordered_exclusive(trial, "alpha", 1));
       const RunId other = trial.enqueue(detail::ordered_exclusive(trial, "beta", 2));
       trial.expect_equal("ids of claimed runs", {first, other},
                          trial.ids_of(trial.claim({"alpha", "beta"})));
     }},

    {"claim leaves an exclusive run when another node runs one, and takes it when that ends",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(detail::ordered_exclusive(trial, "alpha", 0), "node-b");
       const RunId second = trial.enqueue(detail::ordered_exclusive(trial, "alpha", 1));
       trial.expect_equal("claimed beside it", 0U, trial.claim({"alpha"}).size());
       trial.finish(first);
       trial.expect_equal("claimed after it", {second}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim takes a run that is not exclusive when an exclusive one is running",
     [](StorageTrial& trial) {
       trial.start(detail::ordered_exclusive(trial, "alpha", 0));
       trial.enqueue(detail::ordered_exclusive(trial, "alpha", 1));
       const RunId plain = trial.enqueue(detail::ordered_row(trial, "alpha", 2));
       trial.expect_equal("ids of claimed runs", {plain}, trial.ids_of(trial.claim({"alpha"}, 1)));
     }},

    {"claim takes an exclusive run when the running ones are not exclusive",
     [](StorageTrial& trial) {
       trial.start(detail::ordered_row(trial, "alpha", 0));
       const RunId exclusive = trial.enqueue(detail::ordered_exclusive(trial, "alpha", 1));
       trial.expect_equal("ids of claimed runs", {exclusive}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim takes an exclusive run when the one before it was handed back or taken over and ended",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(detail::ordered_exclusive(trial, "alpha", 0));
       trial.release(first);
       const auto again = trial.claim({"alpha"});
       trial.require_equal("claimed after the release", {first.id}, trial.ids_of(again));
       trial.advance(2 * trial.lease);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("taken over", {first.id}, trial.ids_of(taken));
       const RunId second = trial.enqueue(detail::ordered_exclusive(trial, "alpha", 1));
       trial.expect_equal("claimed beside it", 0U, trial.claim({"alpha"}).size());
       trial.finish(taken.front(), JobStatus::failed);
       trial.expect_equal("claimed after the end", {second}, trial.ids_of(trial.claim({"alpha"})));
     }},
};

inline constexpr StorageCheck concurrency_key_checks[] = {
    {"claim takes no more runs of a concurrency key than its limit when all are ready at once",
     [](StorageTrial& trial) {
       const RunId first = trial.enqueue(detail::ordered_limited(trial, "alpha", 0, 2));
       const RunId second = trial.enqueue(detail::ordered_limited(trial, "beta", 1, 2));
       trial.enqueue(detail::ordered_limited(trial, "alpha", 2, 2));
       const RunId other = trial.enqueue(detail::ordered_limited(trial, "beta", 3, 1, "other"));
       trial.expect_equal("ids of claimed runs", {first, second, other},
                          trial.ids_of(trial.claim({"alpha", "beta"})));
       trial.expect_equal("claimed beside them", 0U, trial.claim({"alpha", "beta"}).size());
     }},

    {"claim leaves a run when other nodes and jobs hold all slots of its concurrency key",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(detail::ordered_limited(trial, "alpha", 0, 2), "node-b");
       const JobRun second = trial.start(detail::ordered_limited(trial, "beta", 1, 2), "node-c");
       const RunId third = trial.enqueue(detail::ordered_limited(trial, "gamma", 2, 2));
       const RunId fourth = trial.enqueue(detail::ordered_limited(trial, "gamma", 3, 2));
       trial.expect_equal("claimed beside them", 0U, trial.claim({"gamma"}).size());
       trial.finish(first);
       trial.expect_equal("claimed after one ended", {third}, trial.ids_of(trial.claim({"gamma"})));
       trial.release(second);
       trial.expect_equal("claimed after one was handed back", {fourth},
                          trial.ids_of(trial.claim({"gamma"})));
     }},

    {"claim leaves a run when the slots of its concurrency key were taken over by another node",
     [](StorageTrial& trial) {
       trial.start(detail::ordered_limited(trial, "alpha", 0, 1));
       trial.advance(2 * trial.lease);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("number of runs taken over", 1U, taken.size());
       const RunId second = trial.enqueue(detail::ordered_limited(trial, "alpha", 1, 1));
       trial.expect_equal("claimed beside it", 0U, trial.claim({"alpha"}).size());
       trial.finish(taken.front(), JobStatus::failed);
       trial.expect_equal("claimed after it", {second}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim goes by each run's own limit when runs of one concurrency key differ in it",
     [](StorageTrial& trial) {
       trial.start(detail::ordered_limited(trial, "alpha", 0, 3));
       trial.enqueue(detail::ordered_limited(trial, "alpha", 1, 1));
       const RunId wide = trial.enqueue(detail::ordered_limited(trial, "alpha", 2, 3));
       trial.expect_equal("ids of claimed runs", {wide}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim takes every run when its concurrency key has no limit",
     [](StorageTrial& trial) {
       for (int i = 0; i < 5; ++i) trial.enqueue(detail::ordered_limited(trial, "alpha", i, 0));
       trial.expect_equal("number of claimed runs", 5U, trial.claim({"alpha"}).size());
     }},

    {"claim frees the slot of a concurrency key when its run is cancelled and ends",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(detail::ordered_limited(trial, "alpha", 0, 1));
       const RunId second = trial.enqueue(detail::ordered_limited(trial, "alpha", 1, 1));
       trial.storage().request_cancel(first.id, "olga", trial.now());
       trial.expect_equal("claimed while it runs", 0U, trial.claim({"alpha"}).size());
       trial.finish(first, JobStatus::skipped);
       trial.expect_equal("claimed after it", {second}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"claim takes the runs behind when more than a thousand before them cannot start",
     [](StorageTrial& trial) {
       trial.start(detail::ordered_limited(trial, "alpha", 0, 1));
       trial.start(detail::ordered_exclusive(trial, "beta", 0));
       std::vector<NewRun> blocked;
       for (int i = 1; i <= 1200; ++i) {
         blocked.push_back(detail::ordered_limited(trial, "alpha", i, 1));
         blocked.push_back(detail::ordered_exclusive(trial, "beta", i));
       }
       trial.storage().enqueue(blocked, trial.now());
       const RunId free_key =
           trial.enqueue(detail::ordered_limited(trial, "alpha", 1300, 1, "free"));
       const RunId plain = trial.enqueue(detail::ordered_row(trial, "beta", 1301));
       const RunId other = trial.enqueue(detail::ordered_row(trial, "gamma", 1302));
       trial.expect_equal("ids of claimed runs", {free_key, plain, other},
                          trial.ids_of(trial.claim({"alpha", "beta", "gamma"}, 3)));
     }},
};

}  // namespace punctual::testing
