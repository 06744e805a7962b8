// SPDX-License-Identifier: MIT

#include "punctual/testing/simulated_troubles.hpp"

#include <punctual/punctual.hpp>

#include "support/catch.hpp"

namespace simulated_troubles_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::SimulatedNode;
using punctual::testing::SimulatedTroubles;
using punctual::testing::SimulatedWorld;

TEST_CASE("SimulatedTroubles brings trouble of every kind, about as often as asked") {
  SimulatedWorld world{1, {}};
  world.pass = [&](Duration span) { world.now += span; };
  world.notified = [](std::size_t) {};
  testing::SimulatedNodes nodes;
  nodes.push_back(std::make_unique<SimulatedNode>(world, std::size_t{0}));
  SimulatedNode& node = *nodes.front();
  SimulatedTroubles troubles{world};
  const TimePoint begun = world.now;
  for (int i = 0; i < 200; ++i) {
    world.now = std::max(world.now, troubles.next_at());
    while (!node.is_there()) {
      world.now = std::max(world.now, *node.next_at());
      node.act();
    }
    if (node.outage_ends_at()) node.end_outage();
    troubles.befall(node, nodes);
    CHECK(troubles.next_at() > begun);
    if (troubles.stop_at()) troubles.stop_chosen();
    CHECK_FALSE(troubles.stop_at());
    if (node.is_there()) node.act();
  }
  CHECK(world.counts.crashes > 0);
  CHECK(world.counts.pauses > 0);
  CHECK(world.counts.clock_steps > 0);
  CHECK(world.counts.outages > 0);
  CHECK(world.counts.stops > 0);
}

}  // namespace simulated_troubles_test
