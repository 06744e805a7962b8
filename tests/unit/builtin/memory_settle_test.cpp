// SPDX-License-Identifier: MIT
//
// What follows from ends in memory: runs that waited, jobs that depend on the job.

#include "punctual/builtin/memory_settle.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_settle_test {

using punctual::Duration;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RunId;
using punctual::time_max;
using punctual::TimePoint;
using punctual::detail::MemoryJob;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::new_row;
using punctual::tests::pending_row;
using punctual::tests::skipped_row;
using punctual::tests::start_run;
using punctual::tests::stored_run;
namespace detail = punctual::detail;

namespace {

constexpr TimePoint later = memory_start + Duration{9000};

void store_after(MemoryTables& tables, std::uint32_t number, const std::vector<RunId>& after,
                 const std::string& job = "a") {
  NewRun row = new_row(number, job);
  row.after = after;
  detail::store_run(tables, row, memory_start);
}

/// Has a pending run started and ended, and lets happen what follows.
void execute(MemoryTables& tables, std::uint32_t number, JobStatus status = JobStatus::success,
             TimePoint completed_at = later) {
  start_run(tables, number);
  end_run(tables, number, status, completed_at);
  detail::settle_ends(tables);
}

/// Stores a run of the job and executes it.
void run_job(MemoryTables& tables, std::uint32_t number, const std::string& job,
             JobStatus status = JobStatus::success, TimePoint completed_at = later) {
  tables.insert(pending_row(number, job));
  execute(tables, number, status, completed_at);
}

void set_delay(MemoryTables& tables, MemoryJob& job, std::optional<Duration> delay) {
  tables.set_terms(job, {.after_finish_delay = delay});
}

MemoryJob& sync(MemoryTables& tables, const std::string& name, const JobNames& depends_on = {}) {
  MemoryJob& job = tables.job_of(name);
  detail::set_dependencies(tables, job, depends_on);
  tables.change_state(job, [](auto&) {});
  return job;
}

}  // namespace

TEST_CASE("settle_ends makes a run ready at the instant when the last work it waits for ends") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  tables.insert(pending_row(2, "a"));
  store_after(tables, 3, {id_of(1), id_of(2)});
  const auto run = [&] { return stored_run(tables, 3); };
  execute(tables, 2, JobStatus::success, later - Duration{1});
  CHECK(run().waits_for == 1);
  CHECK(run().run_at == time_max);
  CHECK((*tables.pending.jobs().begin())->first_pending_at == std::optional{memory_start});
  execute(tables, 1);
  CHECK(run().waits_for == 0);
  CHECK(run().run_at == later);
  CHECK(run().status == JobStatus::pending);
  CHECK((*tables.pending.jobs().begin())->first_pending_at == std::optional{later});
  execute(tables, 3);
  CHECK(run().status == JobStatus::success);
}

TEST_CASE("settle_ends waits for the further attempts when a run has ended and is tried again") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  store_after(tables, 9, {id_of(1)});
  start_run(tables, 1);
  end_run(tables, 1, JobStatus::failed);
  JobRun retry = pending_row(2, "a");
  retry.retry_of = id_of(1);
  retry.attempt = 2;
  tables.insert(retry);
  detail::settle_ends(tables);
  const auto run = [&] { return stored_run(tables, 9); };
  CHECK(run().waits_for == 1);
  SECTION("and well at last") {
    execute(tables, 2);
    CHECK(run().status == JobStatus::pending);
    CHECK(run().run_at == later);
  }
  SECTION("and fails for good") {
    execute(tables, 2, JobStatus::failed);
    CHECK(run().status == JobStatus::skipped);
  }
  SECTION("and is cancelled") {
    end_run(tables, 2, JobStatus::skipped, later);
    detail::settle_ends(tables);
    CHECK(run().status == JobStatus::skipped);
  }
}

TEST_CASE("settle_ends skips a run when one of those it waits for does not end well") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  tables.insert(pending_row(2, "a"));
  store_after(tables, 3, {id_of(1), id_of(2)});
  execute(tables, 1, JobStatus::failed);
  const auto run = [&] { return stored_run(tables, 3); };
  CHECK(run().status == JobStatus::skipped);
  CHECK(run().message_code == "JOB_DEPENDENCY_FAILED");
  CHECK(run().summary == "a run that it waits for did not end well");
  CHECK(run().completed_at == later);
  CHECK(tables.waits.size() == 0);
  execute(tables, 2);
  CHECK(run().status == JobStatus::skipped);
  CHECK(tables.find_job("a")->skipped_count == 1);
  for (const std::uint32_t number : {1U, 2U, 3U}) tables.forget(id_of(number));
  CHECK(tables.runs().empty());
}

TEST_CASE("settle_ends makes a run ready when it waited for one that found nothing to do") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  store_after(tables, 2, {id_of(1)});
  execute(tables, 1, JobStatus::skipped);
  CHECK(stored_run(tables, 2).run_at == later);
}

TEST_CASE("settle_ends lets a run go when it waited and is cancelled") {
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  store_after(tables, 2, {id_of(1)});
  store_after(tables, 3, {id_of(2)});
  end_run(tables, 2, JobStatus::skipped, later);
  detail::settle_ends(tables);
  CHECK(tables.find_run(id_of(3))->status == JobStatus::skipped);
  CHECK(tables.waits.size() == 0);
  execute(tables, 1);
  CHECK(tables.find_run(id_of(2))->status == JobStatus::skipped);
}

TEST_CASE("settle_ends goes through a chain of any length when its first run fails") {
  constexpr std::uint32_t length = 20'000;
  MemoryTables tables;
  tables.insert(pending_row(1, "a"));
  for (std::uint32_t number = 2; number <= length; ++number) {
    store_after(tables, number, {id_of(number - 1)});
  }
  execute(tables, 1, JobStatus::failed);
  CHECK(tables.find_job("a")->skipped_count == length - 1);
  CHECK(stored_run(tables, length).completed_at == later);
  CHECK(tables.find_job("a")->open_count == 0);
  CHECK(tables.waits.size() == 0);
}

TEST_CASE(
    "settle_ends arms a job when each that it depends on has ended well since the last time") {
  MemoryTables tables;
  sync(tables, "a");
  sync(tables, "b");
  MemoryJob& job = sync(tables, "z", {"a", "b"});
  run_job(tables, 1, "a");
  run_job(tables, 2, "a");
  CHECK_FALSE(job.next_due_at);
  const auto version = job.version;
  run_job(tables, 3, "b");
  CHECK(job.next_due_at == std::optional{later});
  CHECK(job.version == version + 1);
  CHECK(job.extra->failed_dependency.empty());
  // Coalesced with what is armed, and counted as used.
  run_job(tables, 4, "a", JobStatus::success, later + Duration{5});
  run_job(tables, 5, "b", JobStatus::success, later + Duration{5});
  CHECK(job.next_due_at == std::optional{later});
  CHECK(job.version == version + 1);
  tables.change_state(job, [](auto& state) { state.next_due_at.reset(); });
  run_job(tables, 6, "b");
  CHECK_FALSE(job.next_due_at);
  run_job(tables, 7, "a");
  CHECK(job.next_due_at == std::optional{later});
}

TEST_CASE("settle_ends arms a job for a failure only when the end of that work counts") {
  struct Row {
    const char* subject;
    void (*happen)(MemoryTables&);
    bool is_armed;
    const char* failed;
  };
  const Row rows[] = {
      {"failed", [](MemoryTables& t) { run_job(t, 1, "a", JobStatus::failed); }, true, "a"},
      {"ran and found nothing to do",
       [](MemoryTables& t) { run_job(t, 1, "a", JobStatus::skipped); }, true, ""},
      {"skipped, for its own dependency failed",
       [](MemoryTables& t) {
         JobRun run = skipped_row(1, "a", later);
         run.message_code = "JOB_DEPENDENCY_FAILED";
         t.insert(run);
       },
       true, "a"},
      {"missed",
       [](MemoryTables& t) {
         JobRun run = skipped_row(1, "a", later);
         run.message_code = "JOB_MISSED";
         t.insert(run);
       },
       false, ""},
      {"cancelled before it started",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         end_run(t, 1, JobStatus::skipped, later);
       },
       false, ""},
      {"failed, and is tried again",
       [](MemoryTables& t) {
         t.insert(pending_row(1, "a"));
         JobRun retry = pending_row(2, "a");
         retry.retry_of = id_of(1);
         retry.attempt = 2;
         t.insert(retry);
         start_run(t, 1);
         end_run(t, 1, JobStatus::failed, later);
       },
       false, ""},
      {"of another job", [](MemoryTables& t) { run_job(t, 1, "b", JobStatus::failed); }, false, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    sync(tables, "a");
    MemoryJob& job = sync(tables, "z", {"a"});
    row.happen(tables);
    detail::settle_ends(tables);
    CHECK(job.next_due_at == (row.is_armed ? std::optional{later} : std::nullopt));
    CHECK(job.extra->failed_dependency == row.failed);
  }
}

TEST_CASE("settle_ends begins to count afresh when one of several dependencies fails") {
  MemoryTables tables;
  MemoryJob& job = sync(tables, "z", {"a", "b"});
  run_job(tables, 1, "a");
  run_job(tables, 2, "b", JobStatus::failed);
  CHECK(job.extra->failed_dependency == "b");
  CHECK(job.extra->done_dependencies.empty());
  tables.change_state(job, [](auto& state) {
    state.next_due_at.reset();
    state.clear_failed_dependency();
  });
  run_job(tables, 3, "b");
  CHECK_FALSE(job.next_due_at);
  run_job(tables, 4, "a");
  CHECK(job.next_due_at == std::optional{later});
}

TEST_CASE("settle_ends arms an instant after the last answered one when that is not over") {
  MemoryTables tables;
  MemoryJob& job = sync(tables, "z", {"a"});
  JobRun answer = skipped_row(1, "z");
  answer.due_at = later;
  tables.insert(answer);
  run_job(tables, 2, "a");
  CHECK(job.next_due_at == std::optional{later + Duration{1}});
}

TEST_CASE("settle_ends arms nothing when the dependent job is disabled or was never synced") {
  MemoryTables tables;
  MemoryJob& disabled = sync(tables, "y", {"a"});
  tables.change_state(disabled, [](auto& state) { state.enabled = false; });
  run_job(tables, 1, "a");
  CHECK_FALSE(disabled.next_due_at);
  CHECK(disabled.extra->done_dependencies.empty());
}

TEST_CASE("set_dependencies forgets those of before when they change") {
  MemoryTables tables;
  MemoryJob& job = sync(tables, "z", {"a", "b"});
  run_job(tables, 1, "a");
  CHECK(job.extra->done_dependencies.size() == 1);
  detail::set_dependencies(tables, job, {"b", "c"});
  CHECK(job.extra->depends_on == JobNames{"b", "c"});
  CHECK(job.extra->done_dependencies.empty());
  CHECK(tables.dependents.members_of("a").empty());
  CHECK(tables.dependents.members_of("c").size() == 1);
  detail::set_dependencies(tables, job, {});
  CHECK(tables.dependents.size() == 0);
}

TEST_CASE("arm_after_finish arms the end and the delay only when nothing is open or armed") {
  struct Row {
    const char* subject;
    void (*spoil)(MemoryTables&, MemoryJob&);
    std::optional<TimePoint> wanted;
  };
  const Row rows[] = {
      {"idle", [](MemoryTables&, MemoryJob&) {}, later + Duration{1000}},
      {"without a delay", [](MemoryTables& t, MemoryJob& job) { set_delay(t, job, std::nullopt); },
       std::nullopt},
      {"with an open run", [](MemoryTables& t, MemoryJob&) { t.insert(pending_row(9, "a")); },
       std::nullopt},
      {"armed",
       [](MemoryTables& t, MemoryJob& job) {
         t.change_state(job, [](auto& state) { state.next_due_at = memory_start; });
       },
       memory_start},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    MemoryJob& job = sync(tables, "a");
    set_delay(tables, job, Duration{1000});
    row.spoil(tables, job);
    detail::arm_after_finish(tables, job, later);
    CHECK(job.next_due_at == row.wanted);
  }
  MemoryTables tables;
  MemoryJob& never_synced = tables.job_of("a");
  set_delay(tables, never_synced, Duration{1000});
  detail::arm_after_finish(tables, never_synced, later);
  CHECK_FALSE(never_synced.next_due_at);
}

}  // namespace memory_settle_test
