// SPDX-License-Identifier: MIT
//
// The small policies of a job: retry, missed instants, overlap, concurrency, retention.
//
// Each has one default that is safe for a job nobody thought about. Values only; core/planner.hpp
// decides by them.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "punctual/base/time.hpp"
#include "punctual/schedule/backoff.hpp"

namespace punctual {

/// How often, and after what wait, a failed run is tried again.
///
/// A failure is: a body that throws or returns failure, a timeout, an abandoned run. Each further
/// attempt is a run of its own, with `retry_of` naming the first.
struct RetryPolicy {
  std::uint32_t max_attempts = 1;  ///< the first one included; 1 to 1,000
  Backoff backoff = Backoff::exponential(std::chrono::seconds{10}, std::chrono::hours{1});

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// What becomes of instants that passed while nobody was there to answer them.
enum class MissedPolicy : std::uint8_t {
  run_once,  ///< the latest one runs; one skipped row answers the others, with their count
  skip,      ///< only an instant of the last minute still runs; one skipped row answers the others
};

/// What becomes of a due instant, or of a trigger by hand, while a run of the job is still open.
enum class OverlapPolicy : std::uint8_t {
  skip,   ///< answered by a row `skipped` / `JOB_OVERLAPPED`
  allow,  ///< runs beside it
};

/// A limit on runs that hold a lease at once, over all nodes that share the storage.
///
/// Jobs that name the same key share its slots. 0 means no limit.
struct ConcurrencyPolicy {
  std::uint32_t max = 0;
  std::string key{};  ///< empty: the job's own name

  friend bool operator==(const ConcurrencyPolicy&, const ConcurrencyPolicy&) = default;
};

/// How long the terminal runs of a job are kept.
struct RetentionPolicy {
  Duration period = std::chrono::hours{24 * 90};  ///< older ones are removed …
  std::size_t keep_last = 100;                    ///< … but never the newest so many

  friend bool operator==(const RetentionPolicy&, const RetentionPolicy&) = default;
};

}  // namespace punctual
