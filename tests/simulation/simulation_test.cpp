// SPDX-License-Identifier: MIT
//
// Thousands of clusters in simulated time, each under a seed of its own: nothing that the scheduler
// promises is ever broken, whatever fails. Optimized builds only.
//
//   PUNCTUAL_SIMULATION_SEEDS=100000 simulation   more seeds than the 2,000
//   PUNCTUAL_SIMULATION_SEED=1234 simulation      that seed alone, with its log

#include <punctual/punctual.hpp>
#include <punctual/testing/simulation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

namespace simulation_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::testing::Simulation;
using punctual::testing::SimulationOptions;

namespace {

constexpr Duration faulty_span = 2h;

[[nodiscard]] std::optional<std::uint64_t> number_of(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::optional{std::uint64_t{std::strtoull(text, nullptr, 10)}} : std::nullopt;
}

/// How often what happened, over all seeds.
using Totals = std::map<std::string, std::size_t>;

void add_to(Totals& totals, const Simulation& simulation) {
  const auto& troubles = simulation.troubles();
  const auto& seen = simulation.seen();
  totals["nodes: steps"] += troubles.steps;
  totals["nodes: ticks"] += troubles.ticks;
  totals["nodes: starts"] += troubles.starts;
  totals["nodes: stops"] += troubles.stops;
  totals["nodes: crashes"] += troubles.crashes;
  totals["nodes: pauses"] += troubles.pauses;
  totals["nodes: clocks set"] += troubles.clock_steps;
  totals["nodes: hangs inside of a body"] += troubles.hangs;
  totals["bodies: entered"] += troubles.bodies;
  totals["bodies: entered too late"] += troubles.late_bodies;
  totals["users: calls"] += troubles.uses;
  totals["users: calls refused"] += troubles.uses_refused;
  totals["users: cancels"] += seen.cancels;
  totals["users: pauses"] += seen.pauses;
  totals["users: unique key taken"] += seen.duplicate_keys;
  totals["storage: calls"] += troubles.faults.calls;
  totals["storage: calls refused"] += troubles.faults.refused;
  totals["storage: answers lost"] += troubles.faults.answers_lost;
  totals["storage: requests lost"] += troubles.faults.requests_lost;
  totals["storage: delays"] += troubles.faults.delays;
  totals["storage: outages"] += troubles.outages;
  totals["storage: notifications"] += troubles.faults.notifications;
  totals["storage: notifications dropped"] += troubles.faults.notifications_dropped;
  totals["runs: rows"] += seen.rows;
  totals["runs: claims"] += seen.claims;
  totals["runs: ends"] += seen.finishes;
  totals["runs: retries"] += seen.retries;
  totals["runs: rescues"] += seen.rescues;
  totals["runs: handed back"] += seen.releases;
  totals["runs: late writes refused"] += seen.stale_fences;
  totals["runs: pruned"] += seen.pruned;
  totals["schedules: late steps refused"] += seen.stale_versions;
  totals["schedules: overlaps"] += seen.overlaps;
  totals["schedules: rows for missed instants"] += seen.missed;
}

/// What the seeds brought, beside the broken promises.
struct Tally {
  Totals totals{};
  double node_hours = 0.0;
};

/// Runs one seed; returns its first broken promise, empty if there is none.
[[nodiscard]] std::string run_seed(std::uint64_t seed, Tally& tally, std::ostream* log = nullptr) {
  SimulationOptions options = punctual::tests::service_options(seed);
  options.log = log;
  const auto node_count = static_cast<double>(options.node_count);
  Simulation simulation{seed, options};
  punctual::tests::add_service(simulation);
  simulation.run(faulty_span);
  add_to(tally.totals, simulation);
  tally.node_hours += node_count * static_cast<double>(simulation.elapsed() / 1s) / 3600.0;
  const auto& broken = simulation.violations().kept();
  return broken.empty() ? "" : broken.front().to_string();
}

void print(const Tally& tally, std::uint64_t seed_count, double cpu_seconds) {
  std::cout << "simulated " << seed_count << " seeds, " << std::fixed << std::setprecision(0)
            << tally.node_hours << " node-hours in " << std::setprecision(1) << cpu_seconds
            << " s of CPU: " << std::setprecision(0) << tally.node_hours / cpu_seconds * 60.0
            << " virtual node-hours per CPU-minute\n";
  for (const auto& [what, count] : tally.totals) {
    std::cout << "  " << std::setw(38) << std::left << what << std::right << std::setw(12) << count
              << '\n';
  }
}

}  // namespace

TEST_CASE("Scheduler keeps what it promises under every seed, and everything happens that may") {
  Tally tally;
  if (const auto seed = number_of("PUNCTUAL_SIMULATION_SEED")) {
    const std::string broken = run_seed(*seed, tally, &std::cout);
    print(tally, 1, 1.0);
    CHECK(broken.empty());
    return;
  }
  const std::uint64_t seed_count = number_of("PUNCTUAL_SIMULATION_SEEDS").value_or(2000);
  const std::clock_t begun = std::clock();
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    const std::string broken = run_seed(seed, tally);
    INFO("PUNCTUAL_SIMULATION_SEED=" << seed << " shows how it came to this");
    INFO(broken);
    CHECK(broken.empty());
  }
  const auto cpu_ticks = static_cast<double>(std::clock() - begun);
  print(tally, seed_count, cpu_ticks / static_cast<double>(CLOCKS_PER_SEC));
  for (const auto& [what, count] : tally.totals) {
    CAPTURE(what);
    CHECK(count > 0);
  }
}

TEST_CASE("Simulation goes the same way under the same seed, and another way under another") {
  const auto hash_of = [](std::uint64_t seed) {
    Simulation simulation{seed, punctual::tests::service_options(seed)};
    punctual::tests::add_service(simulation);
    simulation.run(faulty_span);
    return simulation.log().hash();
  };
  std::map<std::uint64_t, std::uint64_t> seeds;  // by hash
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const std::uint64_t hash = hash_of(seed);
    CHECK(hash_of(seed) == hash);
    CHECK(seeds.emplace(hash, seed).second);
  }
}

}  // namespace simulation_test
