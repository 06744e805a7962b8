// SPDX-License-Identifier: MIT

#include "punctual/testing/row_difference.hpp"

#include <functional>
#include <string>

#include "support/catch.hpp"

namespace row_difference_test {

using namespace punctual;
using punctual::testing::difference;

TEST_CASE("difference is empty when two rows are equal") {
  CHECK(difference(JobRun{}, JobRun{}).empty());
  CHECK(difference(ScheduleState{}, ScheduleState{}).empty());
}

TEST_CASE("difference names each field of a run that differs") {
  struct Row {
    std::string field;
    std::function<void(JobRun&)> change;
  };
  const Row rows[] = {
      {"id", [](JobRun& run) { run.id = RunId{{1}}; }},
      {"job_name", [](JobRun& run) { run.job_name = "a"; }},
      {"status", [](JobRun& run) { run.status = JobStatus::failed; }},
      {"trigger", [](JobRun& run) { run.trigger = RunTrigger::retry; }},
      {"message_code", [](JobRun& run) { run.message_code = "A"; }},
      {"summary", [](JobRun& run) { run.summary = "a"; }},
      {"details", [](JobRun& run) { run.details = Json::object(); }},
      {"error", [](JobRun& run) { run.error = RunError{}; }},
      {"due_at", [](JobRun& run) { run.due_at = TimePoint{}; }},
      {"run_at", [](JobRun& run) { run.run_at += Duration{1}; }},
      {"created_at", [](JobRun& run) { run.created_at += Duration{1}; }},
      {"started_at", [](JobRun& run) { run.started_at = TimePoint{}; }},
      {"completed_at", [](JobRun& run) { run.completed_at = TimePoint{}; }},
      {"duration", [](JobRun& run) { run.duration = Duration{}; }},
      {"actor", [](JobRun& run) { run.actor = "a"; }},
      {"reason", [](JobRun& run) { run.reason = "a"; }},
      {"attempt", [](JobRun& run) { run.attempt = 2; }},
      {"retry_of", [](JobRun& run) { run.retry_of = RunId{}; }},
      {"priority", [](JobRun& run) { run.priority = -1; }},
      {"payload", [](JobRun& run) { run.payload = 0; }},
      {"unique_key", [](JobRun& run) { run.unique_key = "a"; }},
      {"concurrency_key", [](JobRun& run) { run.concurrency_key = "a"; }},
      {"concurrency_max", [](JobRun& run) { run.concurrency_max = 1; }},
      {"exclusive", [](JobRun& run) { run.exclusive = true; }},
      {"node", [](JobRun& run) { run.node = "a"; }},
      {"fence", [](JobRun& run) { run.fence = 1; }},
      {"lease_until_at", [](JobRun& run) { run.lease_until_at = TimePoint{}; }},
      {"cancel_requested", [](JobRun& run) { run.cancel_requested = true; }},
      {"cancel_actor", [](JobRun& run) { run.cancel_actor = "a"; }},
      {"progress", [](JobRun& run) { run.progress = 0.5; }},
      {"progress_note", [](JobRun& run) { run.progress_note = "a"; }},
      {"abandon_count", [](JobRun& run) { run.abandon_count = 1; }},
      {"payload_version", [](JobRun& run) { run.payload_version = 1; }},
      {"workflow_id", [](JobRun& run) { run.workflow_id = RunId{}; }},
      {"step", [](JobRun& run) { run.step = "a"; }},
      {"after", [](JobRun& run) { run.after = {RunId{}}; }},
      {"waits_for", [](JobRun& run) { run.waits_for = 1; }},
      {"log", [](JobRun& run) { run.log = Json::object(); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.field);
    JobRun changed;
    row.change(changed);
    const std::string text = difference(JobRun{}, changed);
    CHECK(text.substr(0, text.find(':')) == row.field);
    CHECK(text.find(';') == std::string::npos);
  }
}

TEST_CASE("difference names each field of a schedule state that differs") {
  ScheduleState changed;
  changed.job_name = "a";
  changed.version = 1;
  changed.enabled = false;
  changed.paused = true;
  changed.paused_at = TimePoint{};
  changed.anchor_at += Duration{1};
  changed.next_due_at = TimePoint{};
  changed.epoch_at += Duration{1};
  changed.failed_dependency = "b";
  CHECK(difference(ScheduleState{}, changed) ==
        "job_name: expected \"\", got \"a\"; version: expected 0, got 1; "
        "enabled: expected true, got false; paused: expected false, got true; "
        "paused_at: expected nothing, got 1970-01-01T00:00:00.000Z; "
        "anchor_at: expected 1970-01-01T00:00:00.000Z, got 1970-01-01T00:00:00.001Z; "
        "next_due_at: expected nothing, got 1970-01-01T00:00:00.000Z; "
        "epoch_at: expected 1970-01-01T00:00:00.000Z, got 1970-01-01T00:00:00.001Z; "
        "failed_dependency: expected \"\", got \"b\"");
}

}  // namespace row_difference_test
