// SPDX-License-Identifier: MIT
//
// What becomes of runs by each policy of a job: the exact rows, on a fake clock. Compiled for each
// storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <vector>

#include "support/catch.hpp"
#include "support/policy_rows.hpp"

namespace run_policies_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::MissedPolicy;
using punctual::OverlapPolicy;
using punctual::Scheduler;
using punctual::StopReason;
using punctual::tests::elsewhere;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::rows_of;
using Storage = punctual::tests::PolicyStorage;

TEST_CASE("Missed instants run, or are answered together, as the job's policy says") {
  struct Row {
    const char* subject;
    MissedPolicy missed;
    OverlapPolicy overlap;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"the latest runs",
       MissedPolicy::run_once,
       OverlapPolicy::skip,
       {"01:00 x4 skipped JOB_MISSED", "05:00 success JOB_COMPLETED"}},
      {"none runs that is late",
       MissedPolicy::skip,
       OverlapPolicy::skip,
       {"01:00 x5 skipped JOB_MISSED"}},
      {"some run",
       MissedPolicy::run_all(3),
       OverlapPolicy::skip,
       {"01:00 x2 skipped JOB_MISSED", "03:00 success JOB_COMPLETED", "04:00 success JOB_COMPLETED",
        "05:00 success JOB_COMPLETED"}},
      {"all run",
       MissedPolicy::run_all(100),
       OverlapPolicy::skip,
       {"01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED", "03:00 success JOB_COMPLETED",
        "04:00 success JOB_COMPLETED", "05:00 success JOB_COMPLETED"}},
      {"all run, whatever the overlap",
       MissedPolicy::run_all(100),
       OverlapPolicy::queue_one,
       {"01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED", "03:00 success JOB_COMPLETED",
        "04:00 success JOB_COMPLETED", "05:00 success JOB_COMPLETED"}},
      {"those of the last two hours run",
       MissedPolicy::run_all(100).within(2h),
       OverlapPolicy::skip,
       {"01:00 x3 skipped JOB_MISSED", "04:00 success JOB_COMPLETED",
        "05:00 success JOB_COMPLETED"}},
      {"the latest runs, for it is in the window",
       MissedPolicy::run_once.within(30min),
       OverlapPolicy::skip,
       {"01:00 x4 skipped JOB_MISSED", "05:00 success JOB_COMPLETED"}},
      {"the latest is not",
       MissedPolicy::run_once.within(30min - 1ms),
       OverlapPolicy::skip,
       {"01:00 x5 skipped JOB_MISSED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "hourly", .schedule = punctual::every(1h)};
    config.missed = row.missed;
    config.overlap = row.overlap;
    scheduler.register_job(config, [](JobContext&) {});
    clock.advance(5h + 30min);
    scheduler.run_due();
    CHECK(rows_of(storage) == row.rows);
    clock.advance_to(midnight + 6h);
    scheduler.run_due();
    CHECK(rows_of(storage).back() == "06:00 success JOB_COMPLETED");
  }
}

TEST_CASE(
    "A due instant beside an open run waits, takes its place or is left, as the policy says") {
  struct Row {
    const char* subject;
    OverlapPolicy overlap;
    Rows rows;
    int together_max;
  };
  const std::vector<Row> table = {
      {"left",
       OverlapPolicy::skip,
       {"01:00 success JOB_COMPLETED", "02:00 skipped JOB_OVERLAPPED",
        "03:00 skipped JOB_OVERLAPPED", "04:00 success JOB_COMPLETED"},
       1},
      {"one waits",
       OverlapPolicy::queue_one,
       {"01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED",
        "03:00 skipped JOB_OVERLAPPED", "04:00 success JOB_COMPLETED"},
       1},
      {"all wait",
       OverlapPolicy::queue_all,
       {"01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED", "03:00 success JOB_COMPLETED",
        "04:00 success JOB_COMPLETED"},
       1},
      {"takes its place",
       OverlapPolicy::cancel_running,
       {"01:00 failed JOB_CANCELLED", "02:00 success JOB_COMPLETED", "03:00 skipped JOB_OVERLAPPED",
        "04:00 success JOB_COMPLETED"},
       1},
      {"ends it",
       OverlapPolicy::terminate_running,
       {"01:00 failed JOB_CANCELLED", "02:00 failed JOB_CANCELLED", "03:00 success JOB_COMPLETED",
        "04:00 success JOB_COMPLETED"},
       1},
      {"runs beside it",
       OverlapPolicy::allow,
       {"01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED", "03:00 success JOB_COMPLETED",
        "04:00 success JOB_COMPLETED"},
       3},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    JobConfig config{.name = "hourly", .schedule = punctual::every(1h)};
    config.overlap = row.overlap;
    config.timeout = punctual::no_timeout;
    scheduler.register_job(config, [](JobContext& job) {
      return job.stop_requested() ? job.failure() : job.success();
    });
    // Nobody steps the executor: what was claimed stays open.
    punctual::testing::run_until(scheduler, clock, midnight + 3h);
    int running_count = 0;
    for (const auto& run : storage.runs({})) {
      running_count += run.status == JobStatus::running ? 1 : 0;
    }
    CHECK(running_count == row.together_max);
    for (int i = 0; i < 4; ++i) {
      executor.drain();
      scheduler.tick();
    }
    executor.drain();
    punctual::testing::run_until(scheduler, clock, midnight + 4h);
    executor.drain();
    CHECK(rows_of(storage) == row.rows);
  }
}

TEST_CASE("A run that another takes the place of ends at once and its body changes nothing") {
  FakeClock clock{midnight};
  Storage storage;
  ManualExecutor executor;
  Scheduler scheduler{clock, storage, executor};
  JobConfig config{.name = "hourly", .schedule = punctual::every(1h)};
  config.overlap = OverlapPolicy::terminate_running;
  config.timeout = punctual::no_timeout;
  config.retry.max_attempts = 3;
  int call_count = 0;
  std::vector<StopReason> reasons;
  scheduler.register_job(config, [&](JobContext& job) {
    if (++call_count > 1) return job.success();
    elsewhere([&] { punctual::testing::run_until(scheduler, clock, midnight + 2h); });
    CHECK(rows_of(storage) == Rows{"01:00 failed JOB_CANCELLED", "02:00 running"});
    CHECK(job.stop_token().stop_requested());
    reasons.push_back(job.stop_reason());
    return job.success("TOO_LATE", "nobody hears this");
  });
  punctual::testing::run_until(scheduler, clock, midnight + 1h);
  executor.drain();
  punctual::testing::run_until(scheduler, clock, midnight + 2h + 1min);
  CHECK(call_count == 2);
  CHECK(reasons == std::vector{StopReason::lease_lost});
  CHECK(rows_of(storage) == Rows{"01:00 failed JOB_CANCELLED", "02:00 success JOB_COMPLETED"});
  const auto ended = storage.runs({.status = JobStatus::failed});
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].summary == "replaced by the next run of the job");
  CHECK(ended[0].error == punctual::RunError{"CANCELLED", "another run took its place"});
  CHECK(ended[0].completed_at == midnight + 2h);
  CHECK(ended[0].duration == 1h);
}

}  // namespace run_policies_test
