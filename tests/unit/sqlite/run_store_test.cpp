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

TEST_CASE("rearm arms a schedule that waits for the end when no run is open") {
  struct Row {
    const char* what;
    Duration delay;
    std::optional<TimePoint> armed_at;
  };
  Scratch scratch;
  const std::vector<Row> rows = {
      {"a minute", 1min, scratch.now + 1min},
      {"at once", 0ms, scratch.now},
      {"for ever", Duration::max(), punctual::time_max},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch fresh;
    sync_after_finish(fresh, row.delay);
    detail::rearm(fresh.connection, "alpha", fresh.now);
    CHECK(next_due(fresh) == row.armed_at);
  }
}

TEST_CASE("rearm leaves a schedule as it is when there is a reason") {
  Scratch scratch;
  SECTION("a run is pending") {
    sync_after_finish(scratch, 1min);
    detail::store_run(scratch.connection, scratch.row("alpha"), scratch.now);
  }
  SECTION("a run is running") {
    sync_after_finish(scratch, 1min);
    detail::store_run(scratch.connection, scratch.row("alpha"), scratch.now);
    scratch.connection.exec("UPDATE {}job_runs SET status = 'running', lease_until_at = 1");
  }
  SECTION("the job does not wait for the end") {
    JobDefinition job;
    job.name = "alpha";
    (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
  }
  SECTION("the job was never loaded") {
    detail::ensure_job(scratch.connection, "alpha");
  }
  detail::rearm(scratch.connection, "alpha", scratch.now);
  CHECK(next_due(scratch) == std::nullopt);
}

TEST_CASE("rearm leaves an armed instant where it is") {
  Scratch scratch;
  sync_after_finish(scratch, 1min);
  detail::rearm(scratch.connection, "alpha", scratch.now);
  detail::rearm(scratch.connection, "alpha", scratch.now + 1h);
  CHECK(next_due(scratch) == std::optional{scratch.now + 1min});
}

TEST_CASE("count_ended moves the counter of each end on") {
  Scratch scratch;
  detail::ensure_job(scratch.connection, "alpha");
  detail::count_ended(scratch.connection, "alpha", JobStatus::failed);
  detail::count_ended(scratch.connection, "alpha", JobStatus::success);
  detail::count_ended(scratch.connection, "alpha", JobStatus::skipped);
  detail::count_ended(scratch.connection, "alpha", JobStatus::failed);
  CHECK(scratch.number("SELECT success_count FROM {}jobs") == 1);
  CHECK(scratch.number("SELECT failure_count FROM {}jobs") == 2);
  CHECK(scratch.number("SELECT skipped_count FROM {}jobs") == 1);
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

}  // namespace run_store_test
