// SPDX-License-Identifier: MIT
//
// Routes about jobs: the status of all, one job in full, why an instant did or did not run, pausing
// and resuming, and the last result of the platform's self-check.
//
// Thread-safety: functions of a Facade; from any thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/job_views.hpp"
#include "punctual/http/strict_json.hpp"
#include "punctual/http/target.hpp"

namespace punctual::http {

/// Who asks, and what they may do: for a page that hides what would be refused.
[[nodiscard]] inline Response show_me(Facade& facade, const Call& call) {
  Json permissions = Json::array({to_string(Permission::read)});
  if (call.principal.permission == Permission::write) {
    permissions.push_back(to_string(Permission::write));
  }
  Json actions = Json::array();
  for (const Action action : all_actions) {
    const bool is_there = action == Action::view || !facade.options.read_only;
    if (is_there && call.principal.may(action)) actions.push_back(to_string(action));
  }
  return data_answer({{"principal", call.principal.name},
                      {"permissions", std::move(permissions)},
                      {"actions", std::move(actions)},
                      {"readOnly", facade.options.read_only}});
}

[[nodiscard]] inline Response show_document(Facade& facade, const Call&) {
  Response response;
  response.set("Content-Type", json_type);
  response.body = facade.document;
  return response;
}

[[nodiscard]] inline Json status_view(const StatusReading& reading, const Principal& principal,
                                      const ZonesOf& zones) {
  const SchedulerStatus& status = reading.status;
  Json jobs = Json::array();
  for (const auto& job : status.registered_jobs) jobs.push_back(job_view(job, principal, zones));
  return {{"registeredJobs", std::move(jobs)},
          {"totalJobs", status.total_jobs},
          {"enabledJobs", status.enabled_jobs},
          {"recentRuns", runs_view(status.recent_runs, principal)},
          {"degraded", reading.is_degraded},
          {"time", format_iso8601(reading.at)}};
}

[[nodiscard]] inline Response show_status(Facade& facade, const Call& call) {
  const auto reading = facade.status();
  Response response;
  response.set("Content-Type", json_type);
  response.body = reading->text(hides_error_text(call.principal), [&] {
    return data_answer(status_view(*reading, call.principal, facade.options.zones)).body;
  });
  return response;
}

/// Jobs whose instant has passed without an answer, as found when read.
[[nodiscard]] inline Json overdue_view(const SchedulerStatus& status, TimePoint now) {
  static constexpr Duration tolerance = std::chrono::seconds{5};
  Json overdue = Json::array();
  for (const auto& job : status.registered_jobs) {
    if (!job.enabled || job.paused || !job.next_run_at) continue;
    const Duration late = now - *job.next_run_at;
    if (late <= tolerance) continue;
    overdue.push_back({{"jobName", job.name},
                       {"nextRunAt", format_iso8601(*job.next_run_at)},
                       {"lateMs", late.count()}});
  }
  return overdue;
}

/// `age_max`: how old what the storage says of itself may be.
[[nodiscard]] inline Json health_view(Facade& facade, Duration age_max) {
  const auto status = facade.status();
  const auto reading = facade.health(age_max);
  const bool is_well = reading->is_well && !status->is_degraded;
  const TimePoint now = facade.backend->now();
  Json nodes = Json::array();
  std::size_t running = 0;
  for (const auto& [name, count] : reading->running_counts) {
    nodes.push_back({{"name", name}, {"runningCount", count}});
    running += count;
  }
  return {{"degraded", !is_well},
          {"node", facade.backend->node()},
          {"time", format_iso8601(now)},
          {"loopLagMs", span_or_null(facade.backend->loop_lag())},
          {"storage", {{"kind", reading->storage.kind}, {"reachable", is_well}}},
          {"overdueJobs", overdue_view(status->status, now)},
          {"nodes", std::move(nodes)},
          {"runningCount", running}};
}

[[nodiscard]] inline Response show_health(Facade& facade, const Call&) {
  return data_answer(health_view(facade, facade.options.reading_age_max));
}

/// A job with its next instants and what has become of its newest runs.
[[nodiscard]] inline Response show_job(Facade& facade, const Call& call) {
  static constexpr std::size_t next_count = 10;
  static constexpr std::size_t recent_count = 50;
  const auto reading = facade.status();
  if (reading->is_degraded) throw storage_unavailable();
  const auto& jobs = reading->status.registered_jobs;
  const auto found = std::find_if(
      jobs.begin(), jobs.end(), [&](const JobSummary& job) { return job.name == call.job_name(); });
  if (found == jobs.end()) throw job_not_found();
  Json view = job_view(*found, call.principal, facade.options.zones);
  view["nextRuns"] = found->is_registered
                         ? instants_view(facade.backend->next_runs(found->name, next_count))
                         : Json::array();
  RunQuery query;
  query.job_name = found->name;
  query.limit = recent_count;
  query.with_details = false;
  add_recent(view, facade.backend->runs(query));
  return data_answer(std::move(view));
}

/// Reads an instant from a parameter.
///
/// Errors: INVALID_QUERY (400).
[[nodiscard]] inline TimePoint instant_of(const std::string& text, const char* name) {
  if (const auto instant = parse_iso8601(text)) return *instant;
  throw bad_request("INVALID_QUERY", "the parameter \"" + std::string{name} +
                                         "\" must be an instant like 2024-01-15T02:00:00.000Z");
}

[[nodiscard]] inline Response explain_instant(Facade& facade, const Call& call) {
  constexpr std::string_view words[] = {"no_instant", "not_counted", "answered", "open",
                                        "to_come",    "overdue",     "forgotten"};
  const QueryParameters parameters{call.request.query, {"at"}};
  const std::string* at = parameters.find("at");
  if (at == nullptr) {
    throw bad_request("INVALID_QUERY", "the parameter \"at\" must say an instant");
  }
  const Explanation found = facade.backend->explain(call.job_name(), instant_of(*at, "at"));
  return data_answer({{"kind", words[static_cast<std::size_t>(found.kind)]},
                      {"text", found.text},
                      {"runId", found.run_id ? Json(*found.run_id) : Json(nullptr)}});
}

[[nodiscard]] inline Response pause_job(Facade& facade, const Call& call) {
  const Json body = parse_body(call.request.body, {"reason"});
  facade.backend->pause(call.job_name(), call.principal.name,
                        call.reason(text_of(body, "reason", words_bytes_max)));
  return data_answer({{"jobName", call.job_name()}, {"paused", true}});
}

[[nodiscard]] inline Response resume_job(Facade& facade, const Call& call) {
  const Json body = parse_body(call.request.body, {"reason"});
  facade.backend->resume(call.job_name(), call.principal.name,
                         call.reason(text_of(body, "reason", words_bytes_max)));
  return data_answer({{"jobName", call.job_name()}, {"paused", false}});
}

/// The details of the self-check's newest run that came to a result.
[[nodiscard]] inline Response show_platform_validation(Facade& facade, const Call&) {
  RunQuery query;
  query.job_name = facade.options.self_check_job;
  query.limit = 20;
  for (const auto& run : facade.backend->runs(query)) {
    if (!run.completed_at || !run.details.is_object() || !run.details.contains("scripts")) continue;
    return data_answer({{"hasResult", true}, {"result", run.details}});
  }
  return data_answer({{"hasResult", false}, {"result", nullptr}});
}

}  // namespace punctual::http
