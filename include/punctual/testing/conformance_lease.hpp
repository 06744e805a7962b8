// SPDX-License-Identifier: MIT
//
// Checks of `renew` and `release`: keeping a lease, and handing a run back.

#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

inline constexpr StorageCheck renew_checks[] = {
    {"renew extends the lease from now when the fence is the run's",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(std::chrono::minutes{6});
       const TimePoint first = trial.now();
       trial.expect_equal("answer", RenewAnswer::kept, trial.renew(run));
       const TimePoint last = trial.now();
       const JobRun renewed = trial.stored(run.id);
       trial.expect_between("lease_until_at", first + trial.lease, renewed.lease_until_at,
                            last + trial.lease);
       JobRun wanted = run;
       wanted.lease_until_at = renewed.lease_until_at;
       trial.expect_same("the rest of the run", difference(wanted, renewed));
       trial.advance(std::chrono::minutes{6});
       trial.expect_equal("taken over six minutes later", 0U, trial.take_expired({"alpha"}).size());
     }},

    {"renew answers lost and changes nothing when the fence is not the run's",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(std::chrono::minutes{1});
       for (const std::uint64_t fence : {run.fence - 1, run.fence + 1}) {
         const auto answers = trial.storage().renew(
             {{.lease = {run.id, fence}, .progress = 0.5, .progress_note = "half"}}, trial.lease,
             trial.now());
         trial.require_equal("answers", {RenewAnswer::lost}, answers);
         trial.expect_same("stored run", difference(run, trial.stored(run.id)));
       }
     }},

    {"renew answers lost when the run has ended, was handed back, never started or does not exist",
     [](StorageTrial& trial) {
       const JobRun ended = trial.end(trial.row("alpha"));
       const JobRun handed_back = trial.start(trial.row("alpha"));
       trial.release(handed_back);
       const JobRun pending = trial.stored(trial.enqueue(trial.row("alpha")));
       JobRun unknown = ended;
       unknown.id = trial.next_id();
       trial.expect_equal("answer for an ended run", RenewAnswer::lost, trial.renew(ended));
       trial.expect_equal("answer for one handed back", RenewAnswer::lost,
                          trial.renew(handed_back));
       trial.expect_equal("answer for a pending run", RenewAnswer::lost, trial.renew(pending));
       trial.expect_equal("answer for an unknown run", RenewAnswer::lost, trial.renew(unknown));
       trial.expect_same("ended run", difference(ended, trial.stored(ended.id)));
       trial.expect_same("pending run", difference(pending, trial.stored(pending.id)));
     }},

    {"renew answers cancel_requested and keeps the lease when somebody wants the run to stop",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().request_cancel(run.id, "olga", trial.now());
       trial.advance(std::chrono::minutes{6});
       const TimePoint first = trial.now();
       trial.expect_equal("answer", RenewAnswer::cancel_requested, trial.renew(run));
       trial.expect_between("lease_until_at", first + trial.lease,
                            trial.stored(run.id).lease_until_at, trial.now() + trial.lease);
     }},

    {"renew keeps a lease when it has expired but nobody took the run",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(3 * trial.lease);
       trial.expect_equal("answer", RenewAnswer::kept, trial.renew(run));
       trial.expect_equal("taken over", 0U, trial.take_expired({"alpha"}).size());
     }},

    {"renew answers lost when another node has taken the run over",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(2 * trial.lease);
       trial.require_equal("number of runs taken over", 1U, trial.take_expired({"alpha"}).size());
       const JobRun taken = trial.stored(run.id);
       trial.expect_equal("answer", RenewAnswer::lost, trial.renew(run));
       trial.expect_same("stored run", difference(taken, trial.stored(run.id)));
     }},

    {"renew stores progress when it is given, and keeps it when it is not",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().renew(
           {{.lease = {run.id, run.fence}, .progress = 0.25, .progress_note = "1 of 4"}},
           trial.lease, trial.now());
       trial.expect_equal("progress", 0.25, trial.stored(run.id).progress);
       trial.expect_equal("progress_note", "1 of 4", trial.stored(run.id).progress_note);
       trial.renew(run);
       trial.expect_equal("progress kept", 0.25, trial.stored(run.id).progress);
       trial.expect_equal("progress_note kept", "1 of 4", trial.stored(run.id).progress_note);
       trial.storage().renew({{.lease = {run.id, run.fence}, .progress = 0.0}}, trial.lease,
                             trial.now());
       trial.expect_equal("progress set back", 0.0, trial.stored(run.id).progress);
       trial.expect_equal("progress_note set back", "", trial.stored(run.id).progress_note);
     }},

    {"renew answers each by itself when kept and lost ones come in one batch",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const JobRun ended = trial.end(trial.row("alpha"));
       const JobRun cancelled = trial.start(trial.row("beta"));
       trial.storage().request_cancel(cancelled.id, "olga", trial.now());
       const JobRun last = trial.start(trial.row("beta"));
       std::vector<Renewal> renewals;
       for (const auto& run : {last, ended, cancelled, first}) {
         renewals.push_back({.lease = {run.id, run.fence}});
       }
       trial.expect_equal(
           "answers",
           {RenewAnswer::kept, RenewAnswer::lost, RenewAnswer::cancel_requested, RenewAnswer::kept},
           trial.storage().renew(renewals, trial.lease, trial.now()));
       trial.expect_equal("answers to none", {},
                          trial.storage().renew({}, trial.lease, trial.now()));
     }},
};

inline constexpr StorageCheck release_checks[] = {
    {"release makes the run pending again when the fence is the run's",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.attempt = 3;
       const JobRun run = trial.start(row);
       trial.advance(std::chrono::minutes{1});
       trial.expect_equal("answer", FinishAnswer::done, trial.release(run));
       const JobRun released = trial.stored(run.id);
       JobRun wanted = run;
       wanted.status = JobStatus::pending;
       wanted.message_code = "JOB_INTERRUPTED";
       wanted.node.clear();
       wanted.started_at.reset();
       wanted.lease_until_at.reset();
       trial.expect_same("stored run", difference(wanted, released));
     }},

    {"release lets the run be claimed under the next fence when it was handed back",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.release(run);
       trial.advance(std::chrono::minutes{1});
       const TimePoint first = trial.now();
       const auto again = trial.claim_only(run.id, "alpha", "node-b");
       trial.require(again.has_value(), "the run to be claimed");
       trial.expect_equal("fence", run.fence + 1, again->fence);
       trial.expect_equal("node", "node-b", again->node);
       trial.expect_equal("attempt", run.attempt, again->attempt);
       trial.expect_between("started_at", first, again->started_at, trial.now());
     }},

    {"release leaves counters and history as they were when it hands back a run",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.release(trial.start(trial.row("alpha")));
       const JobSummary summary = trial.summary("alpha");
       trial.expect_equal("run_count", 0U, summary.run_count);
       trial.expect(!summary.last_run, "no last run");
       trial.expect_equal("number of runs", 1U, trial.runs_of("alpha").size());
     }},

    {"release answers lost and changes nothing when the fence is not the run's",
     [](StorageTrial& trial) {
       JobRun run = trial.start(trial.row("alpha"));
       trial.release(run);
       const auto again = trial.claim_only(run.id, "alpha", "node-b");
       trial.require(again.has_value(), "the run to be claimed");
       trial.expect_equal("answer", FinishAnswer::lost, trial.release(run));
       trial.expect_same("stored run", difference(*again, trial.stored(run.id)));
     }},

    {"release answers lost when the run has ended, was handed back or does not exist",
     [](StorageTrial& trial) {
       const JobRun ended = trial.end(trial.row("alpha"));
       const JobRun handed_back = trial.start(trial.row("alpha"));
       trial.release(handed_back);
       JobRun unknown = ended;
       unknown.id = trial.next_id();
       trial.expect_equal("answer for an ended run", FinishAnswer::lost, trial.release(ended));
       trial.expect_equal("answer the second time", FinishAnswer::lost, trial.release(handed_back));
       trial.expect_equal("answer for an unknown run", FinishAnswer::lost, trial.release(unknown));
       trial.expect_same("ended run", difference(ended, trial.stored(ended.id)));
     }},

    {"release hands back a run when its lease has expired but nobody took it",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.advance(2 * trial.lease);
       trial.expect_equal("answer", FinishAnswer::done, trial.release(run));
       trial.expect_equal("taken over", 0U, trial.take_expired({"alpha"}).size());
     }},

    {"release keeps a request to stop when it hands back a run",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().request_cancel(run.id, "olga", trial.now());
       trial.release(run);
       trial.expect_equal("cancel_requested", true, trial.stored(run.id).cancel_requested);
       const auto again = trial.claim_only(run.id, "alpha");
       if (!again) return;  // a storage may end it instead of letting it start
       trial.expect_equal("answer to a renewal", RenewAnswer::cancel_requested,
                          trial.renew(*again));
     }},

    {"release answers each by itself when held and lost ones come in one batch",
     [](StorageTrial& trial) {
       const JobRun first = trial.start(trial.row("alpha"));
       const JobRun ended = trial.end(trial.row("alpha"));
       const JobRun last = trial.start(trial.row("beta"));
       std::vector<LeaseRef> leases;
       for (const auto& run : {last, ended, first}) leases.push_back({run.id, run.fence});
       trial.expect_equal("answers", {FinishAnswer::done, FinishAnswer::lost, FinishAnswer::done},
                          trial.storage().release(leases, trial.now()));
       trial.expect_equal("answers to none", {}, trial.storage().release({}, trial.now()));
       trial.expect_equal("number of claimable runs", 2U, trial.claim({"alpha", "beta"}).size());
     }},
};

}  // namespace punctual::testing
