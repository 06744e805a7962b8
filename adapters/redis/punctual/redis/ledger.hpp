// SPDX-License-Identifier: MIT
//
// The ledger half of redis::Storage: definitions, advances and pauses as the scripts take them,
// states as they answer.
//
// Thread-safety: as the Connections.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "punctual/domain/ledger.hpp"
#include "punctual/redis/connections.hpp"
#include "punctual/redis/packed.hpp"
#include "punctual/redis/reply.hpp"
#include "punctual/redis/run_fields.hpp"
#include "punctual/redis/scripts.hpp"

namespace punctual::redis::detail {

/// Reads what lua_jobs.hpp calls the state of a job; that of one that is not there has version 0.
[[nodiscard]] inline ScheduleState read_state(std::string job_name, const Reply& row) {
  ScheduleState state;
  state.job_name = std::move(job_name);
  if (!row[0].is_text()) return state;
  state.version = row[0].number<std::uint64_t>();
  state.enabled = row[1].view() == "1";
  state.paused = row[2].view() == "1";
  state.paused_at = row[3].optional_instant();
  state.anchor_at = row[4].instant();
  state.next_due_at = row[5].optional_instant();
  state.epoch_at = row[6].instant();
  state.failed_dependency = row[7].text();
  return state;
}

[[nodiscard]] inline std::string packed_definition(const JobDefinition& job) {
  Packed packed;
  packed.add(job.name).add(job.reads_only ? "1" : "");
  if (job.reads_only) return packed.take();
  packed.add("description", job.description).add("schedule", dump_json(job.schedule));
  packed.add("enabled", job.enabled ? "1" : "0").add("anchor_at", job.anchor_at);
  packed.add("next_due_at", instant_text(job.next_due_at));
  packed.add("after_finish_delay",
             job.after_finish_delay ? number_text(job.after_finish_delay->count()) : std::string{});
  packed.add("retention_period", job.retention.period);
  packed.add("retention_keep_last", std::uint64_t{job.retention.keep_last});
  packed.add("depends_on", dump_json(Json(job.depends_on)));
  packed.add("depends_names", packed_list(job.depends_on));
  return packed.take();
}

[[nodiscard]] inline std::vector<ScheduleState> sync_jobs(
    Connections& connections, const std::vector<JobDefinition>& definitions) {
  std::vector<ScheduleState> states;
  if (definitions.empty()) return states;
  Arguments arguments;
  for (const auto& definition : definitions) arguments.push_back(packed_definition(definition));
  const OwnedReply reply = connections.write(scripts().sync_jobs, arguments);
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    states.push_back(read_state(definitions[i].name, Reply{reply}[i]));
  }
  return states;
}

[[nodiscard]] inline std::vector<ScheduleState> due_schedules(Connections& connections,
                                                              const JobNames& jobs,
                                                              std::size_t limit) {
  const OwnedReply reply =
      connections.read(scripts().due_schedules, {number_text(limit), packed_list(jobs)});
  std::vector<ScheduleState> states;
  for (std::size_t i = 0; i < Reply{reply}.size(); ++i) {
    const Reply due = Reply{reply}[i];
    states.push_back(read_state(due[0].text(), due[1]));
  }
  return states;
}

[[nodiscard]] inline std::vector<AdvanceAnswer> advance(Connections& connections,
                                                        const std::vector<Advance>& advances) {
  std::vector<AdvanceAnswer> answers;
  if (advances.empty()) return answers;
  Arguments arguments;
  for (const auto& change : advances) {
    Packed packed;
    packed.add(change.job_name).add(number_text(change.version));
    packed.add(instant_text(change.next_due_at)).add(instant_text(change.epoch_at));
    packed.add(packed_runs(change.rows));
    arguments.push_back(packed.take());
  }
  const OwnedReply reply = connections.write(scripts().advance, arguments);
  for (std::size_t i = 0; i < advances.size(); ++i) {
    AdvanceAnswer answer;
    answer.advanced = Reply{reply}[2 * i].number() == 1;
    answer.conflict_count = Reply{reply}[2 * i + 1].number<std::size_t>();
    answers.push_back(answer);
  }
  return answers;
}

[[nodiscard]] inline bool set_paused(Connections& connections, const PauseChange& change) {
  Arguments arguments{
      change.job_name, number_text(change.version),     change.paused ? "1" : "0", change.actor,
      change.reason,   instant_text(change.next_due_at)};
  for (const auto& row : change.rows) arguments.push_back(packed_run(row));
  const OwnedReply reply = connections.write(scripts().set_paused, arguments);
  return Reply{reply}.number() == 1;
}

}  // namespace punctual::redis::detail
