// SPDX-License-Identifier: MIT

#include "punctual/testing/embedded_harness.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/testing/storage_harness.hpp"
#include "support/catch.hpp"

namespace embedded_harness_test {

using namespace punctual;
using namespace punctual::testing;

using MemoryHarness = EmbeddedHarness<InMemoryStorage>;

static_assert(StorageHarness<MemoryHarness>);
static_assert(TurnsTimeBack<MemoryHarness>);
static_assert(!OpensSecondHandle<MemoryHarness>);

TEST_CASE("EmbeddedHarness makes an empty storage each time") {
  MemoryHarness harness;
  const auto first = harness.make();
  first->enqueue({{.id = RunId{{1}}, .job_name = "alpha"}}, harness.now());
  CHECK(first->runs({}).size() == 1);
  CHECK(harness.make()->runs({}).empty());
}

TEST_CASE("EmbeddedHarness moves its time only when it is told to") {
  MemoryHarness harness;
  const TimePoint start = harness.now();
  CHECK(harness.now() == start);
  harness.advance(std::chrono::hours{2});
  CHECK(harness.now() == start + std::chrono::hours{2});
  harness.turn_back(std::chrono::hours{3});
  CHECK(harness.now() == start - std::chrono::hours{1});
}

}  // namespace embedded_harness_test
