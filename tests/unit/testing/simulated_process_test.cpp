// SPDX-License-Identifier: MIT

#include "punctual/testing/simulated_process.hpp"

#include <punctual/punctual.hpp>

#include "support/catch.hpp"

namespace simulated_process_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::SimulatedProcess;
using punctual::testing::SimulatedWorld;

TEST_CASE("SimulatedProcess has a clock of its own, and goes by the storage's all the same") {
  SimulatedWorld world{1, {}};
  world.notified = [](std::size_t) {};
  SimulatedProcess process{world,
                           4,
                           {.stand_still = [&](Duration span) { world.now += span; },
                            .wait_in_drain = [&](Duration span) { world.now += span; },
                            .end_of_next_body = [&] { return world.now + 5s; }}};
  process.line.set_rates({});
  CHECK(process.clock.now() != world.now);
  CHECK(process.storage.now(process.clock.now()) == world.now);
  CHECK(process.scheduler.node().rfind("n4-", 0) == 0);
  JobConfig config;
  config.name = "job";
  world.invariants.add_job(config);
  process.scheduler.register_job(config, [](JobContext&) {});
  const RunId id = process.scheduler.enqueue("job");
  process.scheduler.tick();
  CHECK(process.held.holds(id));
  CHECK(process.executor.next_at() == world.now + 5s);
  world.now += 5s;
  process.executor.run_next();
  CHECK(world.invariants.row(id)->completed_at == world.now);
  CHECK(world.violations.is_empty());
}

TEST_CASE("SimulatedProcess is another node each time that it is started") {
  SimulatedWorld world{1, {}};
  SimulatedProcess first{world, 0, {}};
  SimulatedProcess second{world, 0, {}};
  CHECK(first.scheduler.node() != second.scheduler.node());
}

}  // namespace simulated_process_test
