// SPDX-License-Identifier: MIT
//
// Invariants: watches a storage that simulated nodes share, and checks what must be true after
// every operation that reached it.
//
// It keeps a copy of every row. After an operation it reads the rows that the operation named, and
// shows each change to the checks; now and then `sweep` compares all rows, so that one which was
// changed without being named is found as well.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/testing/policy_invariants.hpp"
#include "punctual/testing/row_invariants.hpp"
#include "punctual/testing/schedule_invariants.hpp"
#include "punctual/testing/seen_counts.hpp"
#include "punctual/testing/storage_operation.hpp"
#include "punctual/testing/violation.hpp"
#include "punctual/testing/watched_storage.hpp"

namespace punctual::testing {

class Invariants : public StorageWatcher {
  template <StorageOperation Operation>
  using Tag = OperationTag<Operation>;
  using Op = StorageOperation;

 public:
  /// Borrows all; `true_now` is the clock of the storage.
  Invariants(InMemoryStorage& storage, const TimePoint& true_now, Violations& violations)
      : storage_(&storage),
        true_now_(&true_now),
        violations_(&violations),
        schedules_(violations),
        policies_(violations) {}

  void add_job(const JobConfig& config) {
    schedules_.add_job(config);
    policies_.add_job(config);
    retention_[config.name] = config.retention;
  }

  [[nodiscard]] const std::map<RunId, JobRun>& rows() const noexcept { return rows_; }
  [[nodiscard]] const SeenCounts& seen() const noexcept { return seen_; }
  [[nodiscard]] const ScheduleInvariants& schedules() const noexcept { return schedules_; }
  [[nodiscard]] PolicyInvariants& policies() noexcept { return policies_; }
  [[nodiscard]] const JobRun* row(RunId id) const {
    const auto found = rows_.find(id);
    return found == rows_.end() ? nullptr : &found->second;
  }

  /// `on_change` is shown every change after the checks have seen it.
  void on_change(std::function<void(const RowChange&)> on_change) {
    on_change_ = std::move(on_change);
  }

  /// Compares every row with the copy, and every counter with the rows that were counted.
  void sweep();

  using StorageWatcher::answered;
  using StorageWatcher::asked;

  void answered(Tag<Op::sync_jobs>, const std::vector<ScheduleState>& states,
                const std::vector<JobDefinition>& definitions, const TimePoint&) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (definitions[i].reads_only) {
        schedules_.looked_up(states[i]);
      } else {
        schedules_.synced(definitions[i], states[i], *true_now_);
      }
    }
  }
  void answered(Tag<Op::due_schedules>, const std::vector<ScheduleState>& states, const JobNames&,
                const std::size_t&, const TimePoint&) {
    for (const auto& state : states) schedules_.named_due(state, *true_now_);
  }
  void answered(Tag<Op::advance>, const std::vector<AdvanceAnswer>& answers,
                const std::vector<Advance>& advances, const TimePoint&);
  void answered(Tag<Op::set_paused>, const bool& is_set, const PauseChange& change,
                const TimePoint&);
  void answered(Tag<Op::enqueue>, const std::vector<EnqueueAnswer>& answers,
                const std::vector<NewRun>& rows, const TimePoint&);
  void answered(Tag<Op::claim>, const std::vector<JobRun>& runs, const ClaimRequest& request,
                const TimePoint&) {
    seen_.claims += runs.size();
    for (const auto& run : runs) {
      look_at(run.id, Op::claim, request.lease);
      answers_show_the_row(run, Op::claim);
      paused_jobs_start_nothing(run);
    }
  }
  void answered(Tag<Op::renew>, const std::vector<RenewAnswer>& answers,
                const std::vector<Renewal>& renewals, const Duration& lease, const TimePoint&) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      only_the_holder_writes(renewals[i].lease, answers[i] != RenewAnswer::lost, Op::renew);
      look_at(renewals[i].lease.run_id, Op::renew, lease);
      const JobRun* run = row(renewals[i].lease.run_id);
      if (answers[i] == RenewAnswer::lost || run == nullptr) continue;
      violations_->require(
          run->lease_until_at == *true_now_ + lease, "renewals_extend_leases", [&] {
            return "run " + run->id.to_string() + " was renewed at " + to_text(*true_now_) +
                   ", and its lease runs until " + to_text(run->lease_until_at);
          });
    }
  }
  void answered(Tag<Op::finish>, const std::vector<FinishAnswer>& answers,
                const std::vector<Completion>& completions, const TimePoint&);
  void answered(Tag<Op::release>, const std::vector<FinishAnswer>& answers,
                const std::vector<LeaseRef>& leases, const TimePoint&) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const bool is_done = answers[i] == FinishAnswer::done;
      only_the_holder_writes(leases[i], is_done, Op::release);
      if (is_done) ++seen_.releases;
      look_at(leases[i].run_id, Op::release);
    }
  }
  void answered(Tag<Op::take_expired>, const std::vector<JobRun>& runs,
                const RescueRequest& request, const TimePoint&) {
    seen_.rescues += runs.size();
    for (const auto& run : runs) {
      look_at(run.id, Op::take_expired, request.lease);
      answers_show_the_row(run, Op::take_expired);
    }
  }
  void answered(Tag<Op::request_cancel>, const CancelAnswer&, const RunId& run_id,
                const std::string&, const TimePoint&) {
    ++seen_.cancels;
    look_at(run_id, Op::request_cancel);
  }
  void answered(Tag<Op::expire_unknown>, const std::size_t& count, const ExpiryRequest& request,
                const TimePoint&) {
    if (count > 0) expiries_are_of_unknown_jobs(count, *request.jobs);
  }
  void answered(Tag<Op::prune>, const std::size_t& count, const std::size_t&, const TimePoint&) {
    if (count > 0) retention_is_kept(count);
  }

 private:
  /// Shows the checks what became of a row.
  void look_at(RunId id, StorageOperation operation, Duration lease = {});
  void look_at_replaced(const std::string& job_name, StorageOperation operation);
  void store(RunId id, std::optional<JobRun> row);

  /// A write under the fence of the row's holder goes through, any other changes nothing.
  void only_the_holder_writes(const LeaseRef& lease, bool went_through, StorageOperation operation);

  /// Whoever is given a run is given it as it is.
  void answers_show_the_row(const JobRun& answer, StorageOperation operation) {
    const JobRun* stored = row(answer.id);
    violations_->require(
        stored != nullptr && difference(*stored, answer).empty(), "answers_show_the_row", [&] {
          return std::string{to_string(operation)} + " of run " + answer.id.to_string() + ": " +
                 (stored ? difference(*stored, answer) : "there is no such row");
        });
  }

  /// An end that is said to be stored is, in every word.
  void finishes_record_the_end(const Completion& end) {
    ++seen_.finishes;
    const JobRun* run = row(end.lease.run_id);
    const bool is_recorded = run != nullptr && run->status == end.status &&
                             run->message_code == end.message_code && run->summary == end.summary &&
                             run->details == end.details && run->error == end.error &&
                             run->duration == end.duration;
    violations_->require(is_recorded, "finishes_record_the_end", [&] {
      return "run " + end.lease.run_id.to_string() + ": expected " + to_text(end.status) + " " +
             end.message_code + ", got " +
             (run ? to_text(run->status) + " " + run->message_code : std::string{"nothing"});
    });
  }

  void paused_jobs_start_nothing(const JobRun& run) {
    const ScheduleState* state = schedules_.state_of(run.job_name);
    if (state == nullptr || !state->paused) return;
    violations_->add("paused_jobs_start_nothing",
                     "run " + run.id.to_string() + " of job \"" + run.job_name + "\" was claimed");
  }

  /// All rows of a step are there, or none.
  void rows_come_whole(const std::vector<NewRun>& rows, bool expected, StorageOperation operation);
  void expiries_are_of_unknown_jobs(std::size_t count, const JobNames& known);
  void retention_is_kept(std::size_t count);
  void counters_match_rows();

  InMemoryStorage* storage_;
  const TimePoint* true_now_;
  Violations* violations_;
  ScheduleInvariants schedules_;
  PolicyInvariants policies_;
  std::map<std::string, RetentionPolicy> retention_;
  std::map<RunId, JobRun> rows_;
  SeenCounts seen_{};
  std::function<void(const RowChange&)> on_change_;
};

/// Runs are given up of jobs alone that the asking node does not know, as many as it says.
inline void Invariants::expiries_are_of_unknown_jobs(std::size_t count, const JobNames& known) {
  for (const auto& [id, before] : std::map{rows_}) {
    if (before.status != JobStatus::pending) continue;
    look_at(id, Op::expire_unknown);
    const bool is_known = std::binary_search(known.begin(), known.end(), before.job_name);
    if (rows_.at(id).status == JobStatus::failed && !is_known) --count;
  }
  violations_->require(count == 0, "expiries_are_of_unknown_jobs",
                       [] { return "others were given up, or not as many as said"; });
}

inline void Invariants::look_at(RunId id, StorageOperation operation, Duration lease) {
  std::optional<JobRun> after = storage_->run(id);
  const JobRun* before = row(id);
  if (!after && before == nullptr) return;
  if (after && before != nullptr && difference(*before, *after).empty()) return;
  const RowChange change{operation, before, after ? &*after : nullptr, *true_now_, lease};
  if (before == nullptr) ++seen_.rows;
  if (change.row().message_code == message_code::job_overlapped) ++seen_.overlaps;
  if (change.row().message_code == message_code::job_missed) ++seen_.missed;
  check_row_change(change, *violations_);
  policies_.row_changed(change);
  if (on_change_) on_change_(change);
  const bool has_ended = after && is_terminal(after->status);
  if (has_ended) schedules_.run_ended(after->job_name);
  store(id, std::move(after));
}

inline void Invariants::look_at_replaced(const std::string& job_name, StorageOperation operation) {
  std::vector<RunId> running;
  for (const auto& [id, run] : rows_) {
    const bool is_running = run.job_name == job_name && run.status == JobStatus::running;
    if (is_running && run.exclusive) running.push_back(id);
  }
  for (const RunId id : running) look_at(id, operation);
}

inline void Invariants::store(RunId id, std::optional<JobRun> row) {
  if (row) {
    rows_.insert_or_assign(id, std::move(*row));
  } else {
    rows_.erase(id);
  }
}

inline void Invariants::only_the_holder_writes(const LeaseRef& lease, bool went_through,
                                               StorageOperation operation) {
  const JobRun* before = row(lease.run_id);
  const bool is_holder =
      before != nullptr && before->status == JobStatus::running && before->fence == lease.fence;
  if (!went_through) ++seen_.stale_fences;
  violations_->require(is_holder == went_through, "only_the_holder_writes", [&] {
    return std::string{to_string(operation)} + " of run " + lease.run_id.to_string() +
           " under fence " + std::to_string(lease.fence) +
           (went_through ? " went through" : " was refused") + "; the row has " +
           (before ? "fence " + std::to_string(before->fence) + " and is " + to_text(before->status)
                   : std::string{"gone"});
  });
}

inline void Invariants::rows_come_whole(const std::vector<NewRun>& rows, bool expected,
                                        StorageOperation operation) {
  for (const auto& asked : rows) {
    if (!expected && row(asked.id) != nullptr)
      continue;  // of an earlier try, whose answer was lost
    if (expected && asked.replaces_running) look_at_replaced(asked.job_name, operation);
    policies_.row_asked(asked, *true_now_);
    look_at(asked.id, operation);
    violations_->require((row(asked.id) != nullptr) == expected, "operations_are_whole", [&] {
      return std::string{to_string(operation)} + " of job \"" + asked.job_name + "\": its row " +
             asked.id.to_string() + (expected ? " is missing" : " was stored all the same");
    });
  }
}

inline void Invariants::answered(Tag<Op::advance>, const std::vector<AdvanceAnswer>& answers,
                                 const std::vector<Advance>& advances, const TimePoint&) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i].advanced) ++seen_.stale_versions;
    schedules_.advanced(advances[i], answers[i], *true_now_);
    if (answers[i].conflict_count > 0) continue;  // which has been noted
    rows_come_whole(advances[i].rows, answers[i].advanced, Op::advance);
  }
}

inline void Invariants::answered(Tag<Op::set_paused>, const bool& is_set, const PauseChange& change,
                                 const TimePoint&) {
  if (is_set && change.paused) ++seen_.pauses;
  schedules_.pause_set(change, is_set, *true_now_);
  rows_come_whole(change.rows, is_set, Op::set_paused);
}

inline void Invariants::answered(Tag<Op::enqueue>, const std::vector<EnqueueAnswer>& answers,
                                 const std::vector<NewRun>& rows, const TimePoint&) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool is_duplicate = answers[i].kind == EnqueueAnswer::Kind::duplicate;
    if (is_duplicate) ++seen_.duplicate_keys;
    rows_come_whole({rows[i]}, !is_duplicate, Op::enqueue);
  }
}

inline void Invariants::answered(Tag<Op::finish>, const std::vector<FinishAnswer>& answers,
                                 const std::vector<Completion>& completions, const TimePoint&) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Completion& completion = completions[i];
    const bool is_done = answers[i] == FinishAnswer::done;
    only_the_holder_writes(completion.lease, is_done, Op::finish);
    look_at(completion.lease.run_id, Op::finish);
    if (is_done) finishes_record_the_end(completion);
    for (const auto& next : completion.follow_ups) {
      const JobRun* failed = row(completion.lease.run_id);
      if (is_done && failed != nullptr) policies_.retry_follows(*failed, next);
      if (is_done) ++seen_.retries;
    }
    rows_come_whole(completion.follow_ups, is_done, Op::finish);
  }
}

inline void Invariants::retention_is_kept(std::size_t count) {
  std::vector<RunId> gone;
  for (const auto& [id, before] : rows_) {
    if (!storage_->run(id)) gone.push_back(id);
  }
  seen_.pruned += gone.size();
  const auto fail = [&](const std::string& what) { violations_->add("retention_is_kept", what); };
  if (gone.size() != count) {
    fail("prune removed " + std::to_string(gone.size()) + " rows and said " +
         std::to_string(count));
  }
  for (const RunId id : gone) {
    const JobRun& before = rows_.at(id);
    const RetentionPolicy& kept = retention_[before.job_name];
    const auto newer = static_cast<std::size_t>(
        std::count_if(rows_.upper_bound(id), rows_.end(), [&](const auto& entry) {
          return entry.second.job_name == before.job_name && is_terminal(entry.second.status);
        }));
    const bool is_old = before.completed_at && *before.completed_at < *true_now_ - kept.period;
    if (!is_terminal(before.status) || !is_old || newer < kept.keep_last) {
      fail("run " + id.to_string() + " of job \"" + before.job_name +
           "\" was removed: " + to_text(before.status) + ", completed " +
           to_text(before.completed_at) + ", " + std::to_string(newer) + " newer ones");
    }
  }
  for (const RunId id : gone) look_at(id, Op::prune);
}

inline void Invariants::sweep() {
  std::size_t count = 0;
  RunQuery query;
  query.limit = 1000;
  for (auto page = storage_->runs(query); !page.empty(); page = storage_->runs(query)) {
    query.before = page.back().id;
    for (const auto& got : page) {
      ++count;
      const JobRun* copy = row(got.id);
      violations_->require(copy != nullptr && difference(*copy, got).empty(),
                           "rows_change_only_when_named", [&] {
                             return "run " + got.id.to_string() + ": " +
                                    (copy ? difference(*copy, got) : "is unknown");
                           });
    }
  }
  violations_->require(count == rows_.size(), "rows_change_only_when_named", [&] {
    return "expected " + std::to_string(rows_.size()) + " rows, got " + std::to_string(count);
  });
  counters_match_rows();
}

inline void Invariants::counters_match_rows() {
  for (const auto& job : storage_->summaries()) {
    const EndedCounts wanted = policies_.ended_of(job.name);
    const EndedCounts got{job.success_count, job.failure_count, job.skipped_count};
    const auto text = [](const EndedCounts& counts) {
      return std::to_string(counts.success) + "/" + std::to_string(counts.failed) + "/" +
             std::to_string(counts.skipped);
    };
    const bool adds_up = job.run_count == got.success + got.failed + got.skipped;
    violations_->require(wanted == got && adds_up, "counters_match_rows", [&] {
      return "job \"" + job.name + "\": expected success/failed/skipped " + text(wanted) +
             ", got " + text(got) + " of " + std::to_string(job.run_count);
    });
  }
}

}  // namespace punctual::testing
