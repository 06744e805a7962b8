// SPDX-License-Identifier: MIT
//
// redis::Storage: a storage that hosts share, in a Redis server.
//
// It keeps the whole contract of policy/storage.hpp. Every transition is one script, which the
// server runs as one step; any number of threads, schedulers, processes and hosts may use the keys
// at once. The server's clock decides; what callers say the time is, is not looked at.
//
// It is not a system of record: what a server loses when it dies depends on how it is set up, see
// the README beside this folder.
//
// Errors of every operation: STORAGE_BUSY -> no connection was free for `busy_timeout`, or the
// server runs a script for long; STORAGE_UNAVAILABLE -> trouble with the server or the way to it,
// in doubt if the answer to a transition was lost; INVALID_CONFIG -> the server has been set up to
// drop keys; STORAGE_CORRUPT -> a key holds something else; STORAGE_ERROR -> it refused for good.
//
// Thread-safety: all members, from any thread. A moved-from object may only be destroyed or
// assigned to.

#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/server_clock.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/policy/storage.hpp"
#include "punctual/redis/change_watch.hpp"
#include "punctual/redis/connections.hpp"
#include "punctual/redis/history.hpp"
#include "punctual/redis/ledger.hpp"
#include "punctual/redis/options.hpp"
#include "punctual/redis/queue.hpp"
#include "punctual/redis/scripts.hpp"

namespace punctual::redis {

namespace detail {

/// Errors: SCHEMA_TOO_NEW -> a newer release of this library has been at the keys.
inline void require_known_schema(int version) {
  if (version <= schema_version_latest) return;
  throw Error{"SCHEMA_TOO_NEW", "the Redis keys have schema version " + std::to_string(version) +
                                    ", this library knows versions up to " +
                                    std::to_string(schema_version_latest) +
                                    "; use the newer library, or another key_prefix"};
}

}  // namespace detail

class Storage {
 public:
  /// Connects, and looks whether the server is fit.
  ///
  /// Errors: INVALID_CONFIG -> an option, or the server is too old or drops keys when its memory is
  ///         full; STORAGE_UNAVAILABLE -> no connection; SCHEMA_TOO_NEW -> a newer release of the
  ///         library has been at the keys.
  explicit Storage(Options options)
      : options_(checked(std::move(options))),
        connections_(std::make_unique<detail::Connections>(options_)),
        clock_(std::make_unique<punctual::detail::ServerClock>()),
        watch_(std::make_unique<detail::ChangeWatch>(options_, connections_->name())) {
    detail::require_known_schema(schema_version(detail::scripts().schema));
  }

  // --- ScheduleLedger, as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions, TimePoint) {
    return detail::sync_jobs(*connections_, definitions);
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint) {
    return detail::due_schedules(*connections_, jobs, limit);
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint) {
    return detail::advance(*connections_, advances);
  }
  bool set_paused(const PauseChange& change, TimePoint) {
    return detail::set_paused(*connections_, change);
  }

  // --- RunQueue
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint) {
    return detail::enqueue(*connections_, rows);
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint) {
    return detail::claim(*connections_, request);
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease, TimePoint) {
    return detail::renew(*connections_, renewals, lease);
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint) {
    return detail::finish(*connections_, completions);
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint) {
    return detail::release(*connections_, leases);
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint) {
    return detail::take_expired(*connections_, request);
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint) {
    return detail::request_cancel(*connections_, run_id, actor);
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint) {
    return detail::expire_unknown(*connections_, request);
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint) {
    return detail::next_wake(*connections_, jobs);
  }

  // --- RunHistory
  std::vector<JobRun> runs(const RunQuery& query) {
    require_valid(query);
    return detail::find_runs(*connections_, query);
  }
  std::optional<JobRun> run(RunId run_id) { return detail::find_run(*connections_, run_id); }
  std::vector<JobSummary> summaries() { return detail::summarize_jobs(*connections_); }
  std::size_t prune(std::size_t limit, TimePoint) { return detail::prune(*connections_, limit); }

  /// The server's clock, by how far it is from this host's, measured every ten seconds.
  [[nodiscard]] TimePoint now(TimePoint) {
    if (options_.clock) return options_.clock->load();
    const TimePoint unshifted = clock_->now(
        [&] { return add_clamped(connections_->server_now(), -connections_->clock_shift()); });
    return add_clamped(unshifted, connections_->clock_shift());
  }

  [[nodiscard]] std::optional<Duration> poll_period() const noexcept {
    return options_.poll_period;
  }

  /// As WatchableStorage describes it; see redis/change_watch.hpp.
  [[nodiscard]] std::shared_ptr<void> watch(std::function<void()> on_change) {
    return watch_->listen(std::move(on_change));
  }

  /// Writes a key. Does not throw.
  [[nodiscard]] StorageHealth health() const noexcept;

 private:
  [[nodiscard]] static Options checked(Options options) {
    require_valid(options);
    return options;
  }

  /// Returns the version of what is stored, as a script answers it.
  [[nodiscard]] int schema_version(const detail::Script& script) const {
    const auto reply =
        connections_->read(script, {detail::number_text(detail::schema_version_latest)});
    return detail::Reply{reply}.number<int>();
  }

  Options options_{};
  std::unique_ptr<detail::Connections> connections_;
  std::unique_ptr<punctual::detail::ServerClock> clock_;
  std::unique_ptr<detail::ChangeWatch> watch_;
};

inline StorageHealth Storage::health() const noexcept {
  StorageHealth health;
  try {
    health.kind = "redis";
    health.schema_expected = detail::schema_version_latest;
    health.writable = false;
    health.schema_version = schema_version(detail::scripts().probe);
    detail::require_known_schema(health.schema_version);
    health.writable = true;
  } catch (const std::exception& error) {
    try {
      health.problem = error.what();
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; `writable` says enough
    }
  }
  return health;
}

static_assert(punctual::Storage<Storage>, "see punctual/policy/storage.hpp");
static_assert(punctual::WatchableStorage<Storage>, "see punctual/policy/storage.hpp");

}  // namespace punctual::redis
