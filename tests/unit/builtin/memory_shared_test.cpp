// SPDX-License-Identifier: MIT
//
// MemoryShared: one copy of equal values, for as long as somebody has it.

#include "punctual/builtin/memory_shared.hpp"

#include <string>

#include "support/catch.hpp"

namespace memory_shared_test {

using punctual::detail::MemoryShared;

TEST_CASE("MemoryShared keeps one copy of equal values until each is given back") {
  MemoryShared<std::string> texts;
  const std::string* first = texts.take("daily");
  const std::string* other = texts.take("hourly");
  CHECK(*first == "daily");
  CHECK(*other == "hourly");
  CHECK(texts.take("daily") == first);
  CHECK(texts.size() == 2);
  texts.give_back(first);
  CHECK(texts.size() == 2);
  CHECK(*first == "daily");
  texts.give_back(first);
  CHECK(texts.size() == 1);
  texts.give_back(other);
  CHECK(texts.size() == 0);
}

}  // namespace memory_shared_test
