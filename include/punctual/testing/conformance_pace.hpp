// SPDX-License-Identifier: MIT
//
// Checks of `pace`: a row that is stored as pending takes a token, and is ready when it has one.

#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/domain/rate_limit.hpp"
#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_rate.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// A run that is ready at `run_at` if there is a token: two at once, and then one an hour.
[[nodiscard]] inline NewRun paced_row(StorageTrial& trial, TimePoint run_at,
                                      std::string key = "budget") {
  NewRun row = trial.row("alpha");
  row.run_at = run_at;
  row.pace = {std::move(key), {2, std::chrono::hours{2}}};
  return row;
}

/// Stores another paced row; expects it to be ready `hours` later than it asked for.
inline void expect_paced(StorageTrial& trial, TimePoint run_at, int hours) {
  const RunId id = trial.enqueue(paced_row(trial, run_at));
  trial.expect_equal("run_at of a paced run", run_at + std::chrono::hours{hours},
                     trial.stored(id).run_at);
}

}  // namespace detail

inline constexpr StorageCheck pace_checks[] = {
    {"enqueue moves a run on to its token when the bucket is empty",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       for (const int hours : {0, 0, 1, 2, 3}) detail::expect_paced(trial, run_at, hours);
     }},

    {"enqueue counts the tokens gained meanwhile when runs ask for later instants",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, run_at, hours);
       detail::expect_paced(trial, run_at + std::chrono::hours{2}, 0);
       detail::expect_paced(trial, run_at + std::chrono::hours{2}, 1);
       const TimePoint later = run_at + std::chrono::hours{100};
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, later, hours);
     }},

    {"enqueue takes the tokens of one batch one after the other when rows share a bucket",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       std::vector<NewRun> rows;
       for (int i = 0; i < 4; ++i) rows.push_back(detail::paced_row(trial, run_at));
       rows.push_back(detail::paced_row(trial, run_at, "another"));
       trial.storage().enqueue(rows, trial.now());
       const int hours[] = {0, 0, 1, 2, 0};
       for (std::size_t i = 0; i < rows.size(); ++i) {
         trial.expect_equal("run_at", run_at + std::chrono::hours{hours[i]},
                            trial.stored(rows[i].id).run_at);
       }
     }},

    {"enqueue takes no token when the limit is none or the row is not stored as pending",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now();
       NewRun unlimited = detail::paced_row(trial, run_at);
       unlimited.pace.limit.max = 0;
       unlimited.unique_key = "report";
       unlimited.exclusive = true;
       unlimited.due_at = run_at;
       trial.enqueue(unlimited);
       NewRun duplicate = detail::paced_row(trial, run_at);
       duplicate.unique_key = "report";
       NewRun answered = detail::paced_row(trial, run_at);
       answered.due_at = run_at;
       NewRun overlapped = detail::paced_row(trial, run_at);
       overlapped.exclusive = true;
       overlapped.skip_if_open = true;
       NewRun skipped = trial.skipped_row("alpha", "JOB_MISSED");
       skipped.pace = overlapped.pace;
       NewRun failed = detail::paced_row(trial, run_at);
       failed.after = {trial.next_id()};
       trial.storage().enqueue({duplicate, answered, overlapped, skipped, failed}, trial.now());
       trial.expect_equal("number of stored rows", 4U, trial.runs_of("alpha").size());
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, run_at, hours);
     }},

    {"enqueue takes no token when the run waits for another",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("beta"));
       NewRun waiting = detail::paced_row(trial, trial.now());
       waiting.after = {first.id};
       trial.enqueue(waiting);
       detail::expect_waiting(trial, waiting.id, 1);
       const TimePoint run_at = trial.now();
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, run_at, hours);
       trial.finish(first);
       detail::expect_ready(trial, waiting.id, *trial.stored(first.id).completed_at);
     }},

    {"enqueue takes no token when the batch is refused",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       NewRun taken = trial.row("alpha");
       trial.enqueue(taken);
       bool is_refused = false;
       try {
         trial.storage().enqueue(
             {detail::paced_row(trial, run_at), detail::paced_row(trial, run_at), taken},
             trial.now());
       } catch (const Error&) {
         is_refused = true;
       }
       trial.expect(is_refused, "an error");
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, run_at, hours);
     }},

    {"finish paces the next attempt when it records the end, and not when the lease was lost",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now() + std::chrono::minutes{1};
       detail::expect_paced(trial, run_at, 0);
       const JobRun run = trial.start(trial.row("beta"));
       Completion end = trial.completion(run, JobStatus::failed);
       end.follow_ups = {detail::paced_row(trial, run_at)};
       end.lease.fence += 1;
       trial.storage().finish({end, end, end}, trial.now());
       end.lease.fence -= 1;
       trial.storage().finish({end}, trial.now());
       trial.expect_equal("run_at of the follow-up", run_at,
                          trial.stored(end.follow_ups.front().id).run_at);
       detail::expect_paced(trial, run_at, 1);
     }},

    {"claim takes a paced run when it has its token, and no sooner",
     [](StorageTrial& trial) {
       const TimePoint run_at = trial.now();
       for (const int hours : {0, 0, 1}) detail::expect_paced(trial, run_at, hours);
       trial.expect_equal("runs claimed at once", 2U, trial.claim({"alpha"}).size());
       trial.expect_equal("run_at of next_wake", run_at + std::chrono::hours{1},
                          trial.storage().next_wake({"alpha"}, trial.now()).run_at);
       trial.advance(std::chrono::minutes{50});
       trial.expect_equal("runs claimed too early", 0U, trial.claim({"alpha"}).size());
       trial.advance(std::chrono::minutes{10});
       trial.expect_equal("runs claimed in time", 1U, trial.claim({"alpha"}).size());
     }},

    {"enqueue takes tokens from the bucket of a claim when they name the same key",
     [](StorageTrial& trial) {
       detail::enqueue_several(trial, "beta", 3);
       const detail::RatedClaims claims{trial, {detail::two_at_once("beta", "budget")}};
       const auto claimed = claims.claim({"beta"});
       trial.require_equal("runs claimed at once", 2U, claimed.size());
       const TimePoint run_at = *claimed.front().started_at;
       detail::expect_paced(trial, run_at, 1);
       trial.advance(std::chrono::minutes{70});
       trial.expect_equal("runs claimed an hour later", 0U, claims.claim({"beta"}).size());
     }},
};

}  // namespace punctual::testing
