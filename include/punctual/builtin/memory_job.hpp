// SPDX-License-Identifier: MIT
//
// MemoryJob: one job of InMemoryStorage, with its place in the ledger, its counters and the indexes
// over its own runs.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class RunT>
struct BasicMemoryJob;

/// What decides, beside the job, whether a ready run may start.
struct LaneKey {
  bool exclusive = false;
  std::uint32_t concurrency_max = 0;
  std::string concurrency_key{};

  // NOLINTNEXTLINE(modernize-use-nullptr): a false alarm of clang-tidy 14
  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
};

/// The ready runs of a job that the same limits hold back: if the first cannot start, none can.
template <class RunT>
struct BasicMemoryLane {
  using Key = std::pair<TimePoint, Late<RunId, RunT>>;

  BasicMemoryJob<RunT>* job = nullptr;
  std::set<Key> ready{};  ///< by claim order
};

template <class RunT>
struct BasicMemoryJob {
  ScheduleState state{};
  std::string description{};
  Json schedule = nullptr;
  std::optional<Duration> after_finish_delay{};
  RetentionPolicy retention{};
  TimePoint seen_at = TimePoint::min();  ///< when it was synced last; never: at the start of time
  std::string paused_by{};
  std::string paused_reason{};

  std::uint64_t success_count = 0;
  std::uint64_t failure_count = 0;
  std::uint64_t skipped_count = 0;

  using Id = Late<RunId, RunT>;
  using At = Late<TimePoint, RunT>;
  using Name = Late<std::string, RunT>;

  JobNames depends_on{};
  std::set<Name> done_dependencies{};  ///< of those: the ones that ended well since the last time

  std::set<Id> open{};
  std::set<Id> ended{};
  std::set<Id> executed{};  ///< of those that ended: the ones that had started
  std::set<std::pair<At, Id>> ended_by_time{};
  std::map<LaneKey, BasicMemoryLane<RunT>> lanes{};  ///< none of them empty
  /// By run_at, ready or not; without those that wait for other work.
  std::set<std::pair<At, Id>> pending{};
  std::multiset<At> pending_exclusive{};  ///< of those: the instants of the exclusive ones
  std::set<Id> running_exclusive{};
  std::map<At, Id> answered{};  ///< due instants that have a first attempt
};

/// An instant of a job. Equal instants are in the order of the jobs' names, never of their
/// addresses, so that a simulation repeats itself.
template <class RunT>
struct BasicJobInstant {
  TimePoint at{};
  BasicMemoryJob<RunT>* job = nullptr;

  friend bool operator<(const BasicJobInstant& a, const BasicJobInstant& b) {
    return a.at != b.at ? a.at < b.at : a.job->state.job_name < b.job->state.job_name;
  }
};

using MemoryJob = BasicMemoryJob<JobRun>;
using MemoryLane = BasicMemoryLane<JobRun>;
using JobInstant = BasicJobInstant<JobRun>;

/// True if `name` is one of `jobs`.
[[nodiscard]] inline bool knows(const JobNames& jobs, const std::string& name) {
  return std::binary_search(jobs.begin(), jobs.end(), name);
}

/// Returns the lane of `run`; runs without a limit share one whatever their keys.
[[nodiscard]] inline LaneKey lane_of(const JobRun& run) {
  if (run.concurrency_max == 0) return {.exclusive = run.exclusive};
  return {run.exclusive, run.concurrency_max, run.concurrency_key};
}

}  // namespace punctual::detail
