// SPDX-License-Identifier: MIT
//
// MemoryAnswers: which run of InMemoryStorage is the first attempt that answers a due instant.
//
// A new instant lies behind all earlier ones, so the latest answer of a job stands alone, where
// most questions end; only those before it are looked for.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <iterator>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/builtin/memory_job.hpp"
#include "punctual/builtin/memory_order.hpp"
#include "punctual/builtin/memory_run.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
struct MemoryAnswers {
  using Run = BasicMemoryRun<RunT>;
  using Job = BasicMemoryJob<RunT>;

  /// Requires: the run is a first attempt, and its due instant has none yet.
  static void add(Run& run) {
    Run*& last = run.job->last_answer;
    Run* earlier = &run;
    if (last == nullptr || *run.due_at > *last->due_at) std::swap(last, earlier);
    if (earlier == nullptr) return;
    auto& answers = run.job->past.write().earlier_answers;
    answers.insert(answers.end(), earlier);
  }

  static void remove(Run& run) {
    Job& job = *run.job;
    auto& answers = job.past.write().earlier_answers;
    if (job.last_answer != &run) {
      answers.erase(&run);
    } else if (answers.empty()) {
      job.last_answer = nullptr;
    } else {
      job.last_answer = *answers.rbegin();
      answers.erase(std::prev(answers.end()));
    }
    job.tidy_past();
  }

  /// Returns the first attempt with this due instant, null if none is stored.
  [[nodiscard]] static const Run* find(const Job& job, TimePoint due_at) {
    const Run* last = job.last_answer;
    if (last == nullptr || due_at > *last->due_at) return nullptr;
    if (due_at == *last->due_at) return last;
    const auto& answers = job.past->earlier_answers;
    const auto found = answers.find(due_at);
    return found == answers.end() ? nullptr : *found;
  }
};

}  // namespace punctual::detail
