// SPDX-License-Identifier: MIT

#include "punctual/sqlite/run_rows.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/history.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "punctual/testing/row_difference.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace run_rows_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::NewRun;
using punctual::RunTrigger;
using punctual::sqlite::test::Scratch;
using punctual::testing::difference;
using punctual::tests::error_of;

/// A row that has something in every field that a new run can have.
NewRun full_row(Scratch& scratch) {
  NewRun row = scratch.row("alpha");
  row.trigger = RunTrigger::backfill;
  row.due_at = scratch.now - 1ms;
  row.run_at = scratch.now + 1ms;
  row.actor = "olga";
  row.reason = "because \xC3\xA4 'quoted' {}";
  row.attempt = 3;
  row.retry_of = scratch.ids.next(scratch.now);
  row.priority = -7;
  row.payload = {{"number", -1}, {"list", {1, 2.5, nullptr}}};
  row.unique_key = "report";
  row.concurrency_key = "slow";
  row.concurrency_max = 4'294'967'295;
  row.exclusive = true;
  return row;
}

}  // namespace

TEST_CASE("read_run reads the row that insert_run stored, field by field") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  struct Row {
    const char* what;
    JobRun run;
  };
  NewRun skipped = scratch.row("alpha");
  skipped.status = JobStatus::skipped;
  skipped.message_code = "JOB_MISSED";
  skipped.summary = "3 due instants passed";
  skipped.details = {{"count", 3}};
  NewRun extreme = scratch.row("alpha");
  extreme.run_at = punctual::time_max;
  extreme.due_at = punctual::time_min;
  extreme.priority = -100;
  const std::vector<Row> rows = {
      {"nothing but a name", punctual::to_run(scratch.row("alpha"), scratch.now)},
      {"everything", punctual::to_run(full_row(scratch), scratch.now)},
      {"answered without a run", punctual::to_run(skipped, scratch.now)},
      {"the ends of time", punctual::to_run(extreme, punctual::time_min)},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    detail::insert_run(scratch.connection, row.run);
    const auto stored = detail::find_run(scratch.connection, row.run.id);
    REQUIRE(stored);
    CHECK(difference(row.run, *stored) == "");
  }
}

TEST_CASE("insert_run refuses a row when another run has its id, and says no value of it") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  const JobRun run = punctual::to_run(full_row(scratch), scratch.now);
  detail::insert_run(scratch.connection, run);
  JobRun again = punctual::to_run(scratch.row("alpha"), scratch.now);
  again.id = run.id;
  const auto error = error_of([&] { detail::insert_run(scratch.connection, again); });
  REQUIRE(error);
  CHECK(error->code() == "DUPLICATE_RUN_ID");
  CHECK_FALSE(error->retryable());
  CHECK(std::string{error->what()}.find(run.id.to_string()) == std::string::npos);
  CHECK(difference(run, detail::find_run(scratch.connection, run.id).value()) == "");
}

TEST_CASE("insert_run leaves it to SQLite to refuse a second row for a key or an instant") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  NewRun first = full_row(scratch);
  first.attempt = 1;
  detail::insert_run(scratch.connection, punctual::to_run(first, scratch.now));
  NewRun same_key = scratch.row("alpha");
  same_key.unique_key = first.unique_key;
  NewRun same_instant = scratch.row("alpha");
  same_instant.due_at = first.due_at;
  for (const auto& row : {same_key, same_instant}) {
    CHECK_THROWS_AS(detail::insert_run(scratch.connection, punctual::to_run(row, scratch.now)),
                    SQLite::Exception);
  }
}

TEST_CASE("read_run marks what it cannot decode and reads the rest of the row") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  const JobRun run = punctual::to_run(full_row(scratch), scratch.now);
  detail::insert_run(scratch.connection, run);
  scratch.connection.exec(
      "UPDATE {}job_runs SET details = 'not json', payload = '{\"cut\":', retry_of = 'nobody'");
  const auto stored = detail::find_run(scratch.connection, run.id);
  REQUIRE(stored);
  JobRun expected = run;
  expected.details = Json{{"_undecodable", true}};
  expected.payload = Json{{"_undecodable", true}};
  expected.retry_of = std::nullopt;
  CHECK(difference(expected, *stored) == "");
}

TEST_CASE("run_columns leave details and payload out when they are not wanted") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  JobRun run = punctual::to_run(full_row(scratch), scratch.now);
  run.details = {{"large", true}};
  detail::insert_run(scratch.connection, run);
  detail::Query query{scratch.connection,
                      "SELECT " + detail::run_columns(false) + " FROM {}job_runs"};
  REQUIRE(query.step());
  run.details = nullptr;
  run.payload = nullptr;
  CHECK(difference(run, detail::read_run(query)) == "");
}

}  // namespace run_rows_test
