// SPDX-License-Identifier: MIT

#include "punctual/sqlite/counters.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/run_store.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace counters_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::Duration;
using punctual::JobDefinition;
using punctual::JobStatus;
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

}  // namespace counters_test
