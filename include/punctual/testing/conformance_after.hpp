// SPDX-License-Identifier: MIT
//
// Checks of `after`: a run that names other work is stored ready, waiting or skipped, as that work
// stands.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// A run of `job` that comes after others.
[[nodiscard]] inline NewRun row_after(StorageTrial& trial, std::string job,
                                      std::vector<RunId> after) {
  NewRun row = trial.row(std::move(job));
  row.after = std::move(after);
  return row;
}

/// Ends a run as failed with another attempt to follow; returns that one's id.
inline RunId fail_with_retry(StorageTrial& trial, const JobRun& run) {
  NewRun retry = trial.row(run.job_name);
  retry.trigger = RunTrigger::retry;
  retry.attempt = run.attempt + 1;
  retry.retry_of = work_id(run);
  Completion end = trial.completion(run, JobStatus::failed);
  end.follow_ups = {retry};
  trial.require_equal("answers to the end of an attempt", {FinishAnswer::done},
                      trial.storage().finish({end}, trial.now()));
  return retry.id;
}

/// Claims a run that is ready, and ends it.
inline JobRun end_ready(StorageTrial& trial, RunId id, const std::string& job,
                        JobStatus status = JobStatus::success) {
  const auto run = trial.claim_only(id, job);
  trial.require(run.has_value(), "a ready run to be claimed");
  trial.require_equal("answer to the completion", FinishAnswer::done, trial.finish(*run, status));
  return trial.stored(id);
}

inline void expect_waiting(StorageTrial& trial, RunId id, std::uint32_t waits_for) {
  const JobRun run = trial.stored(id);
  trial.expect_equal("status of a waiting run", JobStatus::pending, run.status);
  trial.expect_equal("waits_for", waits_for, run.waits_for);
  trial.expect_equal("run_at of a waiting run", time_max, run.run_at);
}

inline void expect_ready(StorageTrial& trial, RunId id, TimePoint run_at) {
  const JobRun run = trial.stored(id);
  trial.expect_equal("status of a run that waits no more", JobStatus::pending, run.status);
  trial.expect_equal("waits_for of a run that waits no more", 0U, run.waits_for);
  trial.expect_equal("run_at of a run that waits no more", run_at, run.run_at);
}

inline void expect_dependency_failed(StorageTrial& trial, RunId id) {
  const JobRun run = trial.stored(id);
  trial.expect_equal("status of a run whose prerequisite failed", JobStatus::skipped, run.status);
  trial.expect_equal("message_code", "JOB_DEPENDENCY_FAILED", run.message_code);
  trial.expect_equal("started_at", std::nullopt, run.started_at);
  trial.expect(run.completed_at.has_value(), "a completed_at of a run whose prerequisite failed");
}

/// Stores a run that comes after `id`, which has not ended well; expects it skipped and counted.
inline void expect_skipped_after(StorageTrial& trial, RunId id, std::string_view what) {
  const auto skipped_count = trial.summary("omega").skipped_count;
  const NewRun row = row_after(trial, "omega", {id});
  const TimePoint first = trial.now();
  const EnqueueAnswer answer = trial.offer(row);
  trial.expect_equal("answer for one after " + std::string{what}, EnqueueAnswer::Kind::stored,
                     answer.kind);
  trial.expect_equal("id of the answer", row.id, answer.id);
  expect_dependency_failed(trial, row.id);
  const JobRun run = trial.stored(row.id);
  trial.expect_between("completed_at", first, run.completed_at, trial.now());
  trial.expect_equal("waits_for", 0U, run.waits_for);
  trial.expect_equal("skipped_count", skipped_count + 1, trial.summary("omega").skipped_count);
}

}  // namespace detail

inline constexpr StorageCheck after_checks[] = {
    {"enqueue lets a run wait when what it comes after is pending or running",
     [](StorageTrial& trial) {
       const RunId pending = trial.enqueue(trial.row("alpha"));
       const RunId running = trial.start(trial.row("beta")).id;
       const NewRun row = detail::row_after(trial, "gamma", {pending, running});
       trial.enqueue(row);
       detail::expect_waiting(trial, row.id, 2);
       trial.expect_equal("after", row.after, trial.stored(row.id).after);
       trial.expect_equal("claimed runs", 0U, trial.claim({"gamma"}).size());
       trial.expect(!trial.claim_only(row.id, "gamma").has_value(),
                    "a waiting run not to be claimed by its id");
       trial.advance(std::chrono::hours{24 * 365});
       trial.expect_equal("claimed runs a year later", 0U, trial.claim({"gamma"}).size());
     }},

    {"enqueue stores a run as ready when what it comes after has ended well",
     [](StorageTrial& trial) {
       const RunId success = trial.end(trial.row("alpha")).id;
       const RunId nothing_to_do = trial.end(trial.row("alpha"), JobStatus::skipped).id;
       const NewRun row = detail::row_after(trial, "gamma", {success, nothing_to_do});
       trial.enqueue(row);
       detail::expect_ready(trial, row.id, row.run_at);
       trial.expect_equal("ids of claimed runs", {row.id}, trial.ids_of(trial.claim({"gamma"})));
     }},

    {"enqueue keeps the instant of a run when what it comes after has ended well before",
     [](StorageTrial& trial) {
       NewRun row = detail::row_after(trial, "gamma", {trial.end(trial.row("alpha")).id});
       row.run_at += std::chrono::hours{1};
       trial.enqueue(row);
       detail::expect_ready(trial, row.id, row.run_at);
       trial.expect_equal("claimed runs", 0U, trial.claim({"gamma"}).size());
     }},

    {"enqueue stores a run as skipped when what it comes after did not end well",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("omega"));
       detail::expect_skipped_after(trial, trial.end(trial.row("alpha"), JobStatus::failed).id,
                                    "a failed run");
       const RunId cancelled = trial.enqueue(trial.row("alpha"));
       trial.storage().request_cancel(cancelled, "olga", trial.now());
       detail::expect_skipped_after(trial, cancelled, "a cancelled run");
       detail::expect_skipped_after(trial, trial.enqueue(trial.skipped_row("alpha", "JOB_MISSED")),
                                    "a row that answered an instant without a run");
     }},

    {"enqueue stores a run as skipped when what it comes after is not there",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("omega"));
       detail::expect_skipped_after(trial, trial.next_id(), "an unknown run");
       const NewRun self = trial.row("omega");
       NewRun after_itself = self;
       after_itself.after = {self.id};
       trial.enqueue(after_itself);
       detail::expect_dependency_failed(trial, self.id);
     }},

    {"enqueue stores a run as skipped for good when one of several did not end well",
     [](StorageTrial& trial) {
       const JobRun open = trial.start(trial.row("alpha"));
       const RunId failed = trial.end(trial.row("beta"), JobStatus::failed).id;
       const RunId id = trial.enqueue(detail::row_after(trial, "gamma", {open.id, failed}));
       detail::expect_dependency_failed(trial, id);
       const JobRun skipped = trial.stored(id);
       trial.finish(open);
       trial.expect_same("skipped run", difference(skipped, trial.stored(id)));
       trial.expect_equal("claimed runs", 0U, trial.claim({"gamma"}).size());
     }},

    {"enqueue lets a run wait once for some work when it names it twice",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const RunId same = trial.enqueue(detail::row_after(trial, "gamma", {first.id, first.id}));
       detail::expect_waiting(trial, same, 1);
       const RunId retry = detail::fail_with_retry(trial, first);
       const RunId attempts = trial.enqueue(detail::row_after(trial, "gamma", {first.id, retry}));
       detail::expect_waiting(trial, attempts, 1);
       const JobRun ended = detail::end_ready(trial, retry, "alpha");
       detail::expect_ready(trial, same, *ended.completed_at);
       detail::expect_ready(trial, attempts, *ended.completed_at);
     }},

    {"enqueue goes by the last attempt when work was tried again, whichever attempt is named",
     [](StorageTrial& trial) {
       for (const auto status : {JobStatus::success, JobStatus::failed}) {
         const JobRun first = trial.start(trial.row("alpha"));
         const RunId retry = detail::fail_with_retry(trial, first);
         const RunId waiting = trial.enqueue(detail::row_after(trial, "gamma", {first.id}));
         detail::expect_waiting(trial, waiting, 1);
         detail::end_ready(trial, retry, "alpha", status);
         for (const RunId named : {first.id, retry}) {
           const NewRun row = detail::row_after(trial, "gamma", {named});
           trial.enqueue(row);
           if (status == JobStatus::success) {
             detail::expect_ready(trial, row.id, row.run_at);
           } else {
             detail::expect_dependency_failed(trial, row.id);
           }
         }
       }
     }},

    {"enqueue lets runs wait for one another when one batch brings them in their order",
     [](StorageTrial& trial) {
       const NewRun first = trial.row("alpha");
       const NewRun second = detail::row_after(trial, "beta", {first.id});
       const NewRun third = detail::row_after(trial, "gamma", {first.id, second.id});
       trial.storage().enqueue({first, second, third}, trial.now());
       detail::expect_ready(trial, first.id, first.run_at);
       detail::expect_waiting(trial, second.id, 1);
       detail::expect_waiting(trial, third.id, 2);
     }},

    {"enqueue stores a run as skipped when what it comes after is behind it in the batch",
     [](StorageTrial& trial) {
       const NewRun last = trial.row("alpha");
       const NewRun early = detail::row_after(trial, "beta", {last.id});
       const NewRun behind = detail::row_after(trial, "gamma", {early.id});
       trial.storage().enqueue({early, behind, last}, trial.now());
       detail::expect_dependency_failed(trial, early.id);
       detail::expect_dependency_failed(trial, behind.id);
       detail::expect_ready(trial, last.id, last.run_at);
     }},

    {"enqueue stores nothing of a batch with waiting runs when an id is taken",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const NewRun waiting = detail::row_after(trial, "gamma", {first.id});
       NewRun taken = trial.row("alpha");
       taken.id = first.id;
       bool is_refused = false;
       try {
         trial.storage().enqueue({waiting, taken}, trial.now());
       } catch (const Error&) {
         is_refused = true;
       }
       trial.expect(is_refused, "an error");
       trial.expect_equal("number of waiting runs", 0U, trial.runs_of("gamma").size());
       trial.enqueue(waiting);
       detail::expect_waiting(trial, waiting.id, 1);
     }},

    {"enqueue answers with the waiting run when it has the unique key",
     [](StorageTrial& trial) {
       NewRun waiting = detail::row_after(trial, "gamma", {trial.enqueue(trial.row("alpha"))});
       waiting.unique_key = "report";
       trial.enqueue(waiting);
       NewRun second = trial.row("gamma");
       second.unique_key = "report";
       const EnqueueAnswer answer = trial.offer(second);
       trial.expect_equal("answer", EnqueueAnswer::Kind::duplicate, answer.kind);
       trial.expect_equal("id of the answer", waiting.id, answer.id);
     }},

    {"enqueue stores an exclusive run when the other one waits for something",
     [](StorageTrial& trial) {
       NewRun waiting = detail::row_after(trial, "gamma", {trial.enqueue(trial.row("alpha"))});
       waiting.exclusive = true;
       trial.enqueue(waiting);
       const NewRun row = trial.exclusive_row("gamma");
       trial.enqueue(row);
       trial.expect_equal("ids of claimed runs", {row.id}, trial.ids_of(trial.claim({"gamma"})));
     }},
};

}  // namespace punctual::testing
