// SPDX-License-Identifier: MIT
//
// find_cycle: the circle that it finds, or none, whatever the depth.

#include "punctual/base/cycle.hpp"

#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace cycle_test {

using punctual::detail::find_cycle;
using Graph = std::map<std::string, std::vector<std::string>>;

TEST_CASE("find_cycle names the circle when there is one, and nothing otherwise") {
  struct Row {
    const char* subject;
    Graph prerequisites;
    const char* cycle;
  };
  const std::vector<Row> table = {
      {"nothing", {}, ""},
      {"one that waits for nothing", {{"a", {}}}, ""},
      {"a name that is no key", {{"a", {"x"}}}, ""},
      {"a line", {{"a", {"b"}}, {"b", {"c"}}, {"c", {}}}, ""},
      {"a diamond", {{"d", {"b", "c"}}, {"b", {"a"}}, {"c", {"a"}}}, ""},
      {"one name twice", {{"a", {"b", "b"}}, {"b", {}}}, ""},
      {"itself", {{"a", {"a"}}}, "a -> a"},
      {"itself among others", {{"a", {"b", "a"}}, {"b", {}}}, "a -> a"},
      {"two", {{"a", {"b"}}, {"b", {"a"}}}, "a -> b -> a"},
      {"three", {{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}, "a -> b -> c -> a"},
      {"without what leads to it", {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}, "b -> c -> b"},
      {"behind ways that end",
       {{"a", {"x", "b"}}, {"x", {"y"}}, {"y", {}}, {"b", {"y", "a"}}},
       "a -> b -> a"},
      {"apart from the rest", {{"a", {}}, {"y", {"z"}}, {"z", {"y"}}}, "y -> z -> y"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(find_cycle(row.prerequisites) == row.cycle);
  }
}

TEST_CASE("find_cycle follows a line of any length without recursion") {
  static constexpr int length = 100'000;
  Graph line;
  for (int i = 0; i < length; ++i) line[std::to_string(i)] = {std::to_string(i + 1)};
  CHECK(find_cycle(line).empty());
  line[std::to_string(length)] = {"0"};
  CHECK(find_cycle(line).ends_with(" -> 0"));
}

}  // namespace cycle_test
