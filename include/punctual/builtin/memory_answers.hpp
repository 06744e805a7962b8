// SPDX-License-Identifier: MIT
//
// MemoryAnswers: which run of InMemoryStorage is the first attempt that answers a due instant.
//
// A new instant lies behind all earlier ones, so the latest answer of each job is kept with the job
// itself, where most questions end; only those before it are looked for.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <iterator>
#include <tuple>

#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryAnswers {
 public:
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;

  /// Requires: the run is a first attempt, and its due instant has none yet.
  void add(Run& run) {
    Run*& last = run.job->last_answer;
    if (last == nullptr || *run.due_at > *last->due_at) {
      if (last != nullptr) earlier_.insert(last);
      last = &run;
    } else {
      earlier_.insert(&run);
    }
  }

  void remove(Run& run) {
    if (run.job->last_answer != &run) {
      earlier_.erase(&run);
      return;
    }
    Run* before = last_earlier(*run.job);
    if (before != nullptr) earlier_.erase(before);
    run.job->last_answer = before;
  }

  /// Returns the first attempt with this due instant, null if none is stored.
  [[nodiscard]] const Run* find(const Job& job, TimePoint due_at) const {
    const Run* last = job.last_answer;
    if (last == nullptr || due_at > *last->due_at) return nullptr;
    if (due_at == *last->due_at) return last;
    const auto found = earlier_.find(std::tuple{job.number, due_at});
    return found == earlier_.end() ? nullptr : *found;
  }

 private:
  [[nodiscard]] Run* last_earlier(const Job& job) const {
    const auto end = earlier_.upper_bound(std::tuple{job.number, TimePoint::max()});
    if (end == earlier_.begin()) return nullptr;
    Run* run = *std::prev(end);
    return run->job == &job ? run : nullptr;
  }

  MemoryIndex<Run, ByDueInstant> earlier_;
};

}  // namespace punctual::detail
