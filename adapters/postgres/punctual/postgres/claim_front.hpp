// SPDX-License-Identifier: MIT
//
// ClaimFront: where the search for the next runs begins.
//
// Rows that were claimed stay in the server's indexes until they are vacuumed, which an old
// snapshot of any session prevents. A search from the beginning then walks over all of them. So
// once searches get slow, they begin at a mark for each priority: a little before the last run that
// was claimed. What is stored before a mark is found when the search begins at the beginning again,
// which it does for a twentieth of the time, and at least every five seconds.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::postgres::detail {

/// Where to search: at `marks[i]` in `priorities[i]`, and in no others.
struct SearchStart {
  std::vector<std::int64_t> priorities{};
  std::vector<std::int64_t> marks{};  ///< orders of claim
  TimePoint leases_from = time_min;   ///< leases that end before need not be looked for
};

class ClaimFront {
 public:
  /// Returns where to search; nullopt: everywhere. `steady` is now, by a clock that is never set.
  [[nodiscard]] std::optional<SearchStart> start(Duration steady) {
    const std::lock_guard lock{mutex_};
    if (slow_count_ < slow_count_min || steady >= full_search_at_) return std::nullopt;
    SearchStart start;
    for (const auto& [priority, mark] : marks_) {
      start.priorities.push_back(priority);
      start.marks.push_back(mark);
    }
    start.leases_from = leases_from_;
    return start;
  }

  /// Notes a search from the beginning that took `cost` and found runs in these priorities.
  void searched_fully(Duration steady, std::chrono::microseconds cost, std::size_t run_count,
                      const std::vector<std::int64_t>& priorities) {
    const std::lock_guard lock{mutex_};
    const bool is_slow = cost > base_cost + run_count * run_cost;
    slow_count_ = is_slow ? slow_count_ + 1 : 0;
    full_search_at_ = steady + std::clamp(std::chrono::duration_cast<Duration>(cost * cost_factor),
                                          Duration{std::chrono::milliseconds{50}},
                                          Duration{std::chrono::seconds{5}});
    for (const std::int64_t priority : priorities) {
      marks_.try_emplace(priority, std::numeric_limits<std::int64_t>::min());
    }
    if (marks_.size() > priorities_max) marks_.clear();  // the next full search finds what is left
    leases_from_ = time_min;
  }

  /// Notes that a run was claimed.
  void claimed(const JobRun& run) {
    const std::lock_guard lock{mutex_};
    const auto found = marks_.find(run.priority);
    if (found == marks_.end()) return;
    const TimePoint order = claim_order(run.run_at, run.priority);
    found->second = std::max(found->second, (order - slack).time_since_epoch().count());
  }

  /// Notes the end of the lease that ends first.
  void found_first_lease(TimePoint lease_until_at) {
    const std::lock_guard lock{mutex_};
    leases_from_ = lease_until_at;
  }

 private:
  static constexpr int slow_count_min = 2;  ///< one may be the machine's mood
  static constexpr std::chrono::microseconds base_cost{2000};
  static constexpr std::chrono::microseconds run_cost{10};
  static constexpr int cost_factor = 20;
  static constexpr std::size_t priorities_max = 1000;
  /// How much earlier than the last claimed run one may become visible later.
  static constexpr Duration slack = std::chrono::milliseconds{250};

  std::mutex mutex_;
  int slow_count_ = 0;
  Duration full_search_at_{0};
  std::map<std::int64_t, std::int64_t> marks_;
  TimePoint leases_from_ = time_min;
};

}  // namespace punctual::postgres::detail
