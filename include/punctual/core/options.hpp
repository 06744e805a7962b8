// SPDX-License-Identifier: MIT
//
// SchedulerOptions: the scheduler's own settings; those of a job are in JobConfig.

#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/event.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/redaction.hpp"

namespace punctual {

struct SchedulerOptions {
  /// Name of this node in the history. A random suffix is added, because two processes, or one
  /// before and after a restart, must never take each other's leases for their own.
  std::string node = "node";
  /// How long a claimed run stays with a node that does not renew: the time in which a crash is
  /// noticed. Renewed every third of it. At least 100 ms.
  Duration lease = std::chrono::seconds{30};
  /// How long `stop()` and the destructor wait for running bodies.
  Duration stop_grace = std::chrono::seconds{30};
  /// A run on startup is left out if the previous one was made less than this ago, so that a
  /// service that restarts in a loop does not run its startup jobs in a loop.
  Duration startup_spacing = std::chrono::minutes{1};
  /// A run that is ready is given up as failed / JOB_NOT_FOUND when no node has been there for its
  /// job for so long. At least an hour.
  Duration unknown_job_expiry = std::chrono::hours{24};
  /// What must not be stored of payloads, details, errors and logs.
  RedactionPolicy redaction{};
  /// How often old runs are pruned.
  Duration prune_period = std::chrono::hours{1};
  /// Schedules fired, and runs rescued or pruned, in one tick; the next tick follows at once if
  /// there is more. 1 to 10,000.
  std::size_t batch_max = 256;
  /// Seed of ids and jitter; nullopt: from the operating system.
  std::optional<std::uint64_t> seed{};
  EventHandler on_event{};
};

/// Errors: INVALID_CONFIG -> a value out of its range, which the message names; INVALID_KEY ->
/// node.
///
/// As a template, it costs those who only include it little.
template <std::same_as<SchedulerOptions> OptionsT>
void require_valid(const OptionsT& options) {
  const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
  const auto ms = [](Duration span) { return std::to_string(span.count()) + " ms"; };
  require_key_fits(options.node, "SchedulerOptions.node");
  if (options.lease < Duration{100}) {
    refuse("SchedulerOptions.lease must be at least 100 ms, got " + ms(options.lease));
  }
  if (options.stop_grace < Duration{0}) {
    refuse("SchedulerOptions.stop_grace must not be negative, got " + ms(options.stop_grace));
  }
  if (options.prune_period <= Duration{0}) {
    refuse("SchedulerOptions.prune_period must be positive, got " + ms(options.prune_period));
  }
  if (options.unknown_job_expiry < std::chrono::hours{1}) {
    refuse("SchedulerOptions.unknown_job_expiry must be at least an hour, got " +
           ms(options.unknown_job_expiry));
  }
  if (options.batch_max < 1 || options.batch_max > 10'000) {
    refuse("SchedulerOptions.batch_max must be 1 to 10000, got " +
           std::to_string(options.batch_max));
  }
}

}  // namespace punctual
