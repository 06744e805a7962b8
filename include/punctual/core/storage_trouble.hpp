// SPDX-License-Identifier: MIT
//
// StorageTrouble: remembers that the storage failed, and when to try again.
//
// The scheduler outlives every outage of its storage: it tries again, ever more slowly up to half a
// minute, and never gives up nor ends its host.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/schedule/backoff.hpp"

namespace punctual::detail {

class StorageTrouble {
 public:
  static constexpr Duration pause_max_default = std::chrono::seconds{30};

  /// `pause_max` is held to 1 ms to `pause_max_default`. It must leave the leases of runs in flight
  /// time to be renewed, if only some operations fail.
  explicit StorageTrouble(Random random, Duration pause_max = pause_max_default)
      : random_(random),
        backoff_(backoff_up_to(std::clamp(pause_max, Duration{1}, pause_max_default))) {}

  /// Notes a failure at `now` of the monotonic clock.
  void failed(Duration now) {
    const std::lock_guard lock{mutex_};
    if (failure_count_ < 1000) ++failure_count_;
    // At least half of the ceiling: a draw near zero would be no pause at all.
    const Duration half = backoff_.ceiling(failure_count_) / 2;
    retry_at_ = now + half + backoff_.delay(failure_count_, random_) / 2;
  }

  /// Notes a success; returns whether it ended a trouble.
  bool succeeded() {
    const std::lock_guard lock{mutex_};
    const bool had_failed = failure_count_ > 0;
    failure_count_ = 0;
    retry_at_.reset();
    return had_failed;
  }

  /// Returns how long to leave the storage alone from `now`, nullopt if it is well.
  [[nodiscard]] std::optional<Duration> pause(Duration now) const {
    const std::lock_guard lock{mutex_};
    if (!retry_at_) return std::nullopt;
    return *retry_at_ > now ? *retry_at_ - now : Duration{0};
  }

 private:
  [[nodiscard]] static Backoff backoff_up_to(Duration pause_max) {
    return Backoff::exponential(std::min<Duration>(std::chrono::milliseconds{200}, pause_max),
                                pause_max);
  }

  mutable std::mutex mutex_;
  Random random_;
  Backoff backoff_;
  std::uint32_t failure_count_ = 0;
  std::optional<Duration> retry_at_;
};

}  // namespace punctual::detail
