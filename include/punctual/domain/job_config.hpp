// SPDX-License-Identifier: MIT
//
// JobConfig: everything about a job but its body. Only the name has no default.
//
// Thread-safety: a value.

#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <string>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_name.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/domain/redaction.hpp"
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
  RatePolicy rate{};
  /// Runs after these jobs, instead of by a schedule: whenever each of them has ended well since
  /// the last time. If one fails for good, that is answered by a row skipped /
  /// JOB_DEPENDENCY_FAILED. At most 100.
  std::vector<std::string> depends_on{};
  /// Names that the job had before: their runs are run by this body, their schedule is taken over.
  /// At most 100.
  std::vector<std::string> aliases{};
  /// Changes what must not be stored, after the keys of `SchedulerOptions::redaction` have been
  /// looked for. May be called from several threads at once. What it throws removes all of it.
  RedactionHook redact{};
  bool redact_payload = true;  ///< false: payloads are stored, and reach the body, as handed in
  RetentionPolicy retention{};
};

/// Errors: INVALID_JOB_NAME -> the name; INVALID_CONFIG -> a value out of its range, which the
///         message names; INVALID_KEY -> the concurrency key.
///
/// As a template, it costs those who only include it little.
template <std::same_as<JobConfig> ConfigT>
void require_valid(const ConfigT& config) {
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
  require_key_fits(config.rate.key, "rate.key");
  const auto refuse_rate = [&](const RateLimit& limit, const std::string& field) {
    if (limit.max > 1'000'000) {
      refuse(field + ".max must be 0 to 1000000, got " + std::to_string(limit.max));
    }
    if (limit.period <= Duration{0} || limit.period > std::chrono::hours{24 * 366}) {
      refuse(field + ".period must be 1 ms to 366 days, got " + ms(limit.period));
    }
  };
  refuse_rate(config.rate.limit, "rate.limit");
  refuse_rate(config.retry.budget, "retry.budget");
  if (config.retry.max_abandons < 1 || config.retry.max_abandons > 1000) {
    refuse("retry.max_abandons must be 1 to 1000, got " +
           std::to_string(config.retry.max_abandons));
  }
  if (config.depends_on.size() > 100 || config.aliases.size() > 100) {
    refuse("depends_on and aliases may each name 100 jobs, got " +
           std::to_string(std::max(config.depends_on.size(), config.aliases.size())));
  }
  for (const auto& name : config.depends_on) require_job_name(name);
  for (const auto& name : config.aliases) {
    require_job_name(name);
    const auto& aliases = config.aliases;
    if (name == config.name || std::count(aliases.begin(), aliases.end(), name) > 1) {
      refuse("aliases must be other names than the job's, each once, got \"" + name + "\"");
    }
  }
  if (!config.depends_on.empty() && !config.schedule.is_manual()) {
    refuse("a job runs by a schedule or after others, got both: `schedule` and `depends_on`");
  }
}

}  // namespace punctual
