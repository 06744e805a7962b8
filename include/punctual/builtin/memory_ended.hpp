// SPDX-License-Identifier: MIT
//
// MemoryEnded: the runs of InMemoryStorage that have ended and are still stored, those of all jobs
// and those of each.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>

#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryEnded {
 public:
  using Run = BasicMemoryRun<RunT>;

  void add(Run& run) {
    auto& past = run.job->past.write();
    add_newest(by_id_, run);
    add_newest(past.ended, run);
    add_newest(past.by_end, run);
    if (run.course->started_at) add_newest(past.executed, run);
  }

  void remove(Run& run) {
    auto& past = run.job->past.write();
    by_id_.erase(&run);
    past.ended.erase(&run);
    past.by_end.erase(&run);
    past.executed.erase(&run);
    run.job->tidy_past();
  }

  [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }

  /// Requires: there is one.
  [[nodiscard]] Run& oldest() const { return **by_id_.begin(); }

  [[nodiscard]] const auto& by_id() const noexcept { return by_id_; }

 private:
  /// Most likely it is the last of all, and then this takes constant time.
  template <class Index>
  static void add_newest(Index& index, Run& run) {
    index.insert(index.end(), &run);
  }

  MemoryIndex<Run, ById> by_id_;
};

}  // namespace punctual::detail
