// SPDX-License-Identifier: MIT
//
// MemoryJob: one job of InMemoryStorage, with its place in the ledger and its counters.
//
// A million of them are to fit: what many jobs have alike is stored once, what few jobs have only
// where it is. The open runs of a job stand in the indexes of the tables, under the job's number;
// those that have ended stand with the job, where a new one is always the last.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_optional_time.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_part.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

/// What a job's definition says that many jobs have alike.
template <class RunT>
struct BasicMemoryTerms {
  Late<Json, RunT> schedule = nullptr;
  std::optional<Duration> after_finish_delay{};
  RetentionPolicy retention{};

  friend bool operator==(const BasicMemoryTerms&, const BasicMemoryTerms&) = default;
  friend bool operator<(const BasicMemoryTerms& a, const BasicMemoryTerms& b) {
    return a.key() < b.key();
  }

 private:
  [[nodiscard]] auto key() const {
    return std::tie(schedule, after_finish_delay, retention.period, retention.keep_last);
  }
};

template <class RunT>
struct BasicMemoryRun;

template <class RunT>
struct BasicMemoryJob {
  using Terms = BasicMemoryTerms<RunT>;
  using Name = Late<std::string, RunT>;

  /// What few jobs have.
  struct Extra {
    Name description{};
    Name paused_by{};
    Name paused_reason{};
    OptionalTime paused_at{};
    Name failed_dependency{};
    JobNames depends_on{};
    std::set<Name> done_dependencies{};  ///< of those: which ended well since the last time
  };

  /// Of a job that has runs which have ended, or several answers.
  struct Past {
    using Run = BasicMemoryRun<RunT>;

    MemoryIndex<Run, ById> ended{};
    MemoryIndex<Run, ByEnd> by_end{};
    MemoryIndex<Run, ById> executed{};  ///< of those that ended: the ones that had started
    /// First attempts by the due instants that they answer, but for the latest.
    MemoryIndex<Run, ByDueInstant> earlier_answers{};
  };

  BasicMemoryJob(Name its_name, std::uint32_t its_number)
      : name(std::move(its_name)),
        number(its_number) {}

  const Name name;
  const std::uint32_t number;  ///< rises with each new job; what indexes order by
  std::uint32_t open_count = 0;
  bool enabled = true;
  bool paused = false;
  std::uint64_t version = 0;  ///< 0: runs of the job came, the job itself was not synced yet
  TimePoint anchor_at{};
  TimePoint epoch_at{};
  OptionalTime next_due_at{};
  OptionalTime seen_at{};           ///< when it was synced last
  OptionalTime first_pending_at{};  ///< earliest `run_at` of its pending runs that do not wait
  /// The first attempt with the latest due instant of those that are stored.
  BasicMemoryRun<RunT>* last_answer = nullptr;
  std::uint64_t success_count = 0;
  std::uint64_t failure_count = 0;
  std::uint64_t skipped_count = 0;
  const Terms* shared_terms = nullptr;
  MemoryPart<Extra> extra{};
  MemoryPart<Past> past{};

  [[nodiscard]] const Terms& terms() const {
    static const Terms unsynced{};
    return shared_terms == nullptr ? unsynced : *shared_terms;
  }

  void clear_failed_dependency() {
    if (!extra->failed_dependency.empty()) extra.write().failed_dependency.clear();
  }

  void tidy_past() {
    if (past->ended.empty() && past->earlier_answers.empty()) past.reset();
  }

  [[nodiscard]] bool is_armed() const { return enabled && !paused && next_due_at.has_value(); }
};

/// Returns the job's place in the ledger.
template <class RunT>
[[nodiscard]] ScheduleState state_of(const BasicMemoryJob<RunT>& job) {
  ScheduleState state;
  state.job_name = job.name;
  state.version = job.version;
  state.enabled = job.enabled;
  state.paused = job.paused;
  state.paused_at = job.extra->paused_at;
  state.anchor_at = job.anchor_at;
  state.next_due_at = job.next_due_at;
  state.epoch_at = job.epoch_at;
  state.failed_dependency = job.extra->failed_dependency;
  return state;
}

using MemoryJob = BasicMemoryJob<JobRun>;

/// True if `name` is one of `jobs`.
[[nodiscard]] inline bool knows(const JobNames& jobs, const std::string& name) {
  return std::binary_search(jobs.begin(), jobs.end(), name);
}

}  // namespace punctual::detail
