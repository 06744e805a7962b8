// SPDX-License-Identifier: MIT
//
// Runs as the scripts take and answer them: which field of a row holds what.
//
// A row has no field for what is as in a fresh JobRun.
//
// Thread-safety: values and pure functions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/redis/packed.hpp"
#include "punctual/redis/reply.hpp"

namespace punctual::redis::detail {

/// Returns the ids in a row's text, between blanks.
[[nodiscard]] inline std::string ids_text(const std::vector<RunId>& ids) {
  std::string text;
  for (const auto& id : ids) text.append(text.empty() ? "" : " ").append(id.to_string());
  return text;
}

[[nodiscard]] inline std::vector<RunId> read_ids(std::string_view text) {
  std::vector<RunId> ids;
  while (!text.empty()) {
    const auto id = Uuid::parse(text.substr(0, text.find(' ')));
    if (id) ids.push_back(*id);
    text.remove_prefix(text.find(' ') == std::string_view::npos ? text.size() : text.find(' ') + 1);
  }
  return ids;
}

/// Returns a new run as lua_store.hpp describes it.
[[nodiscard]] inline std::string packed_run(const NewRun& row) {
  Packed packed;
  std::string asks;
  if (row.skip_if_open) asks += 'o';
  if (row.skip_if_waiting) asks += 'w';
  if (row.replaces_running) asks += 'r';
  const RateLimit& pace = row.pace.limit;
  packed.add(row.id.to_string()).add(asks).add(row.pace.key).add(number_text(pace.max));
  packed.add(number_text(pace.max > 0 ? pace.token_us() : 0));

  packed.add("job_name", row.job_name).add("status", to_string(row.status));
  packed.add("run_at", row.run_at).add("due_at", row.due_at);
  if (row.trigger != RunTrigger::manual) packed.add("trigger", to_string(row.trigger));
  packed.add_text("message_code", row.message_code).add_text("summary", row.summary);
  packed.add_json("details", row.details).add_json("payload", row.payload);
  packed.add_text("actor", row.actor).add_text("reason", row.reason);
  if (row.attempt != 1) packed.add("attempt", row.attempt);
  packed.add("retry_of", row.retry_of);
  if (row.priority != 0) packed.add("priority", row.priority);
  packed.add_text("unique_key", row.unique_key);
  packed.add_text("concurrency_key", row.concurrency_key);
  if (row.concurrency_max != 0) packed.add("concurrency_max", row.concurrency_max);
  if (row.exclusive) packed.add("exclusive", 1);
  if (row.abandon_count != 0) packed.add("abandon_count", row.abandon_count);
  if (row.payload_version != 0) packed.add("payload_version", row.payload_version);
  packed.add("workflow_id", row.workflow_id).add_text("step", row.step);
  packed.add_text("after", ids_text(row.after));
  return packed.take();
}

[[nodiscard]] inline std::string packed_runs(const std::vector<NewRun>& rows) {
  if (rows.empty()) return {};
  Packed packed;
  for (const auto& row : rows) packed.add(packed_run(row));
  return packed.take();
}

namespace fields {

using Setter = void (*)(JobRun&, const Reply&);

inline void set_error_code(JobRun& run, const Reply& value) {
  if (!run.error) run.error.emplace();
  run.error->code = value.text();
}
inline void set_error_message(JobRun& run, const Reply& value) {
  if (!run.error) run.error.emplace();
  run.error->message = value.text();
}

/// How each field of a row is read. An unknown status is shown as failed, which nobody claims.
[[nodiscard]] inline const std::unordered_map<std::string_view, Setter>& setters() {
  using Run = JobRun;
  using Value = const Reply&;
  static const std::unordered_map<std::string_view, Setter> all{
      {"job_name", [](Run& run, Value value) { run.job_name = value.text(); }},
      {"status",
       [](Run& run, Value value) {
         run.status = parse_job_status(value.view()).value_or(JobStatus::failed);
       }},
      {"trigger",
       [](Run& run, Value value) {
         run.trigger = parse_run_trigger(value.view()).value_or(RunTrigger::manual);
       }},
      {"message_code", [](Run& run, Value value) { run.message_code = value.text(); }},
      {"summary", [](Run& run, Value value) { run.summary = value.text(); }},
      {"details", [](Run& run, Value value) { run.details = value.json(); }},
      {"error_code", set_error_code},
      {"error_message", set_error_message},
      {"due_at", [](Run& run, Value value) { run.due_at = value.optional_instant(); }},
      {"run_at", [](Run& run, Value value) { run.run_at = value.instant(); }},
      {"created_at", [](Run& run, Value value) { run.created_at = value.instant(); }},
      {"started_at", [](Run& run, Value value) { run.started_at = value.optional_instant(); }},
      {"completed_at", [](Run& run, Value value) { run.completed_at = value.optional_instant(); }},
      {"duration", [](Run& run, Value value) { run.duration = Duration{value.number()}; }},
      {"actor", [](Run& run, Value value) { run.actor = value.text(); }},
      {"reason", [](Run& run, Value value) { run.reason = value.text(); }},
      {"attempt", [](Run& run, Value value) { run.attempt = value.number<std::uint32_t>(1); }},
      {"retry_of", [](Run& run, Value value) { run.retry_of = value.id(); }},
      {"priority", [](Run& run, Value value) { run.priority = value.number<int>(); }},
      {"payload", [](Run& run, Value value) { run.payload = value.json(); }},
      {"unique_key", [](Run& run, Value value) { run.unique_key = value.text(); }},
      {"concurrency_key", [](Run& run, Value value) { run.concurrency_key = value.text(); }},
      {"concurrency_max",
       [](Run& run, Value value) { run.concurrency_max = value.number<std::uint32_t>(); }},
      {"exclusive", [](Run& run, Value value) { run.exclusive = value.view() == "1"; }},
      {"node", [](Run& run, Value value) { run.node = value.text(); }},
      {"fence", [](Run& run, Value value) { run.fence = value.number<std::uint64_t>(); }},
      {"lease_until_at",
       [](Run& run, Value value) { run.lease_until_at = value.optional_instant(); }},
      {"cancel_requested",
       [](Run& run, Value value) { run.cancel_requested = value.view() == "1"; }},
      {"cancel_actor", [](Run& run, Value value) { run.cancel_actor = value.text(); }},
      {"progress", [](Run& run, Value value) { run.progress = value.number<double>(); }},
      {"progress_note", [](Run& run, Value value) { run.progress_note = value.text(); }},
      {"abandon_count",
       [](Run& run, Value value) { run.abandon_count = value.number<std::uint32_t>(); }},
      {"payload_version",
       [](Run& run, Value value) { run.payload_version = value.number<std::uint32_t>(); }},
      {"workflow_id", [](Run& run, Value value) { run.workflow_id = value.id(); }},
      {"step", [](Run& run, Value value) { run.step = value.text(); }},
      {"after", [](Run& run, Value value) { run.after = read_ids(value.view()); }},
      {"waits_for", [](Run& run, Value value) { run.waits_for = value.number<std::uint32_t>(); }},
      {"log", [](Run& run, Value value) { run.log = value.json(); }},
  };
  return all;
}

}  // namespace fields

/// Reads a run from an answer: its id, then names and values.
[[nodiscard]] inline JobRun read_run(const Reply& reply) {
  JobRun run;
  run.id = reply[0].id();
  const Reply row = reply[1];
  for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
    const auto setter = fields::setters().find(row[i].view());
    if (setter != fields::setters().end()) setter->second(run, row[i + 1]);
  }
  return run;
}

/// Reads runs from an answer, from its element `first` on.
[[nodiscard]] inline std::vector<JobRun> read_runs(const Reply& reply, std::size_t first = 0) {
  std::vector<JobRun> runs;
  for (std::size_t i = first; i < reply.size(); ++i) runs.push_back(read_run(reply[i]));
  return runs;
}

}  // namespace punctual::redis::detail
