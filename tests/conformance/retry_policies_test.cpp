// SPDX-License-Identifier: MIT
//
// When failed runs are tried again, and when they are left: the exact rows, on a fake clock.
// Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace retry_policies_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobNames;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RateLimit;
using punctual::RetryPolicy;
using punctual::Scheduler;
using punctual::StopReason;
using punctual::tests::code_of;
using punctual::tests::elsewhere;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::rows_of;
using punctual::tests::shown;
using Storage = punctual::tests::PolicyStorage;

namespace {

/// A node that takes a run and dies with it.
void claim_and_die(Storage& storage, FakeClock& clock, const std::string& job) {
  const JobNames jobs{job};
  const auto runs =
      storage.claim({.node = "dying", .jobs = &jobs, .limit = 1, .lease = 30s}, clock.now());
  REQUIRE(runs.size() == 1);
}

}  // namespace

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

TEST_CASE("A retry whose wait the body named keeps no other waiting") {
  FakeClock clock{midnight + 1h};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "call"};
  config.retry = {
      .max_attempts = 2, .backoff = Backoff::fixed(1min), .budget = {.max = 1, .period = 1h}};
  scheduler.register_job(config, [](JobContext& job) {
    return job.run().payload == "later" ? job.retry_in(24h) : job.failure("NO_ANSWER");
  });
  scheduler.enqueue("call", "later");
  scheduler.enqueue("call", "soon");
  scheduler.run_due();
  const auto retries = storage.runs({.trigger = punctual::RunTrigger::retry});
  REQUIRE(retries.size() == 2);
  CHECK(retries[0].run_at == midnight + 1h + 1min);
  CHECK(retries[1].run_at == midnight + 25h);
}

TEST_CASE("A run that has been tried again is retried by its latest attempt alone") {
  FakeClock clock{midnight + 1h};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "call"};
  config.retry = {.max_attempts = 2, .backoff = Backoff::fixed(1min)};
  scheduler.register_job(config, [](JobContext& job) { return job.failure("NO_ANSWER"); });
  const auto first = scheduler.enqueue("call");
  scheduler.run_due();
  CHECK(code_of([&] { scheduler.retry(first); }) == "RUN_NOT_RETRYABLE");
  punctual::testing::run_until(scheduler, clock, midnight + 2h);
  CHECK(code_of([&] { scheduler.retry(first); }) == "RUN_NOT_RETRYABLE");
  const auto second = storage.runs({.dead = true}).at(0);
  CHECK(second.attempt == 2);
  scheduler.disable("call");
  CHECK(code_of([&] { scheduler.retry(second.id); }) == "RUN_NOT_RETRYABLE");
  scheduler.enable("call");
  CHECK(storage.run(scheduler.retry(second.id))->attempt == 3);
}

TEST_CASE("Retries come as fast as their budget says when many runs fail at once") {
  struct Row {
    const char* subject;
    RateLimit budget;
    Rows at;
  };
  const std::vector<Row> table = {
      {"all at once without one",
       {.max = 0, .period = 1min},
       {"01:01", "01:01", "01:01", "01:01", "01:01", "01:01"}},
      {"two at once, then one each half minute",
       {.max = 2, .period = 1min},
       {"01:01", "01:01", "01:01:30", "01:02", "01:02:30", "01:03"}},
      {"one an hour",
       {.max = 1, .period = 1h},
       {"01:01", "02:01", "03:01", "04:01", "05:01", "06:01"}},
      {"all at once when it is larger",
       {.max = 6, .period = 1h},
       {"01:01", "01:01", "01:01", "01:01", "01:01", "01:01"}},
      {"by the millisecond",
       {.max = 3, .period = 1s},
       {"01:01", "01:01", "01:01", "01:01:00.334", "01:01:00.667", "01:01:01"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 1h};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "call"};
    config.retry = {.max_attempts = 2, .backoff = Backoff::fixed(1min), .budget = row.budget};
    scheduler.register_job(config, [&](JobContext& job) {
      return job.attempt() == 1 ? job.failure("NO_ANSWER") : job.success();
    });
    scheduler.enqueue_all("call", std::vector<punctual::EnqueueItem>(row.at.size()));
    punctual::testing::run_until(scheduler, clock, midnight + 7h);
    Rows at;
    auto retries = storage.runs({.trigger = punctual::RunTrigger::retry});
    for (auto run = retries.rbegin(); run != retries.rend(); ++run) {
      CHECK(run->status == JobStatus::success);
      CHECK(run->started_at == run->run_at);
      at.push_back(shown(run->run_at));
    }
    std::sort(at.begin(), at.end());
    CHECK(at == row.at);
  }
}

TEST_CASE("A run is parked when its nodes go away as often as its policy allows") {
  struct Row {
    const char* subject;
    std::uint32_t max_attempts;
    std::uint32_t max_abandons;
    Rows rows;
    const char* summary;
  };
  const std::vector<Row> table = {
      {"at the first time, without a retry",
       1,
       3,
       {"01:00 failed JOB_ABANDONED"},
       "the node that ran it went away"},
      {"at the first time, whatever attempts are left",
       10,
       1,
       {"01:00 failed JOB_ABANDONED"},
       "the node that ran it went away"},
      {"at the second time",
       10,
       2,
       {"01:00 failed JOB_ABANDONED", "01:01:30 #2 at 01:01:30 failed JOB_ABANDONED"},
       "its node went away 2 times: it is not tried again by itself"},
      {"at the third time",
       10,
       3,
       {"01:00 failed JOB_ABANDONED", "01:01:30 #2 at 01:01:30 failed JOB_ABANDONED",
        "01:03 #3 at 01:03 failed JOB_ABANDONED"},
       "its node went away 3 times: it is not tried again by itself"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 1h};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "fragile"};
    config.retry = {.max_attempts = row.max_attempts,
                    .backoff = Backoff::fixed(1min),
                    .max_abandons = row.max_abandons};
    scheduler.register_job(config, [](JobContext&) {});
    scheduler.enqueue("fragile");
    for (std::size_t i = 0; i < row.rows.size(); ++i) {
      claim_and_die(storage, clock, "fragile");
      clock.advance(30s);
      scheduler.tick();
      clock.advance(1min);
    }
    scheduler.run_due();
    CHECK(rows_of(storage) == row.rows);
    const auto dead = scheduler.runs({.dead = true});
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].attempt == row.rows.size());
    CHECK(dead[0].summary == row.summary);
    CHECK(dead[0].error->code == "ABANDONED");

    const auto retried = scheduler.retry(dead[0].id, {.actor = "ops", .reason = "mended"});
    CHECK(scheduler.runs({.dead = true}).empty());
    scheduler.run_due();
    const auto run = scheduler.run(retried);
    REQUIRE(run);
    CHECK(run->status == JobStatus::success);
    CHECK(run->attempt == row.rows.size() + 1);
    CHECK(run->retry_of == work_id(dead[0]));
    CHECK(run->actor == "ops");
    CHECK(run->reason == "mended");
    CHECK(scheduler.runs({.dead = true}).empty());
  }
}

TEST_CASE("A run that fails by itself is not parked when its node went away before") {
  FakeClock clock{midnight + 1h};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "fragile"};
  config.retry = {.max_attempts = 4, .backoff = Backoff::fixed(1min), .max_abandons = 2};
  scheduler.register_job(config, [](JobContext& job) { return job.failure("NO_ANSWER"); });
  scheduler.enqueue("fragile");
  claim_and_die(storage, clock, "fragile");
  punctual::testing::run_until(scheduler, clock, midnight + 2h);
  CHECK(rows_of(storage) == Rows{"01:00 failed JOB_ABANDONED",
                                 "01:01:30 #2 at 01:01:30 failed NO_ANSWER",
                                 "01:02:30 #3 at 01:02:30 failed NO_ANSWER",
                                 "01:03:30 #4 at 01:03:30 failed NO_ANSWER"});
}

TEST_CASE("A run is done once more by hand when it has failed or succeeded, and only then") {
  struct Row {
    const char* subject;
    JobOutcome (*body)(JobContext&);
    bool is_run;
    const char* code;
  };
  const std::vector<Row> table = {
      {"it failed", [](JobContext& job) { return job.failure(); }, true, ""},
      {"it succeeded", [](JobContext& job) { return job.success(); }, true, ""},
      {"it was discarded", [](JobContext& job) { return job.discard(); }, true, ""},
      {"it is pending", [](JobContext& job) { return job.success(); }, false, "RUN_NOT_RETRYABLE"},
      {"it was skipped", [](JobContext& job) { return job.skipped(); }, true, "RUN_NOT_RETRYABLE"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "once"}, row.body);
    const auto id = scheduler.enqueue("once");
    if (row.is_run) scheduler.run_due();
    CHECK(code_of([&] { scheduler.retry(id); }) == row.code);
    CHECK(storage.runs({}).size() == (*row.code == '\0' ? 2 : 1));
  }
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  CHECK(code_of([&] { scheduler.retry(punctual::RunId{}); }) == "RUN_NOT_FOUND");
  CHECK(code_of([&] { scheduler.retry({}, {.actor = "two\nlines"}); }) == "INVALID_KEY");
  CHECK(storage.runs({}).empty());
}

TEST_CASE("A body is told at its deadline and recorded without it when the grace is over") {
  struct Row {
    const char* subject;
    std::uint32_t max_attempts;
    bool outlasts_grace;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"it comes back in time", 1, false, {"01:00 failed JOB_TIMEOUT"}},
      {"it does not", 1, true, {"01:00 failed JOB_TIMEOUT"}},
      {"it comes back in time and is tried again",
       2,
       false,
       {"01:00 failed JOB_TIMEOUT", "01:00 #2 at 01:07 success JOB_COMPLETED"}},
      {"it does not and is tried again",
       2,
       true,
       {"01:00 failed JOB_TIMEOUT", "01:00 #2 at 01:07:20 success JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    JobConfig config{.name = "slow", .schedule = punctual::at(midnight + 1h)};
    config.timeout = 5min;
    config.timeout_grace = 20s;
    config.retry = {.max_attempts = row.max_attempts, .backoff = Backoff::fixed(2min)};
    scheduler.register_job(config, [&](JobContext& job) {
      if (job.attempt() > 1) return job.success();
      const auto pass = [&](punctual::TimePoint instant) {
        elsewhere([&] { punctual::testing::run_until(scheduler, clock, instant); });
      };
      pass(midnight + 1h + 5min - 1ms);
      CHECK_FALSE(job.stop_token().stop_requested());
      pass(midnight + 1h + 5min);
      CHECK(job.stop_token().stop_requested());
      CHECK(job.stop_reason() == StopReason::timeout);
      CHECK(rows_of(storage) == Rows{"01:00 running"});
      if (row.outlasts_grace) {
        pass(midnight + 1h + 5min + 20s - 1ms);
        CHECK(rows_of(storage) == Rows{"01:00 running"});
        pass(midnight + 1h + 5min + 20s);
        CHECK(storage.runs({.status = JobStatus::failed}).size() == 1);
      }
      return job.success("TOO_LATE");
    });
    punctual::testing::run_until(scheduler, clock, midnight + 1h);
    executor.drain();
    punctual::testing::run_until(scheduler, clock, midnight + 1h + 10min);
    executor.drain();
    CHECK(rows_of(storage) == row.rows);
    const auto timed_out = storage.runs({.status = JobStatus::failed});
    REQUIRE(timed_out.size() == 1);
    CHECK(timed_out[0].error ==
          punctual::RunError{"TIMEOUT", "ran longer than its timeout of 300000 ms"});
    CHECK(timed_out[0].duration == (row.outlasts_grace ? 5min + 20s : 5min));
  }
}

}  // namespace retry_policies_test
