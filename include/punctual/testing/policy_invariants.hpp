// SPDX-License-Identifier: MIT
//
// PolicyInvariants: what must be true of a job's runs together: how many at once, which of them are
// skipped for it, and how failed ones are tried again.
//
// It keeps the open runs of each job and looks at every change of a row.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/testing/row_invariants.hpp"
#include "punctual/testing/value_text.hpp"
#include "punctual/testing/violation.hpp"

namespace punctual::testing {

/// How many runs of a job have ended, by status.
struct EndedCounts {
  std::uint64_t success = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;

  friend bool operator==(const EndedCounts&, const EndedCounts&) = default;
};

class PolicyInvariants {
 public:
  explicit PolicyInvariants(Violations& violations) : violations_(&violations) {}

  void add_job(const JobConfig& config) { jobs_[config.name].config = config; }

  /// A row is about to be stored as asked for by `row`, after all that were shown before.
  void row_asked(const NewRun& row, TimePoint at) { asked_ = {row.id, overlaps(row, at)}; }

  /// A row has changed. To be called once for every change, in their order.
  void row_changed(const RowChange& change);

  /// The body of a run came to its end at `at`; it may have asked for a `wait` of its own before
  /// the next attempt.
  void body_left(const LeaseRef& lease, TimePoint at, std::optional<Duration> wait) {
    left_[{lease.run_id, lease.fence}] = {at, wait};
  }

  /// `next` was stored as the next attempt of `failed`.
  void retry_follows(const JobRun& failed, const NewRun& next);

  [[nodiscard]] EndedCounts ended_of(const std::string& job_name) const {
    const auto found = jobs_.find(job_name);
    return found == jobs_.end() ? EndedCounts{} : found->second.ended;
  }

 private:
  struct Open {
    bool is_running = false;
    bool is_exclusive = false;
    TimePoint run_at{};
  };
  struct Job {
    std::optional<JobConfig> config{};
    std::map<RunId, Open> open{};
    EndedCounts ended{};
  };
  struct Asked {
    RunId id{};
    bool overlaps = false;
  };
  struct Left {
    TimePoint at{};
    std::optional<Duration> wait{};
  };

  [[nodiscard]] bool overlaps(const NewRun& row, TimePoint at) {
    if (row.status != JobStatus::pending || !row.exclusive) return false;
    bool is_running = false;
    bool is_waiting = false;
    for (const auto& [id, run] : jobs_[row.job_name].open) {
      if (!run.is_exclusive) continue;
      is_running |= run.is_running;
      is_waiting |= !run.is_running && run.run_at <= at;
    }
    return (row.skip_if_open && (is_running || is_waiting)) || (row.skip_if_waiting && is_waiting);
  }

  void overlap_is_answered(const RowChange& change);
  void exclusive_runs_one_at_a_time(const RowChange& change, const Job& job);
  void concurrency_limit_holds(const RowChange& change);
  void one_open_run_per_unique_key(const RowChange& change);
  void track(const RowChange& change, Job& job);

  Violations* violations_;
  std::map<std::string, Job> jobs_;
  std::map<std::string, std::size_t> running_by_key_;
  std::map<std::string, RunId> open_by_unique_key_;
  std::map<std::pair<RunId, std::uint64_t>, Left> left_;  // by run and fence
  Asked asked_{};
};

inline void PolicyInvariants::row_changed(const RowChange& change) {
  Job& job = jobs_[change.row().job_name];
  track(change, job);
  overlap_is_answered(change);
  if (change.becomes(JobStatus::running)) {
    exclusive_runs_one_at_a_time(change, job);
    concurrency_limit_holds(change);
  }
}

/// Keeps the books that the promises are looked up in.
inline void PolicyInvariants::track(const RowChange& change, Job& job) {
  one_open_run_per_unique_key(change);
  const auto running = [](const JobRun* run) {
    return run != nullptr && run->status == JobStatus::running;
  };
  const JobRun& row = change.row();
  if (row.concurrency_max > 0 && running(change.before) != running(change.after)) {
    std::size_t& count = running_by_key_[row.concurrency_key];
    count = running(change.after) ? count + 1 : count - 1;
  }
  if (change.after == nullptr || is_terminal(row.status)) {
    job.open.erase(row.id);
    if (change.becomes(JobStatus::success)) ++job.ended.success;
    if (change.becomes(JobStatus::failed)) ++job.ended.failed;
    if (change.becomes(JobStatus::skipped)) ++job.ended.skipped;
    return;
  }
  job.open[row.id] = {running(change.after), row.exclusive, row.run_at};
}

/// A run that must not overlap an open one is stored as skipped, and no other.
inline void PolicyInvariants::overlap_is_answered(const RowChange& change) {
  if (change.before != nullptr || change.after == nullptr || asked_.id != change.after->id) return;
  const bool is_answered = change.after->message_code == message_code::job_overlapped;
  violations_->require(is_answered == asked_.overlaps, "overlap_is_answered", [&] {
    return change.where() +
           (asked_.overlaps ? ": overlaps an open run, and was stored as "
                            : ": overlaps nothing, and was stored as ") +
           to_text(change.after->status);
  });
}

inline void PolicyInvariants::exclusive_runs_one_at_a_time(const RowChange& change,
                                                           const Job& job) {
  if (!change.after->exclusive) return;
  const auto count = std::count_if(job.open.begin(), job.open.end(), [](const auto& entry) {
    return entry.second.is_running && entry.second.is_exclusive;
  });
  violations_->require(count <= 1, "exclusive_runs_one_at_a_time", [&] {
    return change.where() + ": now " + std::to_string(count) + " are running";
  });
}

inline void PolicyInvariants::concurrency_limit_holds(const RowChange& change) {
  const JobRun& run = *change.after;
  if (run.concurrency_max == 0) return;
  const std::size_t count = running_by_key_[run.concurrency_key];
  violations_->require(count <= run.concurrency_max, "concurrency_limit_holds", [&] {
    return change.where() + ": now " + std::to_string(count) + " are running under key \"" +
           run.concurrency_key + "\", at most " + std::to_string(run.concurrency_max) + " may";
  });
}

inline void PolicyInvariants::one_open_run_per_unique_key(const RowChange& change) {
  const JobRun& row = change.row();
  if (row.unique_key.empty()) return;
  if (change.before == nullptr && !is_terminal(row.status)) {
    const auto [open, is_first] = open_by_unique_key_.try_emplace(row.unique_key, row.id);
    violations_->require(is_first, "one_open_run_per_unique_key", [&, other = open->second] {
      return change.where() + ": run " + other.to_string() + " is open under key \"" +
             row.unique_key + "\"";
    });
  } else if (change.before != nullptr && !is_terminal(change.before->status) &&
             is_terminal(row.status)) {
    open_by_unique_key_.erase(row.unique_key);
  }
}

/// A retry is the next attempt of the same work, within the policy, not before its backoff.
inline void PolicyInvariants::retry_follows(const JobRun& failed, const NewRun& next) {
  const auto& config = jobs_[failed.job_name].config;
  const auto fail = [&](const std::string& what) {
    violations_->add("retries_follow_the_policy", "attempt " + std::to_string(next.attempt) +
                                                      " of job \"" + next.job_name + "\" after " +
                                                      failed.id.to_string() + ": " + what);
  };
  if (failed.status != JobStatus::failed) fail("the run before it is " + to_text(failed.status));
  if (next.id == failed.id) fail("it has the row of the run before it");
  if (next.attempt != failed.attempt + 1) fail("it follows attempt " + to_text(failed.attempt));
  if (next.retry_of != failed.retry_of.value_or(failed.id)) {
    fail("it names " + to_text(next.retry_of) + " as the first attempt");
  }
  if (!config) return;
  if (next.attempt > config->retry.max_attempts) {
    fail("the job has " + std::to_string(config->retry.max_attempts) + " attempts");
  }
  const auto left = left_.find({failed.id, failed.fence});
  const bool came_back = left != left_.end() && failed.message_code != message_code::job_abandoned;
  std::optional<Duration> wait = came_back ? left->second.wait : std::nullopt;
  const Backoff fixed = Backoff::fixed(config->retry.backoff.ceiling(failed.attempt));
  if (!wait && config->retry.backoff == fixed) wait = fixed.ceiling(failed.attempt);
  if (!wait) return;  // drawn at random: anything up to the ceiling
  const TimePoint ended_at = came_back ? left->second.at : failed.started_at.value_or(time_min);
  const TimePoint earliest = add_clamped(ended_at, *wait);
  if (next.run_at < earliest) {
    fail("expected not before " + to_text(earliest) + ", got " + to_text(next.run_at));
  }
}

}  // namespace punctual::testing
