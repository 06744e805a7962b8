// SPDX-License-Identifier: MIT
//
// Storing runs in memory: duplicates, what has to end first, what is replaced, the pace of retries.

#include "punctual/builtin/memory_store.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_store_test {

using punctual::Duration;
using punctual::EnqueueAnswer;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RunId;
using punctual::time_max;
using punctual::TimePoint;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::new_row;
using punctual::tests::pending_row;
using punctual::tests::skipped_row;
using punctual::tests::start_run;
using punctual::tests::stored_run;
using Kind = EnqueueAnswer::Kind;
namespace detail = punctual::detail;

namespace {

JobRun retry_row(std::uint32_t number, std::uint32_t work, std::uint32_t attempt = 2) {
  JobRun run = pending_row(number, "a");
  run.retry_of = id_of(work);
  run.attempt = attempt;
  return run;
}

/// Stores run 1 and ends it so.
void store_ended(MemoryTables& tables, JobStatus status, bool is_started) {
  tables.insert(pending_row(1, "a"));
  if (is_started) start_run(tables, 1);
  end_run(tables, 1, status);
}

}  // namespace

TEST_CASE("store_run answers with the first attempt when the due instant has one") {
  struct Row {
    const char* subject;
    std::string job;
    TimePoint due_at;
    std::uint32_t attempt;
    JobStatus status;
    bool is_duplicate;
  };
  const Row rows[] = {
      {"the same instant", "a", memory_start, 1, JobStatus::pending, true},
      {"the same instant, skipped", "a", memory_start, 1, JobStatus::skipped, true},
      {"another instant", "a", memory_start + Duration{1}, 1, JobStatus::pending, false},
      {"another job", "b", memory_start, 1, JobStatus::pending, false},
      {"a further attempt", "a", memory_start, 2, JobStatus::pending, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    JobRun first = skipped_row(1, "a");
    first.due_at = memory_start;
    tables.insert(first);
    NewRun next = new_row(2, row.job);
    next.due_at = row.due_at;
    next.attempt = row.attempt;
    next.status = row.status;
    const auto answer = detail::store_run(tables, next, memory_start);
    CHECK(answer.kind == (row.is_duplicate ? Kind::duplicate : Kind::stored));
    CHECK(answer.id == id_of(row.is_duplicate ? 1 : 2));
    CHECK(tables.runs().size() == (row.is_duplicate ? 1 : 2));
    tables.forget(id_of(1));
    next.id = id_of(3);
    if (row.is_duplicate) CHECK(detail::store_run(tables, next, memory_start).id == id_of(3));
  }
}

TEST_CASE("store_run lets a run wait, start or be skipped as the work that it names stands") {
  enum class Wanted : std::uint8_t { waits, starts, is_skipped };
  struct Row {
    const char* subject;
    void (*prepare)(MemoryTables&);
    std::uint32_t after;
    Wanted wanted;
  };
  const Row rows[] = {
      {"pending", [](MemoryTables& t) { t.insert(pending_row(1, "a")); }, 1, Wanted::waits},
      {"running",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         start_run(t, 1);
       },
       1, Wanted::waits},
      {"succeeded", [](MemoryTables& t) { store_ended(t, JobStatus::success, true); }, 1,
       Wanted::starts},
      {"ran and found nothing to do",
       [](MemoryTables& t) { store_ended(t, JobStatus::skipped, true); }, 1, Wanted::starts},
      {"skipped", [](MemoryTables& t) { store_ended(t, JobStatus::skipped, false); }, 1,
       Wanted::is_skipped},
      {"failed", [](MemoryTables& t) { store_ended(t, JobStatus::failed, true); }, 1,
       Wanted::is_skipped},
      {"not there", [](MemoryTables&) {}, 1, Wanted::is_skipped},
      {"failed, and tried again",
       [](MemoryTables& t) {
         store_ended(t, JobStatus::failed, true);
         t.insert(retry_row(2, 1));
       },
       1, Wanted::waits},
      {"named by its second attempt",
       [](MemoryTables& t) {
         store_ended(t, JobStatus::failed, true);
         t.insert(retry_row(2, 1));
       },
       2, Wanted::waits},
      {"failed, and succeeded the second time",
       [](MemoryTables& t) {
         store_ended(t, JobStatus::failed, true);
         t.insert(retry_row(2, 1));
         start_run(t, 2);
         end_run(t, 2);
       },
       1, Wanted::starts},
      {"open, the first attempt forgotten",
       [](MemoryTables& t) {
         store_ended(t, JobStatus::failed, true);
         t.insert(retry_row(2, 1));
         t.forget(id_of(1));
       },
       1, Wanted::waits},
      {"succeeded, the first attempt forgotten",
       [](MemoryTables& t) {
         store_ended(t, JobStatus::failed, true);
         t.insert(retry_row(2, 1));
         start_run(t, 2);
         end_run(t, 2);
         t.forget(id_of(1));
       },
       1, Wanted::starts},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    row.prepare(tables);
    NewRun next = new_row(9, "b");
    next.after = {id_of(row.after)};
    const TimePoint now = memory_start + Duration{5};
    const auto answer = detail::store_run(tables, next, now);
    CHECK(answer.kind == Kind::stored);
    CHECK(answer.id == id_of(9));
    const JobRun run = stored_run(tables, 9);
    CHECK(run.after == next.after);
    CHECK(run.waits_for == (row.wanted == Wanted::waits ? 1 : 0));
    CHECK(run.run_at == (row.wanted == Wanted::waits ? time_max : memory_start));
    CHECK(run.status ==
          (row.wanted == Wanted::is_skipped ? JobStatus::skipped : JobStatus::pending));
    CHECK(tables.waits.size() == (row.wanted == Wanted::waits ? 1 : 0));
    if (row.wanted != Wanted::is_skipped) continue;
    CHECK(run.message_code == "JOB_DEPENDENCY_FAILED");
    CHECK(run.summary == "a run that it waits for did not end well");
    CHECK(run.completed_at == now);
    CHECK(tables.find_job("b")->skipped_count == 1);
  }
}

TEST_CASE("store_run counts a work once when it is named by several of its attempts") {
  MemoryTables tables;
  store_ended(tables, JobStatus::failed, true);
  tables.insert(retry_row(2, 1));
  tables.insert(pending_row(3, "a"));
  NewRun next = new_row(9, "a");
  next.after = {id_of(1), id_of(2), id_of(3), id_of(3)};
  detail::store_run(tables, next, memory_start);
  CHECK(stored_run(tables, 9).waits_for == 2);
  CHECK(stored_run(tables, 9).after == next.after);
}

TEST_CASE("store_run ends the exclusive runs that are running when another takes their place") {
  MemoryTables tables;
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    JobRun run = pending_row(number, number == 4 ? "b" : "a");
    run.exclusive = number != 2;
    tables.insert(run);
    if (number != 3) start_run(tables, number);
  }
  NewRun next = new_row(9, "a");
  next.exclusive = true;
  next.replaces_running = true;
  const TimePoint now = memory_start + Duration{700};
  SECTION("while none waits") {
    end_run(tables, 3, JobStatus::skipped);
    next.skip_if_waiting = true;
    CHECK(detail::store_run(tables, next, now).kind == Kind::stored);
  }
  SECTION("though it is skipped itself, for one waits already") {
    next.skip_if_waiting = true;
    CHECK(detail::store_run(tables, next, now).kind == Kind::overlapped);
  }
  const JobRun replaced = stored_run(tables, 1);
  CHECK(replaced.status == JobStatus::failed);
  CHECK(replaced.message_code == "JOB_CANCELLED");
  CHECK(replaced.summary == "replaced by the next run of the job");
  REQUIRE(replaced.error);
  CHECK(replaced.error->code == "CANCELLED");
  CHECK(replaced.error->message == "another run took its place");
  CHECK(replaced.fence == 2);
  CHECK(replaced.completed_at == now);
  CHECK(replaced.duration == Duration{700});
  CHECK(tables.find_run(id_of(2))->status == JobStatus::running);  // not exclusive
  CHECK(tables.find_run(id_of(4))->status == JobStatus::running);  // of another job
  CHECK_FALSE(tables.running.has_exclusive(*tables.find_job("a")));
}

TEST_CASE("store_run replaces nothing when the row is not stored as pending") {
  struct Row {
    const char* subject;
    void (*spoil)(NewRun&);
  };
  const Row rows[] = {
      {"a skipped row", [](NewRun& row) { row.status = JobStatus::skipped; }},
      {"a duplicate", [](NewRun& row) { row.unique_key = "k"; }},
      {"what it waits for is not there", [](NewRun& row) { row.after = {id_of(8)}; }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    JobRun run = pending_row(1, "a");
    run.exclusive = true;
    run.unique_key = "k";
    tables.insert(run);
    start_run(tables, 1);
    NewRun next = new_row(9, "a");
    next.exclusive = true;
    next.replaces_running = true;
    row.spoil(next);
    detail::store_run(tables, next, memory_start);
    CHECK(tables.find_run(id_of(1))->status == JobStatus::running);
  }
}

TEST_CASE("store_run ends a replaced run not before its start when the clock was set back") {
  MemoryTables tables;
  JobRun run = pending_row(1, "a");
  run.exclusive = true;
  tables.insert(run);
  start_run(tables, 1);
  NewRun next = new_row(2, "a");
  next.replaces_running = true;
  detail::store_run(tables, next, memory_start - Duration{5});
  CHECK(stored_run(tables, 1).completed_at == memory_start);
  CHECK(stored_run(tables, 1).duration == Duration{0});
}

TEST_CASE("store_run moves a row on to when there is a token when it has a pace") {
  MemoryTables tables;
  NewRun row = new_row(1, "a");
  row.pace = {.key = "retry:a", .limit = {.max = 1, .period = Duration{1000}}};
  const auto run_at_of = [&](std::uint32_t number) {
    row.id = id_of(number);
    detail::store_run(tables, row, memory_start);
    return tables.find_run(row.id)->run_at;
  };
  CHECK(run_at_of(1) == memory_start);
  CHECK(run_at_of(2) == memory_start + Duration{1000});
  row.run_at = memory_start + Duration{5000};
  CHECK(run_at_of(3) == memory_start + Duration{5000});
  row.run_at = memory_start;
  row.pace.limit.max = 0;
  CHECK(run_at_of(4) == memory_start);
}

TEST_CASE("store_run takes no token when the row is not stored as ready") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  NewRun row = new_row(2, "a");
  row.pace = {.key = "k", .limit = {.max = 1, .period = Duration{1000}}};
  row.status = JobStatus::skipped;
  detail::store_run(tables, row, memory_start);
  row.status = JobStatus::pending;
  row.id = id_of(3);
  row.after = {id_of(1)};
  detail::store_run(tables, row, memory_start);
  CHECK(tables.buckets.size() == 0);
}

}  // namespace memory_store_test
