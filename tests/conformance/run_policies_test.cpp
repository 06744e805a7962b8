// SPDX-License-Identifier: MIT
//
// What becomes of runs by each policy of a job: the exact rows, on a fake clock. Compiled for each
// storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#ifdef PUNCTUAL_TESTS_ON_SQLITE
#include <punctual/sqlite/storage.hpp>
#endif

namespace run_policies_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::ManualExecutor;
using punctual::MissedPolicy;
using punctual::OverlapPolicy;
using punctual::RetryPolicy;
using punctual::Scheduler;
using punctual::TimePoint;

namespace {

#ifdef PUNCTUAL_TESTS_ON_SQLITE
struct Storage : punctual::sqlite::Storage {
  Storage() : punctual::sqlite::Storage{":memory:"} {}
};
#else
using Storage = punctual::InMemoryStorage;
#endif

const TimePoint midnight = date::sys_days{date::year{2024} / 1 / 15};

/// Says an instant of the day as "01:30", with seconds if there are any.
std::string shown(TimePoint instant) {
  const std::string text = punctual::format_iso8601(instant);
  return text.substr(11, text.substr(17, 2) == "00" ? 5 : 8);
}

/// Says a row as "01:00 success JOB_COMPLETED", in the order in which they could start.
std::vector<std::string> rows_of(Storage& storage) {
  auto runs = storage.runs({});
  std::sort(runs.begin(), runs.end(), [](const JobRun& a, const JobRun& b) {
    const auto key = [](const JobRun& run) {
      return std::pair{run.due_at.value_or(run.run_at), run.attempt};
    };
    return key(a) < key(b);
  });
  std::vector<std::string> rows;
  for (const auto& run : runs) {
    std::string row = shown(run.due_at.value_or(run.run_at));
    if (run.details.is_object() && run.details.contains("count")) {
      row += " x" + run.details.at("count").dump();
    }
    if (run.attempt > 1) {
      row += " #" + std::to_string(run.attempt) + " at " + shown(run.run_at);
    }
    rows.push_back(row + " " + std::string{to_string(run.status)} + " " + run.message_code);
  }
  return rows;
}

using Rows = std::vector<std::string>;

}  // namespace

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
      running_count += run.status == punctual::JobStatus::running ? 1 : 0;
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

TEST_CASE("A failed run is tried again as its policy, its error and its body say") {
  struct Row {
    const char* subject;
    RetryPolicy retry;
    JobOutcome (*body)(JobContext&);
    Rows rows;
  };
  const RetryPolicy three{.max_attempts = 3, .backoff = Backoff::fixed(1min)};
  RetryPolicy not_for_bad_input = three;
  not_for_bad_input.except = {"BAD_INPUT"};
  RetryPolicy for_timeouts_only = three;
  for_timeouts_only.only = {"NO_ANSWER"};
  const std::vector<Row> table = {
      {"until it works",
       three,
       [](JobContext& job) { return job.attempt() < 3 ? job.failure("NO_ANSWER") : job.success(); },
       {"01:00 failed NO_ANSWER", "01:00 #2 at 01:01 failed NO_ANSWER",
        "01:00 #3 at 01:02 success JOB_COMPLETED"}},
      {"as long as there are attempts",
       three,
       [](JobContext& job) { return job.failure("NO_ANSWER"); },
       {"01:00 failed NO_ANSWER", "01:00 #2 at 01:01 failed NO_ANSWER",
        "01:00 #3 at 01:02 failed NO_ANSWER"}},
      {"not once it is discarded",
       three,
       [](JobContext& job) {
         return job.attempt() < 2 ? job.failure("NO_ANSWER") : job.discard("BAD_INPUT");
       },
       {"01:00 failed NO_ANSWER", "01:00 #2 at 01:01 failed BAD_INPUT"}},
      {"when the body says",
       three,
       [](JobContext& job) {
         return job.attempt() < 2 ? job.retry_in(10min, "TOO_MANY") : job.success();
       },
       {"01:00 failed TOO_MANY", "01:00 #2 at 01:10 success JOB_COMPLETED"}},
      {"at once when the body says",
       three,
       [](JobContext& job) {
         return job.attempt() < 3 ? job.retry_in(-1min, "TOO_MANY") : job.success();
       },
       {"01:00 failed TOO_MANY", "01:00 #2 at 01:00 failed TOO_MANY",
        "01:00 #3 at 01:00 success JOB_COMPLETED"}},
      {"not beyond the attempts when the body says",
       {.max_attempts = 1},
       [](JobContext& job) { return job.retry_in(10min, "TOO_MANY"); },
       {"01:00 failed TOO_MANY"}},
      {"not for an error that is left out",
       not_for_bad_input,
       [](JobContext& job) { return job.failure("BAD_INPUT"); },
       {"01:00 failed BAD_INPUT"}},
      {"for any other error",
       not_for_bad_input,
       [](JobContext& job) {
         return job.attempt() < 2 ? job.failure("NO_ANSWER") : job.failure("BAD_INPUT");
       },
       {"01:00 failed NO_ANSWER", "01:00 #2 at 01:01 failed BAD_INPUT"}},
      {"for the errors that are named alone",
       for_timeouts_only,
       [](JobContext& job) {
         return job.attempt() < 2 ? job.failure("NO_ANSWER") : job.failure("OTHER");
       },
       {"01:00 failed NO_ANSWER", "01:00 #2 at 01:01 failed OTHER"}},
      {"not for an exception that is not named",
       for_timeouts_only,
       [](JobContext&) -> JobOutcome { throw std::runtime_error{"no route"}; },
       {"01:00 failed JOB_EXECUTION_ERROR"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "once", .schedule = punctual::at(midnight + 1h)};
    config.retry = row.retry;
    scheduler.register_job(config, row.body);
    punctual::testing::run_until(scheduler, clock, midnight + 2h);
    CHECK(rows_of(storage) == row.rows);
  }
}

}  // namespace run_policies_test
