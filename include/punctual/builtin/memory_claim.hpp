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
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_tables.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/rate_limit.hpp"

namespace punctual::detail {

/// Returns the rate that limits the starts of the job, null if none does.
template <class RequestT>
[[nodiscard]] const KeyedRate* rate_of(const RequestT& request, const std::string& job_name) {
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
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;

 public:
  MemoryClaim(MemoryTables<RunT>& tables, const ClaimRequest& request, TimePoint now)
      : tables_(tables),
        request_(request),
        now_(now) {}

  /// Returns the runs in claim order.
  ///
  /// Complexity: logarithmic a run, linear in the lanes passed over.
  [[nodiscard]] std::vector<Run*> pick() {
    auto head = tables_.pending.heads().begin();
    const auto heads_end = tables_.pending.heads().end();
    while (picked_.size() < request_.limit) {
      const bool has_head = head != heads_end;
      if (!has_head && cursors_.empty()) break;
      const bool head_is_next =
          has_head && (cursors_.empty() || is_before(*head, *cursors_.front().place));
      if (head_is_next) {
        Run* run = *head++;
        if (knows(*request_.jobs, run->job->name)) consider({tables_.pending.lanes().find(run)});
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
  [[nodiscard]] static bool is_before(const Run* a, const Run* b) {
    return ByClaimOrder::key(*a) < ByClaimOrder::key(*b);
  }

  /// A place in a lane.
  struct Cursor {
    typename MemoryPending<RunT>::Lanes::const_iterator place;

    bool operator>(const Cursor& other) const { return is_before(*other.place, *place); }
  };

  void consider(Cursor cursor) {
    Run& run = **cursor.place;
    // Ready once, but the clock was set back since: those behind it may be ready still.
    const bool is_early = run.run_at > now_;
    if (!is_early) {
      if (!may_start(run)) return;
      take(run);
    }
    if (tables_.pending.behind(cursor.place) == nullptr) return;
    ++cursor.place;
    cursors_.push_back(cursor);
    std::push_heap(cursors_.begin(), cursors_.end(), std::greater<>{});
  }

  /// True if nothing keeps `run` from starting, with what has been picked already.
  [[nodiscard]] bool may_start(const Run& run) {
    JobLimits& limits = limits_of(*run.job);
    if (limits.room == 0 || !tables_.running.may_start(run)) return false;
    if (limits.rate != nullptr) {
      const RateLimit& rate = limits.rate->limit;
      if (rate.next_token_at(level_of(*limits.rate), now_) > now_) return false;
    }
    if (run.exclusive && limits.has_exclusive) return false;
    if (run.limit->max == 0) return true;
    const auto found = by_key_.find(run.limit->key);
    return found == by_key_.end() ||
           tables_.running.count_with_key(run.limit->key) + found->second < run.limit->max;
  }

  void take(Run& run) {
    picked_.push_back(&run);
    JobLimits& limits = limits_of(*run.job);
    --limits.room;
    if (limits.rate != nullptr) {
      BucketLevel& level = level_of(*limits.rate);
      level = limits.rate->limit.after_taking(level, now_);
    }
    if (run.exclusive) limits.has_exclusive = true;
    if (run.limit->max > 0) ++by_key_[run.limit->key];
  }

  /// What is left of one job for this pick.
  struct JobLimits {
    std::size_t room;                 // how many more runs of it the node takes
    const KeyedRate* rate = nullptr;  // null: its starts are not limited
    bool has_exclusive = false;       // an exclusive run of it is picked
  };

  [[nodiscard]] JobLimits& limits_of(const Job& job) {
    const auto [place, is_new] = limits_.try_emplace(&job, JobLimits{request_.limit});
    if (is_new) {
      for (const auto& room : request_.rooms) {
        if (room.job_name == job.name) place->second.room = room.room;
      }
      place->second.rate = rate_of(request_, job.name);
    }
    return place->second;
  }

  /// Returns the level of a bucket after what has been picked already.
  [[nodiscard]] BucketLevel& level_of(const KeyedRate& rate) {
    const auto [place, is_new] = levels_.try_emplace(rate.key, 0);
    if (is_new) place->second = rate.limit.level_at(tables_.buckets.level(rate.key), now_);
    return place->second;
  }

  MemoryTables<RunT>& tables_;
  const ClaimRequest& request_;
  TimePoint now_;
  std::vector<Run*> picked_;
  std::vector<Cursor> cursors_;  // a heap with the first in claim order at its top
  std::unordered_map<const Job*, JobLimits> limits_;
  std::unordered_map<Late<std::string, RunT>, std::uint32_t> by_key_;
  std::unordered_map<Late<std::string, RunT>, BucketLevel> levels_;
};

}  // namespace punctual::detail
