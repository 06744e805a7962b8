// SPDX-License-Identifier: MIT
//
// MemoryEnded: the runs of InMemoryStorage that have ended and are still stored.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <iterator>
#include <tuple>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryEnded {
 public:
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;
  using Id = Late<RunId, RunT>;

  void add(Run& run) {
    ++run.job->ended_count;
    by_id_.insert(by_id_.end(), &run);  // most likely the newest
    by_end_.insert(&run);
    if (run.course->started_at) executed_.insert(&run);
  }

  void remove(Run& run) {
    --run.job->ended_count;
    by_id_.erase(&run);
    by_end_.erase(&run);
    executed_.erase(&run);
  }

  [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }

  /// Requires: there is one.
  [[nodiscard]] Run& oldest() const { return **by_id_.begin(); }

  /// Returns the newest run of the job that had started, null if there is none.
  [[nodiscard]] const Run* last_executed(const Job& job) const {
    const auto end = executed_.lower_bound(std::tuple{job.number + 1, Id{}});
    if (end == executed_.begin()) return nullptr;
    const Run* run = *std::prev(end);
    return run->job == &job ? run : nullptr;
  }

  /// Returns the first run of the job to have ended in `by_end()`, or what is behind the job's.
  [[nodiscard]] auto first_of(const Job& job) const {
    return by_end_.lower_bound(std::tuple{job.number, TimePoint::min(), Id{}});
  }
  /// Each job's runs by when they ended.
  [[nodiscard]] const auto& by_end() const noexcept { return by_end_; }
  [[nodiscard]] const auto& by_id() const noexcept { return by_id_; }

 private:
  MemoryIndex<Run, ById> by_id_;
  MemoryIndex<Run, ByJobAndEnd> by_end_;
  MemoryIndex<Run, ByJobAndId> executed_;
};

}  // namespace punctual::detail
