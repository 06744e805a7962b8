// SPDX-License-Identifier: MIT
//
// Options and answers of single calls to the scheduler.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual {

/// How to trigger a job.
struct TriggerOptions {
  Json payload = nullptr;
  std::string actor{};                ///< who; kept with the run
  std::string reason{};               ///< why; kept with the run
  std::uint32_t payload_version = 0;  ///< see policy/payload.hpp
  /// At most one open run per key, whoever hands it in: if there is one, it is waited for instead.
  std::string unique_key{};
  /// How long to wait for the end; afterwards the run as it is then is returned, and goes on.
  Duration wait = Duration::max();
};

/// How to enqueue a run.
struct EnqueueOptions {
  std::optional<TimePoint> run_at{};  ///< not before; default: now
  std::optional<int> priority{};      ///< -100 to 100; default: the job's
  std::string unique_key{};           ///< at most one open run per key; empty: no such limit
  std::string actor{};                ///< who; kept with the run
  std::string reason{};               ///< why; kept with the run
  /// Runs that have to end well before it starts, retries included; if one does not, it is skipped
  /// / JOB_DEPENDENCY_FAILED. At most 100, and not together with `run_at`.
  std::vector<RunId> after{};
  /// Of the payload, see policy/payload.hpp; 0: the version of the payload's type.
  std::uint32_t payload_version = 0;
};

/// One run of several that are enqueued together.
struct EnqueueItem {
  Json payload = nullptr;
  EnqueueOptions options{};
};

/// How to have a run done once more.
struct RetryOptions {
  std::optional<TimePoint> run_at{};  ///< not before; default: now
  std::string actor{};                ///< who; default: who asked for the first attempt
  std::string reason{};               ///< why; default: that of the first attempt
};

/// One run of a workflow.
struct WorkflowStep {
  std::string name{};      ///< unique within the workflow; at most 200 bytes
  std::string job{};       ///< what it runs; empty: the job of the step's name
  Json payload = nullptr;  ///< as of `enqueue`
  std::uint32_t payload_version = 0;
  std::vector<std::string> after{};  ///< steps that have to end well before it
  std::optional<int> priority{};     ///< -100 to 100; default: the job's
};

/// Runs that wait for one another, handed in together. 1 to 1,000 steps, in any order.
///
/// `StepT` is WorkflowStep; as a template, it costs those who only include it little.
template <class StepT>
struct BasicWorkflow {
  std::vector<StepT> steps{};
  std::optional<TimePoint> run_at{};  ///< nothing of it starts before; default: now
  std::string actor{};                ///< who; kept with each run
  std::string reason{};               ///< why; kept with each run
};

using Workflow = BasicWorkflow<WorkflowStep>;

/// A workflow that has been handed in.
struct WorkflowRuns {
  RunId id{};                  ///< of the workflow: `runs({.workflow_id = id})`
  std::vector<RunId> steps{};  ///< of each step's first attempt, in the order of the steps
};

/// How to have past instants done.
struct BackfillOptions {
  std::string actor{};       ///< who; kept with each run
  std::string reason{};      ///< why; kept with each run
  std::size_t limit = 1000;  ///< at most so many runs, the earliest first; 1 to 10,000
};

struct BackfillReport {
  std::vector<RunId> runs{};             ///< one per instant, in their order
  std::size_t answered_count = 0;        ///< instants that had been run, or are about to be
  std::optional<TimePoint> next_from{};  ///< where to go on, if the limit was reached
};

/// What `stop` had to leave behind.
struct StopReport {
  /// Runs handed back although their bodies had not returned. Those bodies may still be running.
  std::vector<RunId> abandoned{};
  /// Runs whose bodies have returned, but whose ends the storage did not take in time. Their leases
  /// run out, and they are recorded as JOB_ABANDONED.
  std::vector<RunId> unrecorded{};
};

}  // namespace punctual
