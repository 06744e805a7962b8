// SPDX-License-Identifier: MIT
//
// ServerClock: what the server's clock says, without asking it each time.
//
// How far it is from this host's clock is measured every ten seconds, and when this host's clock
// was set. What the round trip leaves open is decided for no difference, so two clocks that agree
// are one.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"

namespace punctual::detail {

/// Returns how far the server is ahead, which said `server` between `asked_at` and `answered_at`.
[[nodiscard]] constexpr Duration clock_difference(TimePoint asked_at, TimePoint server,
                                                  TimePoint answered_at) noexcept {
  if (server >= asked_at && server <= answered_at) return Duration{0};
  return server - (asked_at + (answered_at - asked_at) / 2);
}

class ServerClock {
 public:
  /// `ask()` returns the server's instant; if it throws, the last difference is taken, or none.
  template <class Ask>
  [[nodiscard]] TimePoint now(Ask&& ask) {
    const std::lock_guard lock{mutex_};
    const SystemClock here;
    const TimePoint asked_at = here.now();
    const Duration steady = here.steady_now();
    if (is_stale(asked_at, steady)) {
      measured_ = Measured{asked_at, steady};
      try {
        const TimePoint server = ask();
        difference_ = clock_difference(asked_at, server, here.now());
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next operation says it
      }
    }
    return add_clamped(here.now(), difference_);
  }

 private:
  static constexpr Duration period = std::chrono::seconds{10};
  static constexpr Duration step_min = std::chrono::milliseconds{100};

  struct Measured {
    TimePoint local_at{};
    Duration steady{};
  };

  [[nodiscard]] bool is_stale(TimePoint local, Duration steady) const noexcept {
    if (!measured_ || steady - measured_->steady >= period) return true;
    const Duration stepped = (local - measured_->local_at) - (steady - measured_->steady);
    return stepped > step_min || stepped < -step_min;
  }

  std::mutex mutex_;
  std::optional<Measured> measured_{};
  Duration difference_{0};
};

}  // namespace punctual::detail
