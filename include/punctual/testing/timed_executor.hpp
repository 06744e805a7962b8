// SPDX-License-Identifier: MIT
//
// TimedExecutor: an executor in simulated time. Each piece of work takes a while; it is run at the
// end of that while, when the simulation has come there.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/policy/executor.hpp"

namespace punctual::testing {

class TimedExecutor {
 public:
  /// `end_of_next` returns the instant at which a piece of work that begins now is done.
  TimedExecutor(std::size_t room_max, std::function<TimePoint()> end_of_next)
      : room_max_(room_max),
        end_of_next_(std::move(end_of_next)) {}

  [[nodiscard]] std::size_t room() const noexcept {
    return waiting_.size() >= room_max_ ? 0 : room_max_ - waiting_.size();
  }
  void submit(Work work) { waiting_.emplace(end_of_next_(), std::move(work)); }
  [[nodiscard]] bool help() noexcept { return false; }
  [[nodiscard]] bool replace(std::thread::id) noexcept { return true; }

  /// When the next piece of work is done.
  [[nodiscard]] std::optional<TimePoint> next_at() const {
    return waiting_.empty() ? std::nullopt : std::optional{waiting_.begin()->first};
  }

  /// Runs the piece of work that is done first.
  ///
  /// Requires: there is one.
  void run_next() {
    const Work work = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    work();
  }

  /// Forgets all work, unrun.
  void drop_all() { waiting_.clear(); }

 private:
  std::size_t room_max_;
  std::function<TimePoint()> end_of_next_;
  std::multimap<TimePoint, Work> waiting_;  // equal instants in the order of submission
};

}  // namespace punctual::testing
