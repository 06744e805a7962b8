// SPDX-License-Identifier: MIT

#include "punctual/testing/seen_counts.hpp"

#include "support/catch.hpp"

namespace seen_counts_test {

TEST_CASE("SeenCounts has seen nothing when it is made") {
  const punctual::testing::SeenCounts seen;
  for (const std::size_t count :
       {seen.rows, seen.claims, seen.finishes, seen.retries, seen.rescues, seen.releases,
        seen.stale_fences, seen.stale_versions, seen.duplicate_keys, seen.overlaps, seen.missed,
        seen.cancels, seen.pauses, seen.pruned}) {
    CHECK(count == 0);
  }
}

}  // namespace seen_counts_test
