// SPDX-License-Identifier: MIT
//
// Checks of unique keys: one open run at a time per key, over all jobs.

#pragma once

#include <string>
#include <utility>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline NewRun keyed_row(StorageTrial& trial, std::string unique_key = "report-2024-01") {
  NewRun row = trial.row("alpha");
  row.unique_key = std::move(unique_key);
  return row;
}

inline void expect_duplicate(StorageTrial& trial, RunId open_id) {
  const NewRun row = keyed_row(trial);
  const EnqueueAnswer answer = trial.offer(row);
  trial.expect_equal("answer", EnqueueAnswer::Kind::duplicate, answer.kind);
  trial.expect_equal("id of the answer", open_id, answer.id);
  trial.expect(!trial.storage().run(row.id), "no row for the duplicate");
}

inline void expect_key_free(StorageTrial& trial) {
  const NewRun row = keyed_row(trial);
  trial.expect_equal("answer", EnqueueAnswer::Kind::stored, trial.offer(row).kind);
  trial.expect(trial.storage().run(row.id).has_value(), "the row to be stored");
}

/// Finishes `run` as failed, followed by a run with the key.
inline NewRun finish_with_keyed_retry(StorageTrial& trial, const JobRun& run) {
  NewRun retry = keyed_row(trial);
  retry.attempt = 2;
  retry.retry_of = run.id;
  Completion failed = trial.completion(run, JobStatus::failed);
  failed.follow_ups = {retry};
  const auto answers = trial.storage().finish({failed}, trial.now());
  trial.require_equal("answers to the completion", {FinishAnswer::done}, answers);
  return retry;
}

}  // namespace detail

inline constexpr StorageCheck unique_key_checks[] = {
    {"enqueue answers with the open run when a pending one has the unique key",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(detail::keyed_row(trial));
       detail::expect_duplicate(trial, id);
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
     }},

    {"enqueue answers with the open run when a running one has the unique key",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(detail::keyed_row(trial));
       detail::expect_duplicate(trial, run.id);
     }},

    {"enqueue answers with the open run when one that was handed back has the unique key",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(detail::keyed_row(trial));
       trial.require_equal("answer to the release", FinishAnswer::done, trial.release(run));
       detail::expect_duplicate(trial, run.id);
     }},

    {"enqueue answers with the open run when another job's has the unique key",
     [](StorageTrial& trial) {
       NewRun row = detail::keyed_row(trial);
       row.job_name = "beta";
       detail::expect_duplicate(trial, trial.enqueue(row));
     }},

    {"enqueue answers with the first of the batch when two of it have one unique key",
     [](StorageTrial& trial) {
       const NewRun first = detail::keyed_row(trial);
       const NewRun second = detail::keyed_row(trial);
       const auto answers = trial.storage().enqueue({first, second}, trial.now());
       trial.require_equal("number of answers", 2U, answers.size());
       trial.expect_equal("first answer", EnqueueAnswer::Kind::stored, answers[0].kind);
       trial.expect_equal("second answer", EnqueueAnswer::Kind::duplicate, answers[1].kind);
       trial.expect_equal("id of the second answer", first.id, answers[1].id);
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
     }},

    {"enqueue stores a run when the one with its unique key has ended",
     [](StorageTrial& trial) {
       trial.end(detail::keyed_row(trial));
       trial.end(detail::keyed_row(trial), JobStatus::failed);
       detail::expect_key_free(trial);
     }},

    {"enqueue stores a run when the one with its unique key was cancelled",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(detail::keyed_row(trial));
       trial.storage().request_cancel(id, "olga", trial.now());
       detail::expect_key_free(trial);
     }},

    {"enqueue stores a run when the one with its unique key was skipped at once",
     [](StorageTrial& trial) {
       NewRun disabled = trial.skipped_row("alpha", "JOB_DISABLED");
       disabled.unique_key = "report-2024-01";
       trial.enqueue(disabled);
       trial.start(trial.exclusive_row("alpha"));
       NewRun overlapped = trial.exclusive_row("alpha");
       overlapped.unique_key = "report-2024-01";
       trial.require_equal("answer to the overlapping row", EnqueueAnswer::Kind::overlapped,
                           trial.offer(overlapped).kind);
       detail::expect_key_free(trial);
     }},

    {"enqueue stores a skipped row when an open run has its unique key",
     [](StorageTrial& trial) {
       const RunId open_id = trial.enqueue(detail::keyed_row(trial));
       NewRun skipped = trial.skipped_row("alpha", "JOB_DISABLED");
       skipped.unique_key = "report-2024-01";
       trial.enqueue(skipped);
       detail::expect_duplicate(trial, open_id);
     }},

    {"enqueue stores both runs when their unique keys differ or are empty",
     [](StorageTrial& trial) {
       trial.enqueue(detail::keyed_row(trial, "report"));
       trial.enqueue(detail::keyed_row(trial, "Report"));
       trial.enqueue(detail::keyed_row(trial, ""));
       trial.enqueue(detail::keyed_row(trial, ""));
       trial.expect_equal("number of runs", 4U, trial.runs_of("alpha").size());
     }},

    {"finish hands the unique key on when a retry carries it",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(detail::keyed_row(trial));
       const NewRun retry = detail::finish_with_keyed_retry(trial, run);
       trial.expect_equal("status of the retry", JobStatus::pending, trial.stored(retry.id).status);
       detail::expect_duplicate(trial, retry.id);
       trial.finish(trial.claim_only(retry.id, "alpha").value());
       detail::expect_key_free(trial);
     }},

    {"finish ends the run and leaves out the follow-up when an open run has its unique key",
     [](StorageTrial& trial) {
       const RunId open_id = trial.enqueue(detail::keyed_row(trial));
       const JobRun run = trial.start(trial.row("alpha"));
       const NewRun retry = detail::finish_with_keyed_retry(trial, run);
       trial.expect_equal("status of the run", JobStatus::failed, trial.stored(run.id).status);
       trial.expect(!trial.storage().run(retry.id), "no second open run with the key");
       detail::expect_duplicate(trial, open_id);
     }},
};

}  // namespace punctual::testing
