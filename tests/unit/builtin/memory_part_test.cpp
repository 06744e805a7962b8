// SPDX-License-Identifier: MIT
//
// MemoryPart: it reads as the default until it is written.

#include "punctual/builtin/memory_part.hpp"

#include <string>
#include <utility>

#include "support/catch.hpp"

namespace memory_part_test {

using punctual::detail::MemoryPart;

namespace {

struct Pair {
  int number = 3;
  std::string text{};
};

}  // namespace

static_assert(sizeof(MemoryPart<Pair>) == sizeof(void*));

TEST_CASE("MemoryPart takes memory only when it is written") {
  MemoryPart<Pair> part;
  CHECK(part->number == 3);
  CHECK((*part).text.empty());
  CHECK_FALSE(part.is_written());
  part.write().text = "x";
  CHECK(part.is_written());
  CHECK(part->text == "x");
  CHECK(part->number == 3);
  part.write().number = 4;
  CHECK(part->text == "x");
  const MemoryPart<Pair> moved = std::move(part);
  CHECK(moved->number == 4);
}

TEST_CASE("MemoryPart reads as the default again when it is reset") {
  MemoryPart<Pair> part;
  part.write().number = 5;
  part.reset();
  CHECK_FALSE(part.is_written());
  CHECK(part->number == 3);
}

}  // namespace memory_part_test
