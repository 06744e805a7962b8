// SPDX-License-Identifier: MIT

#include "punctual/testing/simulated_users.hpp"

#include <punctual/punctual.hpp>

#include <algorithm>

#include "support/catch.hpp"

namespace simulated_users_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::SimulatedNode;
using punctual::testing::SimulatedUsers;
using punctual::testing::SimulatedWorld;
using punctual::testing::SimulationOptions;

namespace {

/// A node with one job, and users that call it.
struct Bench {
  Bench() {
    JobConfig config;
    config.name = "job";
    world.invariants.add_job(config);
    world.jobs.push_back({config, [](JobContext& job) { return job.success(); }});
    world.pass = [this](Duration span) { world.now += span; };
    world.notified = [](std::size_t) {};
    world.is_healed = true;  // so that the node has the job, and no call is refused
    node.act();
  }

  SimulatedWorld world{3, {}};
  SimulatedNode node{world, 0};
  SimulatedUsers users{world};
};

}  // namespace

TEST_CASE("SimulatedUsers call everything that a scheduler offers") {
  Bench bench;
  for (int i = 0; i < 400; ++i) {
    bench.world.now = std::max({bench.world.now, bench.users.next_at(), *bench.node.next_at()});
    bench.node.act();
    bench.users.use(bench.node);
  }
  const auto& seen = bench.world.invariants.seen();
  CHECK(bench.world.violations.is_empty());
  CHECK(bench.world.counts.uses > 200);
  CHECK(seen.rows > 100);
  CHECK(seen.cancels > 0);
  CHECK(seen.pauses > 0);
  CHECK(seen.duplicate_keys > 0);
  const auto unknown = std::count_if(
      bench.world.invariants.rows().begin(), bench.world.invariants.rows().end(),
      [](const auto& entry) { return entry.second.job_name == SimulatedUsers::unknown_job; });
  CHECK(unknown > 0);
}

TEST_CASE("SimulatedUsers settle what they paused and disabled") {
  Bench bench;
  bench.node.use([](auto& scheduler) {
    scheduler.pause("job");
    scheduler.disable("job");
    return true;
  });
  bench.node.disabled().insert("job");
  bench.users.settle(bench.node);
  const auto* state = bench.world.invariants.schedules().state_of("job");
  REQUIRE(state != nullptr);
  CHECK(state->enabled);
  CHECK_FALSE(state->paused);
  CHECK(bench.node.disabled().empty());
}

TEST_CASE("SimulatedUsers hand in a probe that nobody is told of") {
  Bench bench;
  const auto id = bench.users.hand_in_probe();
  REQUIRE(id);
  CHECK(bench.world.invariants.row(*id)->job_name == "job");
  bench.world.jobs.front().config.concurrency.max = 1;
  CHECK_FALSE(bench.users.hand_in_probe());
}

}  // namespace simulated_users_test
