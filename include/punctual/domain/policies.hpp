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
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/rate_limit.hpp"
#include "punctual/schedule/backoff.hpp"

namespace punctual {

/// How often, and after what wait, a failed run is tried again.
///
/// A failure is: a body that throws or returns failure, a timeout, an abandoned run. Each further
/// attempt is a run of its own, with `retry_of` naming the first.
struct RetryPolicy {
  std::uint32_t max_attempts = 1;  ///< the first one included; 1 to 1,000
  Backoff backoff = Backoff::exponential(std::chrono::seconds{10}, std::chrono::hours{1});
  /// Codes of errors (`RunError::code`) that are tried again; none: all are.
  std::vector<std::string> only{};
  /// Codes of errors that are not, whatever `only` says: for those that no wait will mend.
  std::vector<std::string> except{};
  /// A run whose node goes away so many times over its attempts is parked: it stays failed until
  /// somebody retries it by hand, lest a run that ends its process end all of them. 1 to 1,000.
  std::uint32_t max_abandons = 3;
  /// At most so many retries of the job are started per period, over all nodes; those beyond wait.
  /// Keeps an outage from being answered by a storm. Retries whose wait the body named
  /// (`job.retry_in`) take no part in it. Default: no limit.
  RateLimit budget{.max = 0, .period = std::chrono::minutes{1}};

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// What becomes of instants that passed while nobody was there to answer them.
///
/// Those that do not run are answered by one skipped row, with their count, the first and the last.
class MissedPolicy {
 public:
  static const MissedPolicy run_once;  ///< the latest one runs
  static const MissedPolicy skip;      ///< only an instant of the last minute still runs

  static constexpr std::uint32_t limit_max = 1000;

  /// The latest `limit` ones run, one after another unless the job allows overlap.
  ///
  /// Requires: 1 <= `limit` <= `limit_max`; held to that.
  [[nodiscard]] static constexpr MissedPolicy run_all(std::uint32_t limit = 100) noexcept {
    return MissedPolicy{limit < 1 ? 1 : limit > limit_max ? limit_max : limit, Duration::max()};
  }

  /// The same for instants of the last `window` only; those before it do not run.
  [[nodiscard]] constexpr MissedPolicy within(Duration window) const noexcept {
    return MissedPolicy{limit_, window < Duration{0} ? Duration{0} : window};
  }

  /// How many of the instants that have passed run at most.
  [[nodiscard]] constexpr std::uint32_t limit() const noexcept { return limit_; }

  /// How late an instant may be and still run.
  [[nodiscard]] constexpr Duration window() const noexcept { return window_; }

  friend constexpr bool operator==(const MissedPolicy&, const MissedPolicy&) = default;

 private:
  constexpr MissedPolicy(std::uint32_t limit, Duration window) noexcept
      : limit_(limit),
        window_(window) {}

  std::uint32_t limit_;
  Duration window_;
};

inline constexpr MissedPolicy MissedPolicy::run_once{1, Duration::max()};
inline constexpr MissedPolicy MissedPolicy::skip{1, std::chrono::minutes{1}};

/// What becomes of a due instant, or of a trigger by hand, while a run of the job is still open.
enum class OverlapPolicy : std::uint8_t {
  skip,            ///< answered by a row `skipped` / `JOB_OVERLAPPED`
  queue_one,       ///< waits for its end; so while one waits already: `JOB_OVERLAPPED`
  queue_all,       ///< waits for its end, however many wait already
  cancel_running,  ///< the open run is cancelled; this one waits for its end, as the only one
  /// The open run is recorded as failed / `JOB_CANCELLED` at once, and this one starts without
  /// waiting for its body, which is asked to stop and can record nothing any more.
  terminate_running,
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

/// A limit on how many runs start in a period, over all nodes that share the storage: a token
/// bucket that lets `limit.max` start at once and then one every `limit.period / limit.max`.
///
/// Jobs that name the same key share a bucket. Every start counts, retries too.
struct RatePolicy {
  RateLimit limit{};
  std::string key{};  ///< empty: the job's own name

  friend bool operator==(const RatePolicy&, const RatePolicy&) = default;
};

/// How long the terminal runs of a job are kept.
struct RetentionPolicy {
  Duration period = std::chrono::hours{24 * 90};  ///< older ones are removed …
  std::size_t keep_last = 100;                    ///< … but never the newest so many

  friend bool operator==(const RetentionPolicy&, const RetentionPolicy&) = default;
};

}  // namespace punctual
