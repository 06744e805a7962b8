// SPDX-License-Identifier: MIT
//
// JobSummary and SchedulerStatus: the seed's shapes on the wire.

#include "punctual/domain/job_summary.hpp"

#include <vector>

#include "punctual/base/time.hpp"
#include "support/catch.hpp"

namespace job_summary_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::JobSummary;
using punctual::Json;
using punctual::SchedulerStatus;
using punctual::TimePoint;
using punctual::Uuid;

namespace {

constexpr TimePoint two{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

/// The job of the seed's example.
JobSummary example_job() {
  JobRun run;
  run.id = *Uuid::parse("018d0a5c-1f00-7000-8000-000000000001");
  run.job_name = "platform-self-check";
  run.status = JobStatus::success;
  run.message_code = "PLATFORM_VALIDATION_PASSED";
  run.summary = "Platform validation passed: 3/3 checks passed";
  run.started_at = two;
  run.completed_at = two + Duration{15'000};
  run.duration = Duration{15'000};
  return {.name = "platform-self-check",
          .description = "Nightly platform validation",
          .schedule = Json::parse(R"({"kind": "interval", "periodMs": 86400000})"),
          .next_run_at = two + Duration{86'400'000},
          .last_run = run,
          .run_count = 10,
          .success_count = 9,
          .failure_count = 1};
}

}  // namespace

TEST_CASE("JobSummary has the seed's shape when it is sent") {
  CHECK(Json(example_job()) == Json::parse(R"({
    "name": "platform-self-check", "description": "Nightly platform validation", "enabled": true,
    "scheduleIntervalMs": 86400000,
    "lastRun": {"jobId": "018d0a5c-1f00-7000-8000-000000000001", "status": "success",
                "startedAt": "2024-01-15T02:00:00.000Z", "completedAt": "2024-01-15T02:00:15.000Z",
                "durationMs": 15000, "messageCode": "PLATFORM_VALIDATION_PASSED",
                "summary": "Platform validation passed: 3/3 checks passed"},
    "nextRunAt": "2024-01-16T02:00:00.000Z", "runCount": 10, "successCount": 9, "failureCount": 1,
    "skippedCount": 0, "paused": false, "pausedBy": null, "pausedReason": null,
    "registered": true, "dependsOn": [],
    "schedule": {"kind": "interval", "periodMs": 86400000}})"));
}

TEST_CASE("JobSummary has an interval only when its schedule has a period and it is sent") {
  struct Row {
    const char* subject;
    const char* schedule;
    const char* interval;
  };
  const Row rows[] = {
      {"a period", R"({"kind": "interval", "periodMs": 60000})", "60000"},
      {"a delay after the finish", R"({"kind": "afterFinish", "periodMs": 1})", "1"},
      {"cron", R"({"kind": "cron", "expression": "0 2 * * *", "timeZone": "Europe/Berlin"})",
       "null"},
      {"once", R"({"kind": "once", "at": "2024-01-15T02:00:00.000Z"})", "null"},
      {"by hand", "null", "null"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    JobSummary job = example_job();
    job.schedule = Json::parse(row.schedule);
    const Json json = job;
    CHECK(json.at("scheduleIntervalMs") == Json::parse(row.interval));
    CHECK(json.at("schedule") == Json::parse(row.schedule));
  }
}

TEST_CASE("JobSummary has nulls for what never was when it is sent") {
  JobSummary job;
  job.name = "by-hand";
  job.enabled = false;
  const Json json = job;
  CHECK(json.at("lastRun").is_null());
  CHECK(json.at("nextRunAt").is_null());
  CHECK(json.at("enabled") == false);
  CHECK(json.at("description") == "");
  CHECK(json.at("runCount") == 0);
}

TEST_CASE("JobSummary says who paused it and why when it is sent") {
  JobSummary job = example_job();
  job.paused = true;
  job.paused_by = "jane";
  job.paused_reason = "the disk is full";
  job.skipped_count = 4;
  const Json json = job;
  CHECK(json.at("paused") == true);
  CHECK(json.at("pausedBy") == "jane");
  CHECK(json.at("pausedReason") == "the disk is full");
  CHECK(json.at("skippedCount") == 4);
}

TEST_CASE("JobSummary has a last run without times when that run never started") {
  JobSummary job = example_job();
  job.last_run->started_at.reset();
  job.last_run->completed_at.reset();
  job.last_run->duration.reset();
  job.last_run->summary = "";
  const Json last = Json(job).at("lastRun");
  CHECK(last.at("startedAt").is_null());
  CHECK(last.at("completedAt").is_null());
  CHECK(last.at("durationMs") == 0);
  CHECK(last.at("summary").is_null());
}

TEST_CASE("SchedulerStatus has its four parts when it is sent") {
  SchedulerStatus status;
  CHECK(Json(status) == Json::parse(R"({
    "registeredJobs": [], "totalJobs": 0, "enabledJobs": 0, "recentRuns": []})"));
  status.registered_jobs = {example_job()};
  status.total_jobs = 2;
  status.enabled_jobs = 1;
  status.recent_runs = {*example_job().last_run};
  const Json json = status;
  CHECK(json.size() == 4);
  CHECK(json.at("registeredJobs") == Json::array({Json(example_job())}));
  CHECK(json.at("totalJobs") == 2);
  CHECK(json.at("enabledJobs") == 1);
  CHECK(json.at("recentRuns") == Json::array({Json(*example_job().last_run)}));
}

TEST_CASE("SchedulerStatus has the same members when it is sent as JSON of another kind") {
  SchedulerStatus status;
  status.registered_jobs = {example_job()};
  status.recent_runs = {*example_job().last_run};
  const nlohmann::ordered_json ordered = status;
  CHECK(Json::parse(ordered.dump()) == Json(status));
}

}  // namespace job_summary_test
