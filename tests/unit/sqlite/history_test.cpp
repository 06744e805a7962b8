// SPDX-License-Identifier: MIT

#include "punctual/sqlite/history.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace history_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Duration;
using punctual::JobDefinition;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::NewRun;
using punctual::RunId;
using punctual::RunQuery;
using punctual::RunTrigger;
using punctual::TimePoint;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

using Ids = std::vector<RunId>;

Ids ids_of(const std::vector<JobRun>& runs) {
  Ids ids;
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

/// Stores a row that has ended at `completed_at`; as one that was executed if it was not skipped.
RunId store_ended(Scratch& scratch, const std::string& job, TimePoint completed_at,
                  JobStatus status = JobStatus::skipped) {
  NewRun row = scratch.row(job);
  row.status = status;
  row.message_code = "ENDED";
  row.details = {{"large", true}};
  detail::store_run(scratch.connection, row, completed_at);
  if (status != JobStatus::skipped) {
    detail::Query{scratch.connection, "UPDATE {}job_runs SET started_at = 0 WHERE id = ?"}
        .bind(row.id)
        .run();
  }
  return row.id;
}

}  // namespace

TEST_CASE("find_runs returns the runs that a query asks for, the newest first") {
  Scratch scratch;
  const RunId old = store_ended(scratch, "alpha", scratch.now - 2h, JobStatus::failed);
  NewRun row = scratch.row("alpha");
  row.trigger = RunTrigger::startup;
  detail::store_run(scratch.connection, row, scratch.now);
  const RunId other = store_ended(scratch, "beta", scratch.now + 1ms);
  struct Row {
    const char* what;
    RunQuery query;
    Ids found;
  };
  const std::vector<Row> rows = {
      {"all", {}, {other, row.id, old}},
      {"a job", {.job_name = "alpha"}, {row.id, old}},
      {"no job", {.job_name = "nobody"}, {}},
      {"a status", {.status = JobStatus::failed}, {old}},
      {"a status of a job", {.job_name = "beta", .status = JobStatus::failed}, {}},
      {"pending", {.status = JobStatus::pending}, {row.id}},
      {"a trigger", {.trigger = RunTrigger::startup}, {row.id}},
      {"a code", {.message_code = "ENDED"}, {other, old}},
      {"no code", {.message_code = ""}, {row.id}},
      {"from", {.created_from = scratch.now}, {other, row.id}},
      {"before", {.created_before = scratch.now}, {old}},
      {"from and before",
       {.created_from = scratch.now, .created_before = scratch.now + 1ms},
       {row.id}},
      {"below an id", {.before = other}, {row.id, old}},
      {"below an id of a job", {.job_name = "alpha", .before = row.id}, {old}},
      {"below the lowest id", {.before = old}, {}},
      {"a page", {.limit = 2}, {other, row.id}},
  };
  for (const auto& [what, query, found] : rows) {
    CAPTURE(what);
    CHECK(ids_of(detail::find_runs(scratch.connection, query)) == found);
  }
}

TEST_CASE("find_runs leaves details out when they are not wanted") {
  Scratch scratch;
  store_ended(scratch, "alpha", scratch.now);
  CHECK(detail::find_runs(scratch.connection, {}).at(0).details == Json{{"large", true}});
  CHECK(detail::find_runs(scratch.connection, {.with_details = false}).at(0).details == nullptr);
}

TEST_CASE("find_runs returns the runs around one whose details cannot be decoded") {
  Scratch scratch;
  const RunId first = store_ended(scratch, "alpha", scratch.now);
  const RunId damaged = store_ended(scratch, "alpha", scratch.now);
  const RunId last = store_ended(scratch, "alpha", scratch.now);
  scratch.connection.exec("UPDATE {}job_runs SET details = '}' WHERE id = '" + damaged.to_string() +
                          "'");
  const auto runs = detail::find_runs(scratch.connection, {});
  CHECK(ids_of(runs) == Ids{last, damaged, first});
  CHECK(runs.at(1).details == Json{{"_undecodable", true}});
  CHECK(runs.at(2).details == Json{{"large", true}});
}

TEST_CASE("find_runs costs the same however deep the page lies") {
  Scratch scratch;
  for (int i = 0; i < 500; ++i) {
    store_ended(scratch, "alpha", scratch.now, JobStatus::failed);
    store_ended(scratch, "beta", scratch.now);
  }
  for (const RunQuery& part : std::vector<RunQuery>{{.limit = 20},
                                                    {.job_name = "alpha", .limit = 20},
                                                    {.status = JobStatus::failed, .limit = 20}}) {
    std::vector<std::int64_t> costs;
    RunQuery query = part;
    for (int page = 0; page < 20; ++page) {
      const StepCounter counter{scratch.connection};
      const auto runs = detail::find_runs(scratch.connection, query);
      REQUIRE(runs.size() == 20);
      query.before = runs.back().id;
      costs.push_back(counter.step_count());
    }
    CHECK(costs.back() <= costs.front() + costs.front() / 10);
  }
}

TEST_CASE("summarize_jobs returns every job that was loaded, by name, with its last run") {
  Scratch scratch;
  JobDefinition job;
  job.name = "beta";
  job.description = "described";
  job.schedule = {{"periodMs", 5}};
  job.next_due_at = scratch.now;
  JobDefinition paused = job;
  paused.name = "alpha";
  (void)detail::sync_jobs(scratch.connection, {job, paused}, scratch.now);
  scratch.connection.exec(
      "UPDATE {}jobs SET paused = 1, paused_by = 'olga', paused_reason = 'why' WHERE name = "
      "'alpha'");
  store_ended(scratch, "beta", scratch.now + 1h, JobStatus::success);
  const RunId last = store_ended(scratch, "beta", scratch.now, JobStatus::failed);
  store_ended(scratch, "beta", scratch.now);
  store_ended(scratch, "never-loaded", scratch.now);

  const auto jobs = detail::summarize_jobs(scratch.connection);
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].name == "alpha");
  CHECK(jobs[0].paused);
  CHECK(jobs[0].paused_by == "olga");
  CHECK(jobs[0].paused_reason == "why");
  CHECK(jobs[0].next_run_at == std::nullopt);
  CHECK_FALSE(jobs[0].last_run);
  CHECK(jobs[1].description == "described");
  CHECK(jobs[1].schedule == job.schedule);
  CHECK(jobs[1].next_run_at == std::optional{scratch.now});
  CHECK(jobs[1].run_count == 3);
  CHECK(jobs[1].success_count == 1);
  CHECK(jobs[1].failure_count == 1);
  CHECK(jobs[1].skipped_count == 1);
  REQUIRE(jobs[1].last_run);
  CHECK(jobs[1].last_run->id == last);
  CHECK(jobs[1].last_run->details == nullptr);

  scratch.connection.exec("DELETE FROM {}job_runs");
  scratch.connection.exec("UPDATE {}jobs SET schedule = 'damaged' WHERE name = 'alpha'");
  const auto pruned = detail::summarize_jobs(scratch.connection);
  CHECK_FALSE(pruned.at(1).last_run);
  CHECK(pruned.at(1).run_count == 3);
  CHECK(pruned.at(0).schedule == Json{{"_undecodable", true}});
}

TEST_CASE("find_prunable returns the oldest ended runs, but never the newest of a job") {
  struct Row {
    const char* what;
    Duration period;
    std::size_t keep_last;
    std::size_t limit;
    std::size_t pruned_count;
  };
  // Ten runs of the job, which ended ten, nine, … one hour ago.
  const std::vector<Row> rows = {
      {"nothing is old", 10h, 0, 100, 0},
      {"one is too old", 10h - 1ms, 0, 100, 1},
      {"all are too old", 1ms, 0, 100, 10},
      {"the newest are kept", 1ms, 3, 100, 7},
      {"as many are kept", 1ms, 10, 100, 0},
      {"more are kept", 1ms, 11, 100, 0},
      {"half of them are old", 5h, 3, 100, 5},
      {"the batch is small", 1ms, 3, 2, 2},
      {"no batch at all", 1ms, 0, 0, 0},
      {"every one is kept", 1ms, static_cast<std::size_t>(-1), 100, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch scratch;
    JobDefinition job;
    job.name = "alpha";
    job.retention = {.period = row.period, .keep_last = row.keep_last};
    (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
    std::vector<std::string> ids;
    for (int hours = 10; hours > 0; --hours) {
      ids.push_back(
          store_ended(scratch, "alpha", scratch.now - std::chrono::hours{hours}).to_string());
    }
    detail::store_run(scratch.connection, scratch.row("alpha"), scratch.now - 99h);  // still open
    ids.resize(row.pruned_count);
    const auto found = detail::find_prunable(scratch.connection, row.limit, scratch.now);
    CHECK(found == ids);
    CHECK(detail::forget_runs(scratch.connection, found) == row.pruned_count);
    CHECK(detail::forget_runs(scratch.connection, found) == 0);
    CHECK(scratch.number("SELECT skipped_count FROM {}jobs") == 10);
  }
}

TEST_CASE("find_prunable goes by when a run ended, not by when it was stored") {
  Scratch scratch;
  JobDefinition job;
  job.name = "alpha";
  job.retention = {.period = 1h, .keep_last = 1};
  (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
  store_ended(scratch, "alpha", scratch.now);  // a long one: it began first and ended last
  const RunId second = store_ended(scratch, "alpha", scratch.now - 2h);
  const RunId third = store_ended(scratch, "alpha", scratch.now - 3h);
  store_ended(scratch, "alpha", scratch.now - 4h);  // the newest is kept
  CHECK(detail::find_prunable(scratch.connection, 10, scratch.now) ==
        std::vector<std::string>{third.to_string(), second.to_string()});
}

TEST_CASE("forget_runs leaves an open run where it is") {
  Scratch scratch;
  const NewRun row = scratch.row("alpha");
  detail::store_run(scratch.connection, row, scratch.now);
  CHECK(detail::forget_runs(scratch.connection, {row.id.to_string()}) == 0);
}

}  // namespace history_test
