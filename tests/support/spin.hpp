// SPDX-License-Identifier: MIT
//
// spin_until: waits for another thread without a clock. A test that hangs is ended by its time
// limit.

#pragma once

#include <thread>

namespace tests {

template <class Condition>
void spin_until(Condition&& condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace tests
