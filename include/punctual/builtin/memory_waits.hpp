// SPDX-License-Identifier: MIT
//
// MemoryWaits: which runs wait for which pieces of work to end.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryWaits {
  using Id = Late<RunId, RunT>;

 public:
  void add(Id run_id, Id work) {
    by_work_.insert({work, run_id});
    by_run_.insert({run_id, work});
  }

  /// Returns the runs that wait for `work`, by id. They wait for it no longer.
  [[nodiscard]] std::vector<Id> take(Id work) {
    std::vector<Id> runs = of(by_work_, work);
    for (const auto& run_id : runs) remove_pair(run_id, work);
    return runs;
  }

  /// The run waits for nothing any more.
  void remove(Id run_id) {
    for (const auto& work : of(by_run_, run_id)) remove_pair(run_id, work);
  }

  [[nodiscard]] std::size_t size() const noexcept { return by_work_.size(); }

 private:
  using Pairs = std::set<std::pair<Id, Id>>;

  [[nodiscard]] static std::vector<Id> of(const Pairs& pairs, Id first) {
    std::vector<Id> seconds;
    for (auto it = pairs.lower_bound({first, Id{}}); it != pairs.end() && it->first == first;
         ++it) {
      seconds.push_back(it->second);
    }
    return seconds;
  }

  void remove_pair(Id run_id, Id work) {
    by_work_.erase({work, run_id});
    by_run_.erase({run_id, work});
  }

  Pairs by_work_;
  Pairs by_run_;
};

}  // namespace punctual::detail
