// SPDX-License-Identifier: MIT
//
// JobBook: the jobs that this scheduler has registered, and their way into the ledger.
//
// The ledger is told first, so that a job's instants count from its registration. A ledger that
// does not answer does not keep the host from starting: the job is told to it later.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/due_planner.hpp"
#include "punctual/core/flight_deck.hpp"
#include "punctual/core/registry.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/limits.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class JobBook {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;

  explicit JobBook(Deck& deck) : deck_(deck), parts_(deck.parts) {}

  /// Registers a job: in the ledger first, then here.
  void add(JobConfig config, AnyBody body);

  /// Changes a registered job's configuration, here and in the ledger.
  template <class Change>
  void change(std::string_view name, Change&& change);

  /// Errors: JOB_NOT_FOUND -> with the names that resemble it.
  [[nodiscard]] RegisteredJobPtr job(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    return registry_.at(name);
  }
  [[nodiscard]] RegisteredJobPtr find_job(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    return registry_.find(name);
  }
  [[nodiscard]] Error not_found(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    return registry_.not_found(name);
  }
  [[nodiscard]] std::shared_ptr<const JobNames> names() const {
    const std::lock_guard lock{mutex_};
    return registry_.names();
  }

  /// The jobs whose starts are limited.
  [[nodiscard]] auto rates() const {
    const std::lock_guard lock{mutex_};
    return registry_.rates();
  }

  /// How long runs that were not given at a claim are left alone: until a bucket may have gained a
  /// token, 10 ms at least and a second at most.
  [[nodiscard]] Duration blocked_pause() const {
    Duration pause = std::chrono::seconds{1};
    const auto limited = rates();
    for (const auto& job : *limited) {
      pause = std::min(pause, std::max(Duration{job.rate.limit.token_us() / 1000}, Duration{10}));
    }
    return pause;
  }

  /// Returns the job's place in the ledger, as whoever registered or changed it last has left it.
  [[nodiscard]] ScheduleState state_of(const RegisteredJob& job) {
    const ScheduleState state = sync(job.config, true);
    return state.version > 0 ? state : sync(job.config, false);
  }

  /// Tells the ledger of jobs that it could not be told of before.
  ///
  /// Errors: those of the storage; what is left stays to be told.
  void sync_leftovers();

  /// Jobs that are to run on startup and have not been handed in yet.
  [[nodiscard]] std::vector<std::string> startups() const {
    const std::lock_guard lock{mutex_};
    return startups_;
  }
  void startup_done(const std::string& name) {
    const std::lock_guard lock{mutex_};
    std::erase(startups_, name);
  }

 private:
  /// Tells the ledger of the job, unless it `reads_only`; returns the job's place in it.
  [[nodiscard]] ScheduleState sync(const JobConfig& config, bool reads_only) {
    const TimePoint now = parts_.now();
    JobDefinition definition = define(config, now);
    definition.reads_only = reads_only;
    return parts_.guarded([&] { return parts_.storage.sync_jobs({definition}, now).at(0); });
  }

  /// Puts the job's earlier names into the registry: their runs are run by its body.
  void add_aliases(const RegisteredJobPtr& entry);

  /// Tells the ledger of a job and returns the job's place there. The schedules of its earlier
  /// names are taken over: what they have armed and are counted from is proposed for the job, and
  /// nothing of theirs is armed any more. Where one of them is paused, a new job is too.
  ///
  /// Errors: those of the storage.
  ScheduleState enter(const JobConfig& config, TimePoint now);

  /// Returns what the ledger has armed of an earlier name, also while that is paused.
  [[nodiscard]] std::optional<TimePoint> armed_at(const JobSummary& known, JobDefinition earlier,
                                                  TimePoint now);

  /// Arms a schedule anew if what the ledger has armed is none of its instants.
  void rearm(const ScheduleState& state, const JobConfig& config, TimePoint now);

  [[nodiscard]] static JobDefinition define(const JobConfig& config, TimePoint now);

  Deck& deck_;
  Parts<ClockT, StorageT, ExecutorT>& parts_;
  mutable std::mutex mutex_;
  Late<Registry, ClockT> registry_;
  std::vector<std::string> unsynced_;
  std::vector<std::string> startups_;
};

template <class C, class S, class E>
JobDefinition JobBook<C, S, E>::define(const JobConfig& config, TimePoint now) {
  JobDefinition definition;
  definition.name = config.name;
  definition.description = config.description;
  definition.schedule = config.schedule.to_json();
  definition.enabled = config.enabled;
  definition.anchor_at = now;
  definition.next_due_at = config.schedule.bound_to(config.name, now).next_after(now);
  definition.after_finish_delay = config.schedule.after_finish_delay();
  definition.retention = config.retention;
  definition.depends_on = config.depends_on;
  return definition;
}

template <class C, class S, class E>
void JobBook<C, S, E>::add_aliases(const RegisteredJobPtr& entry) {
  for (const auto& alias : entry->config.aliases) {
    auto earlier = std::make_shared<RegisteredJob>(*entry);
    JobConfig& config = earlier->config;
    if (config.concurrency.key.empty()) config.concurrency.key = config.name;
    if (config.rate.key.empty()) config.rate.key = config.name;
    config.name = alias;
    config.schedule = {};
    config.depends_on.clear();
    config.aliases.clear();
    earlier->is_alias = true;
    registry_.add(earlier);
  }
}

template <class C, class S, class E>
std::optional<TimePoint> JobBook<C, S, E>::armed_at(const JobSummary& known, JobDefinition earlier,
                                                    TimePoint now) {
  if (!known.enabled) return std::nullopt;
  if (!known.paused) return known.next_run_at;
  earlier.schedule = known.schedule;
  earlier.depends_on = known.depends_on;
  earlier.enabled = true;
  return parts_.storage.sync_jobs({earlier}, now).at(0).next_due_at;
}

template <class C, class S, class E>
ScheduleState JobBook<C, S, E>::enter(const JobConfig& config, TimePoint now) {
  auto& storage = parts_.storage;
  LateVector<JobDefinition, C> definitions;
  JobDefinition definition = define(config, now);
  PauseChange pause;
  pause.job_name = config.name;
  bool is_new = !config.aliases.empty();
  bool has_paused = false;
  for (const auto& known : is_new ? storage.summaries() : LateVector<JobSummary, C>{}) {
    if (known.name == config.name) is_new = false;
    const auto& aliases = config.aliases;
    if (std::find(aliases.begin(), aliases.end(), known.name) == aliases.end()) continue;
    JobDefinition earlier = define(config, now);
    earlier.name = known.name;
    earlier.description = known.description;
    if (known.schedule == definition.schedule && !definition.schedule.is_null()) {
      if (const auto armed = armed_at(known, earlier, now)) {
        definition.anchor_at = known.anchor_at;
        definition.next_due_at = armed;
      }
    }
    if (known.paused) {
      has_paused = true;
      pause.actor = known.paused_by;
      pause.reason = known.paused_reason;
    }
    earlier.schedule = nullptr;
    earlier.next_due_at.reset();
    earlier.after_finish_delay.reset();
    earlier.depends_on.clear();
    definitions.push_back(std::move(earlier));
  }
  definitions.push_back(std::move(definition));
  ScheduleState state = storage.sync_jobs(definitions, now).back();
  if (is_new && has_paused && !state.paused) {
    pause.version = state.version;
    storage.set_paused(pause, now);  // if it is not, another node was first
    return storage.sync_jobs(definitions, now).back();
  }
  return state;
}

template <class C, class S, class E>
void JobBook<C, S, E>::rearm(const ScheduleState& state, const JobConfig& config, TimePoint now) {
  if (!planner::is_misarmed(state, config, now)) return;
  Advance advance;
  advance.job_name = state.job_name;
  advance.version = state.version;
  advance.next_due_at = config.schedule.bound_to(state.job_name, state.anchor_at).next_after(now);
  parts_.guarded([&] { return parts_.storage.advance({advance}, now); });
}

template <class C, class S, class E>
void JobBook<C, S, E>::add(JobConfig config, AnyBody body) {
  require_valid(config);
  config.description = clamp_text(config.description, description_bytes_max);
  {
    LateVector<std::string, C>& names = config.depends_on;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const std::lock_guard lock{mutex_};
    registry_.require_free(config.name);
    for (const auto& alias : config.aliases) registry_.require_free(alias);
    registry_.require_no_cycle(config);
  }
  const TimePoint now = parts_.now();
  auto entry = std::make_shared<RegisteredJob>();
  bool is_synced = true;
  TimePoint anchor_at = now;
  try {
    const ScheduleState state = parts_.guarded([&] { return enter(config, now); });
    anchor_at = state.anchor_at;
    rearm(state, config, now);
  } catch (const Error& error) {
    if (!error.retryable() && !error.in_doubt()) throw;
    parts_.note_failure(error);
    is_synced = false;  // a storage that is down must not keep the host from starting
  }
  config.schedule = config.schedule.bound_to(config.name, anchor_at);
  const std::string name = config.name;
  const bool runs_on_startup = config.run_on_startup && config.enabled;
  entry->config = std::move(config);
  entry->body = std::make_shared<const AnyBody>(std::move(body));
  {
    const std::lock_guard lock{mutex_};
    registry_.add(entry);
    add_aliases(entry);
    if (!is_synced) unsynced_.push_back(name);
    if (runs_on_startup) startups_.push_back(name);
  }
  deck_.wake.raise();
}

template <class C, class S, class E>
template <class Change>
void JobBook<C, S, E>::change(std::string_view name, Change&& change) {
  auto changed = std::make_shared<RegisteredJob>(*job(name));
  change(changed->config);
  const ScheduleState state = sync(changed->config, false);
  JobConfig& config = changed->config;
  config.schedule = config.schedule.bound_to(config.name, state.anchor_at);
  RegisteredJobPtr replaced;
  {
    const std::lock_guard lock{mutex_};
    replaced = registry_.replace(std::move(changed));
  }
  deck_.wake.raise();
}

template <class C, class S, class E>
void JobBook<C, S, E>::sync_leftovers() {
  std::vector<std::string> names;
  {
    const std::lock_guard lock{mutex_};
    names = unsynced_;
  }
  for (const auto& name : names) {
    const RegisteredJobPtr entry = job(name);
    parts_.guarded([&] { return enter(entry->config, parts_.now()); });
    change(name, [](JobConfig&) {});
    const std::lock_guard lock{mutex_};
    std::erase(unsynced_, name);
  }
}

}  // namespace punctual::detail
