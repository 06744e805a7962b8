// SPDX-License-Identifier: MIT
//
// Checks of `enqueue`: what was accepted is stored, and each answer says what became of its row.

#pragma once

#include <chrono>
#include <optional>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline void expect_answer(StorageTrial& trial, const NewRun& row, EnqueueAnswer::Kind kind) {
  const EnqueueAnswer answer = trial.offer(row);
  trial.expect_equal("answer", kind, answer.kind);
  trial.expect_equal("id of the answer", row.id, answer.id);
  trial.expect_equal(
      "status of the row",
      kind == EnqueueAnswer::Kind::overlapped ? JobStatus::skipped : JobStatus::pending,
      trial.stored(row.id).status);
}

/// Expects an exclusive run that asks to be skipped if one is open to be answered by `kind`.
inline void expect_exclusive_answer(StorageTrial& trial, EnqueueAnswer::Kind kind) {
  expect_answer(trial, trial.exclusive_row("alpha"), kind);
}

/// An exclusive run that asks to be skipped if another one waits already.
[[nodiscard]] inline NewRun queued_row(StorageTrial& trial) {
  NewRun row = trial.exclusive_row("alpha");
  row.skip_if_open = false;
  row.skip_if_waiting = true;
  return row;
}

}  // namespace detail

inline constexpr StorageCheck enqueue_checks[] = {
    {"enqueue answers nothing when it is given nothing",
     [](StorageTrial& trial) {
       trial.expect_equal("number of answers", 0U, trial.storage().enqueue({}, trial.now()).size());
     }},

    {"enqueue stores a pending run when nothing speaks against it",
     [](StorageTrial& trial) {
       const NewRun row = trial.row("alpha");
       const TimePoint before = trial.now();
       const EnqueueAnswer answer = trial.offer(row);
       trial.expect_equal("answer", EnqueueAnswer::Kind::stored, answer.kind);
       trial.expect_equal("id of the answer", row.id, answer.id);
       const JobRun run = trial.stored(row.id);
       trial.expect_between("created_at", before, run.created_at, trial.now());
       trial.expect_same("row", difference(to_run(row, run.created_at), run));
     }},

    {"enqueue answers in the order of the rows when several are given",
     [](StorageTrial& trial) {
       NewRun taken = trial.row("alpha");
       taken.unique_key = "report";
       trial.enqueue(taken);
       NewRun duplicate = trial.row("beta");
       duplicate.unique_key = "report";
       trial.start(trial.exclusive_row("gamma"));
       const NewRun overlapped = trial.exclusive_row("gamma");
       const NewRun first = trial.row("alpha");
       const NewRun last = trial.row("beta");
       const auto answers =
           trial.storage().enqueue({last, duplicate, overlapped, first}, trial.now());
       trial.require_equal("number of answers", 4U, answers.size());
       trial.expect_equal("first answer", EnqueueAnswer::Kind::stored, answers[0].kind);
       trial.expect_equal("first id", last.id, answers[0].id);
       trial.expect_equal("second answer", EnqueueAnswer::Kind::duplicate, answers[1].kind);
       trial.expect_equal("second id", taken.id, answers[1].id);
       trial.expect_equal("third answer", EnqueueAnswer::Kind::overlapped, answers[2].kind);
       trial.expect_equal("third id", overlapped.id, answers[2].id);
       trial.expect_equal("fourth answer", EnqueueAnswer::Kind::stored, answers[3].kind);
       trial.expect_equal("fourth id", first.id, answers[3].id);
     }},

    {"enqueue stores none of the rows when the id of one is taken",
     [](StorageTrial& trial) {
       const NewRun taken = trial.row("alpha");
       trial.enqueue(taken);
       const JobRun before = trial.stored(taken.id);
       NewRun again = trial.row("alpha");
       again.id = taken.id;
       again.reason = "another run with the same id";
       bool is_refused = false;
       try {
         trial.storage().enqueue({trial.row("alpha"), again, trial.row("alpha")}, trial.now());
       } catch (const Error& error) {
         is_refused = true;
         trial.expect(!error.retryable(), "an error that is not retryable");
       }
       trial.expect(is_refused, "an error");
       trial.expect_same("stored row", difference(before, trial.stored(taken.id)));
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
       trial.expect_equal("runs to be claimed", 1U, trial.claim({"alpha"}).size());
     }},

    {"enqueue stores and counts a row when it comes as skipped",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       NewRun row = trial.skipped_row("alpha", "JOB_DISABLED");
       row.due_at = trial.now() - std::chrono::minutes{7};
       row.summary = "the job is disabled";
       const TimePoint before = trial.now();
       trial.enqueue(row);
       const JobRun run = trial.stored(row.id);
       trial.expect_between("completed_at", before, run.completed_at, trial.now());
       JobRun wanted = to_run(row, run.created_at);
       wanted.completed_at = run.completed_at;
       trial.expect_same("row", difference(wanted, run));
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
       trial.expect_equal("claimed runs", 0U, trial.claim({"alpha"}).size());
     }},

    {"enqueue stores a row as overlapped when an exclusive run is running",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.start(trial.exclusive_row("alpha"));
       const TimePoint before = trial.now();
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::overlapped);
       const auto runs = trial.runs_of("alpha");
       trial.require_equal("number of runs", 2U, runs.size());
       const JobRun& run = runs.front();
       trial.expect_equal("message_code", "JOB_OVERLAPPED", run.message_code);
       trial.expect_equal("started_at", std::nullopt, run.started_at);
       trial.expect_between("completed_at", before, run.completed_at, trial.now());
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
     }},

    {"enqueue stores a row as overlapped when an exclusive run is ready",
     [](StorageTrial& trial) {
       trial.enqueue(trial.exclusive_row("alpha"));
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::overlapped);
     }},

    {"enqueue stores a row as overlapped when an exclusive run has been handed back",
     [](StorageTrial& trial) {
       trial.release(trial.start(trial.exclusive_row("alpha")));
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::overlapped);
     }},

    {"enqueue stores the second of two as overlapped when both come in one batch",
     [](StorageTrial& trial) {
       const auto answers = trial.storage().enqueue(
           {trial.exclusive_row("alpha"), trial.exclusive_row("alpha")}, trial.now());
       trial.require_equal("number of answers", 2U, answers.size());
       trial.expect_equal("first answer", EnqueueAnswer::Kind::stored, answers[0].kind);
       trial.expect_equal("second answer", EnqueueAnswer::Kind::overlapped, answers[1].kind);
     }},

    {"enqueue stores a pending run when the other exclusive run is not ready yet",
     [](StorageTrial& trial) {
       NewRun later = trial.exclusive_row("alpha");
       later.run_at += std::chrono::hours{1};
       trial.enqueue(later);
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::stored);
     }},

    {"enqueue stores a pending run when the open runs are not exclusive",
     [](StorageTrial& trial) {
       trial.start(trial.row("alpha"));
       trial.enqueue(trial.row("alpha"));
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::stored);
     }},

    {"enqueue stores a pending run when the open exclusive run is another job's",
     [](StorageTrial& trial) {
       trial.start(trial.exclusive_row("beta"));
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::stored);
     }},

    {"enqueue stores a pending run when the exclusive run before it has ended",
     [](StorageTrial& trial) {
       trial.end(trial.exclusive_row("alpha"));
       trial.storage().request_cancel(trial.enqueue(trial.exclusive_row("alpha")), "olga",
                                      trial.now());
       detail::expect_exclusive_answer(trial, EnqueueAnswer::Kind::stored);
     }},

    {"enqueue lets one run wait behind a running one when it asks not to be the second to wait",
     [](StorageTrial& trial) {
       trial.start(trial.exclusive_row("alpha"));
       detail::expect_answer(trial, detail::queued_row(trial), EnqueueAnswer::Kind::stored);
       const NewRun second = detail::queued_row(trial);
       detail::expect_answer(trial, second, EnqueueAnswer::Kind::overlapped);
       trial.expect_equal("message_code", "JOB_OVERLAPPED", trial.stored(second.id).message_code);
     }},

    {"enqueue stores a second to wait as overlapped when none is running",
     [](StorageTrial& trial) {
       detail::expect_answer(trial, detail::queued_row(trial), EnqueueAnswer::Kind::stored);
       detail::expect_answer(trial, detail::queued_row(trial), EnqueueAnswer::Kind::overlapped);
     }},

    {"enqueue lets a run wait when the other one that waits is not ready, or not exclusive",
     [](StorageTrial& trial) {
       NewRun later = detail::queued_row(trial);
       later.run_at += std::chrono::hours{1};
       trial.enqueue(later);
       trial.enqueue(trial.row("alpha"));
       detail::expect_answer(trial, detail::queued_row(trial), EnqueueAnswer::Kind::stored);
     }},

    {"enqueue answers with the first attempt when the due instant of a row has one",
     [](StorageTrial& trial) {
       NewRun open = trial.row("alpha");
       open.due_at = trial.now();
       trial.enqueue(open);
       NewRun ended = trial.row("alpha");
       ended.due_at = *open.due_at - std::chrono::hours{1};
       trial.end(ended);
       NewRun skipped = trial.skipped_row("alpha", "JOB_MISSED");
       skipped.due_at = *open.due_at - std::chrono::hours{2};
       trial.enqueue(skipped);
       for (const NewRun& first : {open, ended, skipped}) {
         for (NewRun again : {trial.row("alpha"), trial.skipped_row("alpha", "JOB_PAUSED")}) {
           again.due_at = first.due_at;
           const EnqueueAnswer answer = trial.offer(again);
           trial.expect_equal("answer", EnqueueAnswer::Kind::duplicate, answer.kind);
           trial.expect_equal("id of the answer", first.id, answer.id);
           trial.expect(!trial.storage().run(again.id).has_value(), "the row not to be stored");
         }
       }
     }},

    {"enqueue stores a row when its due instant has an answer of another job, or is tried again",
     [](StorageTrial& trial) {
       NewRun first = trial.row("alpha");
       first.due_at = trial.now();
       trial.enqueue(first);
       NewRun other = trial.row("beta");
       other.due_at = first.due_at;
       trial.expect_equal("answer for another job", EnqueueAnswer::Kind::stored,
                          trial.offer(other).kind);
       NewRun again = trial.row("alpha");
       again.due_at = first.due_at;
       again.attempt = 2;
       again.retry_of = first.id;
       trial.expect_equal("answer for another attempt", EnqueueAnswer::Kind::stored,
                          trial.offer(again).kind);
     }},

    {"enqueue stores a run when its job was never loaded",
     [](StorageTrial& trial) {
       const RunId id = trial.enqueue(trial.row("later-loaded"));
       trial.expect_equal("status", JobStatus::pending, trial.stored(id).status);
       trial.expect_equal("ids of claimed runs", {id}, trial.ids_of(trial.claim({"later-loaded"})));
     }},
};

}  // namespace punctual::testing
