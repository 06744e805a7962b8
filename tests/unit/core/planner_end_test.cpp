// SPDX-License-Identifier: MIT
//
// The planner's ends of runs: judge, plan_completion, plan_retry and plan_abandoned.

#include "punctual/core/planner.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace planner_end_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::Completion;
using punctual::Duration;
using punctual::JobConfig;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::NewRun;
using punctual::Random;
using punctual::RunError;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::StopReason;
using punctual::TimePoint;
using punctual::UuidGenerator;
using punctual::planner::Verdict;

namespace planner = punctual::planner;

namespace {

constexpr std::uint64_t seed = 21;
constexpr TimePoint now{std::chrono::seconds{1'705'284'000}};

/// The generators that a scheduler would hand in.
struct Generators {
  UuidGenerator ids{Random{seed}};
  Random random{seed};
};

RunId id_of(std::uint64_t number) {
  UuidGenerator ids{Random{number}};
  return ids.next(now);
}

JobRun claimed_run() {
  JobRun run;
  run.id = id_of(1);
  run.job_name = "send";
  run.node = "node-1";
  run.status = JobStatus::running;
  run.trigger = RunTrigger::manual;
  run.due_at = now - 1h;
  run.run_at = now - 1min;
  run.started_at = now - 20s;
  run.actor = "ann";
  run.reason = "month's end";
  run.priority = 3;
  run.payload = Json{{"to", "bob"}};
  run.unique_key = "send-bob";
  run.concurrency_key = "smtp";
  run.concurrency_max = 2;
  run.exclusive = true;
  run.node = "node-1";
  run.fence = 4;
  run.progress = 0.5;
  return run;
}

JobConfig config_of(std::uint32_t max_attempts, Backoff backoff = Backoff::fixed(10s)) {
  JobConfig config;
  config.name = "send";
  config.retry = {max_attempts, backoff};
  return config;
}

JobOutcome outcome_of(JobStatus status, std::string code = "CODE") {
  JobOutcome outcome;
  outcome.status = status;
  outcome.message_code = std::move(code);
  return outcome;
}

Completion complete(JobOutcome outcome, bool may_retry = true, std::uint32_t max_attempts = 1) {
  Generators generators;
  return planner::plan_completion(claimed_run(), config_of(max_attempts), std::move(outcome), 5s,
                                  may_retry, now, generators.ids, generators.random);
}

}  // namespace

TEST_CASE("plan_retry makes the next attempt of the same work with a new id") {
  Generators generators;
  const JobRun run = claimed_run();
  const auto next = planner::plan_retry(run, config_of(2), now, generators.ids, generators.random);
  REQUIRE(next);
  CHECK(next->id != run.id);
  CHECK(next->job_name == "send");
  CHECK(next->status == JobStatus::pending);
  CHECK(next->trigger == RunTrigger::retry);
  CHECK(next->due_at == run.due_at);
  CHECK(next->run_at == now + 10s);
  CHECK(next->actor == "ann");
  CHECK(next->reason == "month's end");
  CHECK(next->attempt == 2);
  CHECK(next->retry_of == run.id);
  CHECK(next->priority == 3);
  CHECK(next->payload == run.payload);
  CHECK(next->unique_key == "send-bob");
  CHECK(next->concurrency_key == "smtp");
  CHECK(next->concurrency_max == 2);
  CHECK(next->exclusive);
  // A retry waits for a run that is open; it is never answered as overlapped, or the work were
  // lost.
  CHECK_FALSE(next->skip_if_open);
}

TEST_CASE("plan_retry ends when the attempts of the policy are spent") {
  struct Row {
    const char* subject;
    std::uint32_t attempt;
    std::uint32_t max_attempts;
    bool retries;
  };
  const Row rows[] = {
      {"no retries wanted", 1, 1, false},      {"the first of two", 1, 2, true},
      {"the second of two", 2, 2, false},      {"the last but one of many", 999, 1000, true},
      {"the last of many", 1000, 1000, false}, {"more than the policy, lowered since", 5, 3, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Generators generators;
    JobRun run = claimed_run();
    run.attempt = row.attempt;
    const auto next = planner::plan_retry(run, config_of(row.max_attempts), now, generators.ids,
                                          generators.random);
    CHECK(next.has_value() == row.retries);
    if (next) CHECK(next->attempt == row.attempt + 1);
  }
}

TEST_CASE("plan_retry names the first attempt whatever the number of this one") {
  Generators generators;
  JobRun run = claimed_run();
  run.attempt = 3;
  run.retry_of = id_of(99);
  const auto next = planner::plan_retry(run, config_of(10), now, generators.ids, generators.random);
  REQUIRE(next);
  CHECK(next->retry_of == id_of(99));
}

TEST_CASE("plan_retry waits as the backoff says and never past the end of time") {
  CAPTURE(seed);
  Generators generators;
  JobRun run = claimed_run();
  const auto wait_of = [&](std::uint32_t attempt, const Backoff& backoff, TimePoint at) {
    run.attempt = attempt;
    const auto next =
        planner::plan_retry(run, config_of(1000, backoff), at, generators.ids, generators.random);
    REQUIRE(next);
    return next->run_at - at;
  };
  const Backoff growing = Backoff::exponential(1s, 1min, false);
  CHECK(wait_of(1, growing, now) == 1s);
  CHECK(wait_of(2, growing, now) == 2s);
  CHECK(wait_of(6, growing, now) == 32s);
  CHECK(wait_of(7, growing, now) == 1min);
  CHECK(wait_of(999, growing, now) == 1min);
  const Backoff jittered = Backoff::exponential(1s, 1min);
  Duration longest{0};
  for (int i = 0; i < 200; ++i) {
    const Duration wait = wait_of(3, jittered, now);
    REQUIRE(wait >= 0s);
    REQUIRE(wait <= 4s);
    longest = std::max(longest, wait);
  }
  CHECK(longest > 3s);
  CHECK(wait_of(1, Backoff::fixed(1h), punctual::time_max - 1min) == 1min);
}

TEST_CASE("plan_completion records under the run's fence and keeps what the body said") {
  JobOutcome outcome = outcome_of(JobStatus::success, "SENT");
  outcome.summary = "3 sent";
  outcome.details = Json{{"sent", 3}};
  const Completion completion = complete(outcome);
  CHECK(completion.lease.run_id == claimed_run().id);
  CHECK(completion.lease.fence == 4);
  CHECK(completion.status == JobStatus::success);
  CHECK(completion.message_code == "SENT");
  CHECK(completion.summary == "3 sent");
  CHECK(completion.details == Json{{"sent", 3}});
  CHECK_FALSE(completion.error);
  CHECK(completion.duration == 5s);
  CHECK(completion.follow_ups.empty());
}

TEST_CASE("plan_completion lets another attempt follow a failure and nothing else") {
  struct Row {
    const char* subject;
    JobStatus status;
    bool may_retry;
    std::uint32_t max_attempts;
    std::size_t follow_up_count;
  };
  const Row rows[] = {
      {"a failure with an attempt left", JobStatus::failed, true, 2, 1},
      {"a failure with none left", JobStatus::failed, true, 1, 0},
      {"a failure that must not be tried again", JobStatus::failed, false, 2, 0},
      {"a success", JobStatus::success, true, 2, 0},
      {"a skipped run", JobStatus::skipped, true, 2, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto completion = complete(outcome_of(row.status), row.may_retry, row.max_attempts);
    CHECK(completion.status == row.status);
    CHECK(completion.follow_ups.size() == row.follow_up_count);
  }
}

TEST_CASE("plan_completion keeps every part of the outcome within its limit") {
  JobOutcome outcome = outcome_of(JobStatus::failed);
  outcome.summary = std::string(5000, 's');
  outcome.error = RunError{std::string(5000, 'c'), std::string(50'000, 'm')};
  outcome.details = Json{{"text", std::string(200'000, 'd')}};
  const Completion completion = complete(outcome);
  CHECK(completion.summary.size() == 1024);
  REQUIRE(completion.error);
  CHECK(completion.error->code.size() == 200);
  CHECK(completion.error->message.size() == 4096);
  CHECK(completion.details.dump().size() <= 64 * 1024 + 64);
  CHECK(completion.details.at("_truncated") == true);
}

TEST_CASE("plan_completion makes valid text of what the body said when it is not") {
  JobOutcome outcome = outcome_of(JobStatus::failed);
  outcome.summary = "bad \xFF";
  outcome.error = RunError{"A\x01", "esc \x1b[31m"};
  const Completion completion = complete(outcome);
  CHECK(completion.summary == "bad \xEF\xBF\xBD");
  CHECK(completion.error == RunError{"A ", "esc  [31m"});
}

TEST_CASE(
    "plan_completion gives a message code of the status when the outcome has none that is valid") {
  struct Row {
    const char* subject;
    JobStatus status;
    std::string code;
    std::string expected;
  };
  const Row rows[] = {
      {"a valid one", JobStatus::success, "SENT", "SENT"},
      {"the longest", JobStatus::success, std::string(64, 'A'), std::string(64, 'A')},
      {"none, success", JobStatus::success, "", "JOB_COMPLETED"},
      {"none, failed", JobStatus::failed, "", "JOB_FAILED"},
      {"none, skipped", JobStatus::skipped, "", "JOB_SKIPPED"},
      {"too long", JobStatus::success, std::string(65, 'A'), "JOB_COMPLETED"},
      {"far too long", JobStatus::failed, std::string(2000, 'A'), "JOB_FAILED"},
      {"lower case", JobStatus::skipped, "nothing", "JOB_SKIPPED"},
      {"a line break", JobStatus::success, "SENT\n", "JOB_COMPLETED"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(complete(outcome_of(row.status, row.code)).message_code == row.expected);
  }
}

TEST_CASE("plan_completion records no negative duration") {
  Generators generators;
  const auto completion =
      planner::plan_completion(claimed_run(), config_of(1), outcome_of(JobStatus::success), -5s,
                               true, now, generators.ids, generators.random);
  CHECK(completion.duration == 0s);
}

TEST_CASE("plan_abandoned records which node went away and lets the retry policy decide") {
  Generators generators;
  const auto completion =
      planner::plan_abandoned(claimed_run(), config_of(2), now, generators.ids, generators.random);
  CHECK(completion.lease.run_id == claimed_run().id);
  CHECK(completion.lease.fence == 4);
  CHECK(completion.status == JobStatus::failed);
  CHECK(completion.message_code == "JOB_ABANDONED");
  CHECK(completion.summary == "the node that ran it went away");
  REQUIRE(completion.error);
  CHECK(completion.error->code == "ABANDONED");
  CHECK(completion.error->message.rfind("node node-1 held the run", 0) == 0);
  CHECK(completion.duration == 20s);
  REQUIRE(completion.follow_ups.size() == 1);
  CHECK(completion.follow_ups.front().attempt == 2);
  const auto last =
      planner::plan_abandoned(claimed_run(), config_of(1), now, generators.ids, generators.random);
  CHECK(last.follow_ups.empty());
}

TEST_CASE("plan_abandoned brings no run back that somebody wanted to stop") {
  Generators generators;
  JobRun run = claimed_run();
  run.cancel_requested = true;
  const auto completion =
      planner::plan_abandoned(run, config_of(5), now, generators.ids, generators.random);
  CHECK(completion.status == JobStatus::failed);
  CHECK(completion.follow_ups.empty());
}

TEST_CASE(
    "plan_abandoned records a duration of 0 when the start is unknown or ahead of the clock") {
  for (const std::optional<TimePoint> started_at :
       {std::optional<TimePoint>{}, std::optional{now + 1h}}) {
    Generators generators;
    JobRun run = claimed_run();
    run.started_at = started_at;
    const auto completion =
        planner::plan_abandoned(run, config_of(1), now, generators.ids, generators.random);
    CHECK(completion.duration == 0s);
  }
}

TEST_CASE("judge decides by what the body did and why it was asked to stop") {
  struct Row {
    const char* subject;
    JobStatus status;
    bool threw;
    StopReason reason;
    std::string expected;  ///< "release", or "<status> <message code> <error code> retry|final"
  };
  using Reason = StopReason;
  using Status = JobStatus;
  const std::vector<Row> rows = {
      {"done", Status::success, false, Reason::none, "success CODE - retry"},
      {"failed", Status::failed, false, Reason::none, "failed CODE OWN retry"},
      {"threw", Status::failed, true, Reason::none, "failed CODE OWN retry"},
      {"skipped", Status::skipped, false, Reason::none, "skipped CODE - retry"},
      {"interrupted for no reason", Status::pending, false, Reason::none,
       "failed CODE INTERRUPTED retry"},
      {"says that it is running", Status::running, false, Reason::none,
       "failed CODE INTERRUPTED retry"},

      {"done, but too late", Status::success, false, Reason::timeout,
       "failed JOB_TIMEOUT TIMEOUT retry"},
      {"failed at the timeout", Status::failed, false, Reason::timeout,
       "failed JOB_TIMEOUT TIMEOUT retry"},
      {"threw at the timeout", Status::failed, true, Reason::timeout,
       "failed JOB_TIMEOUT TIMEOUT retry"},
      {"skipped at the timeout", Status::skipped, false, Reason::timeout,
       "failed JOB_TIMEOUT TIMEOUT retry"},
      {"interrupted at the timeout", Status::pending, false, Reason::timeout,
       "failed JOB_TIMEOUT TIMEOUT retry"},

      {"done in spite of a cancel", Status::success, false, Reason::cancelled,
       "success CODE - retry"},
      {"failed at a cancel", Status::failed, false, Reason::cancelled,
       "failed JOB_CANCELLED CANCELLED final"},
      {"threw at a cancel", Status::failed, true, Reason::cancelled,
       "failed JOB_CANCELLED CANCELLED final"},
      {"skipped at a cancel", Status::skipped, false, Reason::cancelled,
       "failed JOB_CANCELLED CANCELLED final"},
      {"interrupted at a cancel", Status::pending, false, Reason::cancelled,
       "failed JOB_CANCELLED CANCELLED final"},

      {"done during the shutdown", Status::success, false, Reason::shutdown,
       "success CODE - retry"},
      {"failed during the shutdown", Status::failed, false, Reason::shutdown,
       "failed CODE OWN retry"},
      {"threw during the shutdown", Status::failed, true, Reason::shutdown, "release"},
      {"skipped during the shutdown", Status::skipped, false, Reason::shutdown,
       "skipped CODE - retry"},
      {"interrupted by the shutdown", Status::pending, false, Reason::shutdown, "release"},

      {"done as the lease ended", Status::success, false, Reason::lease_lost,
       "success CODE - retry"},
      {"failed as the lease ended", Status::failed, false, Reason::lease_lost,
       "failed CODE OWN retry"},
      {"threw as the lease ended", Status::failed, true, Reason::lease_lost, "release"},
      {"interrupted as the lease ended", Status::pending, false, Reason::lease_lost, "release"},
  };
  JobConfig config;
  config.timeout = 90s;
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    JobOutcome outcome = outcome_of(row.status);
    outcome.summary = "as the body said";
    if (row.status == JobStatus::failed) outcome.error = RunError{"OWN", "own"};
    const Verdict verdict = planner::judge(outcome, row.threw, row.reason, config);
    std::string shown = "release";
    if (!verdict.release) {
      const auto& end = verdict.outcome;
      shown = std::string{to_string(end.status)} + " " + end.message_code + " " +
              (end.error ? end.error->code : "-") + (verdict.may_retry ? " retry" : " final");
      CHECK(end.summary == "as the body said");
    }
    CHECK(shown == row.expected);
  }
}

TEST_CASE("judge says how long the timeout was when a run has timed out") {
  JobConfig config;
  config.timeout = 90s;
  const auto verdict =
      planner::judge(outcome_of(JobStatus::success), false, StopReason::timeout, config);
  REQUIRE(verdict.outcome.error);
  CHECK(verdict.outcome.error->message == "ran longer than its timeout of 90000 ms");
}

}  // namespace planner_end_test
