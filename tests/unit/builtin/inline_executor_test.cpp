// SPDX-License-Identifier: MIT
//
// InlineExecutor: work is done when submit returns.

#include "punctual/builtin/inline_executor.hpp"

#include <string>
#include <thread>

#include "support/catch.hpp"

namespace inline_executor_test {

using punctual::InlineExecutor;

TEST_CASE("InlineExecutor runs work on the submitting thread before submit returns") {
  InlineExecutor executor;
  std::thread::id ran_on;
  executor.submit([&] { ran_on = std::this_thread::get_id(); });
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("InlineExecutor runs work within work when work submits more") {
  InlineExecutor executor;
  std::string order;
  executor.submit([&] {
    order += "a";
    executor.submit([&] { order += "b"; });
    order += "c";
  });
  CHECK(order == "abc");
}

TEST_CASE("InlineExecutor has room for one, nothing waiting and nothing to make up for") {
  InlineExecutor executor;
  CHECK(executor.room() == 1);
  CHECK_FALSE(executor.help());
  CHECK(executor.replace(std::this_thread::get_id()));
  std::size_t room_within = 0;
  executor.submit([&] { room_within = executor.room(); });
  CHECK(room_within == 1);
}

}  // namespace inline_executor_test
