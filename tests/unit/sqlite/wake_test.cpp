// SPDX-License-Identifier: MIT

#include "punctual/sqlite/wake.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/queue.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace wake_test {

namespace {

using namespace std::chrono_literals;
namespace detail = punctual::sqlite::detail;

using punctual::JobDefinition;
using punctual::JobNames;
using punctual::NewRun;
using punctual::TimePoint;
using punctual::WakeTimes;
using punctual::sqlite::test::claim_request;
using punctual::sqlite::test::Scratch;
using punctual::sqlite::test::StepCounter;

const JobNames known{"alpha", "beta"};

void sync(Scratch& scratch, std::string name, std::optional<TimePoint> next_due_at) {
  JobDefinition job;
  job.name = std::move(name);
  job.next_due_at = next_due_at;
  (void)detail::sync_jobs(scratch.connection, {job}, scratch.now);
}

void enqueue(Scratch& scratch, std::string job, TimePoint run_at, int priority = 0) {
  NewRun row = scratch.row(std::move(job));
  row.run_at = run_at;
  row.priority = priority;
  (void)detail::enqueue(scratch.connection, {row}, scratch.now);
}

void pause(Scratch& scratch, const std::string& job) {
  scratch.connection.exec("UPDATE {}jobs SET paused = 1 WHERE name = '" + job + "'");
}

int count_statement(unsigned, void* count, void*, void*) {
  ++*static_cast<int*>(count);
  return 0;
}

}  // namespace

TEST_CASE("next_wake finds nothing when there is nothing to do") {
  Scratch scratch;
  sync(scratch, "alpha", std::nullopt);
  const WakeTimes wake = detail::next_wake(scratch.connection, known);
  CHECK(wake.due_at == std::nullopt);
  CHECK(wake.run_at == std::nullopt);
  CHECK(wake.expires_at == std::nullopt);
}

TEST_CASE("next_wake finds the earliest of each kind among the jobs asked about") {
  Scratch scratch;
  sync(scratch, "alpha", scratch.now + 3s);
  sync(scratch, "beta", scratch.now + 2s);
  sync(scratch, "stranger", scratch.now + 1s);
  enqueue(scratch, "beta", scratch.now);
  enqueue(scratch, "stranger", scratch.now);
  const JobNames all{"alpha", "beta", "stranger"};
  REQUIRE(detail::claim(scratch.connection, claim_request(all), scratch.now).size() == 2);
  scratch.connection.exec("UPDATE {}job_runs SET lease_until_at = 0 WHERE job_name = 'stranger'");
  enqueue(scratch, "stranger", scratch.now + 4s);
  enqueue(scratch, "alpha", scratch.now + 6s);
  enqueue(scratch, "beta", scratch.now + 5s, -50);
  enqueue(scratch, "alpha", scratch.now + 7s, 50);

  const WakeTimes wake = detail::next_wake(scratch.connection, known);
  CHECK(wake.due_at == std::optional{scratch.now + 2s});
  CHECK(wake.run_at == std::optional{scratch.now + 5s});
  CHECK(wake.expires_at == std::optional{scratch.now + 30s});
  CHECK(detail::next_wake(scratch.connection, {}).run_at == std::nullopt);
}

TEST_CASE("next_wake leaves out the schedule and the pending runs of a paused job") {
  Scratch scratch;
  sync(scratch, "alpha", scratch.now + 1s);
  sync(scratch, "beta", scratch.now + 2s);
  enqueue(scratch, "alpha", scratch.now);
  REQUIRE(detail::claim(scratch.connection, claim_request(known), scratch.now).size() == 1);
  enqueue(scratch, "alpha", scratch.now + 3s);
  enqueue(scratch, "beta", scratch.now + 4s);
  pause(scratch, "alpha");
  const WakeTimes wake = detail::next_wake(scratch.connection, known);
  CHECK(wake.due_at == std::optional{scratch.now + 2s});
  CHECK(wake.run_at == std::optional{scratch.now + 4s});
  CHECK(wake.expires_at == std::optional{scratch.now + 30s});  // its running runs still end
}

TEST_CASE("next_wake looks behind a backlog of paused and unknown jobs, and at little cost") {
  std::vector<std::int64_t> costs;
  for (const int count : {300, 3000}) {
    Scratch scratch;
    for (int i = 0; i < count; ++i) {
      enqueue(scratch, i % 2 == 0 ? "alpha" : "stranger", scratch.now - 1h, i % 3);
    }
    pause(scratch, "alpha");
    enqueue(scratch, "beta", scratch.now + 2s, -9);
    enqueue(scratch, "beta", scratch.now + 1s, 9);
    enqueue(scratch, "beta", scratch.now + 3s, 20);
    const StepCounter counter{scratch.connection};
    CHECK(detail::next_wake(scratch.connection, known).run_at == std::optional{scratch.now + 1s});
    costs.push_back(counter.step_count());
  }
  CHECK(costs[1] < costs[0] + costs[0] / 10);
}

TEST_CASE("next_wake asks SQLite one question") {
  Scratch scratch;
  enqueue(scratch, "alpha", scratch.now);
  (void)detail::next_wake(scratch.connection, known);
  int statement_count = 0;
  sqlite3* handle = scratch.connection.database().getHandle();
  sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, &count_statement, &statement_count);
  (void)detail::next_wake(scratch.connection, known);
  sqlite3_trace_v2(handle, 0, nullptr, nullptr);
  CHECK(statement_count == 1);
}

}  // namespace wake_test
