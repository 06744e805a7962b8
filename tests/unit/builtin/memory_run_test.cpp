// SPDX-License-Identifier: MIT
//
// MemoryRun: nothing of a run is lost in its row, and an ordinary one is small.

#include "punctual/builtin/memory_run.hpp"

#include <string>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_run_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::RunTrigger;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::detail::to_job_run;
using punctual::detail::to_row;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::pending_row;

namespace {

/// A run with every value set.
JobRun full_run() {
  JobRun run = pending_row(1, "alpha");
  run.status = JobStatus::failed;
  run.trigger = RunTrigger::retry;
  run.message_code = "JOB_FAILED";
  run.summary = "it failed";
  run.details = {{"count", 3}};
  run.error = {"CODE", "message"};
  run.due_at = memory_start + Duration{1};
  run.created_at = memory_start + Duration{2};
  run.started_at = memory_start + Duration{3};
  run.completed_at = memory_start + Duration{4};
  run.duration = Duration{5};
  run.actor = "jane";
  run.reason = "because";
  run.attempt = 2;
  run.retry_of = id_of(2);
  run.priority = -7;
  run.payload = {{"month", 1}};
  run.unique_key = "unique";
  run.concurrency_key = "concurrency";
  run.concurrency_max = 8;
  run.exclusive = true;
  run.node = "node-1";
  run.fence = 9;
  run.lease_until_at = memory_start + Duration{6};
  run.cancel_requested = true;
  run.cancel_actor = "olga";
  run.progress = 0.5;
  run.progress_note = "half";
  run.abandon_count = 10;
  run.payload_version = 11;
  run.workflow_id = id_of(3);
  run.step = "step";
  run.after = {id_of(4), id_of(5)};
  run.waits_for = 12;
  run.log = {{"dropped", 0}};
  return run;
}

std::string json_of(const JobRun& run) {
  return punctual::Json(run).dump();
}

}  // namespace

TEST_CASE("to_job_run returns the run that to_row was given, whatever is set") {
  MemoryJob job{"alpha", 0};
  for (const JobRun& run : {full_run(), pending_row(1, "alpha")}) {
    const JobRun back = to_job_run(to_row(run, job));
    CHECK(json_of(back) == json_of(run));
    CHECK(back.exclusive == run.exclusive);  // these are not in the JSON
    CHECK(back.concurrency_max == run.concurrency_max);
    CHECK(back.cancel_actor == run.cancel_actor);
  }
}

TEST_CASE("to_job_run returns each value also when it is the only one that is set") {
  using Copy = void (*)(JobRun&, const JobRun&);
  const Copy copies[] = {
      [](JobRun& run, const JobRun& full) { run.message_code = full.message_code; },
      [](JobRun& run, const JobRun& full) { run.summary = full.summary; },
      [](JobRun& run, const JobRun& full) { run.details = full.details; },
      [](JobRun& run, const JobRun& full) { run.error = full.error; },
      [](JobRun& run, const JobRun& full) { run.due_at = full.due_at; },
      [](JobRun& run, const JobRun& full) { run.started_at = full.started_at; },
      [](JobRun& run, const JobRun& full) { run.completed_at = full.completed_at; },
      [](JobRun& run, const JobRun& full) { run.duration = full.duration; },
      [](JobRun& run, const JobRun& full) { run.actor = full.actor; },
      [](JobRun& run, const JobRun& full) { run.reason = full.reason; },
      [](JobRun& run, const JobRun& full) { run.retry_of = full.retry_of; },
      [](JobRun& run, const JobRun& full) { run.payload = full.payload; },
      [](JobRun& run, const JobRun& full) { run.unique_key = full.unique_key; },
      [](JobRun& run, const JobRun& full) { run.concurrency_key = full.concurrency_key; },
      [](JobRun& run, const JobRun& full) { run.node = full.node; },
      [](JobRun& run, const JobRun& full) { run.fence = full.fence; },
      [](JobRun& run, const JobRun& full) { run.lease_until_at = full.lease_until_at; },
      [](JobRun& run, const JobRun& full) { run.cancel_requested = full.cancel_requested; },
      [](JobRun& run, const JobRun& full) { run.progress = full.progress; },
      [](JobRun& run, const JobRun& full) { run.progress_note = full.progress_note; },
      [](JobRun& run, const JobRun& full) { run.abandon_count = full.abandon_count; },
      [](JobRun& run, const JobRun& full) { run.payload_version = full.payload_version; },
      [](JobRun& run, const JobRun& full) { run.workflow_id = full.workflow_id; },
      [](JobRun& run, const JobRun& full) { run.step = full.step; },
      [](JobRun& run, const JobRun& full) { run.after = full.after; },
      [](JobRun& run, const JobRun& full) { run.waits_for = full.waits_for; },
      [](JobRun& run, const JobRun& full) { run.log = full.log; },
  };
  MemoryJob job{"alpha", 0};
  for (std::size_t i = 0; i < std::size(copies); ++i) {
    CAPTURE(i);
    JobRun run = pending_row(1, "alpha");
    const std::string before = json_of(run);
    copies[i](run, full_run());
    CHECK(json_of(run) != before);
    CHECK(json_of(to_job_run(to_row(run, job))) == json_of(run));
  }
}

TEST_CASE("to_job_run leaves out details, payload and log, and nothing else, when not wanted") {
  MemoryJob job{"alpha", 0};
  JobRun run = full_run();
  const JobRun back = to_job_run(to_row(run, job), false);
  run.details = nullptr;
  run.payload = nullptr;
  run.log = nullptr;
  CHECK(json_of(back) == json_of(run));
}

TEST_CASE("to_row takes no part of a row when a run is pending and ordinary") {
  CHECK(sizeof(MemoryRun) <= 88);
  MemoryJob job{"alpha", 0};
  JobRun run = pending_row(1, "alpha");
  run.due_at = memory_start;
  run.priority = 5;
  run.exclusive = true;
  const MemoryRun row = to_row(run, job);
  CHECK_FALSE(row.limit.is_written());
  CHECK_FALSE(row.extra.is_written());
  CHECK_FALSE(row.course.is_written());
  run.concurrency_max = 1;
  CHECK(to_row(run, job).limit.is_written());
  run.actor = "jane";
  CHECK(to_row(run, job).extra.is_written());
  run.fence = 1;
  CHECK(to_row(run, job).course.is_written());
}

TEST_CASE("ended_well and work_id say of a row what they say of the run") {
  MemoryJob job{"alpha", 0};
  for (const auto status : {JobStatus::success, JobStatus::failed, JobStatus::skipped}) {
    for (const bool is_started : {false, true}) {
      JobRun run = full_run();
      run.status = status;
      if (!is_started) run.started_at.reset();
      CHECK(punctual::detail::ended_well(to_row(run, job)) == ended_well(run));
    }
  }
  CHECK(punctual::detail::work_id(to_row(full_run(), job)) == id_of(2));
  CHECK(punctual::detail::work_id(to_row(pending_row(1, "alpha"), job)) == id_of(1));
}

}  // namespace memory_run_test
