// SPDX-License-Identifier: MIT
//
// Ledger values: what a node tells the storage about its jobs' schedules, and what it reads back.
//
// The ledger is what makes a due instant answered exactly once: a schedule moves on only by compare
// and set on its version, in the same transaction that stores the row which answers the instant.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/policies.hpp"

namespace punctual {

/// Names of jobs, sorted and unique: those a node has registered and so can advance and run.
using JobNames = std::vector<std::string>;

/// A job as a node registers it.
///
/// `anchor_at` and `next_due_at` are proposals: the storage takes them when the job is new, when
/// its `schedule` differs from the stored one, or when it becomes enabled; otherwise it keeps its
/// own.
struct JobDefinition {
  std::string name{};
  std::string description{};
  Json schedule = nullptr;  ///< `Schedule::to_json()`, compared for equality
  bool enabled = true;
  TimePoint anchor_at{};
  std::optional<TimePoint> next_due_at{};
  /// For schedules that wait for the end of a run: whenever a run of the job becomes terminal, no
  /// retry follows it and no instant is armed, the storage arms `completed_at + delay`.
  std::optional<Duration> after_finish_delay{};
  RetentionPolicy retention{};
  /// Jobs after which this one runs: whenever each of them has ended well since the last time, the
  /// storage arms the instant at which the last of them did. Where one fails for good it arms the
  /// instant of that, with `ScheduleState::failed_dependency`. Sorted and unique.
  JobNames depends_on{};
  /// Nothing is stored, the state is returned as it is; that of a job that is not there has version
  /// 0.
  bool reads_only = false;
};

/// A job's schedule as the ledger holds it.
struct ScheduleState {
  std::string job_name{};
  std::uint64_t version = 0;  ///< rises with every change
  bool enabled = true;
  bool paused = false;
  std::optional<TimePoint> paused_at{};
  TimePoint anchor_at{};
  std::optional<TimePoint> next_due_at{};  ///< nullopt: nothing is armed
  /// Each instant of the schedule after this one is answered by a row: the last time that the
  /// schedule was new, changed or enabled.
  TimePoint epoch_at{};
  std::string failed_dependency{};  ///< what is armed answers the failure of this job
};

/// Moves one schedule on, and answers its due instant with rows.
struct Advance {
  std::string job_name{};
  std::uint64_t version = 0;  ///< as read; another version means that another node was first
  std::optional<TimePoint> next_due_at{};
  std::vector<NewRun> rows{};
  std::optional<TimePoint> epoch_at{};  ///< stored if present
};

struct AdvanceAnswer {
  bool advanced = false;  ///< false: the version had moved on; nothing was stored
  /// Rows left out because their `(job, due_at)` was answered before. The last line of defence: in
  /// a healthy cluster it stays 0.
  std::size_t conflict_count = 0;
};

/// Pauses or resumes a job.
struct PauseChange {
  std::string job_name{};
  std::uint64_t version = 0;  ///< as read
  bool paused = true;
  std::string actor{};
  std::string reason{};
  std::optional<TimePoint> next_due_at{};  ///< when resuming: the next future instant
  std::vector<NewRun> rows{};              ///< when resuming: the row for what passed meanwhile
};

/// The next instants at which there is something to do, for the jobs that were asked about.
struct WakeTimes {
  std::optional<TimePoint> due_at{};      ///< earliest armed instant of an enabled, unpaused job
  std::optional<TimePoint> run_at{};      ///< earliest pending run of an unpaused job
  std::optional<TimePoint> expires_at{};  ///< earliest lease end
};

}  // namespace punctual
