// SPDX-License-Identifier: MIT
//
// Routes: what can be asked of the facade, in one table that requests are matched with.
//
// Thread-safety: constants and pure functions.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/http/access.hpp"
#include "punctual/http/event_route.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/job_routes.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/run_routes.hpp"
#include "punctual/http/target.hpp"
#include "punctual/http/trigger_route.hpp"

namespace punctual::http {

/// One thing that can be asked; the words are those of openapi_schemas.hpp.
struct Route {
  std::string_view method;
  std::string_view path;  ///< below the prefix; a segment with ':' stands for any
  Action action;
  Response (*answer)(Facade&, const Call&);
  std::string_view summary;       ///< what it does, in a sentence
  std::string_view data;          ///< the type of the answer's data; or a media type
  std::string_view parameters{};  ///< by name; with '!' if it must be there
  std::string_view body{};        ///< the shape of what is sent; empty: nothing
  std::size_t body_bytes_max = std::size_t{64} * 1024;
  std::string_view successes = "200";
  std::string_view refusals{};  ///< statuses that others do not have
};

/// The first that fits answers.
inline constexpr std::array<Route, 15> routes{{
    {"GET", "me", Action::view, show_me, "Who asks, and what they may do", "Me"},
    {"GET", "status", Action::view, show_status, "Every job with its counts, and the newest runs",
     "Status"},
    {"GET", "health", Action::view, show_health, "Storage, nodes, and jobs that are overdue",
     "Health"},
    {"GET", "runs", Action::view, list_runs, "Runs by filter, the newest first, in pages", "[Run]",
     run_list_parameters},
    {"GET", "platform-validation", Action::view, show_platform_validation,
     "The last result of the platform's self-check", "PlatformValidation"},
    {"GET", "events", Action::view, stream_events, "Runs, jobs and health as they change",
     "text/event-stream", "Last-Event-ID"},
    {"GET", "openapi.json", Action::view, show_document, "This document", "application/json"},
    {"GET", "runs/:id", Action::view, show_run, "One run in full", "Run"},
    {"GET", "by-name/:jobName", Action::view, show_job,
     "One job with its next instants and newest runs", "JobDetail"},
    {"GET", "by-name/:jobName/explain", Action::view, explain_instant,
     "Why an instant of a job's schedule ran, did not run, or when it will", "Explanation", "at!"},
    {"POST", "trigger/:jobName", Action::trigger, trigger_job, "Runs a job now", "Result",
     "Idempotency-Key Prefer", "TriggerBody", std::size_t{16} * 1024, "200 202", "409 422 429"},
    {"POST", "runs/:id/cancel", Action::cancel, cancel_run, "Cancels a run", "CancelAnswer", "",
     "ReasonBody"},
    {"POST", "runs/:id/retry", Action::retry, retry_run, "Has a run done once more", "RetryAnswer",
     "", "ReasonBody", std::size_t{64} * 1024, "201", "409"},
    {"POST", ":jobName/pause", Action::pause, pause_job, "Keeps a job from running", "PauseAnswer",
     "", "ReasonBody"},
    {"POST", ":jobName/resume", Action::resume, resume_job, "Ends a job's pause", "PauseAnswer", "",
     "ReasonBody"},
}};

/// Returns what stands for the placeholders of `path`; nullopt if the segments do not fit it.
[[nodiscard]] inline std::optional<std::vector<std::string>> match_path(
    std::string_view path, const std::vector<std::string>& segments) {
  const auto parts = words_of(path, '/');
  if (parts.size() != segments.size()) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].front() == ':') {
      names.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return names;
}

}  // namespace punctual::http
