// SPDX-License-Identifier: MIT
//
// JobResult: what it takes from a run, and the seed's shape on the wire.

#include "punctual/domain/job_result.hpp"

#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace job_result_test {

using punctual::Duration;
using punctual::JobResult;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::Json;
using punctual::RunError;
using punctual::TimePoint;
using punctual::to_result;
using punctual::Uuid;

namespace {

constexpr TimePoint half_past_ten{Duration{1'705'314'600'000}};  // 2024-01-15T10:30:00Z

/// The run of the seed's example.
JobRun example_run() {
  JobRun run;
  run.id = *Uuid::parse("018d0c2b-0000-7000-8000-000000000001");
  run.job_name = "platform-self-check";
  run.status = JobStatus::success;
  run.message_code = "PLATFORM_VALIDATION_PASSED";
  run.summary = "Platform validation passed: 3/3 checks passed";
  run.started_at = half_past_ten;
  run.completed_at = half_past_ten + Duration{15'000};
  run.duration = Duration{15'000};
  return run;
}

}  // namespace

TEST_CASE("to_result says the same as the run when the run has ended") {
  JobRun run = example_run();
  run.status = JobStatus::failed;
  run.details = {{"total", 3}};
  run.error = RunError{.code = "A", .message = "b"};
  const JobResult result = to_result(run);
  CHECK(result.job_id == run.id);
  CHECK(result.job_name == "platform-self-check");
  CHECK(result.status == JobStatus::failed);
  CHECK(result.started_at == half_past_ten);
  CHECK(result.completed_at == half_past_ten + Duration{15'000});
  CHECK(result.duration == Duration{15'000});
  CHECK(result.message_code == "PLATFORM_VALIDATION_PASSED");
  CHECK(result.summary == run.summary);
  CHECK(result.details == Json{{"total", 3}});
  CHECK(result.error == run.error);
}

TEST_CASE("to_result has no times and no duration when the run never started") {
  const JobResult result = to_result(JobRun{});
  CHECK(result.status == JobStatus::pending);
  CHECK_FALSE(result.started_at);
  CHECK_FALSE(result.completed_at);
  CHECK(result.duration == Duration{0});
}

TEST_CASE("JobResult has the seed's shape when it is sent") {
  CHECK(Json(to_result(example_run())) == Json::parse(R"({
    "jobId": "018d0c2b-0000-7000-8000-000000000001", "jobName": "platform-self-check",
    "status": "success", "startedAt": "2024-01-15T10:30:00.000Z",
    "completedAt": "2024-01-15T10:30:15.000Z", "durationMs": 15000,
    "messageCode": "PLATFORM_VALIDATION_PASSED",
    "summary": "Platform validation passed: 3/3 checks passed"})"));
}

TEST_CASE("JobResult has details and error when there are any and it is sent") {
  JobRun run = example_run();
  run.summary = "";
  run.details = {{"count", 0}};
  run.error = RunError{.code = "EXECUTION_ERROR", .message = "disk full"};
  const Json json = to_result(run);
  CHECK_FALSE(json.contains("summary"));
  CHECK(json.at("details") == Json{{"count", 0}});
  CHECK(json.at("error") == Json::parse(R"({"code": "EXECUTION_ERROR", "message": "disk full"})"));
}

TEST_CASE("JobResult has null times when the run never started and it is sent") {
  JobRun run = example_run();
  run.started_at.reset();
  run.completed_at.reset();
  run.duration.reset();
  const Json json = to_result(run);
  CHECK(json.at("startedAt").is_null());
  CHECK(json.at("completedAt").is_null());
  CHECK(json.at("durationMs") == 0);
}

TEST_CASE("JobResult has the same members when it is sent as JSON of another kind") {
  JobRun run = example_run();
  run.details = {{"count", 0}};
  run.error = RunError{.code = "EXECUTION_ERROR", .message = "disk full"};
  const nlohmann::ordered_json ordered = to_result(run);
  CHECK(Json::parse(ordered.dump()) == Json(to_result(run)));
  CHECK(ordered.begin().key() == "jobId");  // as written
}

}  // namespace job_result_test
