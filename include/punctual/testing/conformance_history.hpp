// SPDX-License-Identifier: MIT
//
// Checks of `runs` and `run`: the history newest first, a page at a time, whatever arrives
// meanwhile.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/testing/conformance_check.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_trial.hpp"

namespace punctual::testing {

namespace detail {

inline std::vector<RunId> query_ids(StorageTrial& trial, const RunQuery& query) {
  return StorageTrial::ids_of(trial.storage().runs(query));
}

/// Expects `limit` to be refused as INVALID_QUERY.
inline void expect_limit_refused(StorageTrial& trial, std::size_t limit) {
  const std::string what = "INVALID_QUERY for the limit " + to_text(limit);
  try {
    trial.storage().runs({.limit = limit});
    trial.expect(false, what);
  } catch (const Error& error) {
    trial.expect_equal("code for the limit " + to_text(limit), "INVALID_QUERY", error.code());
  }
}

/// Reads the history of "alpha" page by page, storing a newer run before each further page.
inline std::vector<RunId> page_while_rows_arrive(StorageTrial& trial, std::size_t limit) {
  std::vector<RunId> ids;
  RunQuery query{.job_name = "alpha", .limit = limit};
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = query_ids(trial, query);
    if (page.empty()) break;
    trial.expect(page.size() <= limit, "pages no longer than the limit");
    ids.insert(ids.end(), page.begin(), page.end());
    query.before = page.back();
    trial.enqueue(trial.row("alpha"));
  }
  return ids;
}

}  // namespace detail

inline constexpr StorageCheck history_checks[] = {
    {"runs returns nothing when there are none",
     [](StorageTrial& trial) {
       trial.sync(trial.definition("alpha"));
       trial.expect_equal("runs", 0U, trial.storage().runs({}).size());
       trial.expect_equal("runs of an unknown job", 0U, trial.runs_of("nobody").size());
     }},

    {"runs returns the newest first when they are in all states and of several jobs",
     [](StorageTrial& trial) {
       std::vector<RunId> ids;
       ids.push_back(trial.enqueue(trial.row("alpha")));
       ids.push_back(trial.end(trial.row("beta")).id);
       ids.push_back(trial.start(trial.row("alpha")).id);
       ids.push_back(trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED")));
       ids.push_back(trial.end(trial.row("alpha"), JobStatus::failed).id);
       ids.push_back(trial.enqueue(trial.row("beta")));
       std::reverse(ids.begin(), ids.end());
       trial.expect_equal("ids of runs", ids, detail::query_ids(trial, {}));
       trial.expect_equal("ids of runs of alpha", {ids[1], ids[2], ids[3], ids[5]},
                          detail::query_ids(trial, {.job_name = "alpha"}));
     }},

    {"runs returns the newest by id when rows were stored in another order",
     [](StorageTrial& trial) {
       const NewRun first = trial.row("alpha");
       const NewRun second = trial.row("alpha");
       trial.enqueue(second);
       trial.enqueue(first);
       trial.expect_equal("ids of runs", {second.id, first.id}, detail::query_ids(trial, {}));
     }},

    {"runs returns only runs in the state asked for when it is given",
     [](StorageTrial& trial) {
       const RunId pending = trial.enqueue(trial.row("alpha"));
       const RunId running = trial.start(trial.row("alpha")).id;
       const RunId success = trial.end(trial.row("alpha")).id;
       const RunId failed = trial.end(trial.row("alpha"), JobStatus::failed).id;
       const RunId skipped = trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       const auto of = [&](JobStatus status) {
         return detail::query_ids(trial, {.job_name = "alpha", .status = status});
       };
       trial.expect_equal("pending", {pending}, of(JobStatus::pending));
       trial.expect_equal("running", {running}, of(JobStatus::running));
       trial.expect_equal("success", {success}, of(JobStatus::success));
       trial.expect_equal("failed", {failed}, of(JobStatus::failed));
       trial.expect_equal("skipped", {skipped},
                          detail::query_ids(trial, {.status = JobStatus::skipped}));
     }},

    {"runs returns only runs of the trigger asked for when it is given",
     [](StorageTrial& trial) {
       NewRun startup = trial.row("alpha");
       startup.trigger = RunTrigger::startup;
       trial.enqueue(startup);
       trial.enqueue(trial.row("alpha"));
       trial.expect_equal("ids of runs", {startup.id},
                          detail::query_ids(trial, {.trigger = RunTrigger::startup}));
       trial.expect_equal("ids of backfills", {},
                          detail::query_ids(trial, {.trigger = RunTrigger::backfill}));
     }},

    {"runs returns only runs with the message code asked for when it is given",
     [](StorageTrial& trial) {
       const RunId disabled = trial.enqueue(trial.skipped_row("alpha", "JOB_DISABLED"));
       trial.enqueue(trial.skipped_row("alpha", "JOB_MISSED"));
       trial.expect_equal("ids of runs", {disabled},
                          detail::query_ids(trial, {.message_code = "JOB_DISABLED"}));
     }},

    {"runs returns runs created from the first instant to before the second when they are given",
     [](StorageTrial& trial) {
       std::vector<JobRun> runs;
       for (int i = 0; i < 4; ++i) {
         runs.push_back(trial.stored(trial.enqueue(trial.row("alpha"))));
         trial.advance(std::chrono::hours{1});
       }
       const RunQuery between{.created_from = runs[1].created_at,
                              .created_before = runs[3].created_at};
       trial.expect_equal("ids of runs", {runs[2].id, runs[1].id},
                          detail::query_ids(trial, between));
       trial.expect_equal("ids of runs from the third on", {runs[3].id, runs[2].id},
                          detail::query_ids(trial, {.created_from = runs[2].created_at}));
     }},

    {"runs applies all filters when several are given",
     [](StorageTrial& trial) {
       trial.end(trial.row("alpha"), JobStatus::failed);
       const RunId wanted = trial.end(trial.row("alpha"), JobStatus::failed).id;
       trial.end(trial.row("beta"), JobStatus::failed);
       trial.end(trial.row("alpha"));
       NewRun startup = trial.row("alpha");
       startup.trigger = RunTrigger::startup;
       trial.end(startup, JobStatus::failed);
       trial.expect_equal("ids of runs", {wanted},
                          detail::query_ids(trial, {.job_name = "alpha",
                                                    .status = JobStatus::failed,
                                                    .trigger = RunTrigger::manual,
                                                    .message_code = "JOB_FAILED",
                                                    .limit = 1}));
     }},

    {"runs pages through all rows once when rows are added meanwhile",
     [](StorageTrial& trial) {
       std::vector<NewRun> rows;
       for (int i = 0; i < 250; ++i) {
         rows.push_back(i % 2 == 0 ? trial.row("alpha") : trial.skipped_row("alpha", "JOB_MISSED"));
       }
       trial.storage().enqueue(rows, trial.now());
       std::vector<RunId> wanted;
       for (auto row = rows.rbegin(); row != rows.rend(); ++row) wanted.push_back(row->id);
       trial.expect_equal("ids, page by page", wanted, detail::page_while_rows_arrive(trial, 100));
     }},

    {"runs pages by the last id when a filter leaves most rows out",
     [](StorageTrial& trial) {
       std::vector<NewRun> rows;
       std::vector<RunId> wanted;
       for (int i = 0; i < 60; ++i) {
         rows.push_back(i % 10 == 0 ? trial.skipped_row("beta", "JOB_MISSED") : trial.row("alpha"));
         if (i % 10 == 0) wanted.insert(wanted.begin(), rows.back().id);
       }
       trial.storage().enqueue(rows, trial.now());
       RunQuery query{.status = JobStatus::skipped, .limit = 4};
       auto ids = detail::query_ids(trial, query);
       trial.require_equal("runs of the first page", 4U, ids.size());
       query.before = ids.back();
       for (const auto id : detail::query_ids(trial, query)) ids.push_back(id);
       trial.expect_equal("ids of both pages", wanted, ids);
     }},

    {"runs refuses a limit when it is 0 or above 1000",
     [](StorageTrial& trial) {
       detail::expect_limit_refused(trial, 0);
       detail::expect_limit_refused(trial, 1001);
       const RunId id = trial.enqueue(trial.row("alpha"));
       trial.expect_equal("runs with limit 1", {id}, detail::query_ids(trial, {.limit = 1}));
       trial.expect_equal("runs with limit 1000", {id}, detail::query_ids(trial, {.limit = 1000}));
     }},

    {"runs leaves details and payload out when it is told to",
     [](StorageTrial& trial) {
       NewRun row = trial.skipped_row("alpha", "JOB_MISSED");
       row.details = {{"count", 3}};
       row.payload = {{"report", 7}};
       trial.enqueue(row);
       JobRun wanted = trial.stored(row.id);
       const auto full = trial.storage().runs({});
       trial.require_equal("number of runs", 1U, full.size());
       trial.expect_same("run with details", difference(wanted, full.front()));
       wanted.details = nullptr;
       wanted.payload = nullptr;
       for (const auto& query : {RunQuery{.with_details = false},
                                 RunQuery{.job_name = "alpha", .with_details = false}}) {
         const auto brief = trial.storage().runs(query);
         trial.require_equal("number of brief runs", 1U, brief.size());
         trial.expect_same("run without details", difference(wanted, brief.front()));
       }
     }},

    {"run returns a run with everything when it is stored",
     [](StorageTrial& trial) {
       NewRun row = trial.row("alpha");
       row.payload = {{"report", 7}};
       const JobRun started = trial.start(row);
       Completion end = trial.completion(started);
       end.details = {{"pages", 12}};
       trial.storage().finish({end}, trial.now());
       const JobRun run = trial.stored(row.id);
       trial.expect_equal("payload", row.payload, run.payload);
       trial.expect_equal("details", end.details, run.details);
     }},

    {"run returns nothing when there is no such run",
     [](StorageTrial& trial) {
       trial.enqueue(trial.row("alpha"));
       trial.expect(!trial.storage().run(trial.next_id()), "nothing for an unknown id");
       trial.expect(!trial.storage().run(RunId{}), "nothing for the nil id");
     }},
};

}  // namespace punctual::testing
