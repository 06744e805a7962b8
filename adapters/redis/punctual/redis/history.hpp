// SPDX-License-Identifier: MIT
//
// The history half of redis::Storage: finding, summing up and pruning runs, in pieces.
//
// Each piece is one script of bounded work. What changes between two pieces of one search may be
// seen as it was or as it is; a run is seen once at most.
//
// Thread-safety: as the Connections.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/redis/connections.hpp"
#include "punctual/redis/packed.hpp"
#include "punctual/redis/reply.hpp"
#include "punctual/redis/run_fields.hpp"
#include "punctual/redis/scripts.hpp"

namespace punctual::redis::detail {

/// Runs that a script looks at before it lets others in.
inline constexpr std::size_t piece_run_count = 2000;
/// Jobs that a script looks at.
inline constexpr std::size_t piece_job_count = 200;

[[nodiscard]] inline std::optional<JobRun> find_run(Connections& connections, RunId id) {
  const OwnedReply reply = connections.read(scripts().run, {id.to_string()});
  return Reply{reply}.size() == 0 ? std::nullopt : std::optional{read_run(Reply{reply})};
}

[[nodiscard]] inline std::string packed_query(const RunQuery& query) {
  Packed packed;
  if (query.job_name) packed.add("job_name", *query.job_name);
  if (query.status) packed.add("status", to_string(*query.status));
  if (query.trigger) packed.add("trigger", to_string(*query.trigger));
  if (query.message_code) packed.add("message_code", *query.message_code);
  packed.add("created_from", query.created_from).add("created_before", query.created_before);
  packed.add("due_from", query.due_from).add("due_before", query.due_before);
  packed.add("workflow_id", query.workflow_id);
  if (query.dead) packed.add("dead", 1);
  return packed.take();
}

/// Returns matching runs, the newest first.
///
/// Complexity: linear in the rows between the page's ends, of the workflow, the job or the status
/// alone if the query names one.
[[nodiscard]] inline std::vector<JobRun> find_runs(Connections& connections,
                                                   const RunQuery& query) {
  std::vector<JobRun> found;
  std::string before = query.before ? query.before->to_string() : std::string{};
  const std::string asked = packed_query(query);
  do {
    const OwnedReply reply =
        connections.read(scripts().find_runs,
                         {number_text(query.limit - found.size()), query.with_details ? "1" : "0",
                          before, number_text(piece_run_count), asked});
    for (auto& run : read_runs(Reply{reply}, 1)) found.push_back(std::move(run));
    before = Reply{reply}[0].text();
  } while (!before.empty() && found.size() < query.limit);
  return found;
}

/// Reads a job from the fields of its row.
[[nodiscard]] inline JobSummary read_summary(const Reply& reply) {
  JobSummary job;
  job.name = reply[0].text();
  const Reply row = reply[1];
  for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
    const std::string_view name = row[i].view();
    const Reply value = row[i + 1];
    if (name == "description") job.description = value.text();
    if (name == "enabled") job.enabled = value.view() == "1";
    if (name == "paused") job.paused = value.view() == "1";
    if (name == "paused_by") job.paused_by = value.text();
    if (name == "paused_reason") job.paused_reason = value.text();
    if (name == "schedule") job.schedule = value.json();
    if (name == "next_due_at") job.next_run_at = value.optional_instant();
    if (name == "anchor_at") job.anchor_at = value.instant();
    if (name == "epoch_at") job.epoch_at = value.instant();
    if (name == "success_count") job.success_count = value.number<std::uint64_t>();
    if (name == "failed_count") job.failure_count = value.number<std::uint64_t>();
    if (name == "skipped_count") job.skipped_count = value.number<std::uint64_t>();
    if (name != "depends_on") continue;
    for (const auto& other : value.json()) {
      if (other.is_string()) job.depends_on.push_back(other.get<std::string>());
    }
  }
  if (!job.enabled || job.paused) job.next_run_at.reset();
  job.run_count = job.success_count + job.failure_count + job.skipped_count;
  if (reply[2].size() > 0) job.last_run = read_run(reply[2]);
  return job;
}

[[nodiscard]] inline std::vector<JobSummary> summarize_jobs(Connections& connections) {
  std::vector<JobSummary> summaries;
  std::string after;
  do {
    const OwnedReply reply =
        connections.read(scripts().summaries, {after, number_text(piece_job_count)});
    for (std::size_t i = 1; i < Reply{reply}.size(); ++i) {
      summaries.push_back(read_summary(Reply{reply}[i]));
    }
    after = Reply{reply}[0].text();
  } while (!after.empty());
  return summaries;
}

/// Removes up to `limit` runs that their jobs' retention keeps no longer; returns how many.
[[nodiscard]] inline std::size_t prune(Connections& connections, std::size_t limit) {
  std::size_t count = 0;
  std::string after;
  do {
    const OwnedReply reply = connections.write(
        scripts().prune, {number_text(limit - count), after, number_text(piece_job_count)});
    after = Reply{reply}[0].text();
    count += Reply{reply}[1].number<std::size_t>();
  } while (!after.empty() && count < limit);
  return count;
}

}  // namespace punctual::redis::detail
