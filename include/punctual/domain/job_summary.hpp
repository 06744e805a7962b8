// SPDX-License-Identifier: MIT
//
// JobSummary and SchedulerStatus: what `status()` shows of each job and of all of them.
//
// Counts come from counters that every finish moves on, so they cost nothing to read and stay true
// when old runs are pruned.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual {

struct JobSummary {
  std::string name{};
  std::string description{};
  bool enabled = true;
  bool paused = false;
  std::string paused_by{};
  std::string paused_reason{};
  Json schedule = nullptr;  ///< the schedule's JSON form; null: by hand only
  std::optional<TimePoint> next_run_at{};
  TimePoint anchor_at{};                  ///< what its periods are counted from
  TimePoint epoch_at{};                   ///< each of its instants after this is answered by a row
  std::vector<std::string> depends_on{};  ///< the jobs after which it runs
  /// The job's newest run that was executed and has ended; rows that answered an instant without
  /// running hide nothing.
  std::optional<JobRun> last_run{};
  /// Whether the scheduler that was asked has registered the job; others may have. Of a job that
  /// nobody has, runs wait until they are given up.
  bool is_registered = true;
  std::uint64_t run_count = 0;  ///< runs that have ended: the sum of the three below
  std::uint64_t success_count = 0;
  std::uint64_t failure_count = 0;
  std::uint64_t skipped_count = 0;
};

struct SchedulerStatus {
  std::vector<JobSummary> registered_jobs{};  ///< ordered by name
  std::size_t total_jobs = 0;
  std::size_t enabled_jobs = 0;
  std::vector<JobRun> recent_runs{};  ///< newest first, without details and payload
};

/// Wire: the seed's shape; `scheduleIntervalMs` is null for schedules that have no period, and
/// `schedule` says the schedule whatever its kind.
template <class BasicJson>
void to_json(BasicJson& json, const JobSummary& job) {
  const auto text = [](const std::string& value) -> BasicJson {
    return value.empty() ? BasicJson(nullptr) : BasicJson(value);
  };
  json = BasicJson::object();
  json["name"] = job.name;
  json["description"] = job.description;
  json["enabled"] = job.enabled;
  json["registered"] = job.is_registered;
  json["paused"] = job.paused;
  json["pausedBy"] = text(job.paused_by);
  json["pausedReason"] = text(job.paused_reason);
  json["scheduleIntervalMs"] = job.schedule.is_object()
                                   ? job.schedule.value("periodMs", BasicJson(nullptr))
                                   : BasicJson(nullptr);
  json["schedule"] = job.schedule;
  json["nextRunAt"] =
      job.next_run_at ? BasicJson(format_iso8601(*job.next_run_at)) : BasicJson(nullptr);
  json["dependsOn"] = job.depends_on;
  json["runCount"] = job.run_count;
  json["successCount"] = job.success_count;
  json["failureCount"] = job.failure_count;
  json["skippedCount"] = job.skipped_count;
  json["lastRun"] = nullptr;
  if (!job.last_run) return;
  const JobRun& run = *job.last_run;
  BasicJson last = BasicJson::object();
  last["jobId"] = run.id;
  last["status"] = run.status;
  last["startedAt"] =
      run.started_at ? BasicJson(format_iso8601(*run.started_at)) : BasicJson(nullptr);
  last["completedAt"] =
      run.completed_at ? BasicJson(format_iso8601(*run.completed_at)) : BasicJson(nullptr);
  last["durationMs"] = run.duration.value_or(Duration{0}).count();
  last["messageCode"] = run.message_code;
  last["summary"] = text(run.summary);
  json["lastRun"] = std::move(last);
}

/// Wire: `{registeredJobs, totalJobs, enabledJobs, recentRuns}`.
template <class BasicJson>
void to_json(BasicJson& json, const SchedulerStatus& status) {
  json = BasicJson::object();
  json["registeredJobs"] = BasicJson::array();
  for (const auto& job : status.registered_jobs) json["registeredJobs"].push_back(job);
  json["totalJobs"] = status.total_jobs;
  json["enabledJobs"] = status.enabled_jobs;
  json["recentRuns"] = BasicJson::array();
  for (const auto& run : status.recent_runs) json["recentRuns"].push_back(run);
}

}  // namespace punctual
