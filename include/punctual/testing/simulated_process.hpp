// SPDX-License-Identifier: MIT
//
// SimulatedProcess: one life of a simulated node: a scheduler with a clock, a line to the shared
// storage and an executor of its own, as a process has them from its start to its end.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "punctual/base/time.hpp"
#include "punctual/core/scheduler.hpp"
#include "punctual/testing/drifting_clock.hpp"
#include "punctual/testing/faulty_storage.hpp"
#include "punctual/testing/held_leases.hpp"
#include "punctual/testing/simulated_world.hpp"
#include "punctual/testing/timed_executor.hpp"
#include "punctual/testing/watched_storage.hpp"

namespace punctual::testing {

class SimulatedProcess {
 public:
  using Line = FaultyStorage<SimulatedWorld::SharedStorage&>;
  using NodeStorage = WatchedStorage<Line, HeldLeases>;
  using NodeScheduler = Scheduler<DriftingClock&, NodeStorage&, TimedExecutor&>;

  /// What the process asks of the node that it runs on.
  struct Hooks {
    std::function<void(Duration)> stand_still{};    ///< a call to the storage takes long
    std::function<void(Duration)> wait_in_drain{};  ///< the scheduler waits in its shutdown
    std::function<TimePoint()> end_of_next_body{};
  };

  /// Borrows the world; draws from it how wrong the clock is.
  SimulatedProcess(SimulatedWorld& world, std::size_t index, Hooks hooks)
      : held{world.now, world.options.lease, world.violations},
        line{world.storage, line_options(world, index, std::move(hooks.stand_still))},
        storage{line, held},
        clock{world.now, draw_offset(world), draw_drift(world), std::move(hooks.wait_in_drain)},
        executor{world.options.room, std::move(hooks.end_of_next_body)},
        scheduler{clock, storage, executor, scheduler_options(world, index)} {}

  HeldLeases held;
  Line line;
  NodeStorage storage;
  DriftingClock clock;
  TimedExecutor executor;
  NodeScheduler scheduler;
  std::set<std::string> known{};     ///< the jobs that it has registered
  std::set<std::string> disabled{};  ///< those of them that it has disabled
  bool is_stopped = false;

 private:
  [[nodiscard]] static FaultyStorageOptions line_options(
      SimulatedWorld& world, std::size_t index, std::function<void(Duration)> stand_still) {
    FaultyStorageOptions options;
    if (!world.is_healed) options.rates = world.options.rates;
    options.seed = world.random();
    options.clock = [&world] { return world.now; };
    options.wait = std::move(stand_still);
    options.notify = [&world, index] { world.notified(index); };
    options.poll_period = world.options.poll_period;
    return options;
  }

  [[nodiscard]] static SchedulerOptions scheduler_options(SimulatedWorld& world,
                                                          std::size_t index) {
    SchedulerOptions options;
    options.node = "n" + std::to_string(index);
    options.lease = world.options.lease;
    options.stop_grace = world.options.stop_grace;
    options.prune_period = std::chrono::minutes{10};
    options.batch_max = std::size_t{1} << world.below(9);
    options.seed = world.random();
    return options;
  }

  [[nodiscard]] static Duration draw_offset(SimulatedWorld& world) {
    const Duration most = world.options.clock_offset_max;
    return world.span_up_to(2 * most) - most;
  }
  [[nodiscard]] static std::int64_t draw_drift(SimulatedWorld& world) {
    const std::uint64_t most = world.options.drift_ppm_max;
    return static_cast<std::int64_t>(world.random.up_to(2 * most)) -
           static_cast<std::int64_t>(most);
  }
};

}  // namespace punctual::testing
