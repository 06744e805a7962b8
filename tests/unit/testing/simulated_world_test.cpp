// SPDX-License-Identifier: MIT

#include "punctual/testing/simulated_world.hpp"

#include <punctual/punctual.hpp>

#include "support/catch.hpp"

namespace simulated_world_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::SimulatedWorld;

TEST_CASE("SimulatedWorld draws the same under the same seed, within the bounds asked for") {
  SimulatedWorld world{1, {}};
  SimulatedWorld same{1, {}};
  for (int i = 0; i < 1000; ++i) {
    const Duration span = world.span_up_to(10ms);
    CHECK(span >= 1ms);
    CHECK(span <= 10ms);
    CHECK(same.span_up_to(10ms) == span);
    CHECK(world.below(3) < 3);
    CHECK(same.below(3) < 3);
    CHECK(world.draws(1000));
    CHECK(same.draws(1000));
    CHECK_FALSE(world.draws(0));
    CHECK_FALSE(same.draws(0));
    CHECK(world.mostly_short(100ms) <= 100ms);
    CHECK(same.mostly_short(100ms) <= 100ms);
  }
  CHECK(world.span_up_to(0ms) == 1ms);
}

TEST_CASE("SimulatedWorld shows every write to its storage to the invariants") {
  SimulatedWorld world{1, {}};
  NewRun run;
  run.job_name = "job";
  run.run_at = world.now;
  world.storage.enqueue({run}, world.now);
  CHECK(world.invariants.row(run.id) != nullptr);
  run.id = RunId{{1}};
  world.storage.enqueue({run}, world.now - 1s);
  CHECK(world.violations.kept().at(0).invariant == "the_storage_clock_decides");
}

}  // namespace simulated_world_test
