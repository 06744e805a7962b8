// SPDX-License-Identifier: MIT
//
// sqlite::Storage: the embedded durable storage, in one SQLite file.
//
// It keeps the whole contract of policy/storage.hpp. Every operation is one transaction; several
// threads, schedulers and processes of one host may use the file at once. The caller's clock
// decides, since there is one host. Not for network file systems: SQLite's locks do not hold there.
//
// Errors of every operation: STORAGE_BUSY -> others kept the write lock for `busy_timeout`;
// STORAGE_UNAVAILABLE -> trouble with the disk or the file, in doubt only for an I/O error at
// commit; STORAGE_CORRUPT -> the file is damaged; STORAGE_ERROR -> SQLite refused for good.
//
// Thread-safety: all members, from any thread. A moved-from object may only be destroyed or
// assigned to.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/policy/storage.hpp"
#include "punctual/sqlite/buckets.hpp"
#include "punctual/sqlite/connections.hpp"
#include "punctual/sqlite/history.hpp"
#include "punctual/sqlite/ledger.hpp"
#include "punctual/sqlite/migrator.hpp"
#include "punctual/sqlite/options.hpp"
#include "punctual/sqlite/queue.hpp"
#include "punctual/sqlite/wake.hpp"

namespace punctual::sqlite {

class Storage {
 public:
  /// Opens the file, makes it if it does not exist, and brings its tables up to date.
  ///
  /// Errors: INVALID_CONFIG -> an option; STORAGE_UNAVAILABLE -> the directory does not exist, or
  ///         the file cannot be opened; STORAGE_CORRUPT -> it is not a database; SCHEMA_TOO_NEW ->
  ///         a newer release of the library has been at it.
  explicit Storage(Options options) : options_(checked(std::move(options))) {
    connections_ = detail::guarded(
        [&] { return std::make_unique<detail::Connections>(options_, detail::migrate); });
  }

  explicit Storage(std::string file) : Storage(Options{.file = std::move(file)}) {}

  // --- ScheduleLedger, as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    auto unchanged = connections_->peek(
        [&](detail::Connection& peek) { return detail::read_synced_jobs(peek, definitions, now); });
    if (unchanged) return std::move(*unchanged);
    return connections_->write(
        [&](detail::Connection& write) { return detail::sync_jobs(write, definitions, now); });
  }

  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    return connections_->peek(
        [&](detail::Connection& peek) { return detail::due_schedules(peek, jobs, limit, now); });
  }

  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    return connections_->write_each(advances,
                                    [now](detail::Connection& write, const Advance& advance) {
                                      return detail::advance(write, advance, now);
                                    });
  }

  bool set_paused(const PauseChange& change, TimePoint now) {
    return connections_->write(
        [&](detail::Connection& write) { return detail::set_paused(write, change, now); });
  }

  // --- RunQueue
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    if (rows.empty()) return {};
    return connections_->write(
        [&](detail::Connection& write) { return detail::enqueue(write, rows, now); });
  }

  /// Takes the write lock only if there is something to claim.
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    const bool is_worth_it = connections_->peek(
        [&](detail::Connection& peek) { return detail::has_claimable(peek, request, now); });
    if (!is_worth_it) return {};
    return connections_->write(
        [&](detail::Connection& write) { return detail::claim(write, request, now); });
  }

  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    return connections_->write_each(renewals,
                                    [=](detail::Connection& write, const Renewal& renewal) {
                                      return detail::renew(write, renewal, lease, now);
                                    });
  }

  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    return connections_->write_each(completions,
                                    [now](detail::Connection& write, const Completion& completion) {
                                      return detail::finish(write, completion, now);
                                    });
  }

  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint) {
    return connections_->write_each(leases, [](detail::Connection& write, const LeaseRef& lease) {
      return detail::release(write, lease);
    });
  }

  /// Takes the write lock only if something has expired.
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    const bool is_worth_it = connections_->peek([&](detail::Connection& peek) {
      return !detail::find_expired(peek, request, 1, now).empty();
    });
    if (!is_worth_it) return {};
    return connections_->write(
        [&](detail::Connection& write) { return detail::take_expired(write, request, now); });
  }

  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    return connections_->write([&](detail::Connection& write) {
      return detail::request_cancel(write, run_id, actor, now);
    });
  }

  /// Takes the write lock only if there is something to note or to end.
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) {
    const bool is_worth_it = connections_->peek([&](detail::Connection& peek) {
      return detail::has_stale_presence(peek, *request.jobs, now) ||
             !detail::find_unseen_jobs(peek, request, now).empty();
    });
    if (!is_worth_it) return 0;
    return connections_->write(
        [&](detail::Connection& write) { return detail::expire_unknown(write, request, now); });
  }

  WakeTimes next_wake(const JobNames& jobs, TimePoint) {
    return connections_->peek(
        [&](detail::Connection& peek) { return detail::next_wake(peek, jobs); });
  }

  // --- RunHistory
  std::vector<JobRun> runs(const RunQuery& query) {
    require_valid(query);
    return connections_->read(
        [&](detail::Connection& read) { return detail::find_runs(read, query); });
  }

  std::optional<JobRun> run(RunId run_id) {
    return connections_->read(
        [&](detail::Connection& read) { return detail::find_run(read, run_id); });
  }

  std::vector<JobSummary> summaries() {
    return connections_->read(
        [](detail::Connection& read) { return detail::summarize_jobs(read); });
  }

  std::size_t prune(std::size_t limit, TimePoint now) {
    const auto ids = connections_->read(
        [&](detail::Connection& read) { return detail::find_prunable(read, limit, now); });
    const bool has_full_buckets = connections_->read(
        [&](detail::Connection& read) { return detail::has_full_buckets(read, now); });
    if (ids.empty() && !has_full_buckets) return 0;
    return connections_->write([&](detail::Connection& write) {
      detail::forget_full_buckets(write, now);
      return detail::forget_runs(write, ids);
    });
  }

  /// The caller's clock decides: all who use the file are on one host.
  [[nodiscard]] TimePoint now(TimePoint caller_now) const noexcept { return caller_now; }

  /// Nobody else can store anything in a database in memory.
  [[nodiscard]] std::optional<Duration> poll_period() const noexcept {
    return is_in_memory(options_) ? std::nullopt : options_.poll_period;
  }

  /// Writes a row and commits it. Does not throw.
  [[nodiscard]] StorageHealth health() const noexcept;

 private:
  [[nodiscard]] static Options checked(Options options) {
    require_valid(options);
    return options;
  }

  Options options_{};
  std::unique_ptr<detail::Connections> connections_;
};

inline StorageHealth Storage::health() const noexcept {
  StorageHealth health;
  try {
    health.kind = "sqlite";
    health.schema_expected = detail::schema_version_latest;
    health.writable = false;
    health.schema_version = connections_->read(detail::read_schema_version);
    detail::require_known_schema(health.schema_version);
    connections_->write(detail::probe_write);
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

}  // namespace punctual::sqlite
