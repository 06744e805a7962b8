// SPDX-License-Identifier: MIT
//
// Giving up runs whose job no node knows.

#include "punctual/builtin/memory_expiry.hpp"

#include <cstdint>
#include <string>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_expiry_test {

using punctual::Duration;
using punctual::ExpiryRequest;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::TimePoint;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::new_row;
using punctual::tests::pending_row;
using punctual::tests::start_run;
using punctual::tests::stored_run;
namespace detail = punctual::detail;

namespace {

constexpr Duration age{60'000};
const JobNames known = {"b"};

std::size_t expire(MemoryTables& tables, TimePoint now, std::size_t limit = 100,
                   Duration of_age = age) {
  return detail::expire_unknown_runs(
      tables, ExpiryRequest{.jobs = &known, .limit = limit, .age = of_age}, now);
}

}  // namespace

TEST_CASE("expire_unknown_runs ends a pending run only when nobody knew its job for long") {
  struct Row {
    const char* subject;
    void (*prepare)(MemoryTables&);
    std::size_t wanted;
  };
  const Row rows[] = {
      {"never synced", [](MemoryTables& t) { t.insert(pending_row(1, "a")); }, 1},
      {"seen long ago",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         t.job_of("a").seen_at = memory_start;
       },
       1},
      {"of a paused job",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         t.set_paused(t.job_of("a"), true);
       },
       1},
      {"seen since",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         t.job_of("a").seen_at = memory_start + Duration{1};
       },
       0},
      {"of a job that is known", [](MemoryTables& t) { t.insert(pending_row(1, "b")); }, 0},
      {"ready only since",
       [](MemoryTables& t) { t.insert(pending_row(1, "a", memory_start + Duration{1})); }, 0},
      {"running",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         start_run(t, 1);
       },
       0},
      {"waiting for another run",
       [](MemoryTables& t) {
         JobRun run = pending_row(1, "a");
         run.waits_for = 1;
         t.insert(run);
       },
       0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    row.prepare(tables);
    CHECK(expire(tables, memory_start + age - Duration{1}) == 0);
    CHECK(expire(tables, memory_start + age) == row.wanted);
    CHECK(expire(tables, memory_start + age) == 0);
    CHECK((tables.find_run(id_of(1))->status == JobStatus::failed) == (row.wanted == 1));
  }
}

TEST_CASE("expire_unknown_runs says which job nobody knew when it ends a run") {
  MemoryTables tables;
  tables.insert(pending_row(1, "mail"));
  REQUIRE(expire(tables, memory_start + age) == 1);
  const JobRun run = stored_run(tables, 1);
  CHECK(run.message_code == "JOB_NOT_FOUND");
  CHECK(run.summary == "no node knew the job");
  REQUIRE(run.error);
  CHECK(run.error->code == "JOB_NOT_FOUND");
  CHECK(run.error->message == "no node that knows job \"mail\" was there for 60000 ms");
  CHECK(run.completed_at == memory_start + age);
  CHECK_FALSE(run.started_at);
  CHECK(tables.find_job("mail")->failure_count == 1);
}

TEST_CASE("expire_unknown_runs ends as many as asked for, of several jobs, the oldest job first") {
  MemoryTables tables;
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    const TimePoint run_at = memory_start - Duration{static_cast<int>(number)};
    tables.insert(pending_row(number, number % 2 == 0 ? "c" : "d", run_at));
  }
  CHECK(expire(tables, memory_start + age, 0) == 0);
  CHECK(expire(tables, memory_start + age, 3) == 3);
  CHECK(tables.find_run(id_of(1))->status == JobStatus::pending);
  CHECK(expire(tables, memory_start + age, 3) == 1);
}

TEST_CASE("expire_unknown_runs ends nothing when the age is for ever") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  CHECK(expire(tables, memory_start + age, 100, Duration::max()) == 0);
}

}  // namespace memory_expiry_test
