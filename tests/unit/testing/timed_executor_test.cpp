// SPDX-License-Identifier: MIT

#include "punctual/testing/timed_executor.hpp"

#include <punctual/punctual.hpp>

#include <vector>

#include "support/catch.hpp"

namespace timed_executor_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::TimedExecutor;

static_assert(Executor<TimedExecutor>);
static_assert(Executor<TimedExecutor&>);

TEST_CASE("TimedExecutor runs work in the order in which it is done, not submitted") {
  std::vector<int> done;
  TimePoint end{30s};
  TimedExecutor executor{2, [&] { return end; }};
  CHECK_FALSE(executor.next_at());
  executor.submit([&] { done.push_back(1); });
  end = TimePoint{10s};
  executor.submit([&] { done.push_back(2); });
  CHECK(executor.room() == 0);
  executor.submit([&] { done.push_back(3); });
  CHECK(executor.next_at() == TimePoint{10s});
  CHECK(done.empty());
  while (executor.next_at()) executor.run_next();
  CHECK(done == std::vector<int>{2, 3, 1});
  CHECK(executor.room() == 2);
}

TEST_CASE("TimedExecutor forgets work that it is told to drop") {
  TimedExecutor executor{1, [] { return TimePoint{}; }};
  executor.submit([] { FAIL("was dropped"); });
  executor.drop_all();
  CHECK_FALSE(executor.next_at());
  CHECK_FALSE(executor.help());
  CHECK(executor.replace({}));
}

}  // namespace timed_executor_test
