// SPDX-License-Identifier: MIT
//
// When there is something to do next: an idle scheduler asks nothing else.
//
// Thread-safety: as the Connection.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/postgres/claim_front.hpp"
#include "punctual/postgres/pending_lanes.hpp"
#include "punctual/postgres/query.hpp"

namespace punctual::postgres::detail {

/// The first runs of each priority, which are nearly always some of the asked jobs'.
class PendingFronts {
 public:
  /// Reads on in the rows of `fronts_sql`.
  void add(std::int64_t priority, bool is_wanted, TimePoint run_at) {
    Front& front = fronts_[priority];
    ++front.seen_count;
    if (!is_wanted) return;
    front.has_wanted = true;
    if (run_at < time_max) earliest_ = std::min(earliest_.value_or(run_at), run_at);
  }

  /// False if the earliest run of some priority may lie further behind.
  [[nodiscard]] bool are_enough() const {
    return std::all_of(fronts_.begin(), fronts_.end(), [](const auto& front) {
      return front.second.has_wanted || front.second.seen_count < rows_max;
    });
  }

  [[nodiscard]] std::optional<TimePoint> earliest() const noexcept { return earliest_; }

  static constexpr std::int64_t rows_max = 20;

 private:
  struct Front {
    std::int64_t seen_count = 0;
    bool has_wanted = false;
  };

  std::map<std::int64_t, Front> fronts_;
  std::optional<TimePoint> earliest_;
};

/// Returns the earliest pending run of the jobs, looked for lane by lane.
[[nodiscard]] inline std::optional<TimePoint> earliest_of_lanes(Connection& connection,
                                                                const JobNames& jobs) {
  static const std::string sql = std::string{"WITH RECURSIVE "} + pending_lanes_cte + R"(
    SELECT min((SELECT run_at FROM {}job_pending WHERE job_name = lane.job_name
      AND kind = lane.kind AND priority = lane.priority ORDER BY claim_order LIMIT 1))
    FROM lane WHERE job_name = ANY(?)
    AND NOT EXISTS (SELECT 1 FROM {}jobs WHERE name = lane.job_name AND paused))";
  Query query{connection, sql};
  return query.bind(jobs).step() ? query.optional_instant() : std::nullopt;
}

/// Returns the earliest instants with something to do for `jobs`.
[[nodiscard]] inline WakeTimes next_wake(Connection& connection, const JobNames& jobs,
                                         const SearchStart& from) {
  static constexpr const char* sql = R"(
    SELECT 0, NULL::bigint, false, (SELECT next_due_at FROM {}jobs
        WHERE enabled AND NOT paused AND next_due_at IS NOT NULL AND name = ANY(?1)
        ORDER BY next_due_at LIMIT 1),
      (SELECT lease_until_at FROM {}job_running
        WHERE lease_until_at >= ?4 AND job_name = ANY(?1) ORDER BY lease_until_at LIMIT 1)
    UNION ALL
    SELECT 1, l.priority, early.job_name = ANY(?1)
        AND NOT EXISTS (SELECT 1 FROM {}jobs WHERE name = early.job_name AND paused),
      early.run_at, NULL
    FROM unnest(?2, ?3) AS l (priority, mark) CROSS JOIN LATERAL (
      SELECT job_name, run_at FROM {}job_pending AS q
      WHERE q.priority = l.priority AND q.claim_order >= l.mark
      ORDER BY q.priority, q.claim_order LIMIT 20) AS early)";
  Query query{connection, sql};
  query.bind(jobs, from.priorities, from.marks, from.leases_from);
  WakeTimes wake;
  PendingFronts fronts;
  while (query.step()) {
    const bool is_front = query.integer() != 0;
    const std::int64_t priority = query.integer();
    const bool is_wanted = query.boolean();
    if (is_front) {
      fronts.add(priority, is_wanted, query.instant());
    } else {
      wake.due_at = query.optional_instant();
      wake.expires_at = query.optional_instant();
    }
  }
  wake.run_at = fronts.are_enough() ? fronts.earliest() : earliest_of_lanes(connection, jobs);
  if (wake.run_at == time_max) wake.run_at.reset();  // waits for the end of other runs
  return wake;
}

/// Returns all priorities that pending runs have, each from its beginning.
[[nodiscard]] inline SearchStart everywhere(Connection& connection) {
  SearchStart start;
  Query query{connection, pending_priorities_sql};
  while (query.step()) {
    start.priorities.push_back(query.integer());
    start.marks.push_back(std::numeric_limits<std::int64_t>::min());
  }
  return start;
}

}  // namespace punctual::postgres::detail
