// SPDX-License-Identifier: MIT
//
// ClaimPick: chooses the runs that a claim gets. Only `take_tokens` writes.
//
// Pending runs lie in lanes, one per priority. Within a lane the claim order is the order of
// `run_at`, so the ready runs are the front of each lane, and an index holds every lane in order.
// The pick merges the fronts, reads a handful of rows from each, and never sees runs of later.
//
// It passes over runs that cannot start. Where these lie thick, because a backlog waits for a limit
// or for a paused job, it goes on with narrower lanes, one per kind of run and priority. All runs
// of a kind may start or none, so lanes that are blocked drop out whole, however long they are.
//
// Thread-safety: as the Connection.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/postgres/buckets.hpp"
#include "punctual/postgres/pending_lanes.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/run_store.hpp"

namespace punctual::postgres::detail {

class ClaimPick {
 public:
  ClaimPick(Connection& connection, const ClaimRequest& request, TimePoint now)
      : connection_(connection),
        request_(request),
        now_(now) {}

  /// Returns the ids of up to `limit` runs, in claim order; that of `request.only` alone if it is
  /// named: who asks for one run has room for it.
  [[nodiscard]] std::vector<RunId> pick(std::size_t limit) {
    limit_ = limit;
    if (request_.only) {
      pick_only(*request_.only);
    } else if (!merge(find_priorities())) {
      merge(find_kinds());
    }
    return std::move(picked_);
  }

  /// Writes the buckets as they are once what was picked has its tokens.
  void take_tokens() const {
    for (const auto& key : taken_from_) write_bucket(connection_, key, levels_.at(key));
  }

 private:
  /// Runs that are passed over before the pick turns to the lanes of each kind.
  static constexpr std::size_t passed_over_max = 100;

  static constexpr std::size_t read_ahead_max = 500;

  /// Where a run stands in the order of claims.
  struct Position {
    std::int64_t claim_order = std::numeric_limits<std::int64_t>::min();
    RunId id{};

    friend bool operator>(const Position& a, const Position& b) {
      return std::tie(a.claim_order, a.id) > std::tie(b.claim_order, b.id);
    }
  };

  struct Candidate {
    Position position{};
    RunKind kind{};
  };

  struct Lane {
    std::optional<RunKind> kind{};  ///< nullopt: of all kinds
    int priority = 0;
    std::deque<Candidate> rows{};  ///< read ahead
    bool is_read = false;
    bool has_more = true;
  };

  /// What one pick knows of a job.
  struct JobView {
    bool is_known = false;  ///< to the node that claims
    bool is_paused = false;
    bool has_exclusive = false;  ///< running, or picked
    std::size_t room = 0;
    const KeyedRate* rate = nullptr;
  };

  void pick_only(RunId id) {
    static const std::string sql = candidate_sql() + " WHERE id = ? AND run_at <= ?";
    Query query{connection_, sql};
    if (!query.bind(id, now_).step()) return;
    const Candidate run = read_candidate(query);
    const JobView& job = view_of(run.kind.job_name);
    if (job.is_known && !job.is_paused && is_within_limits(job, run.kind)) take(run);
  }

  [[nodiscard]] std::vector<Lane> find_priorities() {
    std::vector<Lane> lanes;
    Query query{connection_, pending_priorities_sql};
    while (query.step()) lanes.push_back({.priority = query.number<int>()});
    return lanes;
  }

  /// Returns the lanes that are not blocked as a whole.
  [[nodiscard]] std::vector<Lane> find_kinds() {
    std::vector<Lane> lanes;
    Query query{connection_, pending_lanes_sql()};
    while (query.step()) {
      RunKind kind = read_run_kind(query);
      const int priority = query.number<int>();
      if (may_start(kind)) lanes.push_back({.kind = std::move(kind), .priority = priority});
    }
    return lanes;
  }

  /// Reads the next ready runs of a lane, behind `after`.
  void read_ahead(Lane& lane, const Position& after) {
    static const std::string order =
        " AND priority = ? AND claim_order <= ? AND (claim_order, id) > (?, ?) AND run_at <= ?"
        " ORDER BY claim_order, id LIMIT ?";
    static const std::string of_all_kinds = candidate_sql() + " WHERE true" + order;
    static const std::string of_one_kind =
        candidate_sql() + " WHERE job_name = ? AND kind = ?" + order;
    const std::size_t least = std::exchange(lane.is_read, true) ? 32 : 1;
    const std::size_t count = std::clamp(limit_ - picked_.size(), least, read_ahead_max);
    Query query{connection_, lane.kind ? of_one_kind : of_all_kinds};
    if (lane.kind) {
      query.bind(lane.kind->job_name, lane.kind->number);
    }
    query.bind(lane.priority, claim_order(now_, lane.priority), after.claim_order, after.id, now_,
               std::uint64_t{count});
    while (query.step()) lane.rows.push_back(read_candidate(query));
    lane.has_more = lane.rows.size() == count;
  }

  [[nodiscard]] static std::string candidate_sql() {
    return std::string{"SELECT id, claim_order, "} + run_kind_columns + " FROM {}job_pending";
  }

  [[nodiscard]] static Candidate read_candidate(Query& row) {
    Candidate run;
    run.position.id = row.id();
    run.position.claim_order = row.integer();
    run.kind = read_run_kind(row);
    return run;
  }

  /// Takes what may start, in claim order, from the lanes' runs behind the position reached so far.
  ///
  /// Returns false if it passed over too many.
  bool merge(std::vector<Lane> lanes) {
    const auto is_behind = [](const Lane* a, const Lane* b) {
      return a->rows.front().position > b->rows.front().position;
    };
    std::priority_queue<Lane*, std::vector<Lane*>, decltype(is_behind)> fronts{is_behind};
    for (auto& lane : lanes) {
      read_ahead(lane, reached_);
      if (!lane.rows.empty()) fronts.push(&lane);
    }
    std::size_t passed_over_count = 0;
    while (!fronts.empty() && picked_.size() < limit_) {
      Lane* lane = fronts.top();
      fronts.pop();
      const Candidate run = std::move(lane->rows.front());
      lane->rows.pop_front();
      reached_ = run.position;
      if (may_start(run.kind)) {
        take(run);
      } else if (lane->kind) {
        continue;  // so are all behind it
      } else if (++passed_over_count == passed_over_max) {
        return false;
      }
      if (lane->rows.empty() && lane->has_more) read_ahead(*lane, reached_);
      if (!lane->rows.empty()) fronts.push(lane);
    }
    return true;
  }

  /// True if the claim may have a run of this kind, with what it has picked already.
  ///
  /// Once false it stays false: a pick only fills limits up.
  [[nodiscard]] bool may_start(const RunKind& kind) {
    const JobView& job = view_of(kind.job_name);
    return job.is_known && !job.is_paused && job.room > 0 && is_within_limits(job, kind);
  }

  [[nodiscard]] bool is_within_limits(const JobView& job, const RunKind& kind) {
    if (kind.exclusive && job.has_exclusive) return false;
    if (job.rate && job.rate->limit.next_token_at(level_of(*job.rate), now_) > now_) return false;
    return kind.concurrency_max == 0 || running_with(kind.concurrency_key) < kind.concurrency_max;
  }

  void take(const Candidate& run) {
    picked_.push_back(run.position.id);
    JobView& job = view_of(run.kind.job_name);
    if (job.room > 0) --job.room;
    if (run.kind.exclusive) job.has_exclusive = true;
    if (run.kind.concurrency_max > 0) ++running_with(run.kind.concurrency_key);
    if (!job.rate) return;
    BucketLevel& level = level_of(*job.rate);
    level = job.rate->limit.after_taking(level, now_);
    taken_from_.insert(job.rate->key);
  }

  [[nodiscard]] JobView& view_of(const std::string& job_name) {
    const auto [found, is_new] = views_.try_emplace(job_name);
    JobView& job = found->second;
    if (!is_new) return job;
    const auto* known = request_.jobs;
    job.is_known = known != nullptr && std::binary_search(known->begin(), known->end(), job_name);
    Query query{connection_, "SELECT paused FROM {}jobs WHERE name = ?"};
    job.is_paused = query.bind(job_name).step() && query.boolean();
    job.has_exclusive = has_running_exclusive(connection_, job_name);
    const auto room = std::find_if(request_.rooms.begin(), request_.rooms.end(),
                                   [&](const JobRoom& of) { return of.job_name == job_name; });
    job.room = room == request_.rooms.end() ? request_.limit : room->room;
    job.rate = rate_of(job_name);
    return job;
  }

  [[nodiscard]] const KeyedRate* rate_of(const std::string& job_name) const {
    if (request_.rates == nullptr) return nullptr;
    const auto found = std::lower_bound(
        request_.rates->begin(), request_.rates->end(), job_name,
        [](const JobRate& rate, const std::string& name) { return rate.job_name < name; });
    const bool is_limited =
        found != request_.rates->end() && found->job_name == job_name && found->rate.limit.max > 0;
    return is_limited ? &found->rate : nullptr;
  }

  [[nodiscard]] BucketLevel& level_of(const KeyedRate& rate) {
    const auto [found, is_new] = levels_.try_emplace(rate.key, BucketLevel{0});
    if (is_new) found->second = rate.limit.level_at(read_bucket(connection_, rate.key), now_);
    return found->second;
  }

  /// Runs under the key that are running or have been picked.
  [[nodiscard]] std::uint32_t& running_with(const std::string& concurrency_key) {
    const auto [found, is_new] = running_by_key_.try_emplace(concurrency_key, 0U);
    if (!is_new) return found->second;
    static constexpr const char* with_key =
        "SELECT count(*) FROM {}job_running WHERE concurrency_max IS NOT NULL AND concurrency_key "
        "= ?";
    static constexpr const char* without_key =
        "SELECT count(*) FROM {}job_running WHERE concurrency_max IS NOT NULL"
        " AND concurrency_key IS NULL AND ? = ''";
    Query query{connection_, concurrency_key.empty() ? without_key : with_key};
    if (query.bind(concurrency_key).step()) found->second = query.number<std::uint32_t>();
    return found->second;
  }

  Connection& connection_;
  const ClaimRequest& request_;
  TimePoint now_;
  std::size_t limit_ = 0;
  std::vector<RunId> picked_;
  Position reached_{};
  std::unordered_map<std::string, JobView> views_;
  std::unordered_map<std::string, std::uint32_t> running_by_key_;
  std::unordered_map<std::string, BucketLevel> levels_;  // of the buckets that were looked at
  std::set<std::string> taken_from_;
};

}  // namespace punctual::postgres::detail
