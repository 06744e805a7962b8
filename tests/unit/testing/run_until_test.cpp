// SPDX-License-Identifier: MIT

#include "punctual/testing/run_until.hpp"

#include <punctual/punctual.hpp>

#include <vector>

#include "support/catch.hpp"

namespace run_until_test {

using namespace std::chrono_literals;
using namespace date::literals;
using punctual::TimePoint;

TEST_CASE("run_until lets everything happen at its time, up to the instant and not past it") {
  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 1}};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  std::vector<TimePoint> started;
  punctual::JobConfig config{.name = "job", .schedule = punctual::cron("0 6 * * *")};
  config.retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(10min)};
  scheduler.register_job(config, [&](punctual::JobContext& job) {
    started.push_back(clock.now());
    return job.attempt() == 1 ? job.failure() : job.success();
  });
  const TimePoint end = date::sys_days{2024_y / 1 / 3} + 6h;
  punctual::testing::run_until(scheduler, clock, end);
  CHECK(clock.now() == end);
  const TimePoint first = date::sys_days{2024_y / 1 / 1} + 6h;
  CHECK(started ==
        std::vector<TimePoint>{first, first + 10min, first + 24h, first + 24h + 10min, end});
}

TEST_CASE("run_until runs a year of a 24-hour and a 5-minute job") {
  punctual::FakeClock clock{date::sys_days{2023_y / 1 / 1}};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  int daily = 0;
  int often = 0;
  scheduler.register_job({.name = "daily", .schedule = punctual::every(24h)},
                         [&](punctual::JobContext&) { ++daily; });
  scheduler.register_job({.name = "often", .schedule = punctual::every(5min)},
                         [&](punctual::JobContext&) { ++often; });
  punctual::testing::run_until(scheduler, clock, date::sys_days{2024_y / 1 / 1});
  CHECK(daily == 365);
  CHECK(often == 105'120);
  CHECK(scheduler.runs({.status = punctual::JobStatus::skipped}).empty());
}

}  // namespace run_until_test
