// SPDX-License-Identifier: MIT
//
// ActiveRun: marks that this thread is inside a body, and of which scheduler.
//
// It is how the scheduler notices that it is called from one of its own bodies, where waiting for
// running bodies would mean waiting for itself.
//
// Thread-safety: per thread.

#pragma once

#include <cstddef>

namespace punctual::detail {

class ActiveRun {
 public:
  explicit ActiveRun(const void* scheduler) noexcept : scheduler_(scheduler), outer_(innermost()) {
    innermost() = this;
  }
  ~ActiveRun() { innermost() = outer_; }

  ActiveRun(const ActiveRun&) = delete;
  ActiveRun& operator=(const ActiveRun&) = delete;

  /// Returns how many bodies of `scheduler` this thread is inside of.
  [[nodiscard]] static std::size_t depth(const void* scheduler) noexcept {
    std::size_t depth = 0;
    for (const ActiveRun* run = innermost(); run != nullptr; run = run->outer_) {
      if (run->scheduler_ == scheduler) ++depth;
    }
    return depth;
  }

 private:
  [[nodiscard]] static ActiveRun*& innermost() noexcept {
    static thread_local ActiveRun* run = nullptr;
    return run;
  }

  const void* scheduler_;
  ActiveRun* outer_;
};

}  // namespace punctual::detail
