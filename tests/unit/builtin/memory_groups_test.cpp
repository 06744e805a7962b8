// SPDX-License-Identifier: MIT
//
// Groups in memory: they are there while they have members.

#include "punctual/builtin/memory_groups.hpp"

#include <set>
#include <string>

#include "support/catch.hpp"

namespace memory_groups_test {

using punctual::detail::MemoryGroups;
using Members = std::set<std::string>;

TEST_CASE("MemoryGroups return the members of a group, none when there is no such group") {
  MemoryGroups<std::string> groups;
  groups.add("a", "y");
  groups.add("a", "x");
  groups.add("a", "x");
  groups.add("b", "x");
  CHECK(groups.members_of("a") == Members{"x", "y"});
  CHECK(groups.members_of("b") == Members{"x"});
  CHECK(groups.members_of("c").empty());
}

TEST_CASE("MemoryGroups drop a group when its last member is removed") {
  MemoryGroups<std::string> groups;
  groups.add("a", "x");
  groups.add("a", "y");
  groups.remove("a", "x");
  groups.remove("a", "z");
  groups.remove("b", "x");
  CHECK(groups.members_of("a") == Members{"y"});
  CHECK(groups.size() == 1);
  groups.remove("a", "y");
  CHECK(groups.size() == 0);
}

}  // namespace memory_groups_test
