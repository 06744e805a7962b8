// SPDX-License-Identifier: MIT
//
// What must be true of every single change of a run's row, whatever the job and whoever made it.
//
// A change is a row before and after one operation. The functions are named after what they
// promise; the shared storage's clock is the measure of all instants.
//
// Thread-safety: pure functions but for what they add to the violations.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/storage_operation.hpp"
#include "punctual/testing/value_text.hpp"
#include "punctual/testing/violation.hpp"

namespace punctual::testing {

/// A row before and after an operation. At least one of them is there.
struct RowChange {
  StorageOperation operation = StorageOperation::enqueue;
  const JobRun* before = nullptr;  ///< null: it is new
  const JobRun* after = nullptr;   ///< null: it was pruned
  TimePoint at{};                  ///< by the storage's clock
  Duration lease{};                ///< that was asked for, of the operations that give one

  [[nodiscard]] const JobRun& row() const { return after != nullptr ? *after : *before; }
  [[nodiscard]] bool becomes(JobStatus status) const {
    return after != nullptr && after->status == status &&
           (before == nullptr || before->status != status);
  }
  /// The row was running, and another run has taken its place.
  [[nodiscard]] bool is_replacement() const {
    return (operation == StorageOperation::advance || operation == StorageOperation::enqueue) &&
           before != nullptr && before->status == JobStatus::running && becomes(JobStatus::failed);
  }
  [[nodiscard]] std::string where() const {
    return std::string{to_string(operation)} + " of run " + row().id.to_string() + " of job \"" +
           row().job_name + "\"";
  }
};

namespace detail {

/// True if `operation` may turn a row of status `before` into one of status `after`.
[[nodiscard]] inline bool is_step(StorageOperation operation, JobStatus before, JobStatus after) {
  using enum JobStatus;
  switch (operation) {
    case StorageOperation::claim:
      return before == pending && after == running;
    case StorageOperation::renew:
    case StorageOperation::take_expired:
      return before == running && after == running;
    case StorageOperation::finish:
      return before == running && is_terminal(after);
    case StorageOperation::release:
      return before == running && after == pending;
    case StorageOperation::expire_unknown:
      return before == pending && after == failed;
    case StorageOperation::request_cancel:
      return before == pending ? after == skipped : before == running && after == running;
    default:
      return before == pending && after == skipped;  // answered without being run
  }
}

[[nodiscard]] constexpr bool stores_rows(StorageOperation operation) noexcept {
  return operation == StorageOperation::advance || operation == StorageOperation::set_paused ||
         operation == StorageOperation::enqueue || operation == StorageOperation::finish;
}

[[nodiscard]] constexpr bool raises_fence(StorageOperation operation) noexcept {
  return operation == StorageOperation::claim || operation == StorageOperation::take_expired;
}

}  // namespace detail

/// A row that has ended stays as it is, bit for bit, until it is pruned.
inline void terminal_rows_never_change(const RowChange& change, Violations& violations) {
  if (change.before == nullptr || change.after == nullptr) return;
  if (!is_terminal(change.before->status)) return;
  violations.add("terminal_rows_never_change",
                 change.where() + ": " + difference(*change.before, *change.after));
}

/// Rows move on only by the operations that are there for it; a retry is a row of its own.
inline void rows_change_by_the_state_machine(const RowChange& change, Violations& violations) {
  if (change.after == nullptr) return;
  const JobStatus after = change.after->status;
  if (change.is_replacement()) return;
  const bool is_legal = change.before == nullptr
                            ? detail::stores_rows(change.operation) &&
                                  (after == JobStatus::pending || after == JobStatus::skipped)
                            : detail::is_step(change.operation, change.before->status, after);
  violations.require(is_legal, "rows_change_by_the_state_machine", [&] {
    return change.where() + " made " +
           (change.before ? to_text(change.before->status) : std::string{"a new row"}) + " " +
           to_text(after);
  });
}

/// What a run is, as against how it goes, is settled when it is stored.
inline void runs_keep_what_they_are(const RowChange& change, Violations& violations) {
  if (change.before == nullptr || change.after == nullptr) return;
  const JobRun& before = *change.before;
  const JobRun& after = *change.after;
  const bool is_same = before.job_name == after.job_name && before.trigger == after.trigger &&
                       before.due_at == after.due_at && before.run_at == after.run_at &&
                       before.created_at == after.created_at && before.attempt == after.attempt &&
                       before.retry_of == after.retry_of && before.priority == after.priority &&
                       before.payload == after.payload && before.unique_key == after.unique_key &&
                       before.exclusive == after.exclusive;
  violations.require(is_same, "runs_keep_what_they_are",
                     [&] { return change.where() + ": " + difference(before, after); });
}

/// Each claim, each rescue and each replacement raises the fence by one, and nothing else moves it.
inline void fences_strictly_increase(const RowChange& change, Violations& violations) {
  if (change.after == nullptr) return;
  const std::uint64_t before = change.before ? change.before->fence : 0;
  const std::uint64_t expected =
      before + (detail::raises_fence(change.operation) || change.is_replacement() ? 1 : 0);
  violations.require(change.after->fence == expected, "fences_strictly_increase", [&] {
    return change.where() + ": expected fence " + std::to_string(expected) + ", got " +
           std::to_string(change.after->fence);
  });
}

/// No run starts before its time, and no instant of the future has a row.
inline void nothing_happens_before_its_time(const RowChange& change, Violations& violations) {
  if (change.after == nullptr) return;
  const JobRun& run = *change.after;
  const auto early = [&](const char* what, TimePoint instant) {
    violations.require(instant <= change.at, "nothing_happens_before_its_time", [&] {
      return change.where() + " at " + to_text(change.at) + ": its " + what + " is " +
             to_text(instant);
    });
  };
  if (change.before == nullptr && run.due_at && run.attempt == 1) early("due_at", *run.due_at);
  if (change.becomes(JobStatus::running)) early("run_at", run.run_at);
}

/// Leases are taken over when they have expired, not before.
inline void leases_are_taken_only_after_expiry(const RowChange& change, Violations& violations) {
  if (change.operation != StorageOperation::take_expired || change.before == nullptr) return;
  const auto until = change.before->lease_until_at;
  violations.require(until && *until <= change.at, "leases_are_taken_only_after_expiry", [&] {
    return change.where() + " at " + to_text(change.at) + ": the lease of node " +
           change.before->node + " runs until " + to_text(until);
  });
}

/// A storage that hosts share stamps rows by its own clock, whatever theirs show.
inline void the_storage_clock_decides(const RowChange& change, Violations& violations) {
  if (change.after == nullptr) return;
  const JobRun& run = *change.after;
  const auto stamp = [&](const char* what, std::optional<TimePoint> got, TimePoint expected) {
    violations.require(got == expected, "the_storage_clock_decides", [&] {
      return change.where() + ": expected " + what + " " + to_text(expected) + ", got " +
             to_text(got);
    });
  };
  if (change.before == nullptr) stamp("created_at", run.created_at, change.at);
  if (change.becomes(JobStatus::running)) stamp("started_at", run.started_at, change.at);
  if (change.lease > Duration{0} && run.status == JobStatus::running) {
    stamp("lease_until_at", run.lease_until_at, add_clamped(change.at, change.lease));
  }
  if (is_terminal(run.status)) stamp("completed_at", run.completed_at, change.at);
}

/// due_at <= started_at <= completed_at, and no duration is negative.
inline void times_are_ordered(const RowChange& change, Violations& violations) {
  if (change.after == nullptr) return;
  const JobRun& run = *change.after;
  const bool is_ordered =
      (!run.started_at || run.due_at.value_or(time_min) <= *run.started_at) &&
      (!run.completed_at || run.started_at.value_or(time_min) <= *run.completed_at) &&
      (!run.completed_at || run.created_at <= *run.completed_at) &&
      run.duration.value_or(Duration{0}) >= Duration{0};
  violations.require(is_ordered, "times_are_ordered", [&] {
    return change.where() + ": due " + to_text(run.due_at) + ", started " +
           to_text(run.started_at) + ", completed " + to_text(run.completed_at) + ", lasted " +
           std::to_string(run.duration.value_or(Duration{0}).count()) + " ms";
  });
}

/// All of the above.
inline void check_row_change(const RowChange& change, Violations& violations) {
  terminal_rows_never_change(change, violations);
  rows_change_by_the_state_machine(change, violations);
  runs_keep_what_they_are(change, violations);
  fences_strictly_increase(change, violations);
  nothing_happens_before_its_time(change, violations);
  leases_are_taken_only_after_expiry(change, violations);
  the_storage_clock_decides(change, violations);
  times_are_ordered(change, violations);
}

}  // namespace punctual::testing
