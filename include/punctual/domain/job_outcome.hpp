// SPDX-License-Identifier: MIT
//
// JobOutcome: what a body says came of its run.
//
// Only what the body knows. Ids, times and duration are stamped by the runner, which was there.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_status.hpp"

namespace punctual {

/// Why a run failed: a code for programs and a sentence for people.
struct RunError {
  std::string code{};
  std::string message{};

  friend bool operator==(const RunError&, const RunError&) = default;
};

/// Wire: `{"code": …, "message": …}`.
template <class BasicJson>
void to_json(BasicJson& json, const RunError& error) {
  json = BasicJson{{"code", error.code}, {"message", error.message}};
}

/// Made by `job.success(…)`, `job.failure(…)`, `job.skipped(…)` and `job.interrupted()`.
struct JobOutcome {
  /// A terminal status; `pending` hands the run back to be run again (see `job.interrupted()`).
  JobStatus status = JobStatus::success;
  std::string message_code{};
  std::string summary{};
  Json details = nullptr;
  std::optional<RunError> error{};
  /// Of a failure: not tried again, whatever the retry policy says (`job.discard(…)`).
  bool is_final = false;
  /// Of a failure: when it is tried again, instead of the backoff (`job.retry_in(…)`).
  std::optional<Duration> retry_after{};
};

}  // namespace punctual
