// SPDX-License-Identifier: MIT
//
// LedgerSheet: rows of one job, written by hand, as a storage would show them. For tests of what
// looks at a ledger.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual::tests {

/// Instants are spans since midnight, when the job "hourly" was registered.
struct LedgerSheet {
  explicit LedgerSheet(const Schedule& schedule) {
    job.name = "hourly";
    job.schedule = schedule.to_json();
    job.anchor_at = midnight;
    job.epoch_at = midnight;
  }

  /// A run answers an instant.
  JobRun& ran(Duration at) { return add(at, JobStatus::success); }

  /// One row answers the instants from `first` to `last` without a run.
  JobRun& missed(Duration first, Duration last) {
    JobRun& run = add(first, JobStatus::skipped);
    run.message_code = std::string{message_code::job_missed};
    run.details = {{"count", 2},
                   {"first", format_iso8601(midnight + first)},
                   {"last", format_iso8601(midnight + last)}};
    return run;
  }

  void armed(Duration at) { job.next_run_at = midnight + at; }

  JobRun& add(Duration at, JobStatus status) {
    JobRun run;
    run.id = ids.next(midnight + at);
    run.job_name = job.name;
    run.status = status;
    run.trigger = RunTrigger::schedule;
    run.due_at = midnight + at;
    ++job.run_count;
    rows.push_back(run);
    return rows.back();
  }

  // --- as policy/storage.hpp describes it
  [[nodiscard]] std::vector<JobSummary> summaries() const { return {job}; }
  [[nodiscard]] std::vector<JobRun> runs(const RunQuery& query) const {
    std::vector<JobRun> found;
    for (const auto& run : rows) {
      if (matches(query, run) && (!query.before || run.id < *query.before)) found.push_back(run);
    }
    std::sort(found.begin(), found.end(),
              [](const JobRun& a, const JobRun& b) { return a.id > b.id; });
    if (found.size() > query.limit) found.resize(query.limit);
    return found;
  }

  const TimePoint midnight = *parse_iso8601("2024-01-15T00:00:00.000Z");
  JobSummary job{};
  std::vector<JobRun> rows{};
  UuidGenerator ids{Random{1}};
};

}  // namespace punctual::tests
