// SPDX-License-Identifier: MIT
//
// BackgroundLoop: the scheduler's one thread. Calls a step over and over until it is told to stop.
//
// Thread-safety: `is_running` from any thread; the others are the owner's.

#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "punctual/base/wake_signal.hpp"

namespace punctual::detail {

class BackgroundLoop {
 public:
  /// Requires: it does not run. `step` throws nothing, and returns soon once `wake` is raised.
  template <class Step>
  void start(Step step) {
    is_stopping_ = std::make_shared<std::atomic<bool>>(false);
    is_running_.store(true);
    thread_ = std::thread{[step = std::move(step), stopping = is_stopping_] {
      while (!stopping->load()) step();
    }};
  }

  [[nodiscard]] bool is_running() const noexcept { return is_running_.load(); }

  /// Ends the loop after its present step. On the loop's own thread, which cannot wait for itself,
  /// the thread is left to end alone.
  ///
  /// Blocks: until the step is over.
  void stop(WakeSignal& wake) {
    if (!is_running_.exchange(false)) return;
    is_stopping_->store(true);
    wake.raise();
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

 private:
  std::thread thread_;
  std::atomic<bool> is_running_{false};
  std::shared_ptr<std::atomic<bool>> is_stopping_;
};

}  // namespace punctual::detail
