// SPDX-License-Identifier: MIT
//
// Readings: what the facade has read of the scheduler at a moment, to be shown to several.
//
// Thread-safety: immutable values, but for texts that are made when first asked for.

#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/http/jobs_backend.hpp"

namespace punctual::http {

/// The status; while the storage does not answer, the last one that there was.
class StatusReading {
 public:
  StatusReading(SchedulerStatus read, TimePoint read_at, bool degraded)
      : status(std::move(read)),
        at(read_at),
        is_degraded(degraded) {}

  const SchedulerStatus status;
  const TimePoint at;
  const bool is_degraded;  ///< the storage did not answer

  /// Returns the answer's text as `make()` made it first, for those who see errors or do not.
  template <class Make>
  [[nodiscard]] std::string text(bool hides_errors, Make&& make) const {
    auto& kept = texts_[hides_errors ? 1 : 0];
    {
      const std::lock_guard lock{mutex_};
      if (kept) return *kept;
    }
    std::string made = make();  // not under the lock: it calls the host's `zones`
    const std::lock_guard lock{mutex_};
    if (!kept) kept = std::move(made);
    return *kept;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::array<std::optional<std::string>, 2> texts_;
};

/// Whether all is well, and what is going on where.
struct HealthReading {
  bool is_well = false;
  StorageHealth storage{};
  std::map<std::string, std::size_t> running_counts{};  ///< of each node
};

/// Reads the health; of what is running, the newest thousand are counted. Throws no Error.
[[nodiscard]] inline HealthReading read_health(JobsBackend& backend, const StatusReading& status) {
  static constexpr std::size_t running_max = 1000;
  HealthReading reading;
  reading.running_counts[backend.node()] = 0;
  try {
    RunQuery query;
    query.status = JobStatus::running;
    query.limit = running_max;
    query.with_details = false;
    for (const auto& run : backend.runs(query)) ++reading.running_counts[run.node];
    reading.storage = backend.health();
    reading.is_well =
        !status.is_degraded && reading.storage.writable && reading.storage.problem.empty();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it is not well
  }
  return reading;
}

}  // namespace punctual::http
