// SPDX-License-Identifier: MIT
//
// Checks of a storage as such: what it says of itself, what a second handle to the same data sees,
// and what it does when the clock is set back.

#pragma once

#include <chrono>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

inline constexpr StorageCheck self_report_checks[] = {
    {"now returns the instant that decisions go by when it is asked",
     [](StorageTrial& trial) {
       const TimePoint first = trial.now();
       const TimePoint got = trial.storage().now(first);
       trial.expect_between("now", first, got, trial.now());
       trial.advance(std::chrono::hours{5});
       const TimePoint later = trial.now();
       const TimePoint got_later = trial.storage().now(later);
       trial.expect_between("now, five hours later", later, got_later, trial.now());
     }},

    {"poll_period returns a span to look after when other processes may store something",
     [](StorageTrial& trial) {
       const auto period = trial.storage().poll_period();
       trial.expect(!period || *period > Duration{0}, "a span above 0, or none");
     }},

    {"health says well when the storage works",
     [](StorageTrial& trial) {
       const StorageHealth health = trial.storage().health();
       trial.expect(!health.kind.empty(), "a kind");
       trial.expect_equal("writable", true, health.writable);
       trial.expect_equal("problem", "", health.problem);
       if (health.schema_expected == 0) return;
       trial.expect_equal("schema_version", health.schema_expected, health.schema_version);
     }},

    {"health leaves everything as it is when it tries the storage",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().health();
       trial.expect_same("running run", difference(run, trial.stored(run.id)));
       trial.expect_equal("number of runs", 1U, trial.storage().runs({}).size());
       trial.expect_equal("number of summaries", 1U, trial.storage().summaries().size());
     }},
};

/// For harnesses that open a second handle.
inline constexpr StorageCheck second_handle_checks[] = {
    {"run returns the same through a second handle when the first has stored something",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       const JobRun ended = trial.end(trial.row("alpha"));
       const JobRun running = trial.start(trial.row("alpha"));
       const auto second = trial.second_handle();
       for (const auto& run : {ended, running}) {
         const auto seen = second->run(run.id);
         trial.require(seen.has_value(), "the run through the second handle");
         trial.expect_same("run through the second handle", difference(run, *seen));
       }
       const auto states = second->sync_jobs({job}, trial.now());
       trial.require_equal("number of states", 1U, states.size());
       trial.expect_same("state through the second handle", difference(state, states.front()));
       trial.expect_equal("number of summaries", 1U, second->summaries().size());
       trial.expect_equal("number of runs", 2U, second->runs({}).size());
     }},

    {"claim takes a run once when two handles ask for it",
     [](StorageTrial& trial) {
       const auto second = trial.second_handle();
       const RunId id = trial.enqueue(trial.row("alpha"));
       const JobNames jobs{"alpha"};
       ClaimRequest request = trial.request(jobs);
       request.node = "node-b";
       const auto claimed = second->claim(request, trial.now());
       trial.require_equal("claimed by the second handle", {id}, trial.ids_of(claimed));
       trial.expect_equal("claimed by the first handle", 0U, trial.claim({"alpha"}).size());
       trial.expect_equal("status through the first handle", JobStatus::running,
                          trial.stored(id).status);
       trial.expect_equal("answer to the first handle", FinishAnswer::done,
                          trial.finish(claimed.front()));
       const auto ended = second->run(id);
       trial.require(ended.has_value(), "the run through the second handle");
       trial.expect_equal("status through the second handle", JobStatus::success, ended->status);
     }},

    {"advance lets one handle win when both have read the same version",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.definition("alpha");
       const ScheduleState state = trial.sync(job);
       const auto second = trial.second_handle();
       const Advance advance{.job_name = "alpha", .version = state.version};
       const auto won = second->advance({advance}, trial.now());
       const auto lost = trial.storage().advance({advance}, trial.now());
       trial.require_equal("answers to each", 2U, won.size() + lost.size());
       trial.expect_equal("advanced by the second handle", true, won.front().advanced);
       trial.expect_equal("advanced by the first handle", false, lost.front().advanced);
     }},

    {"enqueue answers with the open run when another handle stored its unique key",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.unique_key = "report";
       trial.enqueue(row);
       const auto second = trial.second_handle();
       const RunId open_id = row.id;
       row.id = trial.next_id();
       const auto answers = second->enqueue({row}, trial.now());
       trial.require_equal("number of answers", 1U, answers.size());
       trial.expect_equal("answer", EnqueueAnswer::Kind::duplicate, answers.front().kind);
       trial.expect_equal("id of the answer", open_id, answers.front().id);
     }},
};

/// For harnesses that can set the clock back.
inline constexpr StorageCheck clock_step_checks[] = {
    {"finish records no end before the start when the clock was set back",
     [](StorageTrial& trial) {
       const JobDefinition job = trial.after_finish_definition("alpha");
       trial.sync(job);
       const JobRun run = trial.start(trial.row("alpha"));
       trial.turn_back(std::chrono::hours{1});
       trial.require_equal("answer", FinishAnswer::done, trial.finish(run));
       const JobRun ended = trial.stored(run.id);
       trial.expect_equal("completed_at", run.started_at, ended.completed_at);
       trial.expect_equal("next_due_at", *run.started_at + *job.after_finish_delay,
                          trial.sync(job).next_due_at);
     }},

    {"claim leaves a run when the clock was set back to before its instant",
     [](StorageTrial& trial) {
       const RunId first = trial.enqueue(trial.row("alpha"));
       const RunId second = trial.enqueue(trial.row("alpha"));
       trial.require_equal("claimed before", {first}, trial.ids_of(trial.claim({"alpha"}, 1)));
       trial.turn_back(std::chrono::hours{1});
       NewRun early = trial.row("alpha");
       early.id = trial.next_id();
       trial.enqueue(early);
       trial.expect_equal("claimed then", {early.id}, trial.ids_of(trial.claim({"alpha"})));
       trial.expect(!trial.claim_only(second, "alpha"), "no run before its instant");
       trial.advance(std::chrono::hours{1});
       trial.expect_equal("claimed at last", {second}, trial.ids_of(trial.claim({"alpha"})));
     }},

    {"due_schedules leaves out a job when the clock was set back to before its instant",
     [](StorageTrial& trial) {
       JobDefinition job = trial.definition("alpha");
       job.next_due_at = trial.now();
       trial.sync(job);
       trial.require_equal("due before", 1U,
                           trial.storage().due_schedules({"alpha"}, 10, trial.now()).size());
       trial.turn_back(std::chrono::minutes{1});
       trial.expect_equal("due then", 0U,
                          trial.storage().due_schedules({"alpha"}, 10, trial.now()).size());
     }},

    {"renew extends a lease from the earlier instant when the clock was set back",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.turn_back(std::chrono::hours{1});
       trial.expect_equal("answer", RenewAnswer::kept, trial.renew(run));
       trial.expect_equal("lease_until_at", trial.now() + trial.lease,
                          trial.stored(run.id).lease_until_at);
     }},
};

}  // namespace punctual::testing
