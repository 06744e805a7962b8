// SPDX-License-Identifier: MIT
//
// MemoryRunning: the running runs of InMemoryStorage, their leases, and what they keep from
// starting.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryRunning {
 public:
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;
  using Id = Late<RunId, RunT>;

  void add(Run& run) {
    leases_.insert(&run);
    if (run.exclusive) exclusive_.insert(&run);
    if (run.limit->max > 0) ++count_by_key_[run.limit->key];
  }

  void remove(Run& run) {
    leases_.erase(&run);
    if (run.exclusive) exclusive_.erase(&run);
    if (run.limit->max == 0) return;
    const auto found = count_by_key_.find(run.limit->key);
    if (--found->second == 0) count_by_key_.erase(found);
  }

  void set_lease(Run& run, TimePoint until) {
    leases_.erase(&run);
    run.course.write().lease_until_at = until;
    leases_.insert(&run);
  }

  [[nodiscard]] bool has_exclusive(const Job& job) const {
    const auto first = exclusive_.lower_bound(std::tuple{job.number, Id{}});
    return first != exclusive_.end() && (*first)->job == &job;
  }

  [[nodiscard]] std::vector<Run*> exclusive_of(const Job& job) const {
    std::vector<Run*> runs;
    for (auto it = exclusive_.lower_bound(std::tuple{job.number, Id{}});
         it != exclusive_.end() && (*it)->job == &job; ++it) {
      runs.push_back(*it);
    }
    return runs;
  }

  [[nodiscard]] std::uint32_t count_with_key(const std::string& concurrency_key) const {
    const auto found = count_by_key_.find(concurrency_key);
    return found == count_by_key_.end() ? 0 : found->second;
  }

  /// True if neither exclusiveness nor the concurrency limit keeps `run` from starting.
  [[nodiscard]] bool may_start(const Run& run) const {
    if (run.exclusive && has_exclusive(*run.job)) return false;
    return run.limit->max == 0 || count_with_key(run.limit->key) < run.limit->max;
  }

  /// All of them, by the end of their leases.
  [[nodiscard]] const auto& leases() const noexcept { return leases_; }

 private:
  MemoryIndex<Run, ByLeaseEnd> leases_;
  MemoryIndex<Run, ByJobAndId> exclusive_;
  std::unordered_map<Late<std::string, RunT>, std::uint32_t> count_by_key_;
};

}  // namespace punctual::detail
