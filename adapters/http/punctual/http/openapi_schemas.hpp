// SPDX-License-Identifier: MIT
//
// The shapes of what the facade sends and takes, and the parameters of its routes, as tables that
// the OpenAPI document is made of.
//
// Types are words: `string integer number boolean time uuid object any`, `a|b` for one of some
// texts, a capitalized name for another shape, `[…]` for a list, and `?` behind it for "or null".
//
// Thread-safety: constants.

#pragma once

#include <string_view>
#include <vector>

namespace punctual::http {

struct SchemaField {
  std::string_view name;  ///< with '?' behind it if it may be left out
  std::string_view type;
  std::string_view description{};
};

struct Schema {
  std::string_view name;
  std::vector<SchemaField> fields;
};

[[nodiscard]] inline const std::vector<Schema>& schemas() {
  static constexpr std::string_view status = "pending|running|success|failed|skipped";
  static const std::vector<Schema> all{
      {"Me",
       {{"principal", "string"},
        {"permissions", "[ADMIN_SETTINGS_READ|ADMIN_SETTINGS_WRITE]"},
        {"actions", "[view|trigger|cancel|retry|pause|resume]", "what may be done here"},
        {"readOnly", "boolean", "true: nothing is changed here by anybody"}}},
      {"Run",
       {{"id", "uuid"},
        {"jobName", "string"},
        {"status", status},
        {"trigger", "schedule|manual|startup|retry|dependency|backfill"},
        {"messageCode", "string?"},
        {"summary", "string?"},
        {"details", "any", "null in lists"},
        {"errorCode", "string?"},
        {"errorMessage", "string?", "shown to those who may write"},
        {"durationMs", "integer?"},
        {"dueAt", "time?", "the instant of the schedule that this run answers"},
        {"runAt", "time?", "not before; null while it waits for others"},
        {"createdAt", "time"},
        {"startedAt", "time?"},
        {"completedAt", "time?"},
        {"actor", "string?"},
        {"reason", "string?"},
        {"attempt", "integer"},
        {"retryOf", "uuid?", "the first attempt"},
        {"priority", "integer"},
        {"payload", "any", "null in lists"},
        {"uniqueKey", "string?"},
        {"concurrencyKey", "string?"},
        {"node", "string?"},
        {"fence", "integer", "rises with each claim"},
        {"leaseUntilAt", "time?"},
        {"cancelRequested", "boolean"},
        {"cancelActor", "string?"},
        {"progress", "number", "0 to 1"},
        {"progressNote", "string?"},
        {"abandonCount", "integer"},
        {"payloadVersion", "integer"},
        {"workflowId", "uuid?"},
        {"step", "string?"},
        {"after", "[uuid]"},
        {"waitsFor", "integer", "how many of `after` have not ended"},
        {"log", "any", "lines, and how many were dropped; null in lists"}}},
      {"LastRun",
       {{"jobId", "uuid"},
        {"status", status},
        {"startedAt", "time?"},
        {"completedAt", "time?"},
        {"durationMs", "integer"},
        {"messageCode", "string"},
        {"summary", "string?"}}},
      {"Job",
       {{"name", "string"},
        {"description", "string"},
        {"enabled", "boolean"},
        {"registered", "boolean", "false: the node that answers does not know it"},
        {"paused", "boolean"},
        {"pausedBy", "string?"},
        {"pausedReason", "string?"},
        {"scheduleIntervalMs", "integer?", "null if the schedule has no fixed period"},
        {"schedule", "object?"},
        {"scheduleInWords", "string"},
        {"nextRunAt", "time?"},
        {"dependsOn", "[string]"},
        {"runCount", "integer", "the sum of the three counts that follow"},
        {"successCount", "integer"},
        {"failureCount", "integer"},
        {"skippedCount", "integer"},
        {"lastRun", "LastRun?"}}},
      {"NextRun", {{"at", "time"}, {"dst", "gap|overlap_first|overlap_second?"}}},
      {"RecentRun",
       {{"id", "uuid"},
        {"status", status},
        {"messageCode", "string"},
        {"dueAt", "time?"},
        {"startedAt", "time?"},
        {"completedAt", "time?"},
        {"durationMs", "integer?"},
        {"latenessMs", "integer?", "from when it was to run to its start"}}},
      {"JobDetail",
       {{"...", "Job"},
        {"nextRuns", "[NextRun]", "up to ten"},
        {"recent", "[RecentRun]", "up to fifty, the newest first"},
        {"durationP50Ms", "integer?"},
        {"durationP95Ms", "integer?"}}},
      {"Status",
       {{"registeredJobs", "[Job]", "by name"},
        {"totalJobs", "integer"},
        {"enabledJobs", "integer"},
        {"recentRuns", "[Run]", "the newest twenty"},
        {"degraded", "boolean",
         "true: the storage does not answer, this is the last that was read"},
        {"time", "time"}}},
      {"StorageHealth", {{"kind", "string"}, {"reachable", "boolean"}}},
      {"OverdueJob", {{"jobName", "string"}, {"nextRunAt", "time"}, {"lateMs", "integer"}}},
      {"Node", {{"name", "string"}, {"runningCount", "integer"}}},
      {"Health",
       {{"degraded", "boolean"},
        {"node", "string", "the one that answers"},
        {"time", "time"},
        {"loopLagMs", "integer?", "how far its loop is behind; null: it has none"},
        {"storage", "StorageHealth"},
        {"overdueJobs", "[OverdueJob]"},
        {"nodes", "[Node]", "the one that answers, and those that are running something"},
        {"runningCount", "integer"}}},
      {"CheckSummary",
       {{"total", "integer"},
        {"passed", "integer"},
        {"failed", "integer"},
        {"skipped", "integer"},
        {"totalDurationMs", "integer"}}},
      {"Check",
       {{"name", "string"},
        {"status", "passed|failed|skipped"},
        {"durationMs", "integer"},
        {"message?", "string", "unless it passed"},
        {"error?", "boolean", "true: it could not be carried out"},
        {"details?", "any"}}},
      {"ValidationReport",
       {{"success", "boolean"},
        {"timestamp", "time"},
        {"environment", "string"},
        {"summary", "CheckSummary"},
        {"scripts", "[Check]"}}},
      {"PlatformValidation", {{"hasResult", "boolean"}, {"result", "ValidationReport?"}}},
      {"Explanation",
       {{"kind", "no_instant|not_counted|answered|open|to_come|overdue|forgotten"},
        {"text", "string"},
        {"runId", "uuid?"}}},
      {"ResultError", {{"code", "string"}, {"message", "string?", "shown to those who may write"}}},
      {"Result",
       {{"jobId", "uuid"},
        {"jobName", "string"},
        {"status", status},
        {"startedAt", "time?"},
        {"completedAt", "time?"},
        {"durationMs", "integer"},
        {"messageCode", "string"},
        {"summary?", "string"},
        {"details?", "any"},
        {"error?", "ResultError"}}},
      {"CancelAnswer", {{"answer", "cancelled|requested|already_ended"}}},
      {"RetryAnswer", {{"runId", "uuid"}}},
      {"PauseAnswer", {{"jobName", "string"}, {"paused", "boolean"}}},
      {"TriggerBody", {{"payload?", "any"}, {"reason?", "string"}}},
      {"ReasonBody", {{"reason?", "string"}}},
      {"ErrorDetail",
       {{"code", "string", "stable"},
        {"message", "string"},
        {"runId?", "uuid?", "with JOB_ALREADY_RUNNING: the run that is open"}}},
      {"Error", {{"success", "boolean"}, {"error", "ErrorDetail"}, {"requestId", "string"}}},
      {"Alive", {{"status", "ok|degraded"}}},
  };
  return all;
}

struct ParameterDoc {
  std::string_view name;
  std::string_view in;  ///< query or header
  std::string_view type;
  std::string_view description;
};

[[nodiscard]] inline const std::vector<ParameterDoc>& parameter_docs() {
  static const std::vector<ParameterDoc> all{
      {"jobName", "query", "string", "of this job"},
      {"status", "query", "pending|running|success|failed|skipped", "with this status"},
      {"trigger", "query", "schedule|manual|startup|retry|dependency|backfill", "begun by this"},
      {"messageCode", "query", "string", "with this code"},
      {"createdFrom", "query", "time", "stored then or later"},
      {"createdBefore", "query", "time", "stored before then"},
      {"dueFrom", "query", "time", "due then or later"},
      {"dueBefore", "query", "time", "due before then"},
      {"workflowId", "query", "uuid", "of this workflow"},
      {"dead", "query", "true|false", "failed, and not tried again since"},
      {"limit", "query", "integer", "how many at most: 1 to 200, 50 if not said"},
      {"cursor", "query", "string", "`nextCursor` of the page before, with the same filters"},
      {"at", "query", "time", "the instant that is asked about"},
      {"Idempotency-Key", "header", "string",
       "1 to 200 visible ASCII characters; sent again within a day, the answer is the same run"},
      {"Prefer", "header", "string", "`wait=SECONDS`: how long to wait for the end, at most"},
      {"Last-Event-ID", "header", "string", "the last event there was, to get what was missed"},
  };
  return all;
}

}  // namespace punctual::http
