// SPDX-License-Identifier: MIT
//
// Lease values: claiming runs, keeping them, recording their end.
//
// A claim is a lease: it expires unless renewed, so a node that dies holds nothing for ever. Each
// claim raises the run's fence, and every later write carries the fence it was given. Whoever lost
// the lease therefore changes no row, however late it wakes up.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/rate_limit.hpp"

namespace punctual {

/// How many more runs of one job a node would take. Jobs not mentioned have room.
struct JobRoom {
  std::string job_name{};
  std::size_t room = 0;
};

/// Asks for pending runs.
struct ClaimRequest {
  std::string node{};
  const JobNames* jobs = nullptr;  ///< borrowed for the call; the jobs this node can run
  std::vector<JobRoom> rooms{};    ///< limits of single jobs on this node
  std::size_t limit = 0;           ///< at most so many runs
  Duration lease{};                ///< the lease each one gets
  std::optional<RunId> only{};     ///< just this run, whatever its place in the order
  /// Borrowed for the call: jobs whose starts are limited, ordered by name. Null: none is.
  const std::vector<JobRate>* rates = nullptr;
};

/// Asks to give up runs that no node can run.
struct ExpiryRequest {
  const JobNames* jobs = nullptr;  ///< borrowed for the call; those that the asking node can run
  std::size_t limit = 0;
  Duration age{};  ///< how long a run has been ready, and no node been there for its job
};

/// Asks for runs whose lease has expired, whichever node held it.
struct RescueRequest {
  const JobNames* jobs = nullptr;  ///< borrowed for the call; the jobs whose runs are wanted
  std::size_t limit = 0;
  Duration lease{};  ///< the lease under which the rescuer records their end
};

/// Names a run and the fence under which the caller holds it.
struct LeaseRef {
  RunId run_id{};
  std::uint64_t fence = 0;
};

struct Renewal {
  LeaseRef lease{};
  std::optional<double> progress{};  ///< stored if present
  std::string progress_note{};
  Json log = nullptr;  ///< stored if not null
};

enum class RenewAnswer : std::uint8_t {
  kept,
  lost,              ///< the fence is not the run's any more, or the run has ended
  cancel_requested,  ///< kept, and somebody wants the run to stop
};

/// The end of a run, and the rows that follow from it.
struct Completion {
  LeaseRef lease{};
  JobStatus status = JobStatus::success;  ///< terminal
  std::string message_code{};
  std::string summary{};
  Json details = nullptr;
  std::optional<RunError> error{};
  Duration duration{};
  Json log = nullptr;                ///< stored if not null
  std::vector<NewRun> follow_ups{};  ///< e.g. the next attempt; stored in the same transaction
};

enum class FinishAnswer : std::uint8_t {
  done,
  lost,  ///< the fence is not the run's any more, or the run has ended: nothing was written
};

struct EnqueueAnswer {
  enum class Kind : std::uint8_t {
    stored,
    duplicate,   ///< an open run has the unique key, or another the due instant; `id` is that run's
    overlapped,  ///< stored as skipped / JOB_OVERLAPPED
  };
  Kind kind = Kind::stored;
  RunId id{};
};

enum class CancelAnswer : std::uint8_t {
  cancelled,  ///< it was pending and is now skipped / JOB_CANCELLED
  requested,  ///< it is running; its node will be told
  ended,      ///< it had ended before
  not_found,
};

/// What a storage says of itself.
struct StorageHealth {
  std::string kind{};       ///< e.g. "memory", "sqlite"
  bool writable = true;     ///< a write was tried and went through
  int schema_version = 0;   ///< as found
  int schema_expected = 0;  ///< as this library wants it; 0: there are no migrations
  std::string problem{};    ///< empty if well
};

}  // namespace punctual
