// SPDX-License-Identifier: MIT
//
// What the facade shows of jobs and runs, as JSON: the library's own forms and what a person wants
// to know besides.
//
// Thread-safety: pure functions.

#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_result.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/http/access.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/schedule/time_zone.hpp"

namespace punctual::http {

using ZonesOf = std::function<TimeZone(std::string_view name)>;

/// Says a schedule in words. Without `zones` that know its zone, the zone's name stands behind.
[[nodiscard]] inline std::string schedule_in_words(const Json& schedule, const ZonesOf& zones) {
  const auto utc_of = [](std::string_view) { return TimeZone{}; };
  try {
    if (zones) return Schedule::from_json(schedule, zones).describe();
  } catch (...) {  // NOLINT(bugprone-empty-catch): `zones` is the host's; tried again below
  }
  try {
    const std::string words = Schedule::from_json(schedule, utc_of).describe();
    const auto zone = schedule.is_object() ? schedule.find("timeZone") : schedule.end();
    const bool has_zone =
        schedule.is_object() && zone != schedule.end() && zone->is_string() && *zone != "UTC";
    return has_zone ? words + " (" + zone->get<std::string>() + ")" : words;
  } catch (const Error&) {
    return "by a schedule that this version cannot read";
  }
}

/// True if `principal` is not to see what the run's error says. It may be more than its author
/// meant to show, so it is for those who may act on it.
[[nodiscard]] inline bool hides_error_text(const Principal& principal) noexcept {
  return principal.permission != Permission::write;
}

[[nodiscard]] inline Json run_view(const JobRun& run, const Principal& principal) {
  Json view = run;
  if (!hides_error_text(principal)) return view;
  view["errorMessage"] = nullptr;
  if (run.message_code == message_code::job_execution_error) view["summary"] = nullptr;
  return view;
}

[[nodiscard]] inline Json job_view(const JobSummary& job, const Principal& principal,
                                   const ZonesOf& zones) {
  Json view = job;
  view["scheduleInWords"] = schedule_in_words(job.schedule, zones);
  if (job.last_run && hides_error_text(principal) &&
      job.last_run->message_code == message_code::job_execution_error) {
    view["lastRun"]["summary"] = nullptr;
  }
  return view;
}

/// What came of a run, as of `trigger`.
[[nodiscard]] inline Json result_view(const JobResult& result, const Principal& principal) {
  Json view = result;
  if (!hides_error_text(principal)) return view;
  if (view.contains("error")) view["error"]["message"] = nullptr;
  if (result.message_code == message_code::job_execution_error) view.erase("summary");
  return view;
}

[[nodiscard]] inline Json runs_view(const std::vector<JobRun>& runs, const Principal& principal) {
  Json view = Json::array();
  for (const auto& run : runs) view.push_back(run_view(run, principal));
  return view;
}

/// Returns how long after the instant at which it was to run a run started; nullopt if it did not.
[[nodiscard]] inline std::optional<Duration> lateness_of(const JobRun& run) {
  if (!run.started_at) return std::nullopt;
  return std::max(*run.started_at - run.due_at.value_or(run.run_at), Duration{0});
}

/// Returns the value below which `percent` of them lie; nullopt if there are none.
///
/// Source: the nearest-rank method.
[[nodiscard]] inline std::optional<Duration> percentile(std::vector<Duration> values,
                                                        std::size_t percent) {
  if (values.empty()) return std::nullopt;
  const std::size_t rank = std::max<std::size_t>((values.size() * percent + 99) / 100, 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

[[nodiscard]] inline Json span_or_null(const std::optional<Duration>& span) {
  return span ? Json(span->count()) : Json(nullptr);
}

[[nodiscard]] inline Json time_or_null(const std::optional<TimePoint>& instant) {
  return instant ? Json(format_iso8601(*instant)) : Json(nullptr);
}

/// What has become of a job's newest runs: `recent`, `durationP50Ms`, `durationP95Ms`.
inline void add_recent(Json& view, const std::vector<JobRun>& runs) {
  std::vector<Duration> durations;
  Json recent = Json::array();
  for (const auto& run : runs) {
    const bool was_executed = run.status == JobStatus::success || run.status == JobStatus::failed;
    if (was_executed && run.duration) durations.push_back(*run.duration);
    recent.push_back({{"id", run.id},
                      {"status", run.status},
                      {"messageCode", run.message_code},
                      {"dueAt", time_or_null(run.due_at)},
                      {"startedAt", time_or_null(run.started_at)},
                      {"completedAt", time_or_null(run.completed_at)},
                      {"durationMs", span_or_null(run.duration)},
                      {"latenessMs", span_or_null(lateness_of(run))}});
  }
  view["recent"] = std::move(recent);
  view["durationP50Ms"] = span_or_null(percentile(durations, 50));
  view["durationP95Ms"] = span_or_null(percentile(durations, 95));
}

/// The next instants of a schedule, with what a change of the clocks has to do with each.
[[nodiscard]] inline Json instants_view(const std::vector<ScheduledInstant>& instants) {
  const auto word_of = [](DstCase dst) -> Json {
    switch (dst) {
      case DstCase::moved:
        return "gap";
      case DstCase::first_pass:
        return "overlap_first";
      case DstCase::second_pass:
        return "overlap_second";
      case DstCase::none:
        break;
    }
    return nullptr;
  };
  Json view = Json::array();
  for (const auto& instant : instants) {
    view.push_back({{"at", format_iso8601(instant.at)}, {"dst", word_of(instant.dst)}});
  }
  return view;
}

}  // namespace punctual::http
