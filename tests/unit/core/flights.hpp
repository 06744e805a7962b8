// SPDX-License-Identifier: MIT
//
// Flights of no scheduler: records on a clock that the test moves, for tests of the flight table
// and of the records themselves.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/uuid.hpp"
#include "punctual/core/in_flight.hpp"
#include "punctual/core/registry.hpp"
#include "punctual/domain/lease.hpp"

namespace punctual::tests {

inline constexpr TimePoint flight_start{std::chrono::seconds{1'705'284'000}};

class StillClock final : public FlightClock {
 public:
  [[nodiscard]] TimePoint now() const override { return wall.load(); }
  [[nodiscard]] Duration steady_now() const override { return steady.load(); }
  void progress_made() override { ++progress_count; }

  std::atomic<TimePoint> wall{flight_start + std::chrono::hours{1}};
  std::atomic<Duration> steady{Duration{0}};
  std::atomic<int> progress_count{0};
};

[[nodiscard]] inline RunId flight_id(std::uint64_t number) {
  UuidGenerator ids{Random{number}};
  return ids.next(flight_start);
}

[[nodiscard]] inline RegisteredJobPtr flight_job(Duration timeout = std::chrono::minutes{1},
                                                 Duration grace = std::chrono::seconds{10}) {
  auto job = std::make_shared<RegisteredJob>();
  job->config.name = "fly";
  job->config.timeout = timeout;
  job->config.timeout_grace = grace;
  return job;
}

[[nodiscard]] inline std::shared_ptr<FlightRecord> make_flight(
    FlightClock& clock, std::uint64_t number = 1, RegisteredJobPtr job = flight_job()) {
  JobRun run;
  run.id = flight_id(number);
  run.job_name = "fly";
  run.status = JobStatus::running;
  run.run_at = flight_start - std::chrono::minutes{1};
  run.started_at = flight_start;
  run.fence = 1;
  return std::make_shared<FlightRecord>(std::move(run), std::move(job), clock);
}

/// Takes the progress that a record has to be stored.
[[nodiscard]] inline Renewal taken_from(FlightRecord& flight) {
  Renewal renewal;
  flight.take_progress(renewal);
  return renewal;
}

}  // namespace punctual::tests
