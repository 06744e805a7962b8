// SPDX-License-Identifier: MIT
//
// Checks of what the end of some work does to the runs that wait for it: they become ready, or they
// are skipped and so is what waits for them. By whatever operation it ends, and in the same step.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Stores `count` runs of "beta", each of which waits for the one before it, the first for `first`.
inline std::vector<RunId> enqueue_chain(StorageTrial& trial, RunId first, std::size_t count) {
  std::vector<NewRun> rows;
  std::vector<RunId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(row_after(trial, "beta", {i == 0 ? first : ids.back()}));
    ids.push_back(rows.back().id);
  }
  trial.storage().enqueue(rows, trial.now());
  return ids;
}

/// Starts a run of "alpha" and stores one of "gamma" that waits for it.
struct WaitingPair {
  explicit WaitingPair(StorageTrial& trial)
      : first(trial.start(trial.row("alpha"))),
        waiting(trial.enqueue(row_after(trial, "gamma", {first.id}))) {}

  JobRun first;
  RunId waiting;
};

}  // namespace detail

inline constexpr StorageCheck work_end_checks[] = {
    {"finish makes a run ready at that instant when it waited for nothing else",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       trial.advance(std::chrono::minutes{3});
       trial.finish(pair.first);
       detail::expect_ready(trial, pair.waiting, *trial.stored(pair.first.id).completed_at);
       trial.expect_equal("ids of claimed runs", {pair.waiting},
                          trial.ids_of(trial.claim({"gamma"})));
     }},

    {"finish makes a run ready when the body that it waited for found nothing to do",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       trial.finish(pair.first, JobStatus::skipped);
       detail::expect_ready(trial, pair.waiting, *trial.stored(pair.first.id).completed_at);
     }},

    {"finish lets a run wait for one less when it waits for several",
     [](StorageTrial& trial) {
       std::vector<JobRun> runs;
       std::vector<RunId> after;
       for (int i = 0; i < 3; ++i) {
         runs.push_back(trial.start(trial.row("alpha")));
         after.push_back(runs.back().id);
       }
       const RunId waiting = trial.enqueue(detail::row_after(trial, "gamma", after));
       detail::expect_waiting(trial, waiting, 3);
       trial.finish(runs[1]);
       detail::expect_waiting(trial, waiting, 2);
       trial.finish(runs[1]);
       detail::expect_waiting(trial, waiting, 2);
       trial.finish(runs[0]);
       detail::expect_waiting(trial, waiting, 1);
       trial.advance(std::chrono::minutes{1});
       trial.finish(runs[2]);
       detail::expect_ready(trial, waiting, *trial.stored(runs[2].id).completed_at);
     }},

    {"finish makes a run ready when one batch ends all that it waited for",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const JobRun second = trial.start(trial.row("beta"));
       const RunId waiting =
           trial.enqueue(detail::row_after(trial, "gamma", {first.id, second.id}));
       trial.storage().finish({trial.completion(first), trial.completion(second)}, trial.now());
       trial.expect_equal("ids of claimed runs", {waiting}, trial.ids_of(trial.claim({"gamma"})));
     }},

    {"finish skips a run for good when something that it waited for failed",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("gamma"));
       const JobRun failing = trial.start(trial.row("alpha"));
       const JobRun other = trial.start(trial.row("beta"));
       const RunId waiting =
           trial.enqueue(detail::row_after(trial, "gamma", {failing.id, other.id}));
       trial.advance(std::chrono::minutes{1});
       trial.finish(failing, JobStatus::failed);
       detail::expect_dependency_failed(trial, waiting);
       const JobRun skipped = trial.stored(waiting);
       trial.expect_equal("completed_at", trial.stored(failing.id).completed_at,
                          skipped.completed_at);
       trial.expect_equal("skipped_count", 1U, trial.summary("gamma").skipped_count);
       trial.finish(other);
       trial.expect_same("skipped run", difference(skipped, trial.stored(waiting)));
       trial.expect_equal("claimed runs", 0U, trial.claim({"gamma"}).size());
       trial.expect_equal("skipped_count at last", 1U, trial.summary("gamma").skipped_count);
     }},

    {"finish frees the unique key of a run when it skips it",
     [](StorageTrial& trial) {
       const JobRun failing = trial.start(trial.row("alpha"));
       NewRun waiting = detail::row_after(trial, "gamma", {failing.id});
       waiting.unique_key = "report";
       trial.enqueue(waiting);
       trial.finish(failing, JobStatus::failed);
       NewRun again = trial.row("gamma");
       again.unique_key = "report";
       trial.expect_equal("answer", EnqueueAnswer::Kind::stored, trial.offer(again).kind);
     }},

    {"finish keeps a run waiting when another attempt follows, and goes by that one's end",
     [](StorageTrial& trial) {
       for (const auto status : {JobStatus::success, JobStatus::failed}) {
         const detail::WaitingPair pair{trial};
         const RunId second = detail::fail_with_retry(trial, pair.first);
         detail::expect_waiting(trial, pair.waiting, 1);
         const auto run = trial.claim_only(second, "alpha");
         trial.require(run.has_value(), "the second attempt to be claimed");
         const RunId third = detail::fail_with_retry(trial, *run);
         detail::expect_waiting(trial, pair.waiting, 1);
         const JobRun ended = detail::end_ready(trial, third, "alpha", status);
         if (status == JobStatus::success) {
           detail::expect_ready(trial, pair.waiting, *ended.completed_at);
         } else {
           detail::expect_dependency_failed(trial, pair.waiting);
         }
       }
     }},

    {"finish skips a run when the attempt that was to follow is left out for its unique key",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       NewRun other = trial.row("alpha");
       other.unique_key = "report";
       trial.enqueue(other);
       NewRun retry = trial.row("alpha");
       retry.attempt = 2;
       retry.retry_of = pair.first.id;
       retry.unique_key = "report";
       Completion end = trial.completion(pair.first, JobStatus::failed);
       end.follow_ups = {retry};
       trial.storage().finish({end}, trial.now());
       detail::expect_dependency_failed(trial, pair.waiting);
     }},

    {"finish leaves waiting runs alone when the lease was lost",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       const JobRun before = trial.stored(pair.waiting);
       for (const auto status : {JobStatus::success, JobStatus::failed}) {
         Completion late = trial.completion(pair.first, status);
         late.lease.fence += 1;
         trial.expect_equal("answers", {FinishAnswer::lost},
                            trial.storage().finish({late}, trial.now()));
         trial.expect_same("waiting run", difference(before, trial.stored(pair.waiting)));
       }
     }},

    {"finish stores a row that follows as ready when it comes after the run that ends",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       const NewRun next = detail::row_after(trial, "gamma", {run.id});
       Completion end = trial.completion(run);
       end.follow_ups = {next};
       trial.storage().finish({end}, trial.now());
       detail::expect_ready(trial, next.id, next.run_at);
     }},

    {"finish skips what waits behind it and nothing else when one of two ways fails",
     [](StorageTrial& trial) {
       const NewRun first = trial.row("alpha");
       const NewRun left = detail::row_after(trial, "beta", {first.id});
       const NewRun right = detail::row_after(trial, "beta", {first.id});
       const NewRun last = detail::row_after(trial, "gamma", {left.id, right.id});
       trial.storage().enqueue({first, left, right, last}, trial.now());
       detail::end_ready(trial, first.id, "alpha");
       detail::expect_waiting(trial, last.id, 2);
       detail::end_ready(trial, left.id, "beta", JobStatus::failed);
       detail::expect_dependency_failed(trial, last.id);
       trial.expect_equal("status of the other way", JobStatus::pending,
                          trial.stored(right.id).status);
       detail::end_ready(trial, right.id, "beta");
     }},

    {"finish skips a chain of 1000 runs when the run before it fails",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("beta"));
       const JobRun first = trial.start(trial.row("alpha"));
       const auto ids = detail::enqueue_chain(trial, first.id, 1000);
       trial.finish(first, JobStatus::failed);
       const auto skipped = trial.storage().runs({.job_name = "beta",
                                                  .status = JobStatus::skipped,
                                                  .message_code = "JOB_DEPENDENCY_FAILED",
                                                  .limit = 1000});
       trial.expect_equal("number of skipped runs", ids.size(), skipped.size());
       trial.expect_equal("skipped_count", ids.size(), trial.summary("beta").skipped_count);
       detail::expect_dependency_failed(trial, ids.back());
     }},

    {"finish makes a chain ready one by one when each ends well",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const auto ids = detail::enqueue_chain(trial, first.id, 20);
       trial.finish(first);
       for (std::size_t i = 0; i < ids.size(); ++i) {
         const auto claimed = trial.claim({"beta"});
         trial.require_equal("ids of claimed runs", {ids[i]}, trial.ids_of(claimed));
         if (i + 1 < ids.size()) detail::expect_waiting(trial, ids[i + 1], 1);
         trial.finish(claimed.front());
       }
     }},

    {"finish arms a job that waits for the end of its runs when it skips the last one",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.after_finish_definition("gamma");
       trial.sync(job);
       const detail::WaitingPair pair{trial};
       trial.finish(pair.first, JobStatus::failed);
       trial.expect_equal("next_due_at",
                          *trial.stored(pair.waiting).completed_at + std::chrono::minutes{1},
                          trial.sync(job).next_due_at);
     }},

    {"release keeps a run waiting when what it waits for is handed back",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       trial.release(pair.first);
       detail::expect_waiting(trial, pair.waiting, 1);
       detail::end_ready(trial, pair.first.id, "alpha");
       trial.expect_equal("waits_for", 0U, trial.stored(pair.waiting).waits_for);
     }},

    {"request_cancel skips what waits when it cancels a pending run",
     [](StorageTrial& trial) {
       const RunId first = trial.enqueue(trial.row("alpha"));
       const auto ids = detail::enqueue_chain(trial, first, 3);
       trial.expect_equal("answer", CancelAnswer::cancelled,
                          trial.storage().request_cancel(first, "olga", trial.now()));
       for (const RunId id : ids) detail::expect_dependency_failed(trial, id);
     }},

    {"request_cancel skips what waits when it cancels the next attempt",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       const RunId retry = detail::fail_with_retry(trial, pair.first);
       trial.storage().request_cancel(retry, "olga", trial.now());
       detail::expect_dependency_failed(trial, pair.waiting);
     }},

    {"request_cancel leaves what waits alone when the run goes on",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       trial.storage().request_cancel(pair.first.id, "olga", trial.now());
       detail::expect_waiting(trial, pair.waiting, 1);
     }},

    {"request_cancel ends a waiting run for good when what it waits for is open",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       const RunId behind = trial.enqueue(detail::row_after(trial, "beta", {pair.waiting}));
       trial.expect_equal("answer", CancelAnswer::cancelled,
                          trial.storage().request_cancel(pair.waiting, "olga", trial.now()));
       const JobRun cancelled = trial.stored(pair.waiting);
       trial.expect_equal("message_code", "JOB_CANCELLED", cancelled.message_code);
       detail::expect_dependency_failed(trial, behind);
       trial.finish(pair.first, JobStatus::failed);
       trial.expect_same("cancelled run", difference(cancelled, trial.stored(pair.waiting)));
     }},

    {"claim takes runs that waited by their end and priority when they became ready",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const RunId plain = trial.enqueue(detail::row_after(trial, "gamma", {first.id}));
       NewRun urgent = detail::row_after(trial, "gamma", {first.id});
       urgent.priority = 5;
       trial.enqueue(urgent);
       NewRun slack = detail::row_after(trial, "gamma", {first.id});
       slack.priority = -5;
       trial.enqueue(slack);
       trial.advance(std::chrono::minutes{30});
       NewRun earlier = trial.row("gamma");
       earlier.run_at -= std::chrono::minutes{2};
       trial.enqueue(earlier);
       trial.finish(first);
       trial.advance(std::chrono::minutes{2});
       const RunId later = trial.enqueue(trial.row("gamma"));
       trial.expect_equal("ids of claimed runs", {urgent.id, earlier.id, plain, later, slack.id},
                          trial.ids_of(trial.claim({"gamma"})));
     }},

    {"next_wake leaves out a run when it waits for others, and returns it when it is ready",
     [](StorageTrial& trial) {
       const detail::WaitingPair pair{trial};
       const auto run_at = [&] { return trial.storage().next_wake({"gamma"}, trial.now()).run_at; };
       trial.expect_equal("run_at of a waiting run", std::nullopt, run_at());
       NewRun other = trial.row("gamma");
       other.run_at += std::chrono::hours{5};
       trial.enqueue(other);
       trial.expect_equal("run_at beside a waiting run", other.run_at, run_at());
       trial.finish(pair.first);
       trial.expect_equal("run_at of a ready run", trial.stored(pair.first.id).completed_at,
                          run_at());
     }},
};

}  // namespace punctual::testing
