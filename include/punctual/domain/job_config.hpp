// SPDX-License-Identifier: MIT
//
// JobConfig: everything about a job but its body. Only the name has no default.
//
// Thread-safety: a value.

#pragma once

#include <chrono>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_name.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual {

/// A timeout that never comes. For jobs whose length nobody can bound.
inline constexpr Duration no_timeout = Duration::max();

struct JobConfig {
  std::string name{};           ///< `^[a-z0-9][a-z0-9._-]{0,99}$`, unique within a scheduler
  std::string description{};    ///< for people; at most 1 KiB is kept
  Schedule schedule{};          ///< default: by hand only
  bool enabled = true;          ///< false: no due instants; a trigger is answered `JOB_DISABLED`
  bool run_on_startup = false;  ///< also run once when the scheduler first ticks
  /// Measured on the monotonic clock from the start of the body. At it the body's stop token is
  /// set; if the body has not returned `timeout_grace` later, the run is recorded without it.
  Duration timeout = std::chrono::hours{1};
  Duration timeout_grace = std::chrono::seconds{10};
  RetryPolicy retry{};
  OverlapPolicy overlap = OverlapPolicy::skip;
  MissedPolicy missed = MissedPolicy::run_once;
  int priority = 0;  ///< -100 to 100; higher is claimed earlier, by one minute of waiting a step
  ConcurrencyPolicy concurrency{};
  RetentionPolicy retention{};
};

/// Errors: INVALID_JOB_NAME -> the name; INVALID_CONFIG -> a value out of its range, which the
///         message names; INVALID_KEY -> the concurrency key.
inline void require_valid(const JobConfig& config) {
  require_job_name(config.name);
  const auto refuse = [&](const std::string& what) {
    throw Error{"INVALID_CONFIG", "job \"" + config.name + "\": " + what};
  };
  const auto ms = [](Duration span) { return std::to_string(span.count()) + " ms"; };
  if (config.timeout <= Duration{0}) {
    refuse("timeout must be positive (or punctual::no_timeout), got " + ms(config.timeout));
  }
  if (config.timeout_grace < Duration{0}) {
    refuse("timeout_grace must not be negative, got " + ms(config.timeout_grace));
  }
  if (config.retry.max_attempts < 1 || config.retry.max_attempts > 1000) {
    refuse("retry.max_attempts must be 1 to 1000, got " +
           std::to_string(config.retry.max_attempts));
  }
  if (config.priority < -100 || config.priority > 100) {
    refuse("priority must be -100 to 100, got " + std::to_string(config.priority));
  }
  if (config.retention.period <= Duration{0}) {
    refuse("retention.period must be positive, got " + ms(config.retention.period));
  }
  require_key_fits(config.concurrency.key, "concurrency.key");
}

}  // namespace punctual
