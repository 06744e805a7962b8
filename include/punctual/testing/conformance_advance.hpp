// SPDX-License-Identifier: MIT
//
// Checks of `advance`: a due instant is answered by exactly one row, whoever was late or came
// twice.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// A job that is due now, and the rows and instants with which it is moved on.
struct DueJob {
  JobDefinition definition{};
  ScheduleState state{};
  TimePoint due_at{};
  TimePoint next_at{};
};

inline DueJob make_due(StorageTrial& trial, std::string job) {
  DueJob due;
  due.definition = trial.definition(std::move(job));
  due.due_at = trial.now() - std::chrono::minutes{1};
  due.next_at = due.due_at + std::chrono::hours{1};
  due.definition.next_due_at = due.due_at;
  due.state = trial.sync(due.definition);
  return due;
}

/// Advances a due job with a run for its instant; returns that run as stored.
inline JobRun answer_due(StorageTrial& trial, const DueJob& due) {
  const NewRun row = trial.due_row(due.state.job_name, due.due_at);
  trial.require(trial.advance_schedule(due.state, due.next_at, {row}).advanced,
                "the schedule to be advanced");
  return trial.stored(row.id);
}

}  // namespace detail

inline constexpr StorageCheck advance_checks[] = {
    {"advance moves the schedule on and raises the version when the version is as read",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       const AdvanceAnswer answer = trial.advance_schedule(due.state, due.next_at);
       trial.expect_equal("advanced", true, answer.advanced);
       trial.expect_equal("conflict_count", 0U, answer.conflict_count);
       const ScheduleState state = trial.sync(due.definition);
       trial.expect_equal("next_due_at", due.next_at, state.next_due_at);
       trial.expect(state.version > due.state.version, "a higher version");
       trial.expect_equal("anchor_at", due.state.anchor_at, state.anchor_at);
       trial.expect_equal("number of runs", 0U, trial.runs_of("alpha").size());
     }},

    {"advance arms nothing when there is no next instant",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.expect_equal("advanced", true,
                          trial.advance_schedule(due.state, std::nullopt).advanced);
       trial.expect_equal("next_due_at", std::nullopt, trial.sync(due.definition).next_due_at);
     }},

    {"advance stores the run that answers the instant when the version is as read",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       const NewRun row = trial.due_row("alpha", due.due_at);
       const TimePoint before = trial.now();
       trial.expect_equal("advanced", true,
                          trial.advance_schedule(due.state, due.next_at, {row}).advanced);
       const JobRun run = trial.stored(row.id);
       trial.expect_between("created_at", before, run.created_at, trial.now());
       trial.expect_same("row", difference(to_run(row, run.created_at), run));
       trial.expect_equal("ids of claimed runs", {row.id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"advance stores nothing when another node was first",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.require(trial.advance_schedule(due.state, due.next_at).advanced, "the first to win");
       const ScheduleState after_first = trial.sync(due.definition);
       const TimePoint elsewhere = due.next_at + std::chrono::hours{1};
       const AdvanceAnswer late = trial.advance_schedule(
           due.state, elsewhere,
           {trial.due_row("alpha", due.due_at), trial.skipped_row("alpha", "JOB_MISSED")});
       trial.expect_equal("advanced", false, late.advanced);
       trial.expect_same("state", difference(after_first, trial.sync(due.definition)));
       trial.expect_equal("number of runs", 0U, trial.runs_of("alpha").size());
       trial.expect_equal("skipped_count", 0U, trial.summary("alpha").skipped_count);
     }},

    {"advance stores nothing when the version is ahead of the stored one",
     [](StorageTrial& trial) {
       auto due = detail::make_due(trial, "alpha");
       due.state.version += 1;
       const AdvanceAnswer answer =
           trial.advance_schedule(due.state, due.next_at, {trial.due_row("alpha", due.due_at)});
       trial.expect_equal("advanced", false, answer.advanced);
       trial.expect_equal("next_due_at", due.due_at, trial.sync(due.definition).next_due_at);
       trial.expect_equal("number of runs", 0U, trial.runs_of("alpha").size());
     }},

    {"advance stores nothing when the job was never loaded",
     [](StorageTrial& trial) {
       const ScheduleState state{.job_name = "nobody", .version = 1};
       const AdvanceAnswer answer =
           trial.advance_schedule(state, trial.now(), {trial.row("nobody")});
       trial.expect_equal("advanced", false, answer.advanced);
       trial.expect_equal("number of runs", 0U, trial.runs_of("nobody").size());
     }},

    {"advance answers each schedule by itself when one of several is stale",
     [](StorageTrial& trial) {
       const auto alpha = detail::make_due(trial, "alpha");
       const auto beta = detail::make_due(trial, "beta");
       const auto gamma = detail::make_due(trial, "gamma");
       trial.require(trial.advance_schedule(beta.state, beta.next_at).advanced, "beta to move on");
       std::vector<Advance> advances;
       for (const auto* due : {&alpha, &beta, &gamma}) {
         advances.push_back({.job_name = due->state.job_name,
                             .version = due->state.version,
                             .next_due_at = due->next_at,
                             .rows = {trial.due_row(due->state.job_name, due->due_at)}});
       }
       const auto answers = trial.storage().advance(advances, trial.now());
       trial.require_equal("number of answers", 3U, answers.size());
       trial.expect_equal("alpha advanced", true, answers[0].advanced);
       trial.expect_equal("beta advanced", false, answers[1].advanced);
       trial.expect_equal("gamma advanced", true, answers[2].advanced);
       trial.expect_equal("runs of alpha", 1U, trial.runs_of("alpha").size());
       trial.expect_equal("runs of beta", 0U, trial.runs_of("beta").size());
       trial.expect_equal("runs of gamma", 1U, trial.runs_of("gamma").size());
       trial.expect_equal("alpha armed", alpha.next_at, trial.sync(alpha.definition).next_due_at);
       trial.expect_equal("gamma armed", gamma.next_at, trial.sync(gamma.definition).next_due_at);
     }},

    {"advance refuses the second of two when both name one version",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       Advance first{.job_name = "alpha", .version = due.state.version, .next_due_at = due.next_at};
       Advance second = first;
       second.next_due_at = due.next_at + std::chrono::hours{1};
       const auto answers = trial.storage().advance({first, second}, trial.now());
       trial.require_equal("number of answers", 2U, answers.size());
       trial.expect_equal("first advanced", true, answers[0].advanced);
       trial.expect_equal("second advanced", false, answers[1].advanced);
       trial.expect_equal("next_due_at", due.next_at, trial.sync(due.definition).next_due_at);
     }},

    {"advance stores and counts a skipped row when an instant is answered without a run",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       NewRun row = trial.skipped_row("alpha", "JOB_MISSED");
       row.trigger = RunTrigger::schedule;
       row.due_at = due.due_at;
       row.summary = "3 due instants passed";
       row.details = {{"count", 3}};
       const TimePoint before = trial.now();
       trial.expect_equal("advanced", true,
                          trial.advance_schedule(due.state, due.next_at, {row}).advanced);
       const JobRun run = trial.stored(row.id);
       trial.expect_between("completed_at", before, run.completed_at, trial.now());
       JobRun wanted = to_run(row, run.created_at);
       wanted.completed_at = run.completed_at;
       trial.expect_same("row", difference(wanted, run));
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
       trial.expect_equal("run_count", 1U, trial.summary("alpha").run_count);
     }},

    {"advance leaves out and counts a row when its instant was answered before",
     [](StorageTrial& trial) {
       auto due = detail::make_due(trial, "alpha");
       const JobRun first = detail::answer_due(trial, due);
       due.state = trial.sync(due.definition);
       NewRun again = trial.due_row("alpha", due.due_at);
       again.skip_if_open = false;
       NewRun fresh = trial.due_row("alpha", due.next_at);
       fresh.skip_if_open = false;
       const AdvanceAnswer answer =
           trial.advance_schedule(due.state, due.next_at + std::chrono::hours{1}, {again, fresh});
       trial.expect_equal("advanced", true, answer.advanced);
       trial.expect_equal("conflict_count", 1U, answer.conflict_count);
       trial.expect_equal("ids of stored runs, newest first", {fresh.id, first.id},
                          trial.ids_of(trial.runs_of("alpha")));
     }},

    {"advance leaves out a row when a skipped one answered its instant",
     [](StorageTrial& trial) {
       auto due = detail::make_due(trial, "alpha");
       NewRun skipped = trial.skipped_row("alpha", "JOB_MISSED");
       skipped.due_at = due.due_at;
       trial.require(trial.advance_schedule(due.state, due.next_at, {skipped}).advanced,
                     "the schedule to be advanced");
       const AdvanceAnswer answer = trial.advance_schedule(trial.sync(due.definition), due.next_at,
                                                           {trial.due_row("alpha", due.due_at)});
       trial.expect_equal("conflict_count", 1U, answer.conflict_count);
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
     }},

    {"advance leaves out a row when its instant was answered by an enqueued run",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       NewRun enqueued = trial.row("alpha");
       enqueued.due_at = due.due_at;
       trial.enqueue(enqueued);
       const AdvanceAnswer answer =
           trial.advance_schedule(due.state, due.next_at, {trial.due_row("alpha", due.due_at)});
       trial.expect_equal("advanced", true, answer.advanced);
       trial.expect_equal("conflict_count", 1U, answer.conflict_count);
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
     }},

    {"advance leaves out the second of two rows when one advance answers an instant twice",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       const NewRun first = trial.skipped_row("alpha", "JOB_MISSED");
       std::vector<NewRun> rows{first, trial.skipped_row("alpha", "JOB_MISSED")};
       for (auto& row : rows) row.due_at = due.due_at;
       const AdvanceAnswer answer = trial.advance_schedule(due.state, due.next_at, rows);
       trial.expect_equal("conflict_count", 1U, answer.conflict_count);
       trial.expect_equal("ids of stored runs", {first.id}, trial.ids_of(trial.runs_of("alpha")));
     }},

    {"advance stores a row when the run of its instant was another job's or a first attempt",
     [](StorageTrial& trial) {
       auto alpha = detail::make_due(trial, "alpha");
       auto beta = detail::make_due(trial, "beta");
       beta.due_at = alpha.due_at;
       const JobRun first = detail::answer_due(trial, alpha);
       detail::answer_due(trial, beta);
       NewRun retry = trial.due_row("alpha", alpha.due_at);
       retry.trigger = RunTrigger::retry;
       retry.attempt = 2;
       retry.retry_of = first.id;
       retry.skip_if_open = false;
       const AdvanceAnswer answer =
           trial.advance_schedule(trial.sync(alpha.definition), alpha.next_at, {retry});
       trial.expect_equal("conflict_count", 0U, answer.conflict_count);
       trial.expect_equal("runs of alpha", 2U, trial.runs_of("alpha").size());
       trial.expect_equal("runs of beta", 1U, trial.runs_of("beta").size());
     }},

    {"advance stores a row as overlapped when another exclusive run is running",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.start(trial.exclusive_row("alpha"));
       const TimePoint before = trial.now();
       const JobRun run = detail::answer_due(trial, due);
       trial.expect_equal("status", JobStatus::skipped, run.status);
       trial.expect_equal("message_code", "JOB_OVERLAPPED", run.message_code);
       trial.expect_equal("due_at", due.due_at, run.due_at);
       trial.expect_equal("started_at", std::nullopt, run.started_at);
       trial.expect_between("completed_at", before, run.completed_at, trial.now());
       trial.expect_equal("skipped_count", 1U, trial.summary("alpha").skipped_count);
     }},

    {"advance stores a row as overlapped when another exclusive run is ready",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.enqueue(trial.exclusive_row("alpha"));
       const JobRun run = detail::answer_due(trial, due);
       trial.expect_equal("status", JobStatus::skipped, run.status);
       trial.expect_equal("message_code", "JOB_OVERLAPPED", run.message_code);
     }},

    {"advance stores a pending run when the other exclusive run is not ready yet",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       NewRun later = trial.exclusive_row("alpha");
       later.run_at += std::chrono::hours{1};
       trial.enqueue(later);
       trial.expect_equal("status", JobStatus::pending, detail::answer_due(trial, due).status);
     }},

    {"advance stores a pending run when the open run is not exclusive or another job's",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.start(trial.row("alpha"));
       trial.enqueue(trial.row("alpha"));
       trial.start(trial.exclusive_row("beta"));
       trial.expect_equal("status", JobStatus::pending, detail::answer_due(trial, due).status);
     }},

    {"advance stores a pending run when the last exclusive run has ended",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.end(trial.exclusive_row("alpha"));
       trial.expect_equal("status", JobStatus::pending, detail::answer_due(trial, due).status);
     }},

    {"advance stores a pending run when it overlaps but did not ask to be skipped",
     [](StorageTrial& trial) {
       const auto due = detail::make_due(trial, "alpha");
       trial.start(trial.exclusive_row("alpha"));
       NewRun row = trial.due_row("alpha", due.due_at);
       row.skip_if_open = false;
       trial.advance_schedule(due.state, due.next_at, {row});
       trial.expect_equal("status", JobStatus::pending, trial.stored(row.id).status);
     }},
};

}  // namespace punctual::testing
