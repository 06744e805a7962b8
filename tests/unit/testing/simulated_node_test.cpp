// SPDX-License-Identifier: MIT

#include "punctual/testing/simulated_node.hpp"

#include <punctual/punctual.hpp>

#include <algorithm>
#include <string>

#include "support/catch.hpp"

namespace simulated_node_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::SimulatedNode;
using punctual::testing::SimulatedWorld;
using punctual::testing::SimulationOptions;
using punctual::testing::StorageOperation;

namespace {

[[nodiscard]] SimulationOptions calm() {
  SimulationOptions options;
  options.rates = {};
  options.lease = 30s;
  options.work_max = 40s;
  return options;
}

/// One node with one job every minute, which takes up to 40 s, and nothing that befalls it.
struct Bench {
  Bench() {
    JobConfig config;
    config.name = "job";
    config.schedule = every(1min);
    config.overlap = OverlapPolicy::queue_all;
    world.invariants.add_job(config);
    world.jobs.push_back({config, [this](JobContext& job) {
                            ++body_count;
                            return job.success();
                          }});
    world.pass = [this](Duration span) { world.now += span; };
    world.notified = [](std::size_t) {};
    while (!node.knows("job")) {  // a process does not have every job
      node.crash();
      node.heal();
      node.act();
    }
  }

  void run_for(Duration span) {
    const TimePoint until = world.now + span;
    while (node.next_at() && *node.next_at() <= until) {
      world.now = std::max(world.now, *node.next_at());
      node.act();
    }
    world.now = std::max(world.now, until);
  }

  [[nodiscard]] std::string broken() const {
    return world.violations.is_empty() ? "" : world.violations.kept().front().to_string();
  }

  SimulatedWorld world{7, calm()};
  int body_count = 0;
  SimulatedNode node{world, 0};
};

}  // namespace

TEST_CASE("SimulatedNode runs its scheduler's jobs, each body at the end of its time") {
  Bench bench;
  bench.run_for(1h);
  CHECK(bench.body_count > 50);
  CHECK(bench.world.counts.bodies == static_cast<std::size_t>(bench.body_count));
  CHECK(bench.broken().empty());
  CHECK(bench.world.invariants.seen().rescues == 0);
}

TEST_CASE("SimulatedNode leaves everything as it is when it crashes, and comes back") {
  Bench bench;
  while (!bench.node.holds_runs()) bench.run_for(1s);
  const auto releases = bench.world.invariants.seen().releases;
  bench.node.crash();
  CHECK_FALSE(bench.node.is_up());
  CHECK(bench.world.invariants.seen().releases == releases);
  bench.node.heal();
  bench.world.is_healed = true;
  bench.run_for(10min);
  CHECK(bench.node.is_there());
  CHECK(bench.world.invariants.seen().rescues == 1);
  CHECK(bench.broken().empty());
}

TEST_CASE("SimulatedNode dies in the midst of what it does when its line is severed") {
  Bench bench;
  bench.node.crash_after(1);
  bench.run_for(2min);
  CHECK(bench.world.counts.crashes == 1);
}

TEST_CASE("SimulatedNode does nothing while it is paused, and is not blamed for that") {
  Bench bench;
  while (!bench.node.holds_runs()) bench.run_for(1s);
  const auto ticks = bench.world.counts.ticks;
  bench.node.pause(10min);
  bench.run_for(9min);
  CHECK(bench.node.is_paused());
  CHECK(bench.world.counts.ticks == ticks);
  bench.run_for(10min);
  CHECK(bench.node.is_there());
  CHECK(bench.world.counts.ticks > ticks);
  CHECK(bench.broken().empty());
}

TEST_CASE("SimulatedNode is indifferent to its wall clock being set") {
  Bench bench;
  bench.node.step_clock(5h);
  bench.run_for(1h);
  bench.node.step_clock(-9h);
  bench.run_for(1h);
  CHECK(bench.broken().empty());
  CHECK(bench.body_count > 100);
}

TEST_CASE("SimulatedNode goes on keeping its leases when it stops and cannot store an end") {
  Bench bench;
  while (!bench.node.holds_runs()) bench.run_for(1s);
  bench.node.begin_outage(StorageOperation::finish, 1h);
  CHECK(bench.node.outage_ends_at() == bench.world.now + 1h);
  bench.run_for(1min);  // the body has ended
  const TimePoint asked_at = bench.world.now;
  bench.node.stop();
  CHECK_FALSE(bench.node.is_up());
  CHECK(bench.world.now - asked_at >= bench.world.options.stop_grace - 1s);  // its clock drifts
  CHECK(bench.broken().empty());
}

TEST_CASE("SimulatedNode hands back what has not begun when it stops") {
  Bench bench;
  while (!bench.node.holds_runs()) bench.run_for(1s);
  bench.node.stop();
  CHECK(bench.world.invariants.seen().releases == 1);
  CHECK(bench.broken().empty());
}

TEST_CASE("SimulatedNode passes a user's call on, and takes a refusal for an answer") {
  Bench bench;
  const auto id = bench.node.use([](auto& scheduler) { return scheduler.enqueue("job"); });
  REQUIRE(id);
  CHECK(bench.world.invariants.row(*id) != nullptr);
  bench.node.begin_outage(StorageOperation::enqueue, 1min);
  CHECK_FALSE(bench.node.use([](auto& scheduler) { return scheduler.enqueue("job"); }));
  CHECK(bench.world.counts.uses == 2);
  CHECK(bench.world.counts.uses_refused == 1);
  bench.node.end_outage();
  CHECK(bench.node.use([](auto& scheduler) { return scheduler.enqueue("job"); }));
}

}  // namespace simulated_node_test
