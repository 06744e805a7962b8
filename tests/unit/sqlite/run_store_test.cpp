// SPDX-License-Identifier: MIT

#include "punctual/sqlite/run_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/history.hpp"
#include "punctual/sqlite/ledger.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace run_store_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using detail::Stored;
using punctual::Duration;
using punctual::JobDefinition;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::TimePoint;
using punctual::sqlite::test::Scratch;

std::optional<TimePoint> next_due(Scratch& scratch) {
  return detail::read_ledger_row(scratch.connection, "alpha").state.next_due_at;
}

/// A job that waits for the end of its runs; nothing is armed.
void sync_after_finish(Scratch& scratch, Duration delay) {
  JobDefinition job;
  job.name = "alpha";
  job.after_finish_delay = delay;
  (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
}

}  // namespace

TEST_CASE("store_run says what became of a row and counts what ended at once") {
  Scratch scratch;
  NewRun keyed = scratch.row("alpha");
  keyed.unique_key = "report";
  CHECK(detail::store_run(scratch.connection, keyed, scratch.now) == Stored::as_given);
  CHECK(detail::open_with_key(scratch.connection, "report") == std::optional{keyed.id});
  CHECK(detail::open_with_key(scratch.connection, "other") == std::nullopt);

  NewRun duplicate = scratch.row("beta");
  duplicate.unique_key = "report";
  CHECK(detail::store_run(scratch.connection, duplicate, scratch.now) == Stored::key_taken);

  NewRun due = scratch.row("alpha");
  due.due_at = scratch.now;
  due.status = JobStatus::skipped;
  CHECK(detail::store_run(scratch.connection, due, scratch.now) == Stored::as_given);
  CHECK(detail::first_attempt(scratch.connection, "alpha", scratch.now) == std::optional{due.id});
  due.id = scratch.ids.next(scratch.now);
  CHECK(detail::store_run(scratch.connection, due, scratch.now) == Stored::answered);

  CHECK(scratch.number("SELECT count(*) FROM {}job_runs") == 2);
  CHECK(scratch.number("SELECT skipped_count FROM {}jobs WHERE name = 'alpha'") == 1);
  CHECK(scratch.number("SELECT count(*) FROM {}jobs WHERE name = 'beta'") == 0);
}

TEST_CASE("store_run stores a row as overlapped when another exclusive run is open") {
  struct Row {
    const char* what;
    bool first_is_exclusive;
    Duration first_waits;
    bool asks_to_be_skipped;
    Stored stored;
  };
  const std::vector<Row> rows = {
      {"another is ready", true, 0ms, true, Stored::overlapped},
      {"another comes later", true, 1ms, true, Stored::as_given},
      {"another is not exclusive", false, 0ms, true, Stored::as_given},
      {"it did not ask", true, 0ms, false, Stored::as_given},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch scratch;
    NewRun first = scratch.row("alpha");
    first.exclusive = row.first_is_exclusive;
    first.run_at += row.first_waits;
    detail::store_run(scratch.connection, first, scratch.now);
    NewRun second = scratch.row("alpha");
    second.exclusive = true;
    second.skip_if_open = row.asks_to_be_skipped;
    CHECK(detail::store_run(scratch.connection, second, scratch.now) == row.stored);
    const auto run = detail::find_run(scratch.connection, second.id);
    REQUIRE(run);
    const bool is_overlapped = row.stored == Stored::overlapped;
    CHECK(run->status == (is_overlapped ? JobStatus::skipped : JobStatus::pending));
    CHECK(run->message_code == (is_overlapped ? "JOB_OVERLAPPED" : ""));
    CHECK(scratch.number("SELECT skipped_count FROM {}jobs") == (is_overlapped ? 1 : 0));
  }
}

TEST_CASE("rearm_each arms nothing when one of the rows is open") {
  Scratch scratch;
  sync_after_finish(scratch, 1min);
  NewRun skipped = scratch.row("alpha");
  skipped.status = JobStatus::skipped;
  const NewRun open = scratch.row("alpha");
  detail::store_run(scratch.connection, skipped, scratch.now);
  detail::store_run(scratch.connection, open, scratch.now);
  detail::rearm_each(scratch.connection, {skipped, open}, scratch.now);
  CHECK(next_due(scratch) == std::nullopt);
  scratch.connection.exec("UPDATE {}job_runs SET status = 'skipped', completed_at = 0");
  detail::rearm_each(scratch.connection, {skipped, open}, scratch.now);
  CHECK(next_due(scratch) == std::optional{scratch.now + 1min});
}

TEST_CASE("store_run draws an edge for each work that has not ended, and counts it") {
  Scratch scratch;
  const NewRun open = scratch.row("alpha");
  const NewRun other = scratch.row("alpha");
  NewRun ended = scratch.row("alpha");
  ended.status = JobStatus::skipped;
  for (const auto& row : {open, other, ended}) {
    detail::store_run(scratch.connection, row, scratch.now);
  }
  scratch.connection.exec("UPDATE {}job_runs SET started_at = 0 WHERE status = 'skipped'");
  NewRun waiting = scratch.row("beta");
  waiting.after = {open.id, ended.id, other.id, open.id};
  CHECK(detail::store_run(scratch.connection, waiting, scratch.now) == Stored::as_given);
  const auto run = detail::find_run(scratch.connection, waiting.id);
  REQUIRE(run);
  CHECK(run->waits_for == 2);
  CHECK(run->run_at == punctual::time_max);
  CHECK(run->after == waiting.after);
  CHECK(scratch.number("SELECT count(*) FROM {}run_edges") == 2);
}

TEST_CASE("store_run draws no edge when something that the row waits for did not end well") {
  Scratch scratch;
  const NewRun open = scratch.row("alpha");
  detail::store_run(scratch.connection, open, scratch.now);
  NewRun waiting = scratch.row("beta");
  waiting.after = {open.id, scratch.ids.next(scratch.now)};
  CHECK(detail::store_run(scratch.connection, waiting, scratch.now) == Stored::as_given);
  const auto run = detail::find_run(scratch.connection, waiting.id);
  REQUIRE(run);
  CHECK(run->status == JobStatus::skipped);
  CHECK(run->message_code == "JOB_DEPENDENCY_FAILED");
  CHECK(run->waits_for == 0);
  CHECK(scratch.number("SELECT count(*) FROM {}run_edges") == 0);
}

TEST_CASE("store_run takes a token for a row that is ready, and for no other") {
  struct Row {
    const char* what;
    void (*change)(NewRun&);
    bool takes_token;
  };
  const std::vector<Row> rows = {
      {"ready", [](NewRun&) {}, true},
      {"without a limit", [](NewRun& row) { row.pace.limit.max = 0; }, false},
      {"skipped", [](NewRun& row) { row.status = JobStatus::skipped; }, false},
      {"after nothing that is there", [](NewRun& row) { row.after = {row.id}; }, false},
  };
  for (const auto& each : rows) {
    CAPTURE(each.what);
    Scratch scratch;
    NewRun row = scratch.row("alpha");
    row.pace = {"budget", {.max = 1, .period = 1h}};
    each.change(row);
    detail::store_run(scratch.connection, row, scratch.now);
    CHECK(scratch.number("SELECT count(*) FROM {}buckets") == (each.takes_token ? 1 : 0));
  }
  Scratch scratch;
  const NewRun open = scratch.row("alpha");
  detail::store_run(scratch.connection, open, scratch.now);
  NewRun waiting = scratch.row("alpha");
  waiting.pace = {"budget", {.max = 1, .period = 1h}};
  waiting.after = {open.id};
  detail::store_run(scratch.connection, waiting, scratch.now);
  CHECK(scratch.number("SELECT count(*) FROM {}buckets") == 0);
}

TEST_CASE("end_running_exclusive ends what is running and exclusive, under the next fence") {
  Scratch scratch;
  const NewRun shared = scratch.row("alpha");
  NewRun exclusive = scratch.row("alpha");
  exclusive.exclusive = true;
  for (const auto& row : {shared, exclusive}) {
    detail::store_run(scratch.connection, row, scratch.now);
  }
  scratch.connection.exec(
      "UPDATE {}job_runs SET status = 'running', fence = 3, started_at = run_at + 5,"
      " lease_until_at = 1");
  CHECK(detail::end_running_exclusive(scratch.connection, "alpha", scratch.now).size() == 1);
  const auto ended = detail::find_run(scratch.connection, exclusive.id);
  REQUIRE(ended);
  CHECK(ended->status == JobStatus::failed);
  CHECK(ended->message_code == "JOB_CANCELLED");
  CHECK(ended->fence == 4);
  CHECK(ended->completed_at == ended->started_at);  // the clock was set back meanwhile
  CHECK(ended->duration == std::optional{Duration{0}});
  CHECK(detail::find_run(scratch.connection, shared.id)->status == JobStatus::running);
  CHECK(scratch.number("SELECT failure_count FROM {}jobs") == 1);
}

}  // namespace run_store_test
