// SPDX-License-Identifier: MIT
//
// MemoryBuckets: the token buckets of InMemoryStorage, by key. One that is not there is full.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/rate_limit.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryBuckets {
 public:
  /// Returns when the bucket is full again, far in the past if nothing was taken from it.
  [[nodiscard]] BucketLevel level(const std::string& key) const {
    const auto found = levels_.find(key);
    return found == levels_.end() ? always_full : found->second;
  }

  /// Takes the next token there is from `at` on; returns the instant at which there is one.
  ///
  /// Requires: `rate.limit.max` > 0.
  TimePoint take(const KeyedRate& rate, TimePoint at) {
    BucketLevel& level = levels_.try_emplace(rate.key, always_full).first->second;
    const TimePoint taken_at = rate.limit.next_token_at(level, at);
    level = rate.limit.after_taking(level, taken_at);
    return taken_at;
  }

  /// Forgets the buckets that are full at `now`. Complexity: linear in the buckets.
  void forget_full(TimePoint now) {
    const BucketLevel now_us = now.time_since_epoch().count() * 1000;
    std::erase_if(levels_, [&](const auto& bucket) { return bucket.second <= now_us; });
  }

  [[nodiscard]] std::size_t size() const noexcept { return levels_.size(); }

 private:
  static constexpr BucketLevel always_full = time_min.time_since_epoch().count() * 1000;

  std::map<Late<std::string, RunT>, BucketLevel> levels_;
};

}  // namespace punctual::detail
