// SPDX-License-Identifier: MIT

#include "punctual/postgres/storage.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/postgres/counters.hpp"
#include "punctual/postgres/query.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_storage_test {

using namespace punctual;
using postgres::Options;
using postgres::Storage;
using postgres::detail::Connection;
using postgres::detail::Query;
using postgres::test::TemporarySchema;

namespace {

/// Returns a row of the job "alpha" that is due now.
NewRun new_run(UuidGenerator& ids, Storage& storage) {
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  return row;
}

/// Claims and returns everything of "alpha" that is due.
std::vector<JobRun> claim_all(Storage& storage) {
  const JobNames jobs{"alpha"};
  return storage.claim(
      {.node = "a", .jobs = &jobs, .limit = 100, .lease = std::chrono::seconds{30}}, {});
}

Completion end_of(const JobRun& run, JobStatus status) {
  Completion end;
  end.lease = {run.id, run.fence};
  end.status = status;
  return end;
}

std::int64_t number_from(Connection& connection, const char* sql) {
  Query query{connection, sql};
  return query.step() ? query.integer() : -1;
}

}  // namespace

TEST_CASE("postgres::Storage makes its tables once when several nodes start at once") {
  TemporarySchema schema;
  std::atomic<int> trouble_count{0};
  std::vector<std::thread> nodes;
  for (int i = 0; i < 6; ++i) {
    nodes.emplace_back([&] {
      try {
        Storage storage{schema.options()};
        if (!storage.health().problem.empty()) ++trouble_count;
      } catch (const Error&) {
        ++trouble_count;
      }
    });
  }
  for (auto& node : nodes) node.join();
  CHECK(trouble_count == 0);
}

TEST_CASE("postgres::Storage refuses tables when a newer release has been at them") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  Connection{schema.options()}.exec("INSERT INTO {}schema_version (version, name) VALUES (99, '')");
  CHECK(tests::code_of([&] { Storage{schema.options()}; }) == "SCHEMA_TOO_NEW");
  CHECK(storage.health().problem.find("SCHEMA_TOO_NEW") != std::string::npos);
  CHECK_FALSE(storage.health().writable);
}

TEST_CASE("postgres::Storage keeps two sets of tables apart in one schema") {
  TemporarySchema schema;
  Options options = schema.options();
  options.table_prefix = "a_";
  Storage first{options};
  options.table_prefix = "b_";
  Storage second{options};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(first.now({}));
  row.job_name = "alpha";
  first.enqueue({row}, {});
  CHECK(first.runs({}).size() == 1);
  CHECK(second.runs({}).empty());
}

TEST_CASE("postgres::Storage goes by the server's clock whatever the caller says") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.job_name = "alpha";
  row.run_at = storage.now({}) + std::chrono::hours{1};
  row.id = ids.next(row.run_at);
  storage.enqueue({row}, {});
  const JobNames jobs{"alpha"};
  const ClaimRequest request{
      .node = "a", .jobs = &jobs, .limit = 1, .lease = std::chrono::seconds{30}};
  CHECK(storage.claim(request, row.run_at + std::chrono::hours{1}).empty());
  schema.shift_clock(std::chrono::hours{1});
  CHECK(storage.claim(request, {}).size() == 1);
}

TEST_CASE("postgres::Storage reads a row when somebody damaged its JSON") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  NewRun row;
  row.id = ids.next(storage.now({}));
  row.job_name = "alpha";
  row.payload = {{"a", 1}};
  storage.enqueue({row}, {});
  Connection{schema.options()}.exec("UPDATE {}job_pending SET payload = '{no'");
  REQUIRE(storage.run(row.id));
  CHECK(storage.run(row.id)->payload == Json{{"_undecodable", true}});
}

TEST_CASE("postgres::Storage stores runs in the caller's transaction when that commits") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  Connection caller{schema.options()};
  caller.exec("CREATE TABLE {}orders (n bigint)");
  const NewRun undone = new_run(ids, storage);
  caller.exec("BEGIN; INSERT INTO {}orders VALUES (1)");
  storage.enqueue(caller.native(), {undone});
  CHECK_FALSE(storage.run(undone.id));
  caller.exec("ROLLBACK");
  CHECK_FALSE(storage.run(undone.id));
  const std::vector<NewRun> rows{new_run(ids, storage), new_run(ids, storage)};
  caller.exec("BEGIN; INSERT INTO {}orders VALUES (2)");
  storage.enqueue(caller.native(), rows);
  CHECK(storage.runs({}).empty());
  caller.exec("COMMIT");
  for (const auto& row : rows) {
    REQUIRE(storage.run(row.id));
    CHECK(storage.run(row.id)->status == JobStatus::pending);
  }
  CHECK(storage.runs({}).size() == 2);
  CHECK(number_from(caller, "SELECT sum(n)::bigint FROM {}orders") == 2);
  CHECK(claim_all(storage).size() == 2);
}

TEST_CASE("postgres::Storage leaves the caller's transaction as it is when there are no rows") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  Connection caller{schema.options()};
  caller.exec("BEGIN");
  storage.enqueue(caller.native(), {});
  CHECK(PQtransactionStatus(caller.native()) == PQTRANS_INTRANS);
  caller.exec("COMMIT");
}

TEST_CASE("postgres::Storage refuses a row in the caller's transaction when it is not plain") {
  struct Row {
    const char* name;
    void (*change)(NewRun&);
  };
  const Row rows[] = {
      {"a unique key", [](NewRun& row) { row.unique_key = "k"; }},
      {"a due instant", [](NewRun& row) { row.due_at = TimePoint{Duration{1}}; }},
      {"runs to wait for", [](NewRun& row) { row.after = {row.id}; }},
      {"skipped already", [](NewRun& row) { row.status = JobStatus::skipped; }},
      {"skipped if one is open", [](NewRun& row) { row.skip_if_open = true; }},
      {"skipped if one waits", [](NewRun& row) { row.skip_if_waiting = true; }},
      {"replaces what runs", [](NewRun& row) { row.replaces_running = true; }},
  };
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  Connection caller{schema.options()};
  caller.exec("BEGIN");
  for (const auto& row : rows) {
    INFO(row.name);
    NewRun bad = new_run(ids, storage);
    row.change(bad);
    const std::vector<NewRun> both{new_run(ids, storage), bad};
    CHECK(tests::code_of([&] { storage.enqueue(caller.native(), both); }) == "INVALID_CONFIG");
    CHECK(PQtransactionStatus(caller.native()) == PQTRANS_INTRANS);  // nothing was sent
  }
  caller.exec("COMMIT");
  CHECK(storage.runs({}).empty());
}

TEST_CASE("postgres::Storage refuses a taken id in the caller's transaction") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  const auto code_of_enqueue = [&](const std::vector<NewRun>& rows) {
    Connection caller{schema.options()};
    caller.exec("BEGIN");
    const auto code = tests::code_of([&] { storage.enqueue(caller.native(), rows); });
    CHECK(PQtransactionStatus(caller.native()) == PQTRANS_INERROR);
    caller.exec("ROLLBACK");
    return code;
  };
  const NewRun row = new_run(ids, storage);
  storage.enqueue({row}, {});
  CHECK(code_of_enqueue({row}) == "DUPLICATE_RUN_ID");
  const auto runs = claim_all(storage);
  REQUIRE(runs.size() == 1);
  CHECK(code_of_enqueue({row}) == "DUPLICATE_RUN_ID");
  REQUIRE(storage.finish({end_of(runs[0], JobStatus::success)}, {}).at(0) == FinishAnswer::done);
  CHECK(code_of_enqueue({row}) == "DUPLICATE_RUN_ID");
  const NewRun twice = new_run(ids, storage);
  CHECK(code_of_enqueue({twice, twice}) == "DUPLICATE_RUN_ID");
  CHECK(code_of_enqueue({twice, row}) == "DUPLICATE_RUN_ID");
  CHECK(storage.runs({}).size() == 1);
}

TEST_CASE(
    "postgres::Storage stores a run alike when it comes alone and when it comes with another") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  NewRun full = new_run(ids, storage);
  full.trigger = RunTrigger::retry;
  full.run_at = TimePoint{Duration{1'700'000'000'000}};
  full.attempt = 3;
  full.priority = -7;
  full.exclusive = true;
  full.retry_of = ids.next(TimePoint{});
  full.concurrency_key = "disk";
  full.concurrency_max = 2;
  full.abandon_count = 1;
  full.payload_version = 4;
  full.workflow_id = ids.next(TimePoint{});
  full.payload = {{"account", 4711}};
  full.actor = "ada";
  full.reason = "asked for";
  full.step = "second";
  const auto stored = [&](NewRun row, bool comes_alone) {
    row.id = ids.next(storage.now({}));
    std::vector<NewRun> rows{row};
    if (!comes_alone) rows.push_back(new_run(ids, storage));
    storage.enqueue(rows, {});
    JobRun run = storage.run(row.id).value();
    run.id = {};
    run.created_at = {};
    return Json(run);
  };
  CHECK(stored(full, true) == stored(full, false));
  NewRun plain = new_run(ids, storage);
  plain.run_at = full.run_at;
  CHECK(stored(plain, true) == stored(plain, false));
  CHECK(stored(full, true)["reason"] == "asked for");
}

TEST_CASE("postgres::Storage shows a run in the view job_runs whatever its status is") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  std::vector<NewRun> rows;
  for (int i = 0; i < 4; ++i) rows.push_back(new_run(ids, storage));
  storage.enqueue(rows, {});
  REQUIRE(storage.request_cancel(rows[3].id, "me", {}) == CancelAnswer::cancelled);
  const auto runs = claim_all(storage);
  REQUIRE(runs.size() == 3);
  storage.finish({end_of(runs[0], JobStatus::success), end_of(runs[1], JobStatus::failed)}, {});
  const NewRun waiting = new_run(ids, storage);
  storage.enqueue({waiting}, {});
  const std::map<std::string, RunId> want{{"success", runs[0].id},
                                          {"failed", runs[1].id},
                                          {"running", runs[2].id},
                                          {"skipped", rows[3].id},
                                          {"pending", waiting.id}};
  Connection connection{schema.options()};
  Query query{connection, "SELECT status, id FROM {}job_runs"};
  std::map<std::string, RunId> got;
  while (query.step()) {
    const std::string status = query.text();
    got[status] = query.id();
  }
  CHECK(query.row_count() == 5);
  CHECK(got == want);
}

TEST_CASE("postgres::Storage counts the same when rows of counters are drawn together") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  UuidGenerator ids{Random{1}};
  JobDefinition job;
  job.name = "alpha";
  storage.sync_jobs({job}, {});
  Connection connection{schema.options()};
  const auto require_counts = [&](std::uint64_t success, std::uint64_t failure,
                                  std::uint64_t skipped) {
    const auto summaries = storage.summaries();
    REQUIRE(summaries.size() == 1);
    CHECK(summaries[0].success_count == success);
    CHECK(summaries[0].failure_count == failure);
    CHECK(summaries[0].skipped_count == skipped);
    CHECK(summaries[0].run_count == success + failure + skipped);
  };
  postgres::detail::draw_counts_together(connection);  // there is nothing to draw together yet
  require_counts(0, 0, 0);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    INFO("round " << round);
    std::vector<NewRun> rows;
    for (int i = 0; i < 4; ++i) rows.push_back(new_run(ids, storage));
    storage.enqueue(rows, {});
    storage.request_cancel(rows[0].id, "me", {});
    const auto runs = claim_all(storage);
    REQUIRE(runs.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      storage.finish({end_of(runs[i], i == 0 ? JobStatus::failed : JobStatus::success)}, {});
    }
    require_counts(2 * round, round, round);
    CHECK(number_from(connection, "SELECT count(*) FROM {}job_counts") > 1);
    postgres::detail::draw_counts_together(connection);
    CHECK(number_from(connection, "SELECT count(*) FROM {}job_counts") == 1);
    require_counts(2 * round, round, round);
  }
}

TEST_CASE("postgres::Storage loses no count when several draw together while others count") {
  TemporarySchema schema;
  Storage storage{schema.options()};
  std::atomic<int> trouble_count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, draws = i % 2 == 0] {
      try {
        Connection connection{schema.options()};
        for (int round = 0; round < 100; ++round) {
          if (draws) {
            postgres::detail::draw_counts_together(connection);
          } else {
            postgres::detail::count_ended(connection, "alpha", JobStatus::success);
          }
        }
      } catch (const Error&) {
        ++trouble_count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(trouble_count == 0);
  Connection connection{schema.options()};
  CHECK(number_from(connection, "SELECT sum(success_count)::bigint FROM {}job_counts") == 200);
}

}  // namespace postgres_storage_test
