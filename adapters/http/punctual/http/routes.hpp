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
#include "punctual/http/trigger_route.hpp"

namespace punctual::http {

struct Route {
  std::string_view method;
  std::string_view path;  ///< below the prefix; a segment with ':' stands for any
  Action action;
  Response (*answer)(Facade&, const Call&);
  std::string_view summary;  ///< what it does, in a sentence
  std::size_t body_bytes_max = std::size_t{64} * 1024;
};

/// The first that fits answers.
inline constexpr std::array<Route, 14> routes{{
    {"GET", "me", Action::view, show_me, "Who asks, and what they may do"},
    {"GET", "status", Action::view, show_status, "Every job with its counts, and the newest runs"},
    {"GET", "health", Action::view, show_health, "Storage, nodes, and jobs that are overdue"},
    {"GET", "runs", Action::view, list_runs, "Runs by filter, the newest first, in pages"},
    {"GET", "platform-validation", Action::view, show_platform_validation,
     "The last result of the platform's self-check"},
    {"GET", "events", Action::view, stream_events, "Runs, jobs and health as they change"},
    {"GET", "runs/:id", Action::view, show_run, "One run in full"},
    {"GET", "by-name/:jobName", Action::view, show_job,
     "One job with its next instants and newest runs"},
    {"GET", "by-name/:jobName/explain", Action::view, explain_instant,
     "Why an instant of a job's schedule ran, did not run, or when it will"},
    {"POST", "trigger/:jobName", Action::trigger, trigger_job, "Runs a job now",
     std::size_t{16} * 1024},
    {"POST", "runs/:id/cancel", Action::cancel, cancel_run, "Cancels a run"},
    {"POST", "runs/:id/retry", Action::retry, retry_run, "Has a run done once more"},
    {"POST", ":jobName/pause", Action::pause, pause_job, "Keeps a job from running"},
    {"POST", ":jobName/resume", Action::resume, resume_job, "Ends a job's pause"},
}};

/// Returns what stands for the placeholders of `path`; nullopt if the segments do not fit it.
[[nodiscard]] inline std::optional<std::vector<std::string>> match_path(
    std::string_view path, const std::vector<std::string>& segments) {
  std::vector<std::string> names;
  std::size_t count = 0;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(path.size(), end + 1));
    if (count == segments.size()) return std::nullopt;
    const std::string& segment = segments[count++];
    if (part.front() == ':') {
      names.push_back(segment);
    } else if (part != segment) {
      return std::nullopt;
    }
  }
  if (count != segments.size()) return std::nullopt;
  return names;
}

}  // namespace punctual::http
