// SPDX-License-Identifier: MIT
//
// InlineExecutor: runs work at once, on the thread that submits it. For tests and small tools.
//
// While a body runs, the scheduler's tick that started it waits: leases are not renewed and
// timeouts reach only bodies that ask for them. Services want ThreadPoolExecutor.
//
// Thread-safety: stateless.

#pragma once

#include <cstddef>
#include <thread>

#include "punctual/policy/executor.hpp"

namespace punctual {

class InlineExecutor {
 public:
  /// One at a time, so that no run is claimed that would wait for another one to end.
  [[nodiscard]] std::size_t room() const noexcept { return 1; }

  /// Blocks: until the work is done.
  void submit(const Work& work) { work(); }

  [[nodiscard]] bool help() noexcept { return false; }

  /// The thread is the caller's: nothing to be made up for.
  [[nodiscard]] bool replace(std::thread::id) noexcept { return true; }
};

}  // namespace punctual
