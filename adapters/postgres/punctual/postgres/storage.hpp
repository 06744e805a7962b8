// SPDX-License-Identifier: MIT
//
// postgres::Storage: the storage that hosts share, in a PostgreSQL database.
//
// It keeps the whole contract of policy/storage.hpp. Every operation is one transaction; any number
// of threads, schedulers, processes and hosts may use the tables at once. The server's clock
// decides; what callers say the time is, is not looked at.
//
// Errors of every operation: STORAGE_BUSY -> no connection or lock was free for `busy_timeout`, or
// a statement took longer than `statement_timeout`; STORAGE_UNAVAILABLE -> trouble with the server
// or the way to it, in doubt only if it came at a commit; STORAGE_CORRUPT -> the server found
// damaged data; STORAGE_ERROR -> it refused for good.
//
// Thread-safety: all members, from any thread. A moved-from object may only be destroyed or
// assigned to.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/server_clock.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/policy/storage.hpp"
#include "punctual/postgres/batches.hpp"
#include "punctual/postgres/buckets.hpp"
#include "punctual/postgres/change_watch.hpp"
#include "punctual/postgres/claim_front.hpp"
#include "punctual/postgres/connections.hpp"
#include "punctual/postgres/history.hpp"
#include "punctual/postgres/ledger.hpp"
#include "punctual/postgres/migrator.hpp"
#include "punctual/postgres/options.hpp"
#include "punctual/postgres/plain_enqueue.hpp"
#include "punctual/postgres/queue.hpp"
#include "punctual/postgres/wake.hpp"

namespace punctual::postgres {

class Storage {
 public:
  /// Connects, makes the schema if it does not exist, and brings its tables up to date.
  ///
  /// Errors: INVALID_CONFIG -> an option; STORAGE_UNAVAILABLE -> no connection; SCHEMA_TOO_NEW -> a
  ///         newer release of the library has been at the tables.
  explicit Storage(Options options)
      : options_(checked(std::move(options))),
        connections_(std::make_unique<detail::Connections>(options_)),
        clock_(std::make_unique<punctual::detail::ServerClock>()),
        front_(std::make_unique<detail::ClaimFront>()),
        counted_(std::make_unique<std::atomic<std::size_t>>(0)),
        watch_(std::make_unique<detail::ChangeWatch>(options_)) {
    detail::migrate(*connections_);
  }

  explicit Storage(std::string conninfo) : Storage(Options{.conninfo = std::move(conninfo)}) {}

  // --- ScheduleLedger, as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint caller_now) {
    const TimePoint about = now(caller_now);
    auto unchanged = connections_->read([&](detail::Connection& read) {
      return detail::read_synced_jobs(read, definitions, about);
    });
    if (unchanged) return std::move(*unchanged);
    auto states = connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
      return detail::sync_jobs(write, definitions, now);
    });
    watch_->tell();
    return states;
  }

  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit,
                                           TimePoint caller_now) {
    const TimePoint about = now(caller_now);
    return connections_->read(
        [&](detail::Connection& read) { return detail::due_schedules(read, jobs, limit, about); });
  }

  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint) {
    if (advances.empty()) return {};
    if (!are_plain(advances)) {
      return connections_->write_each(Gate::alone, advances, detail::advance);
    }
    return connections_->call([&](detail::Connection& connection) {
      return detail::advance_batch(connection, advances, connections_->passage());
    });
  }

  bool set_paused(const PauseChange& change, TimePoint) {
    const bool is_changed =
        connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
          return detail::set_paused(write, change, now);
        });
    watch_->tell();
    return is_changed;
  }

  // --- RunQueue
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint) {
    if (rows.empty()) return {};
    if (!std::all_of(rows.begin(), rows.end(), detail::is_plain_run)) {
      auto answers =
          connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
            return detail::enqueue(write, rows, now);
          });
      watch_->tell();
      return answers;
    }
    connections_->call([&](detail::Connection& connection) {
      detail::enqueue_plain(connection, rows, connections_->passage(), detail::Phase::commit);
    });
    watch_->tell();
    std::vector<EnqueueAnswer> answers;
    answers.reserve(rows.size());
    for (const auto& row : rows) answers.push_back({EnqueueAnswer::Kind::stored, row.id});
    return answers;
  }

  /// Stores runs in a transaction of the caller's: they are there if it commits, and only then.
  ///
  /// `Scheduler::prepare` makes the rows. They may have no unique key and wait for no other run,
  /// for that would keep others waiting as long as the transaction is open. If the server refuses,
  /// the transaction is to be rolled back.
  ///
  /// Errors: INVALID_CONFIG -> a row that depends on what is stored; DUPLICATE_RUN_ID.
  /// Requires: nobody else uses `connection` meanwhile.
  void enqueue(PGconn* connection, const std::vector<NewRun>& rows) {
    if (!std::all_of(rows.begin(), rows.end(), detail::is_plain_run)) {
      throw Error{"INVALID_CONFIG",
                  "enqueue() in the caller's transaction expects runs without a unique key, "
                  "due instant or runs to wait for"};
    }
    if (rows.empty()) return;
    detail::Connection borrowed{options_, connection};
    detail::enqueue_plain(borrowed, rows, connections_->passage(), detail::Phase::statement);
    detail::notify(borrowed);
  }

  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint) {
    if (request.limit == 0) return {};
    if (!request.only) {
      if (auto runs = claim_unlimited(request)) return std::move(*runs);
    }
    return connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
      return detail::claim(write, request, now);
    });
  }

  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease, TimePoint) {
    std::vector<RenewAnswer> answers;
    for (const auto& batch : detail::without_repetition(renewals)) {
      const auto some = connections_->call([&](detail::Connection& connection) {
        return detail::renew_batch(connection, batch, lease, connections_->passage());
      });
      answers.insert(answers.end(), some.begin(), some.end());
    }
    return answers;
  }

  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint) {
    if (completions.empty()) return {};
    draw_counts_together_after(completions.size());
    const bool is_followed = std::any_of(completions.begin(), completions.end(),
                                         [](const auto& end) { return !end.follow_ups.empty(); });
    if (!is_followed) {
      auto answers = connections_->call([&](detail::Connection& connection) {
        return detail::finish_batch(connection, completions, connections_->passage());
      });
      if (answers) return std::move(*answers);
    }
    return connections_->write_each(Gate::alone, completions, detail::finish);
  }

  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint) {
    return connections_->write_each(
        Gate::shared, leases, [](detail::Connection& write, const LeaseRef& lease, TimePoint) {
          return detail::release(write, lease);
        });
  }

  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint) {
    const auto from = front_->start(SystemClock{}.steady_now());
    return connections_->write(Gate::shared, [&](detail::Connection& write, TimePoint now) {
      return detail::take_expired(write, request, from ? from->leases_from : time_min, now);
    });
  }

  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint) {
    return connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
      return detail::request_cancel(write, run_id, actor, now);
    });
  }

  /// Opens a transaction only if there is something to note or to end.
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint caller_now) {
    const TimePoint about = now(caller_now);
    const bool is_worth_it = connections_->read([&](detail::Connection& read) {
      return detail::has_stale_presence(read, *request.jobs, about) ||
             !detail::find_unseen_jobs(read, request, about).empty();
    });
    if (!is_worth_it) return 0;
    return connections_->write(Gate::alone, [&](detail::Connection& write, TimePoint now) {
      return detail::expire_unknown(write, request, now);
    });
  }

  WakeTimes next_wake(const JobNames& jobs, TimePoint) {
    const auto from = front_->start(SystemClock{}.steady_now());
    const WakeTimes wake = connections_->read([&](detail::Connection& read) {
      return detail::next_wake(read, jobs, from ? *from : detail::everywhere(read));
    });
    if (wake.expires_at) front_->found_first_lease(*wake.expires_at);
    return wake;
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

  std::vector<JobSummary> summaries() { return connections_->read(detail::summarize_jobs); }

  std::size_t prune(std::size_t limit, TimePoint caller_now) {
    const TimePoint about = now(caller_now);
    bool has_full_buckets = false;
    const auto ids = connections_->read([&](detail::Connection& read) {
      has_full_buckets = detail::has_full_buckets(read, about);
      return detail::find_prunable(read, limit, about);
    });
    if (ids.empty() && !has_full_buckets) return 0;
    return connections_->write(Gate::shared, [&](detail::Connection& write, TimePoint now) {
      detail::forget_full_buckets(write, now);
      return detail::forget_runs(write, ids);
    });
  }

  /// Calls `on_change` on another thread when another process has stored something to do, as long
  /// as what is returned lives. A hint: it may come late, twice, or not at all.
  [[nodiscard]] std::shared_ptr<void> watch(std::function<void()> on_change) {
    return watch_->listen(std::move(on_change));
  }

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

  /// Writes a row and commits it. Does not throw.
  [[nodiscard]] StorageHealth health() const noexcept;

 private:
  using Gate = detail::Gate;

  [[nodiscard]] static Options checked(Options options) {
    require_valid(options);
    return options;
  }

  /// Draws the rows of counters together when enough ends may have added some since the last time.
  void draw_counts_together_after(std::size_t end_count) {
    static constexpr std::size_t row_count_min = 5000;
    const std::size_t row_count = counted_->fetch_add(std::min<std::size_t>(end_count, 50));
    if (row_count < row_count_min) return;
    counted_->store(0);
    connections_->call(detail::draw_counts_together);
  }

  /// True if every schedule is plain, and there is none twice.
  [[nodiscard]] static bool are_plain(const std::vector<Advance>& advances) {
    std::set<std::string_view> names;
    return std::all_of(advances.begin(), advances.end(), [&](const Advance& change) {
      return detail::is_plain_advance(change) && names.insert(change.job_name).second;
    });
  }

  /// Claims the first runs if none of them is limited; nullopt if one is.
  [[nodiscard]] std::optional<std::vector<JobRun>> claim_unlimited(const ClaimRequest& request) {
    const Duration steady = SystemClock{}.steady_now();
    const auto from = front_->start(steady);
    auto batch = connections_->call([&](detail::Connection& connection) {
      return detail::claim_batch(connection, request, from, connections_->passage());
    });
    if (!from) {
      front_->searched_fully(steady, batch.search_cost, batch.runs.size(), batch.priorities);
    }
    if (!batch.fits) return std::nullopt;
    for (const auto& run : batch.runs) front_->claimed(run);
    return std::move(batch.runs);
  }

  Options options_{};
  std::unique_ptr<detail::Connections> connections_;
  std::unique_ptr<punctual::detail::ServerClock> clock_;
  std::unique_ptr<detail::ClaimFront> front_;
  std::unique_ptr<std::atomic<std::size_t>> counted_;
  std::unique_ptr<detail::ChangeWatch> watch_;
};

inline StorageHealth Storage::health() const noexcept {
  StorageHealth health;
  try {
    health.kind = "postgres";
    health.schema_expected = detail::schema_version_latest;
    health.writable = false;
    health.schema_version = connections_->read(detail::read_schema_version);
    detail::require_known_schema(health.schema_version);
    connections_->write(Gate::shared, detail::probe_write);
    health.writable = true;
  } catch (const std::exception& error) {
    try {
      health.problem = error.what();
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; `writable` says enough
    }
  }
  return health;
}

/// Undoes migrations until the tables have `version`; 0 removes them, with all that is in them.
///
/// Errors: INVALID_CONFIG -> an option, or a version below 0; SCHEMA_TOO_NEW -> a newer release of
///         the library has been at the tables; the storage's.
/// Requires: no Storage uses the tables.
inline void migrate_down(const Options& options, int version = 0) {
  require_valid(options);
  if (version < 0) {
    throw Error{"INVALID_CONFIG",
                "migrate_down() expects a version of at least 0, got " + std::to_string(version)};
  }
  detail::Connections{options}.write(
      detail::Gate::alone,
      [&](detail::Connection& write, TimePoint) { detail::undo_migrations(write, version); });
}

static_assert(punctual::Storage<Storage>, "see punctual/policy/storage.hpp");

}  // namespace punctual::postgres
