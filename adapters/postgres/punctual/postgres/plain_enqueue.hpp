// SPDX-License-Identifier: MIT
//
// Storing pending runs that depend on nothing that is stored: a batch or one, in one round trip.
//
// One goes as plain parameters: the server takes longer to take arrays apart than to store a row.
//
// Thread-safety: as the Connection. Each call is a statement of its own.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/policies.hpp"
#include "punctual/postgres/gate.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_rows.hpp"

namespace punctual::postgres::detail {

/// True if what becomes of the row depends on nothing that is stored.
[[nodiscard]] inline bool is_plain_run(const NewRun& row) {
  return row.status == JobStatus::pending && !row.due_at && row.unique_key.empty() &&
         row.after.empty() && row.pace.limit.max == 0 && !row.skip_if_open &&
         !row.skip_if_waiting && !row.replaces_running;
}

/// Returns the names of the rows' jobs, each once.
[[nodiscard]] inline std::vector<std::string> job_names_of(const std::vector<NewRun>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) {
    if (names.empty() || names.back() != row.job_name) names.push_back(row.job_name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Stores plain rows, each column as an array.
inline void enqueue_batch(Connection& connection, const std::vector<NewRun>& rows,
                          const Passage& passage, Phase phase) {
  Column ids{uuid_type}, jobs{text_type}, triggers{text_type}, run_ats{bigint_type},
      attempts{bigint_type}, priorities{bigint_type}, exclusives{bool_type}, retries{uuid_type},
      maxes{bigint_type}, abandons{bigint_type}, versions{bigint_type}, workflows{uuid_type},
      payloads{text_type}, actors{text_type}, reasons{text_type}, keys{text_type}, steps{text_type},
      kinds{bigint_type}, orders{bigint_type};
  RunId first = rows.front().id;
  for (const auto& row : rows) {
    first = std::min(first, row.id);
    ids.add_id(row.id);
    jobs.add(storable(row.job_name));
    triggers.add(to_string(row.trigger));
    run_ats.add_instant(row.run_at);
    attempts.add_number(std::int64_t{row.attempt});
    priorities.add_number(std::int64_t{row.priority});
    exclusives.add_boolean(row.exclusive);
    retries.add_id(row.retry_of);
    maxes.add_unless_zero(row.concurrency_max);
    abandons.add_unless_zero(row.abandon_count);
    versions.add_unless_zero(row.payload_version);
    workflows.add_id(row.workflow_id);
    payloads.add_json(row.payload);
    actors.add_text(row.actor);
    reasons.add_text(row.reason);
    keys.add_text(row.concurrency_key);
    steps.add_text(row.step);
    kinds.add_number(kind_of(row));
    orders.add_instant(claim_order(row.run_at, row.priority));
  }
  const RetentionPolicy retention;
  Query query{
      connection,
      "SELECT {}job_enqueue(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?)"};
  query.bind(passage.clock_shift, passage.clock, job_names_of(rows), retention.period,
             std::uint64_t{retention.keep_last}, first, ids, jobs, triggers, run_ats, attempts,
             priorities, exclusives, retries, maxes, abandons, versions, workflows, payloads,
             actors, reasons, keys, steps, kinds, orders);
  query.run(phase);
}

/// Stores one plain row.
inline void enqueue_one(Connection& connection, const NewRun& row, const Passage& passage,
                        Phase phase) {
  const RetentionPolicy retention;
  Query query{connection,
              "SELECT {}job_enqueue_one(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
              " ?, ?, ?)"};
  query.bind(passage.clock_shift, passage.clock, retention.period,
             std::uint64_t{retention.keep_last}, row.id, row.job_name, to_string(row.trigger),
             row.run_at, row.attempt, row.priority, row.exclusive, row.retry_of,
             unless_zero(row.concurrency_max), unless_zero(row.abandon_count),
             unless_zero(row.payload_version), row.workflow_id, row.payload, Text{row.actor},
             Text{row.reason}, Text{row.concurrency_key}, Text{row.step}, kind_of(row),
             claim_order(row.run_at, row.priority));
  query.run(phase);
}

/// Stores plain rows.
///
/// Requires: there are some.
/// Errors:   DUPLICATE_RUN_ID -> a row has the id of another run.
inline void enqueue_plain(Connection& connection, const std::vector<NewRun>& rows,
                          const Passage& passage, Phase phase) {
  try {
    rows.size() == 1 ? enqueue_one(connection, rows.front(), passage, phase)
                     : enqueue_batch(connection, rows, passage, phase);
  } catch (const NativeError& error) {
    if (error.state() != "23505" || !is_about_run_ids(error.what())) throw;
    throw duplicate_run_id();
  }
}

}  // namespace punctual::postgres::detail
