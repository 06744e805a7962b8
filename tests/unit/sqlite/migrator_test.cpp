// SPDX-License-Identifier: MIT

#include "punctual/sqlite/migrator.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/run_rows.hpp"
#include "support/catch.hpp"
#include "temporary_file.hpp"

namespace migrator_test {

namespace {

namespace detail = punctual::sqlite::detail;

using detail::Access;
using detail::Connection;
using detail::Query;
using punctual::Duration;
using punctual::Error;
using punctual::JobDefinition;
using punctual::JobStatus;
using punctual::Json;
using punctual::TimePoint;
using punctual::sqlite::Options;
using punctual::sqlite::test::TemporaryFile;

const Options in_memory{.file = ":memory:"};

std::vector<std::string> tables(Connection& connection) {
  std::vector<std::string> names;
  Query query{connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"};
  while (query.step()) names.push_back(query.text());
  return names;
}

std::string schema_text(Connection& connection) {
  std::string text;
  Query query{connection, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"};
  while (query.step()) text += query.text() + "\n";
  return text;
}

const char* const version_table_sql =
    "CREATE TABLE {}schema_version (version INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
    " probe_count INTEGER NOT NULL DEFAULT 0) STRICT";

}  // namespace

TEST_CASE("migrate makes the same tables from whatever version it starts") {
  Connection fresh{in_memory, Access::write};
  CHECK(detail::read_schema_version(fresh) == 0);
  detail::migrate(fresh);
  CHECK(detail::read_schema_version(fresh) == detail::schema_version_latest);
  CHECK(tables(fresh) == std::vector<std::string>{"buckets", "job_dependencies", "job_runs", "jobs",
                                                  "run_edges", "schema_version"});

  for (int start = 0; start <= detail::schema_version_latest; ++start) {
    CAPTURE(start);
    Connection older{in_memory, Access::write};
    older.exec(version_table_sql);
    for (int i = 0; i < start; ++i) {
      older.exec(detail::migrations[static_cast<std::size_t>(i)].sql);
      Query{older, "INSERT INTO {}schema_version (version, name) VALUES (?, 'older')"}
          .bind(i + 1)
          .run();
    }
    detail::migrate(older);
    CHECK(detail::read_schema_version(older) == detail::schema_version_latest);
    CHECK(schema_text(older) == schema_text(fresh));
  }
}

TEST_CASE("migrate keeps the rows of version 2, and gives them what came later") {
  Connection older{in_memory, Access::write};
  older.exec(version_table_sql);
  for (int i = 0; i < 2; ++i) {
    older.exec(detail::migrations[static_cast<std::size_t>(i)].sql);
    Query{older, "INSERT INTO {}schema_version (version, name) VALUES (?, 'older')"}
        .bind(i + 1)
        .run();
  }
  older.exec(
      "INSERT INTO {}jobs (name, version, schedule, anchor_at, next_due_at, retention_period_ms,"
      " retention_keep_last, success_count) VALUES"
      " ('armed', 4, '{\"kind\":\"interval\"}', 1000, 9000, 5, 6, 7),"
      " ('idle', 2, 'null', 2000, NULL, 5, 6, 0)");
  older.exec(
      "INSERT INTO {}job_runs (id, job_name, status, created_at, run_at, trigger, attempt,"
      " priority, claim_order, concurrency_key, concurrency_max, exclusive, payload) VALUES"
      " ('018cc251-f400-7000-8000-00000000000a', 'armed', 'pending', 3, 4, 'manual', 1, 0, 4, '',"
      " 0, 1, '{\"user\":7}')");
  detail::migrate(older);

  CHECK(detail::read_schema_version(older) == detail::schema_version_latest);
  const auto armed = detail::read_ledger_row(older, "armed");
  CHECK(armed.state.version == 4);
  CHECK(armed.state.next_due_at == TimePoint{Duration{9000}});
  CHECK(armed.state.epoch_at == TimePoint{Duration{9000}});
  CHECK(armed.depends_on == "[]");
  CHECK(armed.seen_at > TimePoint{Duration{1'700'000'000'000}});
  CHECK(detail::read_ledger_row(older, "idle").state.epoch_at == TimePoint{Duration{2000}});
  const auto run = detail::read_run_by_id(older, "018cc251-f400-7000-8000-00000000000a");
  REQUIRE(run);
  CHECK(run->status == JobStatus::pending);
  CHECK(run->payload == Json{{"user", 7}});
  CHECK(run->waits_for == 0);
  CHECK(run->after.empty());
  CHECK(run->log == nullptr);

  JobDefinition job;
  job.name = "armed";
  job.schedule = {{"kind", "interval"}};
  const TimePoint now{Duration{8000}};
  CHECK(detail::sync_jobs(older, {job}, now).at(0).version == 4);
}

TEST_CASE("migrate changes nothing when the tables are up to date, not even by a lock") {
  const TemporaryFile file;
  Options options = file.options();
  options.busy_timeout = punctual::Duration{1};
  Connection first{options, Access::write};
  detail::migrate(first);
  const detail::WriteTransaction held{first};
  Connection second{options, Access::write};
  detail::migrate(second);
  CHECK(detail::read_schema_version(second) == detail::schema_version_latest);
}

TEST_CASE("migrate refuses the file when a newer library has been at it") {
  Connection connection{in_memory, Access::write};
  detail::migrate(connection);
  Query{connection, "INSERT INTO {}schema_version (version, name) VALUES (?, 'of the future')"}
      .bind(detail::schema_version_latest + 1)
      .run();
  std::string code;
  std::string message;
  try {
    detail::migrate(connection);
  } catch (const Error& error) {
    code = error.code();
    message = error.what();
    CHECK_FALSE(error.retryable());
  }
  CHECK(code == "SCHEMA_TOO_NEW");
  CHECK(message.find("version " + std::to_string(detail::schema_version_latest + 1)) !=
        std::string::npos);
}

TEST_CASE("migrate leaves the file as it was when a step fails") {
  Connection connection{in_memory, Access::write};
  connection.exec("CREATE TABLE job_runs (somebody_elses TEXT)");
  CHECK_THROWS_AS(detail::migrate(connection), SQLite::Exception);
  CHECK_FALSE(connection.is_in_transaction());
  CHECK(detail::read_schema_version(connection) == 1);
  connection.exec("DROP TABLE job_runs");
  detail::migrate(connection);
  CHECK(detail::read_schema_version(connection) == detail::schema_version_latest);
}

TEST_CASE("migrate keeps prefixes apart when several are in one file") {
  const TemporaryFile file;
  Options options = file.options();
  options.table_prefix = "a_";
  Connection a{options, Access::write};
  options.table_prefix = "b_";
  Connection b{options, Access::write};
  detail::migrate(a);
  CHECK(detail::read_schema_version(a) == detail::schema_version_latest);
  CHECK(detail::read_schema_version(b) == 0);
  detail::migrate(b);
  CHECK(tables(b) == std::vector<std::string>{"a_buckets", "a_job_dependencies", "a_job_runs",
                                              "a_jobs", "a_run_edges", "a_schema_version",
                                              "b_buckets", "b_job_dependencies", "b_job_runs",
                                              "b_jobs", "b_run_edges", "b_schema_version"});
}

TEST_CASE("migrate makes each step once when several start at the same time") {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFile file;
    std::atomic<int> ready_count{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        try {
          Connection connection{file.options(), Access::write};
          detail::migrate(connection);
          if (detail::read_schema_version(connection) == detail::schema_version_latest) {
            ++ready_count;
          }
        } catch (const std::exception&) {  // counted as missing
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(ready_count == 4);
  }
}

TEST_CASE("probe_write changes a row when it is called") {
  Connection connection{in_memory, Access::write};
  detail::migrate(connection);
  detail::probe_write(connection);
  CHECK(connection.change_count() == 1);
}

}  // namespace migrator_test
