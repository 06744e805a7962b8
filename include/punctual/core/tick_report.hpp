// SPDX-License-Identifier: MIT
//
// TickReport: what one tick of the scheduler did, and when the next one is worth while.

#pragma once

#include <cstddef>
#include <optional>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

/// What a tick did.
struct TickReport {
  std::size_t fired = 0;    ///< schedules moved on
  std::size_t claimed = 0;  ///< runs handed to the executor
  std::size_t rescued = 0;  ///< runs of dead nodes recorded
  std::size_t pruned = 0;
  bool has_more = false;  ///< a batch was full: tick again
  /// When the next tick has something to do; nullopt if nothing is known to come.
  std::optional<TimePoint> next_wake_at{};
  std::optional<Error> error{};  ///< the storage failed; the next tick tries again

  [[nodiscard]] bool did_something() const noexcept {
    return fired + claimed + rescued > 0 || has_more;
  }
};

}  // namespace punctual
