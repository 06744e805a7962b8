// SPDX-License-Identifier: MIT

#include "punctual/testing/simulation_log.hpp"

#include <punctual/punctual.hpp>

#include <sstream>

#include "support/catch.hpp"

namespace simulation_log_test {

using namespace std::chrono_literals;
using punctual::TimePoint;
using punctual::testing::SimulationLog;

TEST_CASE("SimulationLog writes each line with its time, and the node that did it") {
  TimePoint now{1s};
  std::ostringstream out;
  SimulationLog log{now, &out};
  log.add(2, "enters", "run", 7);
  log.add(-1, "heals");
  CHECK(out.str() ==
        "1970-01-01T00:00:01.000Z  n2  enters run 7\n"
        "1970-01-01T00:00:01.000Z  heals\n");
  CHECK(log.count() == 2);
}

TEST_CASE("SimulationLog has another hash when anything of a line differs, or their order") {
  TimePoint now{1s};
  const auto hash_of = [&](auto&&... write) {
    SimulationLog log{now};
    (write(log), ...);
    return log.hash();
  };
  const auto line = [](SimulationLog& log) { log.add(1, "ticks", "a", 5); };
  const auto other = [](SimulationLog& log) { log.add(2, "ticks", "a", 5); };
  CHECK(hash_of(line) == hash_of(line));
  CHECK(hash_of(line, other) != hash_of(other, line));
  CHECK(hash_of(line) != hash_of(other));
  CHECK(hash_of(line) != hash_of([](SimulationLog& log) { log.add(1, "ticked", "a", 5); }));
  CHECK(hash_of(line) != hash_of([](SimulationLog& log) { log.add(1, "ticks", "b", 5); }));
  CHECK(hash_of(line) != hash_of([](SimulationLog& log) { log.add(1, "ticks", "a", 6); }));
  const auto before = hash_of(line);
  now += 1ms;
  CHECK(hash_of(line) != before);
}

}  // namespace simulation_log_test
