// SPDX-License-Identifier: MIT
//
// Archetypes: for each concept of policy/ the smallest type that satisfies it, and nothing more.
//
// The library may ask no more of a type than its concept says, so whatever takes a concept must
// compile with these. A test that wants to know what a concept refuses derives from one and spoils
// one member: a member of the same name hides the inherited one.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/policy/executor.hpp"
#include "punctual/policy/job_context.hpp"
#include "punctual/policy/storage.hpp"

namespace punctual::tests {

struct MinimalClock {
  TimePoint now() { return {}; }
  Duration steady_now() { return {}; }
  void wait_until(TimePoint, WakeSignal&) {}
};

struct MinimalExecutor {
  std::size_t room() { return 1; }
  void submit(Work work) { work(); }
  bool help() { return false; }
  bool replace(std::thread::id) { return false; }
};

struct MinimalLedger {
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>&, TimePoint) { return {}; }
  std::vector<ScheduleState> due_schedules(const JobNames&, std::size_t, TimePoint) { return {}; }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>&, TimePoint) { return {}; }
  bool set_paused(const PauseChange&, TimePoint) { return false; }
};

struct MinimalQueue {
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>&, TimePoint) { return {}; }
  std::vector<JobRun> claim(const ClaimRequest&, TimePoint) { return {}; }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>&, Duration, TimePoint) { return {}; }
  std::vector<FinishAnswer> finish(const std::vector<Completion>&, TimePoint) { return {}; }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>&, TimePoint) { return {}; }
  std::vector<JobRun> take_expired(const RescueRequest&, TimePoint) { return {}; }
  CancelAnswer request_cancel(RunId, const std::string&, TimePoint) { return {}; }
  std::size_t expire_unknown(const ExpiryRequest&, TimePoint) { return 0; }
  WakeTimes next_wake(const JobNames&, TimePoint) { return {}; }
};

struct MinimalHistory {
  std::vector<JobRun> runs(const RunQuery&) { return {}; }
  std::optional<JobRun> run(RunId) { return {}; }
  std::vector<JobSummary> summaries() { return {}; }
  std::size_t prune(std::size_t, TimePoint) { return 0; }
};

struct MinimalStorage : MinimalLedger, MinimalQueue, MinimalHistory {
  TimePoint now(TimePoint caller_now) { return caller_now; }
  std::optional<Duration> poll_period() { return {}; }
  StorageHealth health() { return {}; }
};

/// Neither copied nor moved: a body is borrowed by whoever calls it.
struct MinimalBody {
  MinimalBody() = default;
  MinimalBody(const MinimalBody&) = delete;
  MinimalBody& operator=(const MinimalBody&) = delete;
  void operator()(JobContext&) {}
};

/// Move-only.
struct MinimalJob {
  MinimalJob() = default;
  MinimalJob(MinimalJob&&) = default;
  MinimalJob& operator=(MinimalJob&&) = default;
  JobConfig config() const { return {.name = "minimal"}; }
  JobOutcome execute(JobContext&) { return {}; }
};

}  // namespace punctual::tests
