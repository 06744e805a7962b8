// SPDX-License-Identifier: MIT
//
// Checks of jobs that depend on jobs: armed once a round, when each has ended well since the last
// time, and by the first failure.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// A job that runs after others, and the reading of its state.
class DependentJob {
 public:
  DependentJob(StorageTrial& trial, JobNames depends_on, std::string name = "omega")
      : trial_(trial) {
    definition = trial.definition(std::move(name));
    definition.schedule = nullptr;
    definition.next_due_at.reset();
    definition.depends_on = std::move(depends_on);
    trial.sync(definition);
  }

  /// Loading the same definition again only reads.
  [[nodiscard]] ScheduleState state() const { return trial_.sync(definition); }

  void expect_idle(std::string_view when) const {
    const ScheduleState now = state();
    trial_.expect_equal("next_due_at " + std::string{when}, std::nullopt, now.next_due_at);
    trial_.expect_equal("failed_dependency " + std::string{when}, "", now.failed_dependency);
  }

  void expect_armed(std::string_view when, std::optional<TimePoint> due_at,
                    std::string_view failed_dependency = "") const {
    const ScheduleState now = state();
    trial_.expect_equal("next_due_at " + std::string{when}, due_at, now.next_due_at);
    trial_.expect_equal("failed_dependency " + std::string{when}, failed_dependency,
                        now.failed_dependency);
  }

  /// Answers what is armed, by a run or as skipped.
  void answer() const {
    const ScheduleState armed = state();
    trial_.require(armed.next_due_at.has_value(), "an armed instant");
    NewRun row = armed.failed_dependency.empty()
                     ? trial_.row(definition.name)
                     : trial_.skipped_row(definition.name, "JOB_DEPENDENCY_FAILED");
    row.trigger = RunTrigger::dependency;
    row.due_at = armed.next_due_at;
    trial_.require(trial_.advance_schedule(armed, std::nullopt, {row}).advanced,
                   "the armed instant to be answered");
  }

  JobDefinition definition;

 private:
  StorageTrial& trial_;
};

}  // namespace detail

inline constexpr StorageCheck depends_on_checks[] = {
    {"finish arms a job when the last job that it depends on has ended well",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       const auto version = omega.state().version;
       trial.end(trial.row("beta"));
       omega.expect_idle("when one has ended");
       trial.expect_equal("version when one has ended", version, omega.state().version);
       trial.advance(std::chrono::minutes{5});
       const JobRun last = trial.end(trial.row("alpha"), JobStatus::skipped);
       omega.expect_armed("when both have ended", last.completed_at);
       trial.expect(omega.state().version > version, "a higher version of what was armed");
       const auto due = trial.storage().due_schedules({"omega"}, 10, trial.now());
       trial.require_equal("number of due jobs", 1U, due.size());
       trial.expect_same("due job", difference(omega.state(), due.front()));
       trial.expect_equal("due_at of next_wake", last.completed_at,
                          trial.storage().next_wake({"omega"}, trial.now()).due_at);
     }},

    {"finish arms a job once a round when one that it depends on ends several times",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       for (int round = 0; round < 3; ++round) {
         trial.end(trial.row("alpha"));
         trial.end(trial.row("alpha"));
         omega.expect_idle("when only one has ended");
         const JobRun last = trial.end(trial.row("beta"));
         omega.expect_armed("when both have ended", last.completed_at);
         omega.answer();
         omega.expect_idle("when it has been answered");
         trial.advance(std::chrono::minutes{1});
       }
     }},

    {"finish arms a job with the name of the other when a job that it depends on fails",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       const JobRun failed = trial.end(trial.row("alpha"), JobStatus::failed);
       omega.expect_armed("when one has failed", failed.completed_at, "alpha");
       omega.answer();
       omega.expect_idle("when the failure has been answered");
     }},

    {"finish begins a new round when a job has failed",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       trial.end(trial.row("beta"));
       trial.end(trial.row("alpha"), JobStatus::failed);
       omega.answer();
       trial.advance(std::chrono::minutes{1});
       trial.end(trial.row("alpha"));
       omega.expect_idle("when one has ended since the failure");
       const JobRun last = trial.end(trial.row("beta"));
       omega.expect_armed("when both have ended since the failure", last.completed_at);
     }},

    {"finish arms nothing when another attempt follows, and goes by that one's end",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       for (const auto status : {JobStatus::success, JobStatus::failed}) {
         const RunId retry = detail::fail_with_retry(trial, trial.start(trial.row("alpha")));
         omega.expect_idle("when another attempt follows");
         const JobRun ended = detail::end_ready(trial, retry, "alpha", status);
         omega.expect_armed("when that has ended", ended.completed_at,
                            status == JobStatus::failed ? "alpha" : "");
         omega.answer();
         trial.advance(std::chrono::minutes{1});
       }
     }},

    {"finish arms nothing when the lease was lost",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       Completion late = trial.completion(trial.start(trial.row("alpha")));
       late.lease.fence += 1;
       trial.storage().finish({late}, trial.now());
       omega.expect_idle("when a lost end was refused");
     }},

    {"enqueue arms no job when a row that it depends on never ran",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       for (const auto* code : {"JOB_MISSED", "JOB_DISABLED", "JOB_PAUSED", "JOB_SKIPPED"}) {
         trial.enqueue(trial.skipped_row("alpha", code));
       }
       trial.enqueue(trial.exclusive_row("alpha"));
       trial.offer(trial.exclusive_row("alpha"));
       omega.expect_idle("when rows that never ran have been stored");
     }},

    {"request_cancel arms no job when the run had not started",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       trial.storage().request_cancel(trial.enqueue(trial.row("alpha")), "olga", trial.now());
       omega.expect_idle("when a pending run was cancelled");
       const RunId retry = detail::fail_with_retry(trial, trial.start(trial.row("alpha")));
       trial.storage().request_cancel(retry, "olga", trial.now());
       omega.expect_idle("when a pending second attempt was cancelled");
     }},

    {"advance arms what depends on a job when its row says that a dependency failed",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       const detail::DependentJob psi{trial, {"omega"}, "psi"};
       trial.end(trial.row("alpha"), JobStatus::failed);
       psi.expect_idle("when the failure is armed");
       omega.answer();
       const auto rows = trial.runs_of("omega");
       trial.require_equal("number of rows", 1U, rows.size());
       psi.expect_armed("when the failure was answered", rows.front().completed_at, "omega");
     }},

    {"finish arms what depends on a job when it skips a run that waited for another",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"gamma"}};
       const JobRun first = trial.start(trial.row("alpha"));
       const RunId waiting = trial.enqueue(detail::row_after(trial, "gamma", {first.id}));
       trial.finish(first, JobStatus::failed);
       omega.expect_armed("when a waiting run was skipped", trial.stored(waiting).completed_at,
                          "gamma");
     }},

    {"finish leaves what is armed when a job that it depends on ends again",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       trial.end(trial.row("alpha"));
       const ScheduleState armed = omega.state();
       trial.advance(std::chrono::minutes{1});
       trial.end(trial.row("alpha"));
       trial.expect_same("state after a good end", difference(armed, omega.state()));
       trial.end(trial.row("alpha"), JobStatus::failed);
       trial.expect_same("state after a failure", difference(armed, omega.state()));
       omega.answer();
       omega.expect_idle("when it has been answered");
     }},

    {"finish replaces a failure that is armed when each job has ended well after it",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       const JobRun failed = trial.end(trial.row("alpha"), JobStatus::failed);
       trial.advance(std::chrono::minutes{1});
       trial.end(trial.row("alpha"), JobStatus::failed);
       trial.end(trial.row("alpha"));
       omega.expect_armed("when one has ended well", failed.completed_at, "alpha");
       const JobRun last = trial.end(trial.row("beta"));
       omega.expect_armed("when both have ended well", last.completed_at);
     }},

    {"finish arms a millisecond after the last answered instant when that is not in the past",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       NewRun answered = trial.row("omega");
       answered.due_at = trial.now() + std::chrono::hours{1};
       trial.enqueue(answered);
       trial.end(trial.row("alpha"));
       omega.expect_armed("when a later instant was answered", *answered.due_at + Duration{1});
       omega.answer();
       trial.end(trial.row("alpha"), JobStatus::failed);
       omega.expect_armed("when that one was answered too", *answered.due_at + Duration{2},
                          "alpha");
     }},

    {"finish arms no job when it is disabled, nor for that once it is enabled",
     [](StorageTrial& trial) {
       detail::DependentJob omega{trial, {"alpha", "beta"}};
       trial.end(trial.row("alpha"));
       omega.definition.enabled = false;
       trial.sync(omega.definition);
       trial.end(trial.row("beta"));
       trial.end(trial.row("beta"), JobStatus::failed);
       omega.expect_idle("while it is disabled");
       omega.definition.enabled = true;
       trial.sync(omega.definition);
       omega.expect_idle("when it is enabled");
       trial.end(trial.row("beta"));
       omega.expect_idle("when one has ended since it was enabled");
       const JobRun last = trial.end(trial.row("alpha"));
       omega.expect_armed("when both have ended since", last.completed_at);
     }},

    {"finish arms a job when it is paused, and due_schedules leaves it out",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       trial.require(trial.pause(omega.state()), "the job to be paused");
       const JobRun last = trial.end(trial.row("alpha"));
       omega.expect_armed("while it is paused", last.completed_at);
       trial.expect_equal("number of due jobs", 0U,
                          trial.storage().due_schedules({"omega"}, 10, trial.now()).size());
     }},

    {"set_paused keeps what is armed and why when a job goes on with the same instant",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha"}};
       const JobRun failed = trial.end(trial.row("alpha"), JobStatus::failed);
       trial.require(trial.pause(omega.state()), "the job to be paused");
       omega.expect_armed("while it is paused", failed.completed_at, "alpha");
       PauseChange resume{.job_name = "omega", .version = omega.state().version, .paused = false};
       resume.next_due_at = failed.completed_at;
       trial.require(trial.storage().set_paused(resume, trial.now()), "the job to go on");
       omega.expect_armed("when it goes on", failed.completed_at, "alpha");
       resume.version = omega.state().version;
       resume.next_due_at.reset();
       trial.require(trial.storage().set_paused(resume, trial.now()), "the job to go on again");
       omega.expect_idle("when it goes on without an instant");
     }},

    {"sync_jobs counts no end from before when a job is new",
     [](StorageTrial& trial) {
       trial.end(trial.row("alpha"));
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       trial.end(trial.row("beta"));
       omega.expect_idle("when one ended before it was loaded");
     }},

    {"sync_jobs begins a new round and epoch when what a job depends on has changed",
     [](StorageTrial& trial) {
       detail::DependentJob omega{trial, {"alpha"}};
       trial.end(trial.row("alpha"), JobStatus::failed);
       const ScheduleState before = omega.state();
       trial.advance(std::chrono::hours{1});
       omega.definition.depends_on = {"alpha", "beta"};
       const TimePoint first = trial.now();
       const ScheduleState state = trial.sync(omega.definition);
       trial.expect_between("epoch_at", first, state.epoch_at, trial.now());
       trial.expect(state.version > before.version, "a higher version");
       omega.expect_idle("when what it depends on has changed");
       trial.end(trial.row("beta"));
       omega.expect_idle("when one has ended since");
       const JobRun last = trial.end(trial.row("alpha"));
       omega.expect_armed("when both have ended since", last.completed_at);
       omega.answer();
       omega.definition.depends_on = {"beta"};
       trial.sync(omega.definition);
       trial.end(trial.row("alpha"));
       omega.expect_idle("when one ended that it depends on no more");
     }},

    {"sync_jobs keeps a round that has begun when the same definition is loaded again",
     [](StorageTrial& trial) {
       detail::DependentJob omega{trial, {"alpha", "beta"}};
       trial.end(trial.row("alpha"));
       omega.definition.description = "described otherwise";
       trial.sync(omega.definition);
       trial.advance(std::chrono::hours{1});
       trial.sync(omega.definition);
       const JobRun last = trial.end(trial.row("beta"));
       omega.expect_armed("when both have ended", last.completed_at);
     }},

    {"summaries returns what a job depends on when there is something",
     [](StorageTrial& trial) {
       const detail::DependentJob omega{trial, {"alpha", "beta"}};
       trial.sync(trial.definition("alpha"));
       trial.expect_equal("depends_on", {"alpha", "beta"}, trial.summary("omega").depends_on);
       trial.expect_equal("depends_on of another", {}, trial.summary("alpha").depends_on);
     }},
};

}  // namespace punctual::testing
