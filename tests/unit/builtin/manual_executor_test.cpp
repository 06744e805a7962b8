// SPDX-License-Identifier: MIT
//
// ManualExecutor: work is done when a test says so, in the order it came.

#include "punctual/builtin/manual_executor.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace manual_executor_test {

using punctual::ManualExecutor;

TEST_CASE("ManualExecutor runs the oldest piece of work when it is stepped") {
  ManualExecutor executor;
  std::string order;
  for (const char c : {'a', 'b', 'c'}) executor.submit([&order, c] { order += c; });
  CHECK(order.empty());
  CHECK(executor.waiting_count() == 3);
  CHECK(executor.step());
  CHECK(order == "a");
  CHECK(executor.waiting_count() == 2);
  CHECK(executor.help());
  CHECK(order == "ab");
  CHECK(executor.step());
  CHECK(order == "abc");
  CHECK_FALSE(executor.step());
  CHECK_FALSE(executor.help());
}

TEST_CASE("ManualExecutor drains what is submitted meanwhile when it is drained") {
  ManualExecutor executor;
  std::string order;
  executor.submit([&] {
    order += "a";
    executor.submit([&] {
      order += "c";
      executor.submit([&] { order += "d"; });
    });
  });
  executor.submit([&] { order += "b"; });
  CHECK(executor.drain() == 4);
  CHECK(order == "abcd");
  CHECK(executor.drain() == 0);
}

TEST_CASE("ManualExecutor steps within a step when work asks for it") {
  ManualExecutor executor;
  std::string order;
  executor.submit([&] {
    order += "a";
    CHECK(executor.help());  // as a body does that waits for another run
    order += "c";
  });
  executor.submit([&] { order += "b"; });
  CHECK(executor.drain() == 1);
  CHECK(order == "abc");
}

TEST_CASE("ManualExecutor has room for what it may keep when work is waiting") {
  ManualExecutor executor{2};
  CHECK(executor.room() == 2);
  executor.submit([] {});
  CHECK(executor.room() == 1);
  executor.submit([] {});
  CHECK(executor.room() == 0);
  executor.submit([] {});  // taken all the same
  CHECK(executor.room() == 0);
  CHECK(executor.waiting_count() == 3);
  CHECK(executor.step());
  CHECK(executor.room() == 0);
  CHECK(executor.step());
  CHECK(executor.room() == 1);
  CHECK(ManualExecutor{}.room() == 1000);
}

TEST_CASE("ManualExecutor has nothing to make up for when a thread is stuck") {
  ManualExecutor executor;
  CHECK(executor.replace(std::this_thread::get_id()));
}

TEST_CASE("ManualExecutor takes its waiting work along when it is moved") {
  ManualExecutor from{3};
  std::string order;
  from.submit([&] { order += "a"; });
  from.submit([&] { order += "b"; });
  ManualExecutor to{std::move(from)};
  CHECK(to.room() == 1);
  CHECK(to.drain() == 2);
  CHECK(order == "ab");
}

TEST_CASE("ManualExecutor runs each piece of work once when several threads step it") {
  constexpr int work_count = 1000;
  ManualExecutor executor;
  std::vector<int> run_counts(work_count);
  for (int& run_count : run_counts) executor.submit([&run_count] { ++run_count; });
  std::atomic<std::size_t> drained = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { drained += executor.drain(); });
  for (auto& thread : threads) thread.join();
  CHECK(drained == work_count);
  CHECK(run_counts == std::vector<int>(work_count, 1));
}

}  // namespace manual_executor_test
