// SPDX-License-Identifier: MIT
//
// BackgroundLoop: steps until it is stopped, from outside or from inside a step.

#include "punctual/core/background_loop.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>

#include "support/catch.hpp"

namespace background_loop_test {

using punctual::WakeSignal;
using punctual::detail::BackgroundLoop;

namespace {

/// Sleeps until the signal is raised.
void wait_for(WakeSignal& signal) {
  signal.consume(
      [](auto& lock, auto& condition, const auto& raised) { condition.wait(lock, raised); });
}

}  // namespace

TEST_CASE("BackgroundLoop does not run when it was not started") {
  BackgroundLoop loop;
  WakeSignal wake;
  CHECK_FALSE(loop.is_running());
  loop.stop(wake);
  CHECK_FALSE(loop.is_running());
  // A stop of a loop that does not run leaves no mark on the signal.
  CHECK_FALSE(wake.consume([](auto&, auto&, const auto&) {}));
}

TEST_CASE("BackgroundLoop steps again and again on one thread of its own when started") {
  BackgroundLoop loop;
  WakeSignal wake;
  std::latch three_steps{3};
  std::atomic<int> step_count{0};
  std::atomic<int> other_thread_count{0};
  std::thread::id first_thread;
  loop.start([&] {
    if (step_count == 0) first_thread = std::this_thread::get_id();
    if (std::this_thread::get_id() != first_thread) ++other_thread_count;
    if (++step_count <= 3) three_steps.count_down();
    if (step_count >= 3) wait_for(wake);
  });
  CHECK(loop.is_running());
  three_steps.wait();
  loop.stop(wake);
  CHECK_FALSE(loop.is_running());
  CHECK(step_count == 3);
  CHECK(other_thread_count == 0);
  CHECK(first_thread != std::this_thread::get_id());
}

TEST_CASE("BackgroundLoop wakes the present step and waits for its end when it is stopped") {
  BackgroundLoop loop;
  WakeSignal wake;
  std::promise<void> entered;
  std::atomic<bool> ended{false};
  loop.start([&] {
    entered.set_value();
    wait_for(wake);
    std::this_thread::yield();
    ended = true;
  });
  entered.get_future().wait();
  loop.stop(wake);
  CHECK(ended);
}

TEST_CASE("BackgroundLoop runs anew when it is started after a stop") {
  BackgroundLoop loop;
  WakeSignal wake;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    std::promise<void> stepped;
    std::atomic<bool> is_first{true};
    loop.start([&] {
      if (is_first.exchange(false)) stepped.set_value();
      wait_for(wake);
    });
    stepped.get_future().wait();
    CHECK(loop.is_running());
    loop.stop(wake);
    CHECK_FALSE(loop.is_running());
  }
}

TEST_CASE("BackgroundLoop leaves its thread to end alone when a step stops it") {
  WakeSignal wake;
  std::promise<void> gone;
  auto gone_future = gone.get_future();
  std::atomic<int> step_count{0};
  auto loop = std::make_shared<BackgroundLoop>();
  std::mutex owner;  // whose lock makes one of starting and stopping wait for the other
  {
    // Destroyed with the step, which the thread itself holds to its end.
    std::shared_ptr<int> held{new int{0}, [&gone](const int* value) {
                                delete value;
                                gone.set_value();
                              }};
    const std::lock_guard starting{owner};
    loop->start([&wake, &owner, &step_count, loop, held] {
      ++step_count;
      const std::lock_guard stopping{owner};
      loop->stop(wake);
    });
  }
  gone_future.wait();
  CHECK(step_count == 1);
  CHECK_FALSE(loop->is_running());
  // The mark that would have woken the step stays for whoever waits next.
  CHECK(wake.consume([](auto&, auto&, const auto&) {}));
}

}  // namespace background_loop_test
