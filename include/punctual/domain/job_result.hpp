// SPDX-License-Identifier: MIT
//
// JobResult: what `trigger` answers, the end of one run as a caller sees it.

#pragma once

#include <optional>
#include <string>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"

namespace punctual {

struct JobResult {
  RunId job_id{};  ///< the run's id; the seed calls it so
  std::string job_name{};
  /// Terminal, unless `trigger` was told to wait no longer: then pending or running.
  JobStatus status = JobStatus::pending;
  std::optional<TimePoint> started_at{};  ///< nullopt for a run that never started
  std::optional<TimePoint> completed_at{};
  Duration duration{};
  std::string message_code{};
  std::string summary{};
  Json details = nullptr;
  std::optional<RunError> error{};
};

/// Returns the result that a stored run stands for.
[[nodiscard]] inline JobResult to_result(const JobRun& run) {
  return {.job_id = run.id,
          .job_name = run.job_name,
          .status = run.status,
          .started_at = run.started_at,
          .completed_at = run.completed_at,
          .duration = run.duration.value_or(Duration{0}),
          .message_code = run.message_code,
          .summary = run.summary,
          .details = run.details,
          .error = run.error};
}

/// Wire: `jobId, jobName, status, startedAt, completedAt, durationMs, messageCode`, and where there
/// are any `summary, details, error`.
template <class BasicJson>
void to_json(BasicJson& json, const JobResult& result) {
  const auto time = [](const std::optional<TimePoint>& instant) -> BasicJson {
    return instant ? BasicJson(format_iso8601(*instant)) : BasicJson(nullptr);
  };
  json = BasicJson::object();
  json["jobId"] = result.job_id;
  json["jobName"] = result.job_name;
  json["status"] = result.status;
  json["startedAt"] = time(result.started_at);
  json["completedAt"] = time(result.completed_at);
  json["durationMs"] = result.duration.count();
  json["messageCode"] = result.message_code;
  if (!result.summary.empty()) json["summary"] = result.summary;
  if (!result.details.is_null()) json["details"] = result.details;
  if (result.error) json["error"] = *result.error;
}

}  // namespace punctual
