// SPDX-License-Identifier: MIT
//
// Checks of `replaces_running`: a row that is stored ends the exclusive runs of its job that are
// running, under the next fence, so that whoever runs them can record nothing any more.

#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_depends_on.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// An exclusive run that takes the place of the one that is running.
[[nodiscard]] inline NewRun replacing_row(StorageTrial& trial, std::string job = "alpha") {
  NewRun row = trial.exclusive_row(std::move(job));
  row.skip_if_open = false;
  row.skip_if_waiting = true;
  row.replaces_running = true;
  return row;
}

inline void expect_replaced(StorageTrial& trial, const JobRun& run) {
  const JobRun ended = trial.stored(run.id);
  trial.expect_equal("status of the replaced run", JobStatus::failed, ended.status);
  trial.expect_equal("message_code of the replaced run", "JOB_CANCELLED", ended.message_code);
  trial.expect_equal("fence of the replaced run", run.fence + 1, ended.fence);
}

inline void expect_untouched(StorageTrial& trial, const JobRun& run) {
  trial.expect_same("running run", difference(run, trial.stored(run.id)));
}

}  // namespace detail

inline constexpr StorageCheck replaces_running_checks[] = {
    {"enqueue ends an exclusive run when the row takes the place of what is running",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       trial.advance(std::chrono::minutes{1});
       const NewRun row = detail::replacing_row(trial);
       const TimePoint first = trial.now();
       trial.expect_equal("answer", EnqueueAnswer::Kind::stored, trial.offer(row).kind);
       detail::expect_replaced(trial, run);
       const JobRun ended = trial.stored(run.id);
       trial.expect_between("completed_at", first, ended.completed_at, trial.now());
       trial.expect_equal("started_at", run.started_at, ended.started_at);
       trial.expect_equal("node", run.node, ended.node);
       trial.expect(ended.error.has_value(), "an error of the replaced run");
       trial.expect_equal("failure_count", 1U, trial.summary("alpha").failure_count);
       trial.expect_equal("run_count", 1U, trial.summary("alpha").run_count);
       trial.expect_equal("ids of claimed runs", {row.id}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"finish answers lost, as renew and release do, when another run took the place of a run",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       trial.enqueue(detail::replacing_row(trial));
       const JobRun ended = trial.stored(run.id);
       Completion late = trial.completion(run);
       late.follow_ups = {trial.row("alpha")};
       trial.expect_equal("answers to a late end", {FinishAnswer::lost},
                          trial.storage().finish({late}, trial.now()));
       trial.expect_equal("answer to a late renewal", RenewAnswer::lost, trial.renew(run));
       trial.expect_equal("answer to a late release", FinishAnswer::lost, trial.release(run));
       trial.expect_same("replaced run", difference(ended, trial.stored(run.id)));
       trial.expect_equal("number of runs", 2U, trial.runs_of("alpha").size());
       trial.expect_equal("run_count", 1U, trial.summary("alpha").run_count);
       trial.advance(2 * trial.lease);
       trial.expect_equal("runs taken over", 0U, trial.take_expired({"alpha"}).size());
     }},

    {"enqueue ends no run when it is not exclusive, of another job, or not running",
     [](StorageTrial& trial) {
       const JobRun shared = trial.start(trial.row("alpha"));
       const JobRun other = trial.start(trial.exclusive_row("beta"));
       NewRun later = trial.exclusive_row("alpha");
       later.run_at += std::chrono::hours{1};
       trial.enqueue(later);
       trial.enqueue(detail::replacing_row(trial));
       detail::expect_untouched(trial, shared);
       detail::expect_untouched(trial, other);
       trial.expect_equal("status of the pending run", JobStatus::pending,
                          trial.stored(later.id).status);
     }},

    {"enqueue ends no run when the row is not stored or comes as skipped",
     [](StorageTrial& trial) {
       NewRun first = trial.exclusive_row("alpha");
       first.unique_key = "report";
       first.due_at = trial.now();
       const JobRun run = trial.start(first);
       NewRun same_key = detail::replacing_row(trial);
       same_key.unique_key = "report";
       trial.expect_equal("answer for the same key", EnqueueAnswer::Kind::duplicate,
                          trial.offer(same_key).kind);
       NewRun same_instant = detail::replacing_row(trial);
       same_instant.due_at = first.due_at;
       trial.expect_equal("answer for the same instant", EnqueueAnswer::Kind::duplicate,
                          trial.offer(same_instant).kind);
       NewRun skipped = trial.skipped_row("alpha", "JOB_DISABLED");
       skipped.replaces_running = true;
       trial.enqueue(skipped);
       detail::expect_untouched(trial, run);
     }},

    {"enqueue ends no run when the batch is refused",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       NewRun taken = trial.row("alpha");
       taken.id = run.id;
       bool is_refused = false;
       try {
         trial.storage().enqueue({detail::replacing_row(trial), taken}, trial.now());
       } catch (const Error&) {
         is_refused = true;
       }
       trial.expect(is_refused, "an error");
       detail::expect_untouched(trial, run);
       trial.expect_equal("run_count", 0U, trial.summary("alpha").run_count);
       trial.expect_equal("answer", FinishAnswer::done, trial.finish(run));
     }},

    {"enqueue ends the running run and skips the row when another one waits already",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       NewRun waiting = trial.exclusive_row("alpha");
       waiting.skip_if_open = false;
       trial.enqueue(waiting);
       trial.expect_equal("answer", EnqueueAnswer::Kind::overlapped,
                          trial.offer(detail::replacing_row(trial)).kind);
       detail::expect_replaced(trial, run);
       trial.expect_equal("ids of claimed runs", {waiting.id},
                          trial.ids_of(trial.claim({"alpha"})));
     }},

    {"enqueue skips what waited and arms what depends when the run is replaced",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       const RunId waiting = trial.enqueue(detail::row_after(trial, "gamma", {run.id}));
       trial.enqueue(detail::replacing_row(trial));
       detail::expect_dependency_failed(trial, waiting);
       omega.expect_armed("when a run was replaced", trial.stored(run.id).completed_at, "alpha");
     }},

    {"advance ends the running run when its row takes the place of it",
     [](StorageTrial& trial) {
       const ScheduleState state = trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.exclusive_row("alpha"));
       NewRun row = detail::replacing_row(trial);
       row.due_at = state.next_due_at;
       ScheduleState old = state;
       old.version += 1;
       trial.expect_equal("advanced under another version", false,
                          trial.advance_schedule(old, std::nullopt, {row}).advanced);
       detail::expect_untouched(trial, run);
       trial.expect_equal("advanced", true,
                          trial.advance_schedule(state, std::nullopt, {row}).advanced);
       detail::expect_replaced(trial, run);
       trial.expect_equal("ids of claimed runs", {row.id}, trial.ids_of(trial.claim({"alpha"})));
     }},
};

}  // namespace punctual::testing
