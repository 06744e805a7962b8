// SPDX-License-Identifier: MIT
//
// What must come true once all faults have ended and all nodes are there: everything goes on.
//
// Each function looks at the rows and schedules as they are at one instant, some while after the
// faults ended; `within` is how late things may be by then.
//
// Thread-safety: pure functions but for what they add to the violations.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/testing/invariants.hpp"
#include "punctual/testing/value_text.hpp"
#include "punctual/testing/violation.hpp"

namespace punctual::testing {

/// Every due instant is answered within a moment, and no schedule has nothing armed.
inline void no_schedule_is_silent(const Invariants& invariants,
                                  const std::vector<JobSummary>& summaries, Duration within,
                                  TimePoint now, Violations& violations) {
  for (const auto& job : summaries) {
    if (!job.enabled || job.paused || job.schedule.is_null()) continue;
    if (job.next_run_at) {
      violations.require(*job.next_run_at + within > now, "no_schedule_is_silent", [&] {
        return "job \"" + job.name + "\" was due at " + to_text(*job.next_run_at) +
               " and nobody answered within " + std::to_string(within.count()) + " ms";
      });
      continue;
    }
    bool has_open = false;  // whose end will arm a delay after the finish
    for (const auto& [id, run] : invariants.rows()) {
      has_open |= run.job_name == job.name && !is_terminal(run.status);
    }
    violations.require(has_open, "no_schedule_is_silent", [&] {
      return "job \"" + job.name + "\" has nothing armed, nor a run open";
    });
  }
}

/// What a node held that went away is taken over soon after its lease has expired.
inline void expired_leases_are_taken(const Invariants& invariants, Duration within, TimePoint now,
                                     Violations& violations) {
  for (const auto& entry : invariants.rows()) {
    const JobRun& run = entry.second;
    if (run.status != JobStatus::running || !run.lease_until_at) continue;
    violations.require(*run.lease_until_at + within > now, "expired_leases_are_taken", [&] {
      return "run " + run.id.to_string() + " of job \"" + run.job_name + "\": the lease of node " +
             run.node + " expired at " + to_text(run.lease_until_at);
    });
  }
}

/// An accepted run ends: those that were open when the faults ended have.
inline void accepted_runs_end(const Invariants& invariants, const std::vector<RunId>& were_open,
                              Violations& violations) {
  for (const RunId id : were_open) {
    const JobRun* run = invariants.row(id);
    violations.require(run == nullptr || is_terminal(run->status), "accepted_runs_end", [&] {
      return "run " + id.to_string() + " of job \"" + run->job_name + "\" is still " +
             to_text(run->status) + ", to be run from " + to_text(run->run_at);
    });
  }
}

/// A run that nothing holds back starts within a poll, though nobody was told of it.
inline void polling_finds_work(const Invariants& invariants, const std::vector<RunId>& probes,
                               Duration within, Violations& violations) {
  for (const RunId id : probes) {
    const JobRun* run = invariants.row(id);
    const bool is_timely =
        run != nullptr && run->started_at && *run->started_at <= run->run_at + within;
    violations.require(is_timely, "polling_finds_work", [&] {
      return "run " + id.to_string() + ", to be run from " +
             (run ? to_text(run->run_at) + ", started " + to_text(run->started_at)
                  : std::string{"nowhere"});
    });
  }
}

}  // namespace punctual::testing
