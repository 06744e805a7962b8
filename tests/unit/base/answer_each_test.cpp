// SPDX-License-Identifier: MIT
//
// answer_each: as many answers as items, in their order.

#include "punctual/base/answer_each.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace answer_each_test {

using punctual::answer_each;

TEST_CASE("answer_each answers every item in order when there are some") {
  std::vector<int> asked;
  const auto answers = answer_each(std::vector<int>{3, 1, 2}, [&](int item) {
    asked.push_back(item);
    return std::string(static_cast<std::size_t>(item), 'x');
  });
  CHECK(answers == std::vector<std::string>{"xxx", "x", "xx"});
  CHECK(asked == std::vector<int>{3, 1, 2});
}

TEST_CASE("answer_each answers nothing when there is nothing") {
  CHECK(answer_each(std::vector<int>{}, [](int) { return 1; }).empty());
}

TEST_CASE("answer_each stops when an answer throws") {
  int count = 0;
  const auto refuse_second = [&](int item) {
    if (++count == 2) throw item;
    return item;
  };
  CHECK_THROWS_AS(answer_each(std::vector<int>{1, 2, 3}, refuse_second), int);
  CHECK(count == 2);
}

}  // namespace answer_each_test
