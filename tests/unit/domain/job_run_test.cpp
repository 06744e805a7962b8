// SPDX-License-Identifier: MIT
//
// JobRun: the row that a new run makes, the order of claims, and the run on the wire.

#include "punctual/domain/job_run.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/run_log.hpp"
#include "support/catch.hpp"

namespace job_run_test {

using punctual::claim_order;
using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::NewRun;
using punctual::Random;
using punctual::RunError;
using punctual::RunTrigger;
using punctual::time_max;
using punctual::time_min;
using punctual::TimePoint;
using punctual::to_run;
using punctual::Uuid;

namespace {

constexpr TimePoint two{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z
constexpr Duration minute{60'000};
const Uuid first_id = *Uuid::parse("018d0a5c-1f00-7000-8000-000000000001");
const Uuid second_id = *Uuid::parse("018d0a5c-1f00-7000-8000-000000000002");

}  // namespace

TEST_CASE("claim_order is a minute earlier for each step of priority when runs are stored") {
  struct Row {
    const char* subject;
    TimePoint run_at;
    int priority;
    TimePoint order;
  };
  const Row rows[] = {
      {"no priority", two, 0, two},
      {"one step up", two, 1, two - minute},
      {"one step down", two, -1, two + minute},
      {"the highest", two, 100, two - 100 * minute},
      {"the lowest", two, -100, two + 100 * minute},
      {"the highest at the start of time", time_min, 100, time_min},
      {"the lowest at the end of time", time_max, -100, time_max},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(claim_order(row.run_at, row.priority) == row.order);
  }
}

TEST_CASE("claim_order lets no run starve when later runs have any priority") {
  constexpr std::uint64_t seed = 100;
  CAPTURE(seed);
  Random random{seed};
  for (int i = 0; i < 10'000; ++i) {
    const int low = static_cast<int>(random.up_to(200)) - 100;
    const int high = static_cast<int>(random.up_to(200)) - 100;
    CAPTURE(low, high);
    const TimePoint waiting = claim_order(two, low);
    // Whoever comes later by more minutes than they are apart in priority comes behind.
    const Duration lead = (high - low) * minute;
    REQUIRE(waiting < claim_order(two + lead + Duration{1}, high));
    REQUIRE(waiting > claim_order(two + lead - Duration{1}, high));
  }
}

TEST_CASE("to_run carries over everything that was asked for when a run is stored") {
  NewRun row;
  row.id = second_id;
  row.job_name = "send-report";
  row.trigger = RunTrigger::retry;
  row.message_code = "JOB_MISSED";
  row.summary = "3 instants";
  row.details = {{"count", 3}};
  row.due_at = two;
  row.run_at = two + minute;
  row.actor = "jane";
  row.reason = "because";
  row.attempt = 2;
  row.retry_of = first_id;
  row.priority = 10;
  row.payload = {{"month", 1}};
  row.unique_key = "report-2024-01";
  row.concurrency_key = "mail";
  row.concurrency_max = 4;
  row.exclusive = true;
  const JobRun run = to_run(row, two + 2 * minute);
  CHECK(run.id == second_id);
  CHECK(run.job_name == "send-report");
  CHECK(run.status == JobStatus::pending);
  CHECK(run.trigger == RunTrigger::retry);
  CHECK(run.message_code == "JOB_MISSED");
  CHECK(run.summary == "3 instants");
  CHECK(run.details == Json{{"count", 3}});
  CHECK(run.due_at == two);
  CHECK(run.run_at == two + minute);
  CHECK(run.created_at == two + 2 * minute);
  CHECK(run.actor == "jane");
  CHECK(run.reason == "because");
  CHECK(run.attempt == 2);
  CHECK(run.retry_of == first_id);
  CHECK(run.priority == 10);
  CHECK(run.payload == Json{{"month", 1}});
  CHECK(run.unique_key == "report-2024-01");
  CHECK(run.concurrency_key == "mail");
  CHECK(run.concurrency_max == 4);
  CHECK(run.exclusive);
}

TEST_CASE("to_run has no lease, no times and no progress when the run is pending") {
  const JobRun run = to_run(NewRun{.id = first_id, .job_name = "nightly", .run_at = two}, two);
  CHECK(run.status == JobStatus::pending);
  CHECK_FALSE(run.started_at);
  CHECK_FALSE(run.completed_at);
  CHECK_FALSE(run.duration);
  CHECK_FALSE(run.lease_until_at);
  CHECK_FALSE(run.error);
  CHECK(run.node.empty());
  CHECK(run.fence == 0);
  CHECK(run.progress == 0.0);
  CHECK_FALSE(run.cancel_requested);
  CHECK(run.attempt == 1);
  CHECK_FALSE(run.exclusive);
}

TEST_CASE("to_run is complete at once and never started when the row is skipped") {
  const JobRun run = to_run(
      NewRun{.id = first_id, .job_name = "nightly", .status = JobStatus::skipped, .run_at = two},
      two + minute);
  CHECK(run.status == JobStatus::skipped);
  CHECK(run.completed_at == two + minute);
  CHECK_FALSE(run.started_at);
  CHECK_FALSE(run.duration);
}

TEST_CASE("JobRun has every name of the seed and nulls for what is absent when it is sent") {
  const Json wanted = Json::parse(R"({
    "id": "018d0a5c-1f00-7000-8000-000000000001", "jobName": "nightly", "status": "pending",
    "trigger": "manual", "messageCode": null, "summary": null, "details": null, "errorCode": null,
    "errorMessage": null, "durationMs": null, "dueAt": null, "runAt": "2024-01-15T02:00:00.000Z",
    "createdAt": "2024-01-15T02:00:00.000Z", "startedAt": null, "completedAt": null, "actor": null,
    "reason": null, "attempt": 1, "retryOf": null, "priority": 0, "payload": null,
    "uniqueKey": null, "concurrencyKey": null, "node": null, "fence": 0, "leaseUntilAt": null,
    "cancelRequested": false, "cancelActor": null, "progress": 0.0,
    "progressNote": null, "abandonCount": 0,
    "payloadVersion": 0, "workflowId": null, "step": null, "after": [], "waitsFor": 0,
    "log": null})");
  CHECK(Json(to_run(NewRun{.id = first_id, .job_name = "nightly", .run_at = two}, two)) == wanted);
}

TEST_CASE("JobRun has every value in its place when it is sent") {
  JobRun run;
  run.id = second_id;
  run.job_name = "platform-self-check";
  run.status = JobStatus::failed;
  run.trigger = RunTrigger::retry;
  run.message_code = "PLATFORM_VALIDATION_FAILED";
  run.summary = "Platform validation failed: 2/3 checks passed";
  run.details = {{"total", 3}};
  run.error = RunError{.code = "EXECUTION_ERROR", .message = "disk full"};
  run.due_at = two - minute;
  run.run_at = two;
  run.created_at = two + Duration{1};
  run.started_at = two + Duration{2};
  run.completed_at = two + Duration{15'003};
  run.duration = Duration{15'001};
  run.actor = "jane";
  run.reason = "because";
  run.attempt = 2;
  run.retry_of = first_id;
  run.priority = -5;
  run.payload = Json::array({1});
  run.unique_key = "u";
  run.concurrency_key = "c";
  run.concurrency_max = 2;
  run.exclusive = true;
  run.node = "node-1";
  run.fence = 7;
  run.lease_until_at = two + minute;
  run.cancel_requested = true;
  run.cancel_actor = "joe";
  run.progress = 0.25;
  run.progress_note = "a quarter";
  run.abandon_count = 1;
  run.payload_version = 2;
  run.workflow_id = first_id;
  run.step = "load";
  run.after = {first_id};
  punctual::RunLog log;
  log.add(two + Duration{2}, "begun");
  run.log = log.to_json<Json>();
  CHECK(Json(run) == Json::parse(R"({
    "id": "018d0a5c-1f00-7000-8000-000000000002", "jobName": "platform-self-check",
    "status": "failed", "trigger": "retry", "messageCode": "PLATFORM_VALIDATION_FAILED",
    "summary": "Platform validation failed: 2/3 checks passed", "details": {"total": 3},
    "errorCode": "EXECUTION_ERROR", "errorMessage": "disk full", "durationMs": 15001,
    "dueAt": "2024-01-15T01:59:00.000Z", "runAt": "2024-01-15T02:00:00.000Z",
    "createdAt": "2024-01-15T02:00:00.001Z", "startedAt": "2024-01-15T02:00:00.002Z",
    "completedAt": "2024-01-15T02:00:15.003Z", "actor": "jane", "reason": "because", "attempt": 2,
    "retryOf": "018d0a5c-1f00-7000-8000-000000000001", "priority": -5, "payload": [1],
    "uniqueKey": "u", "concurrencyKey": "c", "node": "node-1", "fence": 7,
    "leaseUntilAt": "2024-01-15T02:01:00.000Z", "cancelRequested": true,
    "cancelActor": "joe", "progress": 0.25,
    "progressNote": "a quarter", "abandonCount": 1, "payloadVersion": 2,
    "workflowId": "018d0a5c-1f00-7000-8000-000000000001", "step": "load",
    "after": ["018d0a5c-1f00-7000-8000-000000000001"], "waitsFor": 0,
    "log": {"lines": [{"at": "2024-01-15T02:00:00.002Z", "text": "begun"}], "dropped": 0}})"));
}

TEST_CASE("JobRun has no instant to run at when it is sent while it waits for others") {
  JobRun run = to_run(NewRun{.id = second_id, .job_name = "nightly", .after = {first_id}}, two);
  run.waits_for = 1;
  run.run_at = punctual::time_max;
  const Json json = run;
  CHECK(json.at("runAt").is_null());
  CHECK(json.at("waitsFor") == 1);
}

TEST_CASE("ended_well tells what lets others start from what does not") {
  struct Row {
    const char* subject;
    JobStatus status;
    bool has_started;
    bool is_well;
  };
  const Row rows[] = {{"it succeeded", JobStatus::success, true, true},
                      {"it found nothing to do", JobStatus::skipped, true, true},
                      {"it was not run", JobStatus::skipped, false, false},
                      {"it failed", JobStatus::failed, true, false},
                      {"it was given up", JobStatus::failed, false, false}};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    JobRun run;
    run.status = row.status;
    if (row.has_started) run.started_at = two;
    CHECK(punctual::ended_well(run) == row.is_well);
  }
}

TEST_CASE("work_id names the first attempt") {
  JobRun run;
  run.id = second_id;
  CHECK(punctual::work_id(run) == second_id);
  run.retry_of = first_id;
  CHECK(punctual::work_id(run) == first_id);
}

TEST_CASE("JobRun says a duration of nothing and an empty error when it has them") {
  JobRun run = to_run(NewRun{.id = first_id, .job_name = "nightly"}, two);
  run.duration = Duration{0};
  run.error = RunError{};
  const Json json = run;
  CHECK(json.at("durationMs") == 0);
  CHECK(json.at("errorCode") == "");
  CHECK(json.at("errorMessage") == "");
}

}  // namespace job_run_test
