// SPDX-License-Identifier: MIT
//
// WakeSignal: no raise is lost, and a nudge leaves no mark.

#include "punctual/base/wake_signal.hpp"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace wake_signal_test {

using punctual::WakeSignal;

namespace {

/// Consumes without waiting.
bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

/// Consumes when the signal has been raised, however long that takes.
bool wait_for_raise(WakeSignal& signal) {
  return signal.consume(
      [](auto& lock, auto& condition, const auto& raised) { condition.wait(lock, raised); });
}

}  // namespace

TEST_CASE("WakeSignal keeps one mark when it is raised before anyone waits") {
  WakeSignal signal;
  CHECK_FALSE(was_raised(signal));
  signal.raise();
  signal.raise();
  CHECK(was_raised(signal));
  CHECK_FALSE(was_raised(signal));
}

TEST_CASE("WakeSignal tells the waiter when it was raised already") {
  WakeSignal signal;
  bool seen = true;
  signal.consume([&](auto&, auto&, const auto& raised) { seen = raised(); });
  CHECK_FALSE(seen);
  signal.raise();
  signal.consume([&](auto&, auto&, const auto& raised) { seen = raised(); });
  CHECK(seen);
}

TEST_CASE("WakeSignal leaves no mark when it is nudged") {
  WakeSignal signal;
  signal.nudge();
  CHECK_FALSE(was_raised(signal));
  signal.raise();
  signal.nudge();
  CHECK(was_raised(signal));
}

TEST_CASE("WakeSignal wakes its waiter when it is raised from another thread") {
  WakeSignal signal;
  bool result = false;
  std::thread waiter{[&] { result = wait_for_raise(signal); }};
  signal.raise();
  waiter.join();
  CHECK(result);
  CHECK_FALSE(was_raised(signal));
}

TEST_CASE("WakeSignal lets its waiter look again when it is nudged") {
  // As a clock does: the deadline moves outside the signal's lock, then the waiter is nudged.
  for (int i = 0; i < 200; ++i) {
    WakeSignal signal;
    std::atomic<bool> is_late = false;
    std::latch waiting{1};
    bool result = true;
    std::thread waiter{[&] {
      result = signal.consume([&](auto& lock, auto& condition, const auto& raised) {
        condition.wait(lock, [&] {
          if (!is_late.load()) waiting.count_down(waiting.try_wait() ? 0 : 1);
          return raised() || is_late.load();
        });
      });
    }};
    waiting.wait();
    is_late = true;
    signal.nudge();
    waiter.join();
    REQUIRE_FALSE(result);
  }
}

TEST_CASE("WakeSignal loses no wake-up when many threads raise it") {
  // Each raiser adds its work before it raises; the loop would never end if the last raise were
  // lost.
  constexpr int raiser_count = 4;
  constexpr int raise_count = 500;
  WakeSignal signal;
  std::atomic<int> added = 0;
  std::vector<std::thread> raisers;
  for (int i = 0; i < raiser_count; ++i) {
    raisers.emplace_back([&] {
      for (int k = 0; k < raise_count; ++k) {
        ++added;
        signal.raise();
      }
    });
  }
  int wake_count = 0;
  while (added.load() < raiser_count * raise_count) {
    wait_for_raise(signal);
    ++wake_count;
  }
  for (auto& raiser : raisers) raiser.join();
  CHECK(wake_count <= raiser_count * raise_count);
}

}  // namespace wake_signal_test
