// SPDX-License-Identifier: MIT
//
// ManualExecutor: keeps work until it is told to run it. For tests that look between the steps.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "punctual/policy/executor.hpp"

namespace punctual {

/// `WorkT` is Work; as a template, it costs those who only include it little.
template <class WorkT>
class BasicManualExecutor {
 public:
  /// `room_max` is how many pieces of work it keeps before it reports to be full.
  explicit BasicManualExecutor(std::size_t room_max = 1000) : room_max_(room_max) {}

  /// For handing an executor to its owner; not while anyone uses it.
  BasicManualExecutor(BasicManualExecutor&& other) noexcept
      : waiting_(std::move(other.waiting_)),
        room_max_(other.room_max_) {}

  [[nodiscard]] std::size_t room() const {
    const std::lock_guard lock{mutex_};
    return waiting_.size() >= room_max_ ? 0 : room_max_ - waiting_.size();
  }

  void submit(WorkT work) {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(work));
  }

  /// Runs the oldest piece of work on this thread; returns whether there was one.
  bool step() {
    WorkT work;
    {
      const std::lock_guard lock{mutex_};
      if (waiting_.empty()) return false;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
    return true;
  }

  /// Runs what is waiting, and what is submitted meanwhile; returns how many pieces that were.
  std::size_t drain() {
    std::size_t count = 0;
    while (step()) ++count;
    return count;
  }

  [[nodiscard]] std::size_t waiting_count() const {
    const std::lock_guard lock{mutex_};
    return waiting_.size();
  }

  [[nodiscard]] bool help() { return step(); }

  /// The thread is the caller's: nothing to be made up for.
  [[nodiscard]] bool replace(std::thread::id) noexcept { return true; }

 private:
  mutable std::mutex mutex_;
  std::deque<WorkT> waiting_;
  std::size_t room_max_;
};

using ManualExecutor = BasicManualExecutor<Work>;

}  // namespace punctual
