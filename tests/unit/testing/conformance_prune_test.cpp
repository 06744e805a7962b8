// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_prune.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_prune_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class IgnoresTheLimit : public InMemoryStorage {
 public:
  std::size_t prune(std::size_t, TimePoint now) { return InMemoryStorage::prune(1000, now); }
};

class PrunesTooEarly : public InMemoryStorage {
 public:
  std::size_t prune(std::size_t limit, TimePoint now) {
    return InMemoryStorage::prune(limit, now + std::chrono::hours{12});
  }
};

}  // namespace

TEST_CASE("prune_checks pass on a storage that removes what nobody wants") {
  CHECK(failed_checks<InMemoryStorage>(prune_checks).empty());
}

TEST_CASE("prune_checks fail on a storage that ignores the limit") {
  CHECK(failed_checks<IgnoresTheLimit>(prune_checks) ==
        CheckNames{"prune removes no more than the limit, and the rest when it is repeated"});
}

TEST_CASE("prune_checks fail on a storage that removes runs before their time") {
  CHECK(failed_checks<PrunesTooEarly>(prune_checks) ==
        CheckNames{"prune removes ended runs when they are older than their job keeps them"});
}

}  // namespace conformance_prune_test
