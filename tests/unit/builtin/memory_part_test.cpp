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

  friend bool operator==(const Pair&, const Pair&) = default;
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

TEST_CASE("MemoryPart takes none when what is stored is the default") {
  MemoryPart<Pair> part;
  part.store({});
  CHECK_FALSE(part.is_written());
  part.store({.number = 5});
  CHECK(part->number == 5);
  part.store({.number = 3});
  CHECK_FALSE(part.is_written());
  CHECK(part->number == 3);
  part.write().number = 5;
  part.reset();
  CHECK_FALSE(part.is_written());
}

TEST_CASE("MemoryPart is equal to another when both read alike, written or not") {
  MemoryPart<Pair> a;
  MemoryPart<Pair> b;
  CHECK(a == b);
  a.write().number = 3;
  CHECK(a == b);
  a.write().number = 4;
  CHECK_FALSE(a == b);
}

}  // namespace memory_part_test
