// SPDX-License-Identifier: MIT

#include "punctual/core/loop_lag.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include "punctual/punctual.hpp"
#include "support/catch.hpp"

using namespace punctual;
using namespace std::chrono_literals;

TEST_CASE("LoopLag says nothing while there is no loop") {
  detail::LoopLag lag;
  CHECK(lag.at(10s) == std::nullopt);
  lag.woke(10s);
  lag.ended();
  CHECK(lag.at(20s) == std::nullopt);
}

TEST_CASE("LoopLag says how late the loop woke") {
  detail::LoopLag lag;
  lag.woke(100s);
  CHECK(lag.at(100s) == 0ms);
  lag.sleeps_until(110s);
  CHECK(lag.at(105s) == 0ms);
  lag.woke(110s + 30ms);
  lag.sleeps_until(120s);
  CHECK(lag.at(115s) == 30ms);
  lag.woke(116s);  // by a signal
  lag.sleeps_until(120s);
  CHECK(lag.at(117s) == 0ms);
}

TEST_CASE("LoopLag says by how much a look is overdue, asleep or in a tick that hangs") {
  detail::LoopLag lag;
  lag.woke(100s);
  CHECK(lag.at(103s) == 3s);
  lag.sleeps_until(110s);
  CHECK(lag.at(112s) == 2s);
}

TEST_CASE("Scheduler tells its loop's lag while it has one") {
  Scheduler scheduler;
  CHECK(scheduler.loop_lag() == std::nullopt);
  scheduler.start();
  while (!scheduler.loop_lag()) std::this_thread::yield();
  CHECK(*scheduler.loop_lag() >= 0ms);
  scheduler.stop();
  CHECK(scheduler.loop_lag() == std::nullopt);
}
