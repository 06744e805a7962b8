// SPDX-License-Identifier: MIT
//
// Waiters: threads that wait for a certain run to end.
//
// Being woken is only a hint to look at the storage again, which alone knows how the run ended.
//
// Thread-safety: all members, from any thread. A signal must stay alive until its Waiting is gone.

#pragma once

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "punctual/base/wake_signal.hpp"
#include "punctual/domain/job_run.hpp"

namespace punctual::detail {

/// `Key` is RunId; as a template, it costs those who only include it little.
template <class Key>
class BasicWaiters {
 public:
  /// Raises the signals of those who wait for `run_id`.
  void notify(Key run_id) {
    const std::lock_guard lock{mutex_};
    const auto [first, last] = waiting_.equal_range(run_id);
    std::for_each(first, last, [](const auto& entry) { entry.second->raise(); });
  }

  void add(Key run_id, WakeSignal& signal) {
    const std::lock_guard lock{mutex_};
    waiting_.emplace(run_id, &signal);
  }

  void remove(Key run_id, WakeSignal& signal) {
    const std::lock_guard lock{mutex_};
    const auto [first, last] = waiting_.equal_range(run_id);
    const auto found =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == &signal; });
    if (found != last) waiting_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_multimap<Key, WakeSignal*> waiting_;
};

using Waiters = BasicWaiters<RunId>;

/// One thread's wait, from construction to destruction.
template <class Key>
class Waiting {
 public:
  Waiting(BasicWaiters<Key>& waiters, Key run_id) : waiters_(waiters), run_id_(run_id) {
    waiters_.add(run_id_, signal);
  }
  ~Waiting() { waiters_.remove(run_id_, signal); }

  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  WakeSignal signal;

 private:
  BasicWaiters<Key>& waiters_;
  Key run_id_;
};

}  // namespace punctual::detail
