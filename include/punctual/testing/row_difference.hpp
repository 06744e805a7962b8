// SPDX-License-Identifier: MIT
//
// Differences between stored rows, field by field.
//
// "Nothing was changed" means every field, and a check that fails says which one. Exact: two
// instants a millisecond apart differ.
//
// Thread-safety: pure functions.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/testing/value_text.hpp"

namespace punctual::testing {

/// Returns "field: expected …, got …" for each field that differs, joined by "; "; empty for none.
[[nodiscard]] std::string difference(const JobRun& wanted, const JobRun& got);
[[nodiscard]] std::string difference(const ScheduleState& wanted, const ScheduleState& got);

namespace detail {

/// Gathers the fields that differ.
class FieldDifferences {
 public:
  template <class T>
  void compare(std::string_view field, const T& wanted, const T& got) {
    if (wanted == got) return;
    if (!text_.empty()) text_ += "; ";
    text_ += std::string{field} + ": expected " + to_text(wanted) + ", got " + to_text(got);
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace detail

inline std::string difference(const JobRun& wanted, const JobRun& got) {
  detail::FieldDifferences fields;
  fields.compare("id", wanted.id, got.id);
  fields.compare("job_name", wanted.job_name, got.job_name);
  fields.compare("status", wanted.status, got.status);
  fields.compare("trigger", wanted.trigger, got.trigger);
  fields.compare("message_code", wanted.message_code, got.message_code);
  fields.compare("summary", wanted.summary, got.summary);
  fields.compare("details", wanted.details, got.details);
  fields.compare("error", wanted.error, got.error);
  fields.compare("due_at", wanted.due_at, got.due_at);
  fields.compare("run_at", wanted.run_at, got.run_at);
  fields.compare("created_at", wanted.created_at, got.created_at);
  fields.compare("started_at", wanted.started_at, got.started_at);
  fields.compare("completed_at", wanted.completed_at, got.completed_at);
  fields.compare("duration", wanted.duration, got.duration);
  fields.compare("actor", wanted.actor, got.actor);
  fields.compare("reason", wanted.reason, got.reason);
  fields.compare("attempt", wanted.attempt, got.attempt);
  fields.compare("retry_of", wanted.retry_of, got.retry_of);
  fields.compare("priority", wanted.priority, got.priority);
  fields.compare("payload", wanted.payload, got.payload);
  fields.compare("unique_key", wanted.unique_key, got.unique_key);
  fields.compare("concurrency_key", wanted.concurrency_key, got.concurrency_key);
  fields.compare("concurrency_max", wanted.concurrency_max, got.concurrency_max);
  fields.compare("exclusive", wanted.exclusive, got.exclusive);
  fields.compare("node", wanted.node, got.node);
  fields.compare("fence", wanted.fence, got.fence);
  fields.compare("lease_until_at", wanted.lease_until_at, got.lease_until_at);
  fields.compare("cancel_requested", wanted.cancel_requested, got.cancel_requested);
  fields.compare("cancel_actor", wanted.cancel_actor, got.cancel_actor);
  fields.compare("progress", wanted.progress, got.progress);
  fields.compare("progress_note", wanted.progress_note, got.progress_note);
  fields.compare("abandon_count", wanted.abandon_count, got.abandon_count);
  fields.compare("payload_version", wanted.payload_version, got.payload_version);
  fields.compare("workflow_id", wanted.workflow_id, got.workflow_id);
  fields.compare("step", wanted.step, got.step);
  fields.compare("after", wanted.after, got.after);
  fields.compare("waits_for", wanted.waits_for, got.waits_for);
  fields.compare("log", wanted.log, got.log);
  return std::move(fields).text();
}

inline std::string difference(const ScheduleState& wanted, const ScheduleState& got) {
  detail::FieldDifferences fields;
  fields.compare("job_name", wanted.job_name, got.job_name);
  fields.compare("version", wanted.version, got.version);
  fields.compare("enabled", wanted.enabled, got.enabled);
  fields.compare("paused", wanted.paused, got.paused);
  fields.compare("paused_at", wanted.paused_at, got.paused_at);
  fields.compare("anchor_at", wanted.anchor_at, got.anchor_at);
  fields.compare("next_due_at", wanted.next_due_at, got.next_due_at);
  fields.compare("epoch_at", wanted.epoch_at, got.epoch_at);
  fields.compare("failed_dependency", wanted.failed_dependency, got.failed_dependency);
  return std::move(fields).text();
}

}  // namespace punctual::testing
