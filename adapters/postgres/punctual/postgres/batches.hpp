// SPDX-License-Identifier: MIT
//
// Calls of the functions on the server: operations on whole batches, one round trip each.
//
// Thread-safety: as the Connection. Each call is a transaction of its own.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/postgres/claim_front.hpp"
#include "punctual/postgres/gate.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_rows.hpp"

namespace punctual::postgres::detail {

/// What came of claiming a batch.
struct ClaimedBatch {
  bool fits = true;  ///< false: nothing was claimed, some limit has to be looked at
  std::chrono::microseconds search_cost{};
  std::vector<std::int64_t> priorities{};
  std::vector<JobRun> runs{};
};

/// Reads a run from the next columns of what `job_claim` returned.
[[nodiscard]] inline JobRun read_claimed(Query& row, const ClaimRequest& request) {
  JobRun run;
  run.status = JobStatus::running;
  run.node = request.node;
  run.id = row.id();
  run.job_name = row.text();
  run.trigger = parse_run_trigger(row.text()).value_or(RunTrigger::manual);
  run.run_at = row.instant();
  run.created_at = row.instant();
  run.attempt = row.number<std::uint32_t>();
  run.priority = row.number<int>();
  run.exclusive = row.boolean();
  run.fence = static_cast<std::uint64_t>(row.integer());
  run.due_at = row.optional_instant();
  run.retry_of = row.optional_id();
  run.abandon_count = row.number<std::uint32_t>();
  run.payload_version = row.number<std::uint32_t>();
  run.workflow_id = row.optional_id();
  run.payload = row.json();
  run.actor = row.text();
  run.reason = row.text();
  run.unique_key = row.text();
  run.message_code = row.text();
  run.log = row.json();
  run.step = row.text();
  run.after = read_ids(row.json());
  run.waits_for = row.number<std::uint32_t>();
  run.cancel_requested = row.boolean();
  run.cancel_actor = row.text();
  run.concurrency_key = row.text();
  run.started_at = row.instant();
  run.lease_until_at = add_clamped(*run.started_at, request.lease);
  return run;
}

/// Claims runs that nothing limits, in the order of claims.
[[nodiscard]] inline ClaimedBatch claim_batch(Connection& connection, const ClaimRequest& request,
                                              const std::optional<SearchStart>& from,
                                              const Passage& passage) {
  static const std::vector<std::string> none;
  std::vector<std::string> rated;
  if (request.rates != nullptr) {
    for (const auto& rate : *request.rates) {
      if (rate.rate.limit.max > 0) rated.push_back(rate.job_name);
    }
  }
  std::vector<std::string> room_names;
  std::vector<std::int64_t> rooms;
  for (const auto& room : request.rooms) {
    room_names.push_back(room.job_name);
    rooms.push_back(static_cast<std::int64_t>(std::min<std::size_t>(room.room, 1'000'000'000)));
  }
  Query query{connection, "SELECT * FROM {}job_claim(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  query.bind(passage.gate, passage.wait, passage.clock_shift, passage.clock, request.node,
             request.jobs == nullptr ? none : *request.jobs, rated, room_names, rooms,
             request.lease, std::uint64_t{request.limit});
  query.bind(from ? std::optional{from->priorities} : std::nullopt,
             from ? std::optional{from->marks} : std::nullopt);
  query.run(Phase::commit);
  ClaimedBatch batch;
  if (!query.step()) return batch;
  batch.fits = query.boolean();
  batch.search_cost = std::chrono::microseconds{query.integer()};
  batch.priorities = query.numbers();
  batch.runs.reserve(query.row_count() - 1);
  while (query.step()) {
    query.skip(3);
    batch.runs.push_back(read_claimed(query, request));
  }
  std::sort(batch.runs.begin(), batch.runs.end(), [](const JobRun& a, const JobRun& b) {
    return std::pair{claim_order(a.run_at, a.priority), a.id} <
           std::pair{claim_order(b.run_at, b.priority), b.id};
  });
  return batch;
}

/// True if the schedule goes on by itself, and is answered by one run that depends on nothing but
/// other runs of its job.
[[nodiscard]] inline bool is_plain_advance(const Advance& change) {
  if (change.rows.size() != 1 || !change.next_due_at) return false;
  const NewRun& row = change.rows.front();
  return row.job_name == change.job_name && row.status == JobStatus::pending && row.due_at &&
         row.attempt == 1 && !row.retry_of && row.unique_key.empty() && row.after.empty() &&
         row.pace.limit.max == 0 && !row.replaces_running && row.abandon_count == 0 &&
         !row.workflow_id && row.step.empty();
}

/// Moves plain schedules on, each job once.
[[nodiscard]] inline std::vector<AdvanceAnswer> advance_batch(Connection& connection,
                                                              const std::vector<Advance>& changes,
                                                              const Passage& passage) {
  Column names{text_type}, versions{bigint_type}, nexts{bigint_type}, epochs{bigint_type},
      ids{uuid_type}, triggers{text_type}, due_ats{bigint_type}, run_ats{bigint_type},
      priorities{bigint_type}, exclusives{bool_type}, skip_opens{bool_type}, skip_waits{bool_type},
      maxes{bigint_type}, payloads{text_type}, payload_versions{bigint_type}, actors{text_type},
      reasons{text_type}, keys{text_type}, kinds{bigint_type}, orders{bigint_type};
  for (const auto& change : changes) {
    const NewRun& row = change.rows.front();
    names.add(storable(change.job_name));
    versions.add_number(static_cast<std::int64_t>(change.version));
    nexts.add_instant(change.next_due_at);
    epochs.add_instant(change.epoch_at);
    ids.add_id(row.id);
    triggers.add(to_string(row.trigger));
    due_ats.add_instant(row.due_at);
    run_ats.add_instant(row.run_at);
    priorities.add_number(std::int64_t{row.priority});
    exclusives.add_boolean(row.exclusive);
    skip_opens.add_boolean(row.skip_if_open);
    skip_waits.add_boolean(row.skip_if_waiting);
    maxes.add_unless_zero(row.concurrency_max);
    payloads.add_json(row.payload);
    payload_versions.add_unless_zero(row.payload_version);
    actors.add_text(row.actor);
    reasons.add_text(row.reason);
    keys.add_text(row.concurrency_key);
    kinds.add_number(kind_of(row));
    orders.add_instant(claim_order(row.run_at, row.priority));
  }
  Query query{
      connection,
      "SELECT * FROM {}job_advance(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?)"};
  query.bind(passage.gate, passage.wait, passage.clock_shift, passage.clock, names, versions, nexts,
             epochs, ids, triggers, due_ats, run_ats, priorities, exclusives, skip_opens,
             skip_waits, maxes, payloads, payload_versions, actors, reasons, keys, kinds, orders,
             "another run of the job is still open", "another run of the job is waiting already");
  query.run(Phase::commit);
  std::vector<AdvanceAnswer> answers(changes.size());
  if (!query.step()) return answers;
  for (const std::int64_t place : query.numbers()) {
    answers.at(static_cast<std::size_t>(place - 1)).advanced = true;
  }
  for (const std::int64_t place : query.numbers()) {
    answers.at(static_cast<std::size_t>(place - 1)).conflict_count = 1;
  }
  return answers;
}

/// Records ends; nullopt if something waits for one of them.
[[nodiscard]] inline std::optional<std::vector<FinishAnswer>> finish_batch(
    Connection& connection, const std::vector<Completion>& completions, const Passage& passage) {
  Column ids{uuid_type}, fences{bigint_type}, statuses{text_type}, codes{text_type},
      summaries{text_type}, details{text_type}, error_codes{text_type}, error_messages{text_type},
      durations{bigint_type}, logs{text_type};
  for (const auto& end : completions) {
    ids.add_id(end.lease.run_id);
    fences.add_number(static_cast<std::int64_t>(end.lease.fence));
    statuses.add(to_string(end.status));
    codes.add_text(end.message_code);
    summaries.add_text(end.summary);
    details.add_json(end.details);
    if (end.error) {
      error_codes.add(storable(end.error->code));
      error_messages.add_text(end.error->message);
    } else {
      error_codes.add_null();
      error_messages.add_null();
    }
    durations.add_number(std::int64_t{end.duration.count()});
    logs.add_json(end.log);
  }
  Query query{connection, "SELECT * FROM {}job_finish(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  query.bind(passage.gate, passage.wait, passage.clock_shift, passage.clock, ids, fences, statuses,
             codes, summaries, details, error_codes, error_messages, durations, logs);
  query.run(Phase::commit);
  if (!query.step() || !query.boolean()) return std::nullopt;
  const auto ids_ended = query.ids();
  const auto fences_ended = query.numbers();
  std::unordered_map<RunId, std::uint64_t> ended;
  for (std::size_t i = 0; i < ids_ended.size(); ++i) {
    ended.emplace(ids_ended[i], static_cast<std::uint64_t>(fences_ended.at(i)));
  }
  std::vector<FinishAnswer> answers;
  answers.reserve(completions.size());
  for (const auto& end : completions) {  // of two ends of one run the second comes too late
    const auto found = ended.find(end.lease.run_id);
    const bool is_done = found != ended.end() && found->second == end.lease.fence;
    if (is_done) ended.erase(found);
    answers.push_back(is_done ? FinishAnswer::done : FinishAnswer::lost);
  }
  return answers;
}

/// Returns the renewals in batches, one after the other, in none of which a run is twice: nearly
/// always in one.
[[nodiscard]] inline std::vector<std::vector<Renewal>> without_repetition(
    const std::vector<Renewal>& renewals) {
  std::vector<std::vector<Renewal>> batches;
  std::unordered_set<RunId> seen;
  for (const auto& renewal : renewals) {
    const bool is_new = seen.insert(renewal.lease.run_id).second;
    if (batches.empty() || !is_new) {
      batches.emplace_back();
      seen = {renewal.lease.run_id};
    }
    batches.back().push_back(renewal);
  }
  return batches;
}

[[nodiscard]] inline std::vector<RenewAnswer> renew_batch(Connection& connection,
                                                          const std::vector<Renewal>& renewals,
                                                          Duration lease, const Passage& passage) {
  Column ids{uuid_type}, fences{bigint_type}, shares{double_type}, notes{text_type},
      logs{text_type};
  for (const auto& renewal : renewals) {
    ids.add_id(renewal.lease.run_id);
    fences.add_number(static_cast<std::int64_t>(renewal.lease.fence));
    shares.add_real(renewal.progress);
    notes.add_text(renewal.progress_note);
    logs.add_json(renewal.log);
  }
  Query query{connection, "SELECT * FROM {}job_renew(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  query.bind(passage.gate, passage.wait, passage.clock_shift, passage.clock, lease, ids, fences,
             shares, notes, logs);
  query.run(Phase::commit);
  struct Kept {
    std::uint64_t fence = 0;
    bool is_cancelled = false;
  };
  std::unordered_map<RunId, Kept> kept;
  while (query.step()) {
    Kept& run = kept[query.id()];
    run.fence = static_cast<std::uint64_t>(query.integer());
    run.is_cancelled = query.boolean();
  }
  std::vector<RenewAnswer> answers;
  answers.reserve(renewals.size());
  for (const auto& renewal : renewals) {
    const auto found = kept.find(renewal.lease.run_id);
    if (found == kept.end() || found->second.fence != renewal.lease.fence) {
      answers.push_back(RenewAnswer::lost);
    } else {
      answers.push_back(found->second.is_cancelled ? RenewAnswer::cancel_requested
                                                   : RenewAnswer::kept);
    }
  }
  return answers;
}

}  // namespace punctual::postgres::detail
