// SPDX-License-Identifier: MIT
//
// MemoryAttempts: the further attempts of each piece of work. The first one is the run whose id
// names the work; it may be gone while later ones are still stored.
//
// Thread-safety: none; InMemoryStorage guards it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

template <class RunT = JobRun>
class MemoryAttempts {
  using Id = Late<RunId, RunT>;
  using Attempt = std::tuple<Id, std::uint32_t, Id>;  // the work, the number, the run

 public:
  void add(Id work, std::uint32_t attempt, Id run_id) { attempts_.insert({work, attempt, run_id}); }
  void remove(Id work, std::uint32_t attempt, Id run_id) {
    attempts_.erase({work, attempt, run_id});
  }

  /// Returns the further attempts of `work`, the last one first.
  [[nodiscard]] std::vector<Id> last_first(Id work) const {
    std::vector<Id> ids;
    auto it = end_of(work);
    while (it != attempts_.begin() && std::get<0>(*--it) == work) ids.push_back(std::get<2>(*it));
    return ids;
  }

  /// Returns the last one of them.
  [[nodiscard]] std::optional<Id> last(Id work) const {
    const auto end = end_of(work);
    if (end == attempts_.begin()) return std::nullopt;
    const auto& [found, attempt, run_id] = *std::prev(end);
    return found == work ? std::optional{run_id} : std::nullopt;
  }

  /// True if there is an attempt of `work` after that of this number.
  [[nodiscard]] bool has_later(Id work, std::uint32_t attempt) const {
    const auto later = attempts_.lower_bound({work, attempt + 1, Id{}});
    return later != attempts_.end() && std::get<0>(*later) == work;
  }

  [[nodiscard]] std::size_t size() const noexcept { return attempts_.size(); }

 private:
  /// Attempts are far fewer than their numbers may count.
  [[nodiscard]] auto end_of(Id work) const {
    return attempts_.lower_bound({work, std::numeric_limits<std::uint32_t>::max(), Id{}});
  }

  std::set<Attempt> attempts_;
};

}  // namespace punctual::detail
