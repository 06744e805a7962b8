// SPDX-License-Identifier: MIT
//
// Options and answers of single calls to the scheduler.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual {

/// How to trigger a job.
struct TriggerOptions {
  Json payload = nullptr;
  std::string actor{};   ///< who; kept with the run
  std::string reason{};  ///< why; kept with the run
  /// How long to wait for the end; afterwards the run as it is then is returned, and goes on.
  Duration wait = Duration::max();
};

/// How to enqueue a run.
struct EnqueueOptions {
  std::optional<TimePoint> run_at{};  ///< not before; default: now
  std::optional<int> priority{};      ///< -100 to 100; default: the job's
  std::string unique_key{};           ///< at most one open run per key; empty: no such limit
  std::string actor{};                ///< who; kept with the run
  std::string reason{};               ///< why; kept with the run
};

/// One run of several that are enqueued together.
struct EnqueueItem {
  Json payload = nullptr;
  EnqueueOptions options{};
};

/// How to have a run done once more.
struct RetryOptions {
  std::optional<TimePoint> run_at{};  ///< not before; default: now
  std::string actor{};                ///< who; default: who asked for the first attempt
  std::string reason{};               ///< why; default: that of the first attempt
};

/// What `stop` had to leave behind.
struct StopReport {
  /// Runs handed back although their bodies had not returned. Those bodies may still be running.
  std::vector<RunId> abandoned{};
};

}  // namespace punctual
