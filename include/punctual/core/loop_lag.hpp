// SPDX-License-Identifier: MIT
//
// LoopLag: how far the background loop is behind.
//
// One number is kept: the instant at which the loop should look next. While it sleeps, that is when
// it meant to wake; while it ticks, when the tick began. Who asks compares it with the clock, so a
// loop that hangs is seen to hang.
//
// Thread-safety: `at` from any thread; the others are the loop's.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "punctual/base/time.hpp"

namespace punctual::detail {

/// All instants are of the monotonic clock.
class LoopLag {
 public:
  /// The loop begins to look.
  void woke(Duration now) noexcept {
    const std::int64_t meant = expected_at_.load();
    last_.store(meant == none ? 0 : std::max<std::int64_t>(now.count() - meant, 0));
    expected_at_.store(now.count());
  }

  /// The loop goes to sleep; it may be woken before.
  void sleeps_until(Duration wake_at) noexcept { expected_at_.store(wake_at.count()); }

  void ended() noexcept { expected_at_.store(none); }

  /// Returns how late the loop woke last, or is by now if that is more; nullopt if there is none.
  [[nodiscard]] std::optional<Duration> at(Duration now) const noexcept {
    const std::int64_t expected_at = expected_at_.load();
    if (expected_at == none) return std::nullopt;
    return Duration{std::max(last_.load(), now.count() - expected_at)};
  }

 private:
  static constexpr std::int64_t none = INT64_MIN;

  std::atomic<std::int64_t> expected_at_{none};
  std::atomic<std::int64_t> last_{0};
};

}  // namespace punctual::detail
