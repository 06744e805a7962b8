// SPDX-License-Identifier: MIT
//
// A year of jobs on a fake clock takes less than a second. Optimized builds only.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <algorithm>
#include <chrono>

#include "support/catch.hpp"

namespace simulated_year_test {

using namespace std::chrono_literals;
using namespace date::literals;

namespace {

/// Lets a year of a daily and a 5-minute job happen; returns how long that took.
punctual::Duration run_year(int& run_count) {
  punctual::FakeClock clock{date::sys_days{2023_y / 1 / 1}};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  const auto body = [&](punctual::JobContext&) { ++run_count; };
  scheduler.register_job({.name = "daily", .schedule = punctual::every(24h)}, body);
  scheduler.register_job({.name = "often", .schedule = punctual::every(5min)}, body);
  const punctual::SystemClock watch;
  const auto begun_at = watch.steady_now();
  punctual::testing::run_until(scheduler, clock, date::sys_days{2024_y / 1 / 1});
  return watch.steady_now() - begun_at;
}

}  // namespace

TEST_CASE("Scheduler runs a year of a 24-hour and a 5-minute job in less than a second") {
  punctual::Duration best = punctual::Duration::max();
  for (int round = 0; round < 20 && best >= 1s; ++round) {  // the machine may be busy with others
    int run_count = 0;
    best = std::min(best, run_year(run_count));
    CHECK(run_count == 105'485);
  }
  CAPTURE(best.count());
  CHECK(best < 1s);
}

}  // namespace simulated_year_test
