// SPDX-License-Identifier: MIT
//
// A service to simulate: jobs of every kind, their schedules and policies drawn from the seed, and
// bodies that succeed, fail, throw and give up.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "punctual/base/random.hpp"
#include "punctual/policy/job_context.hpp"
#include "punctual/schedule/backoff.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/testing/simulation.hpp"

namespace punctual::tests {

/// A body that does anything that a body may do, drawn from `random`.
[[nodiscard]] inline JobOutcome act_at_random(JobContext& job, Random& random) {
  if (job.stop_requested()) return job.interrupted();
  switch (random.up_to(15)) {
    case 0:
    case 1:
      return job.failure("SIMULATED", "failed");
    case 2:
      throw std::runtime_error{"thrown"};
    case 3:
      return job.skipped("NOTHING_TO_DO");
    case 4:
      return job.retry_in(std::chrono::seconds{5});
    case 5:
      return job.discard("SIMULATED", "failed for good");
    case 6:
      job.progress(0.5, "half");
      return job.success();
    default:
      return job.success();
  }
}

[[nodiscard]] inline Schedule draw_schedule(Random& random) {
  using namespace std::chrono_literals;
  switch (random.up_to(6)) {
    case 0:
      return every(20s);
    case 1:
      return every(97s);
    case 2:
      return cron("*/2 * * * *");
    case 3:
      return cron("5,35 0/1 * * * *").jitter(3s);
    case 4:
      return every_after_finish(45s);
    case 5:
      return cron("*/10 * * * *");
    default:
      return {};
  }
}

[[nodiscard]] inline JobConfig draw_job(Random& random, const std::string& name) {
  using namespace std::chrono_literals;
  JobConfig config;
  config.name = name;
  config.schedule = draw_schedule(random);
  config.run_on_startup = random.up_to(4) == 0;
  config.timeout = random.up_to(2) == 0 ? 10s : 1h;
  config.retry.max_attempts = 1 + static_cast<std::uint32_t>(random.up_to(2));
  config.retry.backoff = random.up_to(3) == 0
                             ? Backoff::exponential(2s, 1min)
                             : Backoff::fixed(std::chrono::seconds{random.up_to(20)});
  config.overlap = static_cast<OverlapPolicy>(random.up_to(5));
  const MissedPolicy missed[] = {MissedPolicy::run_once, MissedPolicy::skip,
                                 MissedPolicy::run_all(3), MissedPolicy::run_once.within(5min)};
  config.missed = missed[random.up_to(3)];
  config.priority = static_cast<int>(random.up_to(4)) - 2;
  if (random.up_to(3) == 0) config.concurrency = {.max = 2, .key = "shared"};
  config.retention = {.period = 30min, .keep_last = 5};
  return config;
}

/// Clusters of 2 to 4 nodes, quick and slow to notice.
[[nodiscard]] inline testing::SimulationOptions service_options(std::uint64_t seed) {
  Random random{~seed};
  testing::SimulationOptions options;
  options.node_count = static_cast<std::size_t>(2 + random.up_to(2));
  options.lease = std::chrono::seconds{10 + 10 * random.up_to(4)};
  options.poll_period = std::chrono::seconds{2 + random.up_to(6)};
  return options;
}

/// Adds 4 to 8 jobs to `simulation`.
inline void add_service(testing::Simulation& simulation) {
  Random& random = simulation.random();
  const std::uint64_t count = 4 + random.up_to(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    simulation.add_job(draw_job(random, "job-" + std::to_string(i)),
                       [&random](JobContext& job) { return act_at_random(job, random); });
  }
}

}  // namespace punctual::tests
