// SPDX-License-Identifier: MIT
//
// What the tables refuse by themselves, whoever writes to them, and which index serves which
// statement.

#include "punctual/sqlite/schema.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "punctual/sqlite/history.hpp"
#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/queue.hpp"
#include "punctual/sqlite/wake.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace schema_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Completion;
using punctual::JobDefinition;
using punctual::JobNames;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RescueRequest;
using punctual::RunQuery;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::Scratch;

const std::string id_a = "018cc251-f400-7000-8000-00000000000a";
const std::string id_b = "018cc251-f400-7000-8000-00000000000b";

/// A row of `job_runs` as SQL, with some columns as the caller wants them.
std::string insert(const std::string& id, const std::string& columns, const std::string& values) {
  return "INSERT INTO {}job_runs (id, job_name, created_at, run_at, trigger, attempt, priority,"
         " claim_order, concurrency_key, concurrency_max, exclusive, " +
         columns + ") VALUES ('" + id + "', 'alpha', 0, 0, 'manual', 1, 0, 0, '', 0, 0, " + values +
         ")";
}

bool is_refused(Scratch& scratch, const std::string& sql) {
  try {
    scratch.connection.exec(sql);
  } catch (const SQLite::Exception& error) {
    return error.getErrorCode() == SQLITE_CONSTRAINT;
  }
  return false;
}

const JobNames jobs{"alpha", "beta"};

/// The same for runs and jobs that wait for others, tokens, and runs that are given up.
void do_what_waits(Scratch& scratch) {
  auto& connection = scratch.connection;
  JobDefinition dependent;
  dependent.name = "omega";
  dependent.depends_on = {"sigma", "tau"};
  (void)detail::sync_jobs(connection, {dependent}, scratch.now);
  NewRun first = scratch.row("sigma");
  first.exclusive = true;
  first.pace = {"budget", {.max = 1, .period = 1h}};
  NewRun waiting = scratch.row("tau");
  waiting.after = {first.id};
  NewRun behind = scratch.row("tau");
  behind.after = {waiting.id};
  NewRun failing = scratch.row("sigma");
  NewRun skipped = scratch.row("tau");
  skipped.after = {failing.id};
  (void)detail::enqueue(connection, {first, waiting, behind, failing, skipped}, scratch.now);
  const JobNames both{"sigma", "tau"};
  const std::vector<punctual::JobRate> rates{{"sigma", {"rate", {.max = 9, .period = 1h}}}};
  auto request = claim_request(both);
  request.rates = &rates;
  request.only = first.id;
  REQUIRE(detail::claim(connection, request, scratch.now).size() == 1);
  NewRun replacing = first;
  replacing.id = scratch.ids.next(scratch.now);
  replacing.replaces_running = true;
  (void)detail::enqueue(connection, {replacing}, scratch.now);
  request.only = failing.id;
  REQUIRE(detail::claim(connection, request, scratch.now).size() == 1);
  Completion end{.lease = {failing.id, 1}, .status = JobStatus::success};
  (void)detail::finish(connection, end, scratch.now);
  request.only = skipped.id;
  REQUIRE(detail::claim(connection, request, scratch.now).size() == 1);
  (void)detail::finish(connection, {.lease = {skipped.id, 1}}, scratch.now);
  (void)detail::has_full_buckets(connection, scratch.now);
  detail::forget_full_buckets(connection, scratch.now);
  const punctual::ExpiryRequest expiry{.jobs = &jobs, .limit = 9, .age = 1h};
  (void)detail::has_stale_presence(connection, jobs, scratch.now);
  (void)detail::enqueue(connection, {scratch.row("gone")}, scratch.now);
  REQUIRE(detail::expire_unknown(connection, expiry, scratch.now + 9h) == 2);
}

/// Prepares every statement there is, by doing everything once.
void do_everything(Scratch& scratch) {
  auto& connection = scratch.connection;
  JobDefinition job;
  job.name = "alpha";
  (void)detail::sync_jobs(connection, {job}, scratch.now);
  (void)detail::due_schedules(connection, jobs, 10, scratch.now);
  (void)detail::next_wake(connection, jobs);
  std::vector<NewRun> rows;
  for (int i = 0; i < 300; ++i) {
    NewRun row = scratch.row(i < 290 ? "alpha" : "beta");
    row.unique_key = std::to_string(i);
    row.due_at = scratch.now + std::chrono::milliseconds{i};
    row.exclusive = true;
    row.skip_if_open = i == 200;
    row.concurrency_key = "key";
    row.concurrency_max = 1;
    rows.push_back(row);
  }
  (void)detail::enqueue(connection, rows, scratch.now);
  (void)detail::advance(connection, {.job_name = "alpha", .version = 1}, scratch.now);
  (void)detail::set_paused(connection, {.job_name = "beta", .version = 0}, scratch.now);
  const auto claimed = detail::claim(connection, claim_request(jobs), scratch.now);
  REQUIRE(claimed.size() == 1);
  auto only = claim_request(jobs);
  only.only = rows[1].id;
  (void)detail::claim(connection, only, scratch.now);
  const punctual::LeaseRef lease{claimed[0].id, claimed[0].fence};
  (void)detail::renew(connection, {.lease = lease}, 1s, scratch.now);
  const RescueRequest rescue{.jobs = &jobs, .limit = 10, .lease = 1s};
  (void)detail::take_expired(connection, rescue, scratch.now + 1h);
  (void)detail::request_cancel(connection, lease.run_id, "olga", scratch.now);
  (void)detail::release(connection, {lease.run_id, 2});
  (void)detail::request_cancel(connection, lease.run_id, "olga", scratch.now);
  REQUIRE(detail::claim(connection, claim_request(jobs), scratch.now).size() == 1);
  (void)detail::finish(connection, Completion{.lease = {rows[1].id, 1}}, scratch.now);
  for (unsigned parts = 0; parts < 128; ++parts) {
    RunQuery query;
    if ((parts & 1U) != 0) query.job_name = "alpha";
    if ((parts & 2U) != 0) query.status = JobStatus::failed;
    if ((parts & 4U) != 0) query.due_from = scratch.now;
    if ((parts & 8U) != 0) query.workflow_id = rows[0].id;
    query.dead = (parts & 16U) != 0;
    if ((parts & 32U) != 0) query.created_before = scratch.now;
    if ((parts & 64U) != 0) query.trigger = punctual::RunTrigger::manual;
    (void)detail::find_runs(connection, query);
  }
  do_what_waits(scratch);
  (void)detail::summarize_jobs(connection);
  (void)detail::forget_runs(connection, detail::find_prunable(connection, 1, scratch.now + 999h));
  (void)detail::first_kept_id(connection, "alpha", 1);
}

std::vector<std::string> prepared_statements(Scratch& scratch) {
  std::vector<std::string> statements;
  sqlite3* handle = scratch.connection.database().getHandle();
  for (auto* each = sqlite3_next_stmt(handle, nullptr); each != nullptr;
       each = sqlite3_next_stmt(handle, each)) {
    statements.emplace_back(sqlite3_sql(each));
  }
  return statements;
}

/// The steps of a statement's plan at which SQLite would read or sort more than it has to.
std::string plan_faults(Scratch& scratch, const std::string& sql) {
  std::string faults;
  SQLite::Statement plan{scratch.connection.database(), "EXPLAIN QUERY PLAN " + sql};
  while (plan.executeStep()) {
    const std::string step = plan.getColumn(3).getString();
    const bool scans = step.rfind("SCAN job_runs", 0) == 0 || step.rfind("SCAN run", 0) == 0 ||
                       step.rfind("SCAN later", 0) == 0 || step.rfind("SCAN job_dep", 0) == 0;
    // The front of an index of open runs, up to a LIMIT.
    const bool scans_open_runs =
        step.rfind("SCAN job_runs USING INDEX job_runs_pending_", 0) == 0 ||
        step.rfind("SCAN job_runs USING INDEX job_runs_running_", 0) == 0;
    const bool is_limited = sql.find("LIMIT") != std::string::npos;
    const bool sorts = step.find("TEMP B-TREE") != std::string::npos;
    if ((scans && !(scans_open_runs && is_limited)) || sorts) faults += step + "; ";
  }
  return faults;
}

}  // namespace

TEST_CASE("Every statement finds its runs through an index and sorts nothing") {
  Scratch scratch;
  do_everything(scratch);
  const auto statements = prepared_statements(scratch);
  CHECK(statements.size() > 80);
  for (const auto& sql : statements) {
    if (sql.rfind("BEGIN", 0) == 0 || sql == "COMMIT") continue;
    CAPTURE(sql);
    CHECK(plan_faults(scratch, sql) == "");
  }
}

TEST_CASE("plan_faults finds a statement that reads every run") {
  Scratch scratch;
  CHECK(plan_faults(scratch, "SELECT * FROM job_runs WHERE actor = 'olga'") != "");
  CHECK(plan_faults(scratch, "SELECT * FROM job_runs WHERE id = 'a' OR actor = 'b'") != "");
  CHECK(plan_faults(scratch, "SELECT id FROM job_runs WHERE job_name = 'a' ORDER BY actor") != "");
}

TEST_CASE("job_runs takes or refuses a row by its own checks") {
  struct Row {
    const char* what;
    std::string columns;
    std::string values;
    bool is_taken;
  };
  const std::vector<Row> rows = {
      {"pending", "status", "'pending'", true},
      {"running with a lease", "status, lease_until_at", "'running', 5", true},
      {"running without one", "status", "'running'", false},
      {"ended", "status, completed_at", "'success', 5", true},
      {"ended at no time", "status", "'failed'", false},
      {"pending but completed", "status, completed_at", "'pending', 5", false},
      {"an unknown status", "status, completed_at", "'done', 5", false},
      {"a number for a status", "status", "1", false},
      {"a text for an instant", "status, due_at", "'pending', '2024-01-01'", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch scratch;
    scratch.connection.exec(
        "INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last) VALUES ('alpha', 1, "
        "1)");
    CHECK(is_refused(scratch, insert(id_a, row.columns, row.values)) != row.is_taken);
  }
}

TEST_CASE("job_runs refuses a second row where only one may be") {
  Scratch scratch;
  CHECK(is_refused(scratch, insert(id_a, "status", "'pending'")));  // no such job
  scratch.connection.exec(
      "INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last) VALUES ('alpha', 1, 1)");
  scratch.connection.exec(insert(id_a, "status, due_at, unique_key", "'pending', 7, 'key'"));
  CHECK(is_refused(scratch, insert(id_a, "status", "'pending'")));
  CHECK(is_refused(scratch, insert("short", "status", "'pending'")));
  CHECK(is_refused(scratch, insert(id_b, "status, due_at", "'pending', 7")));
  CHECK(is_refused(scratch, insert(id_b, "status, unique_key", "'pending', 'key'")));
  CHECK_FALSE(
      is_refused(scratch, insert(id_b, "status, completed_at, unique_key", "'skipped', 5, 'key'")));
}

TEST_CASE("Migrations lead to the latest version, one by one") {
  CHECK(punctual::sqlite::detail::schema_version_latest == 4);
  CHECK(std::string{punctual::sqlite::detail::migrations[0].name} == "jobs");
  CHECK(std::string{punctual::sqlite::detail::migrations[1].name} == "job_runs");
  CHECK(std::string{punctual::sqlite::detail::migrations[2].name} == "dependencies");
}

}  // namespace schema_test
