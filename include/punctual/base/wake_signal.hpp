// SPDX-License-Identifier: MIT
//
// WakeSignal: wakes one waiter that sleeps until an instant or until something happens.
//
// The scheduler's loop sleeps on one; whoever brings work raises it. A raise that nobody waits for
// is kept, so a wake-up that comes just before the sleep is never lost. The waiting itself is the
// Clock's business (policy/clock.hpp): only a clock knows what "until" means.
//
// Thread-safety: any number of threads may raise; one waits at a time.

#pragma once

#include <condition_variable>
#include <mutex>

namespace punctual {

class WakeSignal {
 public:
  /// Wakes the waiter, or the next one at once.
  void raise() {
    {
      const std::lock_guard lock{mutex_};
      raised_ = true;
    }
    condition_.notify_all();
  }

  /// Calls `wait(lock, condition, raised)` with the lock held, then clears the signal.
  ///
  /// For clocks. `wait` blocks on `condition` until `raised()` is true or its own idea of the
  /// deadline has come, and may return early: callers look again.
  ///
  /// Returns: whether the signal had been raised.
  template <class Wait>
  bool consume(Wait&& wait) {
    std::unique_lock lock{mutex_};
    wait(lock, condition_, [this] { return raised_; });
    const bool was_raised = raised_;
    raised_ = false;
    return was_raised;
  }

  /// Wakes the waiter to look at its clock again, without leaving a mark.
  void nudge() {
    // Taking the lock orders this call after a waiter's own check of its deadline.
    { const std::lock_guard lock{mutex_}; }
    condition_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool raised_ = false;
};

}  // namespace punctual
