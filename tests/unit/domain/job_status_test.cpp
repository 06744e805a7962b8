// SPDX-License-Identifier: MIT
//
// JobStatus and RunTrigger: their names on the wire, and which statuses are final.

#include "punctual/domain/job_status.hpp"

#include "punctual/base/json.hpp"

#include <optional>
#include <string>

#include "support/catch.hpp"

namespace job_status_test {

using punctual::is_terminal;
using punctual::JobStatus;
using punctual::Json;
using punctual::parse_job_status;
using punctual::parse_run_trigger;
using punctual::RunTrigger;
using punctual::to_string;

TEST_CASE("JobStatus has the seed's five names when it is written and read") {
  struct Row {
    const char* name;
    JobStatus status;
    bool is_terminal;
  };
  const Row rows[] = {
      {"pending", JobStatus::pending, false}, {"running", JobStatus::running, false},
      {"success", JobStatus::success, true},  {"failed", JobStatus::failed, true},
      {"skipped", JobStatus::skipped, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(to_string(row.status) == row.name);
    CHECK(parse_job_status(row.name) == row.status);
    CHECK(Json(row.status) == Json(row.name));
    CHECK(is_terminal(row.status) == row.is_terminal);
  }
}

TEST_CASE("RunTrigger has a name for each kind when it is written and read") {
  struct Row {
    const char* name;
    RunTrigger trigger;
  };
  const Row rows[] = {
      {"schedule", RunTrigger::schedule},     {"manual", RunTrigger::manual},
      {"startup", RunTrigger::startup},       {"retry", RunTrigger::retry},
      {"dependency", RunTrigger::dependency}, {"backfill", RunTrigger::backfill},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(to_string(row.trigger) == row.name);
    CHECK(parse_run_trigger(row.name) == row.trigger);
    CHECK(Json(row.trigger) == Json(row.name));
  }
}

TEST_CASE("parse_job_status and parse_run_trigger return nothing when the name is not exact") {
  for (const std::string text : {"", "Pending", "FAILED", "success ", " success", "succes", "0",
                                 "successful", "cancelled"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_job_status(text));
  }
  for (const std::string text : {"", "Manual", "SCHEDULE", "manual\n", "cron", "1", "success"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_run_trigger(text));
  }
}

}  // namespace job_status_test
