// SPDX-License-Identifier: MIT
//
// The route that streams events: runs, jobs and health as they change, to whoever listens.
//
// Thread-safety: functions of a Facade; from any thread.
// Source: WHATWG HTML, 9.2, "Server-sent events".

#pragma once

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
  static constexpr std::size_t lookups_max = 50;
  Observation seen;
  RunQuery query;
  query.limit = ChangeFeed::newest_runs_max;
  query.with_details = false;
  seen.newest_runs = facade.backend->runs(query);
  query.status = JobStatus::running;
  seen.other_runs = facade.backend->runs(query);
  std::size_t lookups = 0;
  for (const RunId id : feed.missing_from(seen)) {
    if (++lookups > lookups_max) break;
    auto run = facade.backend->run(id);
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
  // Read anew, so that who is told of an event never reads a status from before it.
  const auto status = facade.fresh_status();
  if (!status->is_degraded) {
    try {
      Observation seen = observe(facade, feed);
      seen.jobs = status->status.registered_jobs;
      glance.seen = std::move(seen);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): nothing was seen
    }
  }
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
