// SPDX-License-Identifier: MIT
//
// JobStatus and RunTrigger: the state of a run, and what started it.
//
//   pending ──> running ──> success | failed | skipped        (terminal, never changes again)
//      │           │
//      │           └──────> pending      by release only: an interrupted run is handed back
//      └──────────────────> skipped      it was answered without running
//
// What happened in detail is in the run's message code.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace punctual {

enum class JobStatus : std::uint8_t {
  pending,  ///< stored, not started
  running,  ///< claimed by a node that holds its lease
  success,  ///< ended well
  failed,   ///< ended badly, or was given up
  skipped,  ///< answered without being run, e.g. because the job is disabled
};

/// What made a run.
enum class RunTrigger : std::uint8_t {
  schedule,    ///< a due instant of the job's schedule
  manual,      ///< `trigger` or `enqueue`
  startup,     ///< `run_on_startup`
  retry,       ///< an earlier attempt failed
  dependency,  ///< the runs it waited for have ended
  backfill,    ///< a past instant, asked for by hand
};

namespace detail {

inline constexpr std::array<std::string_view, 5> job_status_names{"pending", "running", "success",
                                                                  "failed", "skipped"};
inline constexpr std::array<std::string_view, 6> run_trigger_names{
    "schedule", "manual", "startup", "retry", "dependency", "backfill"};

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> parse_enum(const std::array<std::string_view, N>& names,
                                                       std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace detail

/// True for the three statuses that never change again.
[[nodiscard]] constexpr bool is_terminal(JobStatus status) noexcept {
  return status == JobStatus::success || status == JobStatus::failed ||
         status == JobStatus::skipped;
}

/// Returns the name on the wire, e.g. "success".
[[nodiscard]] constexpr std::string_view to_string(JobStatus status) noexcept {
  return detail::job_status_names[static_cast<std::size_t>(status)];
}

[[nodiscard]] constexpr std::string_view to_string(RunTrigger trigger) noexcept {
  return detail::run_trigger_names[static_cast<std::size_t>(trigger)];
}

/// Returns the status with that name, or nullopt; exact, case matters.
[[nodiscard]] constexpr std::optional<JobStatus> parse_job_status(std::string_view text) noexcept {
  return detail::parse_enum<JobStatus>(detail::job_status_names, text);
}

[[nodiscard]] constexpr std::optional<RunTrigger> parse_run_trigger(
    std::string_view text) noexcept {
  return detail::parse_enum<RunTrigger>(detail::run_trigger_names, text);
}

template <class BasicJson>
void to_json(BasicJson& json, JobStatus status) {
  json = to_string(status);
}
template <class BasicJson>
void to_json(BasicJson& json, RunTrigger trigger) {
  json = to_string(trigger);
}

}  // namespace punctual
