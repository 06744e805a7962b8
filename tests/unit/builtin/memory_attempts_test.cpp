// SPDX-License-Identifier: MIT
//
// The attempts of pieces of work in memory.

#include "punctual/builtin/memory_attempts.hpp"

#include <optional>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_attempts_test {

using punctual::RunId;
using punctual::tests::id_of;
using MemoryAttempts = decltype(punctual::detail::MemoryAttempts{});

TEST_CASE("MemoryAttempts return the last attempt of a work when it has further ones") {
  MemoryAttempts attempts;
  CHECK_FALSE(attempts.last(id_of(5)));
  attempts.add(id_of(5), 3, id_of(7));
  attempts.add(id_of(5), 2, id_of(8));  // the number decides, not the id
  attempts.add(id_of(6), 2, id_of(9));
  CHECK(attempts.last(id_of(5)) == id_of(7));
  CHECK(attempts.last(id_of(6)) == id_of(9));
  CHECK_FALSE(attempts.last(id_of(4)));
  CHECK_FALSE(attempts.last(id_of(7)));
  CHECK(attempts.last_first(id_of(5)) == std::vector<RunId>{id_of(7), id_of(8)});
  CHECK(attempts.last_first(id_of(4)).empty());
}

TEST_CASE("MemoryAttempts know of a later attempt until it is removed") {
  MemoryAttempts attempts;
  attempts.add(id_of(5), 2, id_of(7));
  attempts.add(id_of(5), 3, id_of(8));
  CHECK(attempts.has_later(id_of(5), 1));
  CHECK(attempts.has_later(id_of(5), 2));
  CHECK_FALSE(attempts.has_later(id_of(5), 3));
  CHECK_FALSE(attempts.has_later(id_of(4), 1));
  attempts.remove(id_of(5), 3, id_of(8));
  CHECK_FALSE(attempts.has_later(id_of(5), 2));
  attempts.remove(id_of(5), 2, id_of(7));
  CHECK_FALSE(attempts.has_later(id_of(5), 1));
  CHECK(attempts.size() == 0);
}

}  // namespace memory_attempts_test
