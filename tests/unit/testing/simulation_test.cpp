// SPDX-License-Identifier: MIT

#include "punctual/testing/simulation.hpp"

#include <punctual/punctual.hpp>

#include <sstream>
#include <string>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

namespace simulation_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::Simulation;
using punctual::testing::SimulationOptions;

TEST_CASE("Simulation keeps the scheduler's promises, whatever befalls the nodes") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Simulation simulation{seed, tests::service_options(seed)};
    tests::add_service(simulation);
    simulation.run(30min);
    for (const auto& violation : simulation.violations().kept()) {
      FAIL_CHECK(violation.to_string());
    }
    CHECK(simulation.elapsed() >= 45min);
    CHECK(simulation.troubles().bodies > 0);
    CHECK(simulation.seen().rows > 0);
  }
}

TEST_CASE("Simulation goes the same way, to the last line of its log, under the same seed") {
  const auto log_of = [](std::uint64_t seed) {
    std::ostringstream out;
    SimulationOptions options;
    options.log = &out;
    Simulation simulation{seed, options};
    tests::add_service(simulation);
    simulation.run(10min);
    return out.str() + std::to_string(simulation.log().hash());
  };
  const std::string log = log_of(1);
  CHECK(log == log_of(1));
  CHECK(log != log_of(2));
}

TEST_CASE("Simulation runs the jobs that it is given, beside all that befalls their nodes") {
  SimulationOptions options;
  options.start_at = TimePoint{1'000'000h};
  Simulation simulation{5, options};
  int body_count = 0;
  simulation.add_job({.name = "tidy", .schedule = every(1min)}, [&](JobContext&) { ++body_count; });
  simulation.run(1h);
  CHECK(body_count > 30);
  CHECK(simulation.violations().is_empty());
}

TEST_CASE("Simulation without jobs and without nodes comes to its end") {
  SimulationOptions options;
  options.node_count = 0;
  Simulation nobody{1, options};
  nobody.run(1h);
  CHECK(nobody.violations().is_empty());
  Simulation idle{1};
  idle.run(1h);
  CHECK(idle.violations().is_empty());
}

}  // namespace simulation_test
