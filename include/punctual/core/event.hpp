// SPDX-License-Identifier: MIT
//
// SchedulerEvent: what the host should know of the scheduler's own affairs, for its log or metrics.
//
// What happens to runs is in the history. Events tell of the machinery: a storage that does not
// answer, a lease that was lost, a body that does not come back.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "punctual/domain/job_run.hpp"

namespace punctual {

struct SchedulerEvent {
  enum class Kind : std::uint8_t {
    storage_failed,     ///< an operation failed; the scheduler goes on trying, ever more slowly
    storage_recovered,  ///< the first success after that
    lease_lost,         ///< a run was taken over; what its body here returned was not recorded
    run_stuck,          ///< a body did not return within its grace; its thread was given up
    run_abandoned,      ///< a run of a node that died was recorded as JOB_ABANDONED
    run_released,       ///< a run was handed back at shutdown
    clock_jumped,       ///< the wall clock was set; leases were renewed
    due_conflict,       ///< a due instant had been answered before and was left out
  };
  Kind kind = Kind::storage_failed;
  std::string job_name{};  ///< empty if it concerns no single job
  RunId run_id{};          ///< nil likewise
  std::string message{};
};

/// Called from the scheduler's threads with no lock held. What it throws is dropped.
using EventHandler = std::function<void(const SchedulerEvent&)>;

[[nodiscard]] constexpr std::string_view to_string(SchedulerEvent::Kind kind) noexcept {
  constexpr std::string_view names[] = {"storage_failed", "storage_recovered", "lease_lost",
                                        "run_stuck",      "run_abandoned",     "run_released",
                                        "clock_jumped",   "due_conflict"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace punctual
