// SPDX-License-Identifier: MIT
//
// Checks of `runs` for due instants, workflows and dead runs: each alone, together with others, and
// page by page.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "punctual/testing/conformance_after.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

/// Expects the runs of `ids`, which rise, at once and in pages of two.
inline void expect_found(StorageTrial& trial, RunQuery query, std::vector<RunId> ids,
                         std::string_view what) {
  std::reverse(ids.begin(), ids.end());
  trial.expect_equal(what, ids, StorageTrial::ids_of(trial.storage().runs(query)));
  query.limit = 2;
  std::vector<RunId> paged;
  while (paged.size() <= ids.size()) {
    const auto page = trial.storage().runs(query);
    if (page.empty()) break;
    for (const auto& run : page) paged.push_back(run.id);
    query.before = paged.back();
  }
  trial.expect_equal(std::string{what} + ", page by page", ids, paged);
}

/// Stores rows of "alpha" and "beta" in turn, due `i` minutes from `first`; each third one comes as
/// skipped.
inline std::vector<RunId> enqueue_due(StorageTrial& trial, TimePoint first, int count) {
  std::vector<RunId> ids;
  for (int i = 0; i < count; ++i) {
    const std::string job = i % 2 == 0 ? "alpha" : "beta";
    NewRun row = i % 3 == 0 ? trial.skipped_row(job, "JOB_MISSED") : trial.row(job);
    row.due_at = first + std::chrono::minutes{i};
    ids.push_back(trial.enqueue(row));
  }
  return ids;
}

}  // namespace detail

inline constexpr StorageCheck query_checks[] = {
    {"runs returns what was due from one instant to before another when it is asked so",
     [](StorageTrial& trial) {
       const TimePoint first = trial.now() - std::chrono::hours{3};
       trial.enqueue(trial.row("alpha"));
       const auto ids = detail::enqueue_due(trial, first, 8);
       trial.enqueue(trial.row("beta"));
       const auto at = [&](int minutes) { return first + std::chrono::minutes{minutes}; };
       detail::expect_found(trial, {.due_from = at(3)}, {ids.begin() + 3, ids.end()},
                            "ids due from an instant");
       detail::expect_found(trial, {.due_before = at(3)}, {ids.begin(), ids.begin() + 3},
                            "ids due before an instant");
       detail::expect_found(trial, {.due_from = at(2), .due_before = at(7)},
                            {ids.begin() + 2, ids.begin() + 7}, "ids due between instants");
       detail::expect_found(trial, {.due_from = at(2) + Duration{1}, .due_before = at(3)}, {},
                            "ids due between two rows");
     }},

    {"runs returns what was due in a span when a job, a status or a code is asked for too",
     [](StorageTrial& trial) {
       const TimePoint first = trial.now() - std::chrono::hours{3};
       const auto ids = detail::enqueue_due(trial, first, 9);
       RunQuery query{.due_from = first + std::chrono::minutes{2},
                      .due_before = first + std::chrono::minutes{8}};
       query.job_name = "alpha";
       detail::expect_found(trial, query, {ids[2], ids[4], ids[6]}, "ids of a job");
       query.status = JobStatus::skipped;
       detail::expect_found(trial, query, {ids[6]}, "ids of a job and a status");
       query.job_name.reset();
       detail::expect_found(trial, query, {ids[3], ids[6]}, "ids of a status");
       query.message_code = "JOB_PAUSED";
       detail::expect_found(trial, query, {}, "ids of another code");
     }},

    {"runs returns the runs of one workflow when it is asked for",
     [](StorageTrial& trial) {
       const RunId workflow = trial.next_id();
       const RunId other = trial.next_id();
       std::vector<RunId> ids;
       std::vector<RunId> of_alpha;
       for (int i = 0; i < 9; ++i) {
         NewRun row = trial.row(i % 2 == 0 ? "alpha" : "beta");
         if (i % 3 != 0) row.workflow_id = i % 3 == 1 ? workflow : other;
         trial.enqueue(row);
         if (i % 3 != 1) continue;
         ids.push_back(row.id);
         if (i % 2 == 0) of_alpha.push_back(row.id);
       }
       detail::expect_found(trial, {.workflow_id = workflow}, ids, "ids of the workflow");
       detail::expect_found(trial, {.job_name = "alpha", .workflow_id = workflow}, of_alpha,
                            "ids of a job in the workflow");
       detail::expect_found(trial, {.status = JobStatus::pending, .workflow_id = workflow}, ids,
                            "ids of a status in the workflow");
       detail::expect_found(trial, {.status = JobStatus::failed, .workflow_id = workflow}, {},
                            "ids of a status that none has");
       detail::expect_found(trial, {.workflow_id = trial.next_id()}, {}, "ids of no workflow");
     }},

    {"runs returns dead runs when they failed and no other attempt was stored",
     [](StorageTrial& trial) {
       std::vector<RunId> dead;
       trial.end(trial.row("alpha"));
       trial.end(trial.row("alpha"), JobStatus::skipped);
       dead.push_back(trial.end(trial.row("alpha"), JobStatus::failed).id);
       detail::fail_with_retry(trial, trial.start(trial.row("alpha")));
       const RunId second = detail::fail_with_retry(trial, trial.start(trial.row("beta")));
       const auto run = trial.claim_only(second, "beta");
       trial.require(run.has_value(), "the second attempt to be claimed");
       const RunId third = detail::fail_with_retry(trial, *run);
       detail::expect_found(trial, {.dead = true}, dead, "ids while attempts follow");
       dead.push_back(detail::end_ready(trial, third, "beta", JobStatus::failed).id);
       dead.push_back(trial.end(trial.row("alpha"), JobStatus::failed).id);
       detail::expect_found(trial, {.dead = true}, dead, "ids");
       detail::expect_found(trial, {.job_name = "alpha", .dead = true}, {dead[0], dead[2]},
                            "ids of a job");
       detail::expect_found(trial, {.status = JobStatus::failed, .dead = true}, dead,
                            "ids that failed");
       detail::expect_found(trial, {.status = JobStatus::success, .dead = true}, {},
                            "ids that succeeded");
     }},

    {"runs returns a dead run no more when another attempt is handed in by hand",
     [](StorageTrial& trial) {
       const JobRun failed = trial.end(trial.row("alpha"), JobStatus::failed);
       NewRun again = trial.row("alpha");
       again.attempt = 2;
       again.retry_of = failed.id;
       trial.enqueue(again);
       detail::expect_found(trial, {.dead = true}, {}, "ids");
       detail::end_ready(trial, again.id, "alpha", JobStatus::failed);
       detail::expect_found(trial, {.dead = true}, {again.id}, "ids when that has failed too");
     }},

    {"runs leaves out payload, details and log when it is asked without details",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.payload = {{"user", 7}};
       row.step = "load";
       row.workflow_id = trial.next_id();
       Completion end = trial.completion(trial.start(row));
       end.details = {{"removed", 3}};
       end.log = {{"lines", Json::array()}, {"dropped", 0}};
       trial.storage().finish({end}, trial.now());
       const auto runs = trial.storage().runs({.with_details = false});
       trial.require_equal("number of runs", 1U, runs.size());
       trial.expect_equal("payload", nullptr, runs.front().payload);
       trial.expect_equal("details", nullptr, runs.front().details);
       trial.expect_equal("log", nullptr, runs.front().log);
       trial.expect_equal("step", "load", runs.front().step);
       trial.expect_equal("workflow_id", row.workflow_id, runs.front().workflow_id);
     }},
};

}  // namespace punctual::testing
