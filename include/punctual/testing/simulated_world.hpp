// SPDX-License-Identifier: MIT
//
// SimulatedWorld: what the nodes of a simulation share: the true time, the storage, the jobs, and
// those who watch.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <utility>
#include <vector>

#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/core/registry.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/testing/body_invariants.hpp"
#include "punctual/testing/faulty_storage.hpp"
#include "punctual/testing/invariants.hpp"
#include "punctual/testing/simulation_log.hpp"
#include "punctual/testing/violation.hpp"
#include "punctual/testing/watched_storage.hpp"

namespace punctual::testing {

struct SimulationOptions {
  std::size_t node_count = 3;
  TimePoint start_at{std::chrono::seconds{1'704'067'200}};  ///< 2024-01-01T00:00:00Z
  Duration lease = std::chrono::seconds{30};
  Duration poll_period = std::chrono::seconds{5};  ///< how often nodes look for others' work
  Duration stop_grace = std::chrono::minutes{2};
  std::size_t room = 16;                              ///< bodies at a time on one node
  Duration work_max = std::chrono::seconds{60};       ///< the longest body; most take a tenth of it
  Duration trouble_period = std::chrono::minutes{2};  ///< between crashes, pauses, outages; mean
  Duration use_period = std::chrono::seconds{20};     ///< between calls by users; mean
  Duration quiet_period = std::chrono::minutes{15};   ///< without faults, in which all must go on
  FaultRates rates{.refused = 5,
                   .answer_lost = 5,
                   .request_lost = 3,
                   .delayed = 10,
                   .notification_dropped = 300,
                   .delay_max = std::chrono::seconds{2}};
  std::uint64_t drift_ppm_max = 200;                  ///< of the nodes' monotonic clocks
  Duration clock_offset_max = std::chrono::hours{2};  ///< of the nodes' wall clocks
  Duration clock_step_max = std::chrono::hours{6};    ///< when one is set
  std::ostream* log = nullptr;                        ///< every line of the log; null: none
};

/// What happened to the nodes.
struct TroubleCounts {
  std::size_t steps = 0;
  std::size_t ticks = 0;
  std::size_t bodies = 0;
  std::size_t late_bodies = 0;  ///< entered after the run had been taken over
  std::size_t hangs = 0;        ///< a node stood still inside of a body
  std::size_t crashes = 0;
  std::size_t pauses = 0;
  std::size_t clock_steps = 0;
  std::size_t outages = 0;
  std::size_t stops = 0;
  std::size_t starts = 0;
  std::size_t uses = 0;
  std::size_t uses_refused = 0;
  FaultCounts faults{};
};

struct SimulatedJob {
  JobConfig config{};
  AnyBody body{};
};

struct SimulatedWorld {
  using SharedStorage = WatchedStorage<InMemoryStorage, Invariants>;

  SimulatedWorld(std::uint64_t seed, const SimulationOptions& chosen)
      : options(chosen),
        random(seed),
        now(options.start_at),
        log(now, options.log) {}

  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  SimulationOptions options;
  Random random;
  TimePoint now;  ///< the true time
  SimulationLog log;
  Violations violations{now};
  InMemoryStorage memory{};
  Invariants invariants{memory, now, violations};
  BodyInvariants bodies{violations};
  SharedStorage storage{memory, invariants};
  std::vector<SimulatedJob> jobs{};
  TroubleCounts counts{};
  bool is_healed = false;  ///< no more faults

  std::function<void(Duration)> pass{};         ///< lets true time pass, and the others act
  std::function<void(std::size_t)> notified{};  ///< a node wrote something for others to do

  /// True in `per_mille` of a thousand cases.
  [[nodiscard]] bool draws(std::uint32_t per_mille) { return random.up_to(999) < per_mille; }

  /// Returns a number below `bound`.
  [[nodiscard]] std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(random.up_to(static_cast<std::uint64_t>(bound) - 1));
  }

  /// Returns a span of 1 ms to `most`.
  [[nodiscard]] Duration span_up_to(Duration most) {
    const Duration::rep bound = most < Duration{1} ? 0 : most.count() - 1;
    return Duration{1 +
                    static_cast<Duration::rep>(random.up_to(static_cast<std::uint64_t>(bound)))};
  }

  /// Returns a span of at most `most`, one in eight of them long, the others a tenth of that.
  [[nodiscard]] Duration mostly_short(Duration most) {
    return below(8) == 0 ? span_up_to(most) : span_up_to(most / 10);
  }
};

}  // namespace punctual::testing
