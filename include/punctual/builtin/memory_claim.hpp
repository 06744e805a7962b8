// SPDX-License-Identifier: MIT
//
// MemoryClaim: picks the runs that a claim on InMemoryStorage gets, without changing anything.
//
// Ready runs stand in lanes: those of one job that the same limits hold back. Each lane is in
// order, and so are the lanes by their first run; the pick merges them as far as it needs to.
// Limits only tighten while it picks, so a lane whose first run cannot start is left, however long
// it is.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/rate_limit.hpp"

namespace punctual::detail {

/// Returns the rate that limits the starts of the job, null if none does.
[[nodiscard]] inline const KeyedRate* rate_of(const ClaimRequest& request,
                                              const std::string& job_name) {
  if (request.rates == nullptr) return nullptr;
  const auto found = std::lower_bound(
      request.rates->begin(), request.rates->end(), job_name,
      [](const JobRate& entry, const std::string& name) { return entry.job_name < name; });
  const bool is_limited =
      found != request.rates->end() && found->job_name == job_name && found->rate.limit.max > 0;
  return is_limited ? &found->rate : nullptr;
}

template <class RunT>
class MemoryClaim {
  using Job = BasicMemoryJob<RunT>;
  using Lane = BasicMemoryLane<RunT>;

 public:
  MemoryClaim(MemoryTables<RunT>& tables, const ClaimRequest& request, TimePoint now)
      : tables_(tables),
        request_(request),
        now_(now) {}

  /// Returns the runs in claim order.
  ///
  /// Complexity: logarithmic a run, linear in the lanes passed over.
  [[nodiscard]] std::vector<RunT*> pick() {
    auto head = tables_.heads().begin();
    const auto heads_end = tables_.heads().end();
    while (picked_.size() < request_.limit) {
      const bool has_head = head != heads_end;
      if (!has_head && cursors_.empty()) break;
      const bool head_is_next =
          has_head && (cursors_.empty() ||
                       Key{std::get<0>(*head), std::get<1>(*head)} < *cursors_.front().position);
      if (head_is_next) {
        Lane* lane = std::get<2>(*head++);
        if (knows(*request_.jobs, lane->job->state.job_name)) {
          consider({lane->ready.begin(), lane});
        }
      } else {
        std::pop_heap(cursors_.begin(), cursors_.end(), std::greater<>{});
        const Cursor cursor = cursors_.back();
        cursors_.pop_back();
        consider(cursor);
      }
    }
    return std::move(picked_);
  }

 private:
  using Key = typename Lane::Key;

  struct Cursor {
    typename std::set<Key>::const_iterator position;
    Lane* lane;

    bool operator>(const Cursor& other) const { return *position > *other.position; }
  };

  void consider(Cursor cursor) {
    const Job& job = *cursor.lane->job;
    RunT& run = *tables_.find_run(cursor.position->second);
    // Ready once, but the clock was set back since: those behind it may be ready still.
    const bool is_early = run.run_at > now_;
    if (!is_early) {
      if (!may_start(job, run)) return;
      take(job, run);
    }
    ++cursor.position;
    if (cursor.position == cursor.lane->ready.end()) return;
    cursors_.push_back(cursor);
    std::push_heap(cursors_.begin(), cursors_.end(), std::greater<>{});
  }

  /// True if nothing keeps `run` from starting, with what has been picked already.
  [[nodiscard]] bool may_start(const Job& job, const RunT& run) {
    JobLimits& limits = limits_of(job);
    if (limits.room == 0 || !tables_.may_start(job, run)) return false;
    if (limits.rate != nullptr) {
      const RateLimit& rate = limits.rate->limit;
      if (rate.next_token_at(level_of(*limits.rate), now_) > now_) return false;
    }
    if (run.exclusive && exclusive_.contains(&job)) return false;
    if (run.concurrency_max == 0) return true;
    const auto found = by_key_.find(run.concurrency_key);
    return found == by_key_.end() ||
           tables_.running_with_key(run.concurrency_key) + found->second < run.concurrency_max;
  }

  void take(const Job& job, RunT& run) {
    picked_.push_back(&run);
    JobLimits& limits = limits_of(job);
    --limits.room;
    if (limits.rate != nullptr) {
      BucketLevel& level = level_of(*limits.rate);
      level = limits.rate->limit.after_taking(level, now_);
    }
    if (run.exclusive) exclusive_.insert(&job);
    if (run.concurrency_max > 0) ++by_key_[run.concurrency_key];
  }

  /// What the request says of one job.
  struct JobLimits {
    std::size_t room;                 // how many more runs of it the node takes
    const KeyedRate* rate = nullptr;  // null: its starts are not limited
  };

  [[nodiscard]] JobLimits& limits_of(const Job& job) {
    const auto [place, is_new] = limits_.try_emplace(&job, JobLimits{request_.limit});
    if (is_new) {
      for (const auto& room : request_.rooms) {
        if (room.job_name == job.state.job_name) place->second.room = room.room;
      }
      place->second.rate = rate_of(request_, job.state.job_name);
    }
    return place->second;
  }

  /// Returns the level of a bucket after what has been picked already.
  [[nodiscard]] BucketLevel& level_of(const KeyedRate& rate) {
    const auto [place, is_new] = levels_.try_emplace(rate.key, 0);
    if (is_new) place->second = tables_.buckets.level(rate.key);
    return place->second;
  }

  MemoryTables<RunT>& tables_;
  const ClaimRequest& request_;
  TimePoint now_;
  std::vector<RunT*> picked_;
  std::vector<Cursor> cursors_;  // a heap with the first in claim order at its top
  std::unordered_map<const Job*, JobLimits> limits_;
  std::set<const Job*> exclusive_;
  std::unordered_map<Late<std::string, RunT>, std::uint32_t> by_key_;
  std::unordered_map<Late<std::string, RunT>, BucketLevel> levels_;
};

}  // namespace punctual::detail
