// SPDX-License-Identifier: MIT
//
// redis::Storage answers as InMemoryStorage does, whatever the two are told.
//
//   PUNCTUAL_TWIN_SEEDS=1000 redis "*whatever*"   more seeds than the 10

#include <cstdint>
#include <cstdlib>
#include <string>

#include "punctual/redis/storage.hpp"
#include "support/caller_timed.hpp"
#include "support/catch.hpp"
#include "support/twin_storages.hpp"
#include "unit/redis/temporary_keys.hpp"

namespace redis_twin_test {

using namespace punctual;

TEST_CASE("redis::Storage answers as InMemoryStorage does whatever both are told") {
  const char* seeds = std::getenv("PUNCTUAL_TWIN_SEEDS");
  const std::uint64_t count = seeds == nullptr ? 10 : std::strtoull(seeds, nullptr, 10);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    redis::test::TemporaryKeys keys;
    tests::CallerTimed<redis::Storage, redis::Options> storage{keys.options()};
    INFO("seed " << seed);
    REQUIRE(tests::TwinStorages{storage, seed}.run(250) == "");
  }
}

}  // namespace redis_twin_test
