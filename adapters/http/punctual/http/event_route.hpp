// SPDX-License-Identifier: MIT
//
// The route that streams events: runs, jobs and health as they change, to whoever listens.
//
// Thread-safety: functions of a Facade; from any thread.
// Source: WHATWG HTML, 9.2, "Server-sent events".

#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/http/api_error.hpp"
#include "punctual/http/change_feed.hpp"
#include "punctual/http/event_hub.hpp"
#include "punctual/http/facade.hpp"
#include "punctual/http/job_routes.hpp"
#include "punctual/http/job_views.hpp"

namespace punctual::http {

/// Reads what is compared with what the feed has seen before.
///
/// Errors: those of the storage.
[[nodiscard]] inline Observation observe(Facade& facade, const ChangeFeed& feed) {
  static constexpr std::size_t running_max = 1000;
  static constexpr std::size_t lookups_max = 50;
  Observation seen;
  RunQuery query;
  query.with_details = false;
  query.limit = ChangeFeed::newest_runs_max;
  seen.newest_runs = facade.backend->runs(query);
  query.limit = running_max;
  query.status = JobStatus::running;
  seen.other_runs = facade.backend->runs(query);
  const auto missing = feed.missing_from(seen);
  seen.is_partial = seen.other_runs.size() == running_max || missing.size() > lookups_max;
  for (std::size_t i = 0; i < std::min(missing.size(), lookups_max); ++i) {
    auto run = facade.backend->run(missing[i]);
    if (!run) continue;
    run->details = nullptr;
    run->payload = nullptr;
    run->log = nullptr;
    seen.other_runs.push_back(*std::move(run));
  }
  return seen;
}

[[nodiscard]] inline Glance glance_at(Facade& facade, const ChangeFeed& feed) {
  static constexpr Duration health_age_max = std::chrono::seconds{5};
  Glance glance;
  try {
    glance.seen = observe(facade, feed);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): nothing was seen
  }
  // After the runs, so that who is told of an end never reads a status from before it.
  const auto status = facade.fresh_status();
  if (status->is_degraded) glance.seen.reset();
  if (glance.seen) glance.seen->jobs = status->status.registered_jobs;
  glance.health = health_view(facade, health_age_max);
  return glance;
}

[[nodiscard]] inline Response stream_events(Facade& facade, const Call& call) {
  const auto look = [&facade](const ChangeFeed& feed) { return glance_at(facade, feed); };
  auto seat = facade.events.enter(call.request.value_of("Last-Event-ID"), look);
  if (!seat) {
    throw ApiError{503,
                   "TOO_MANY_STREAMS",
                   "as many listen as may; ask for the status now and then",
                   {{"Retry-After", "30"}}};
  }
  Response response;
  response.set("Content-Type", "text/event-stream; charset=utf-8");
  response.set("X-Accel-Buffering", "no");  // a proxy in between is to pass events on at once
  response.stream = [&facade, look, seat = std::move(seat),
                     hides_errors = hides_error_text(call.principal)](const WritePiece& write) {
    return facade.events.step(*seat, hides_errors, write, look);
  };
  return response;
}

}  // namespace punctual::http
