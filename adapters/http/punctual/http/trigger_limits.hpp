// SPDX-License-Identifier: MIT
//
// TriggerLimits: how often runs may be started by hand: by one principal, and of one job.
//
// A bucket of tokens for each, as one instant: the time at which it is full again. Buckets that are
// full are forgotten, so memory is bounded by what was asked for within a minute.
//
// Thread-safety: all members, from any thread.
// Source: the generic cell rate algorithm, ITU-T I.371.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "punctual/base/time.hpp"

namespace punctual::http {

class TriggerLimits {
 public:
  struct Rate {
    std::size_t count_max = 0;  ///< at once, and per period
    Duration period{};
  };

  TriggerLimits(Rate per_principal, Rate per_job)
      : per_principal_(per_principal),
        per_job_(per_job) {}

  /// Takes a token of both; returns 0, or how long until there is one, and takes none then.
  ///
  /// `now` is a time that is never set back: Clock::steady_now().
  [[nodiscard]] Duration take(const std::string& principal, const std::string& job, Duration now) {
    const std::lock_guard lock{mutex_};
    const std::pair of_principal{'p', principal};
    const std::pair of_job{'j', job};
    const Duration wait =
        std::max(wait_of(of_principal, per_principal_, now), wait_of(of_job, per_job_, now));
    if (wait > Duration{0}) return wait;
    put(of_principal, per_principal_, now);
    put(of_job, per_job_, now);
    return Duration{0};
  }

 private:
  using Key = std::pair<char, std::string>;

  [[nodiscard]] static Duration step_of(const Rate& rate) {
    return rate.period / static_cast<Duration::rep>(std::max<std::size_t>(rate.count_max, 1));
  }

  [[nodiscard]] Duration wait_of(const Key& key, const Rate& rate, Duration now) const {
    const auto found = full_at_.find(key);
    if (found == full_at_.end()) return Duration{0};
    return std::max(found->second + step_of(rate) - rate.period - now, Duration{0});
  }

  void put(const Key& key, const Rate& rate, Duration now) {
    if (full_at_.size() >= buckets_max) {
      for (auto it = full_at_.begin(); it != full_at_.end();) {
        it = it->second <= now ? full_at_.erase(it) : std::next(it);
      }
    }
    Duration& full_at = full_at_[key];
    full_at = std::max(full_at, now) + step_of(rate);
  }

  /// From so many on, full ones are looked for and forgotten.
  static constexpr std::size_t buckets_max = 1024;

  const Rate per_principal_;
  const Rate per_job_;
  std::mutex mutex_;
  std::map<Key, Duration> full_at_;
};

}  // namespace punctual::http
