// SPDX-License-Identifier: MIT
//
// Checks that what belongs to a run's work comes back as it went in: workflow and step, what it
// comes after, the payload's version, abandoned attempts; and the log, whoever writes it last.

#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/conformance_values.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

[[nodiscard]] inline Json log_of(std::string_view text) {
  return {{"lines", {{{"at", "2024-01-15T02:00:00.000Z"}, {"text", text}}}}, {"dropped", 0}};
}

}  // namespace detail

inline constexpr StorageCheck run_field_checks[] = {
    {"enqueue keeps counts and versions exactly when they are at the ends of their range",
     [](StorageTrial& trial) {
       for (const std::uint32_t number : {0U, 1U, std::numeric_limits<std::uint32_t>::max()}) {
         NewRun row = trial.row("alpha");
         row.abandon_count = number;
         row.payload_version = number;
         detail::expect_round_trip(trial, row, "row with " + std::to_string(number));
       }
     }},

    {"enqueue keeps workflow and step exactly when they are of any kind or none",
     [](StorageTrial& trial) {
       for (const auto text : detail::odd_texts) {
         NewRun row = trial.row("alpha");
         row.workflow_id = trial.next_id();
         row.step = text;
         detail::expect_round_trip(trial, row, "row with " + to_text(text));
       }
       detail::expect_round_trip(trial, trial.row("alpha"), "row without");
       NewRun skipped = trial.skipped_row("alpha", "JOB_MISSED");
       skipped.workflow_id = trial.next_id();
       skipped.step = "load";
       trial.enqueue(skipped);
       trial.expect_equal("workflow_id of a skipped row", skipped.workflow_id,
                          trial.stored(skipped.id).workflow_id);
       trial.expect_equal("step of a skipped row", "load", trial.stored(skipped.id).step);
     }},

    {"enqueue keeps what a run comes after as it was named when all of it has ended well",
     [](StorageTrial& trial) {
       const RunId first = trial.end(trial.row("beta")).id;
       const RunId second = trial.end(trial.row("beta")).id;
       for (const auto& after : {std::vector{second, first, second}, std::vector{first}}) {
         NewRun row = trial.row("alpha");
         row.after = after;
         detail::expect_round_trip(trial, row, "row after " + to_text(after));
       }
     }},

    {"finish keeps the fields of a row that follows when it stores it",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       NewRun retry = trial.row("alpha");
       retry.attempt = 2;
       retry.retry_of = run.id;
       retry.abandon_count = 3;
       retry.payload_version = 4;
       retry.workflow_id = trial.next_id();
       retry.step = "load";
       Completion end = trial.completion(run, JobStatus::failed);
       end.follow_ups = {retry};
       trial.storage().finish({end}, trial.now());
       const JobRun stored = trial.stored(retry.id);
       trial.expect_same("follow-up", difference(to_run(retry, stored.created_at), stored));
     }},

    {"renew stores a log exactly when it is given one, and keeps it otherwise",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.expect_equal("log of a run that wrote nothing", nullptr, run.log);
       Json last = nullptr;
       for (const auto& log : detail::odd_jsons()) {
         trial.storage().renew({{.lease = {run.id, run.fence}, .log = log}}, trial.lease,
                               trial.now());
         if (!log.is_null()) last = log;
         trial.expect_equal("log", last, trial.stored(run.id).log);
       }
       trial.renew(run);
       trial.expect_equal("log after a renewal without one", last, trial.stored(run.id).log);
     }},

    {"renew stores no log when the lease was lost",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       trial.storage().renew(
           {{.lease = {run.id, run.fence + 1}, .log = detail::log_of("too late")}}, trial.lease,
           trial.now());
       trial.expect_same("run", difference(run, trial.stored(run.id)));
     }},

    {"finish stores a log exactly when it is given one",
     [](StorageTrial& trial) {
       for (const auto text : detail::odd_texts) {
         const JobRun run = trial.start(trial.row("alpha"));
         trial.storage().renew({{.lease = {run.id, run.fence}, .log = detail::log_of("before")}},
                               trial.lease, trial.now());
         Completion end = trial.completion(run);
         end.log = detail::log_of(text);
         trial.storage().finish({end}, trial.now());
         trial.expect_equal("log", end.log, trial.stored(run.id).log);
       }
     }},

    {"finish keeps the log when it is given none, also of a run that was taken over",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       const Json log = detail::log_of("before the node went away");
       trial.storage().renew({{.lease = {run.id, run.fence}, .log = log}}, trial.lease,
                             trial.now());
       trial.advance(2 * trial.lease);
       const auto taken = trial.take_expired({"alpha"});
       trial.require_equal("number of runs taken over", 1U, taken.size());
       trial.expect_equal("log of the run taken over", log, taken.front().log);
       trial.finish(taken.front(), JobStatus::failed);
       trial.expect_equal("log", log, trial.stored(run.id).log);
     }},

    {"release keeps the log when it hands a run back",
     [](StorageTrial& trial) {
       const JobRun run = trial.start(trial.row("alpha"));
       const Json log = detail::log_of("interrupted");
       trial.storage().renew({{.lease = {run.id, run.fence}, .log = log}}, trial.lease,
                             trial.now());
       trial.release(run);
       trial.expect_equal("log", log, trial.stored(run.id).log);
       const auto again = trial.claim_only(run.id, "alpha");
       trial.require(again.has_value(), "the run to be claimed again");
       trial.expect_equal("log of the claimed run", log, again->log);
     }},
};

}  // namespace punctual::testing
