// SPDX-License-Identifier: MIT
//
// Who waits for which work in memory.

#include "punctual/builtin/memory_waits.hpp"

#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_waits_test {

using punctual::RunId;
using punctual::tests::id_of;
using MemoryWaits = decltype(punctual::detail::MemoryWaits{});

TEST_CASE("MemoryWaits return the runs that wait for a work, by id, once") {
  MemoryWaits waits;
  waits.add(id_of(9), id_of(1));
  waits.add(id_of(8), id_of(1));
  waits.add(id_of(9), id_of(2));
  CHECK(waits.take(id_of(3)).empty());
  CHECK(waits.take(id_of(1)) == std::vector<RunId>{id_of(8), id_of(9)});
  CHECK(waits.take(id_of(1)).empty());
  CHECK(waits.take(id_of(2)) == std::vector<RunId>{id_of(9)});
  CHECK(waits.size() == 0);
}

TEST_CASE("MemoryWaits leave a run out when it waits no longer") {
  MemoryWaits waits;
  for (const auto work : {1U, 2U, 3U}) waits.add(id_of(9), id_of(work));
  waits.add(id_of(8), id_of(2));
  waits.remove(id_of(9));
  waits.remove(id_of(7));
  CHECK(waits.take(id_of(1)).empty());
  CHECK(waits.take(id_of(2)) == std::vector<RunId>{id_of(8)});
  CHECK(waits.size() == 0);
}

}  // namespace memory_waits_test
