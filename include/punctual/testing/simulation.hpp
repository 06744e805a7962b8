// SPDX-License-Identifier: MIT
//
// Simulation: several schedulers on one storage in simulated time, under one seed, with faults of
// every kind, and what must be true checked after each step.
//
// It runs the shipped scheduler with the jobs that it is given. The nodes' clocks are wrong, calls
// to the storage fail and take long, nodes crash, stand still, stop and come back; users call.
// When that is over, all nodes are there and nothing fails any more, and everything must go on.
// The same seed and jobs go the same way, to the last line of the log.
//
//   Simulation simulation{seed};
//   simulation.add_job({.name = "tidy", .schedule = every(1min)}, body);
//   simulation.run(2h);
//   for (const auto& violation : simulation.violations().kept()) ...
//
// Bodies are run on this thread, at the instant at which their simulated work is done. They must do
// the same things when the simulation is repeated: no clock but the context's, no randomness but a
// seeded one.
//
// Thread-safety: none; distinct simulations may be on different threads.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/policy/job.hpp"
#include "punctual/testing/liveness_invariants.hpp"
#include "punctual/testing/simulated_node.hpp"
#include "punctual/testing/simulated_troubles.hpp"
#include "punctual/testing/simulated_users.hpp"
#include "punctual/testing/simulated_world.hpp"

namespace punctual::testing {

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, const SimulationOptions& options = {})
      : world_(seed, options),
        troubles_(world_),
        users_(world_) {
    world_.pass = [this](Duration span) { run_until(world_.now + span); };
    world_.notified = [this](std::size_t from) { notify_all_but(from); };
    world_.invariants.on_change([this](const RowChange& change) {
      world_.log.add(-1, to_string(change.operation), change.row().id.to_string(),
                     static_cast<std::int64_t>(change.row().fence));
    });
    for (std::size_t i = 0; i < world_.options.node_count; ++i) {
      nodes_.push_back(std::make_unique<SimulatedNode>(world_, i));
    }
  }

  /// Adds a job that nodes may have. Before `run`.
  ///
  /// Errors: as `Scheduler::register_job`, from `run`.
  template <JobBody Body>
  void add_job(JobConfig config, Body body) {
    world_.invariants.add_job(config);
    world_.jobs.push_back({std::move(config), make_any_body(std::move(body))});
  }

  /// Lets `span` pass with faults, then `quiet_period` without any, then stops all nodes. Once.
  void run(Duration span) {
    run_until(world_.now + span);
    world_.invariants.sweep();
    if (!world_.violations.is_empty()) return;
    heal();
    run_quietly();
    if (!world_.violations.is_empty()) return;
    stop_all();
    world_.invariants.sweep();
    nothing_is_running();
  }

  [[nodiscard]] const Violations& violations() const noexcept { return world_.violations; }
  [[nodiscard]] const TroubleCounts& troubles() const noexcept { return world_.counts; }
  [[nodiscard]] const SeenCounts& seen() const noexcept { return world_.invariants.seen(); }
  [[nodiscard]] const SimulationLog& log() const noexcept { return world_.log; }

  /// How long the simulation has lasted, in true time.
  [[nodiscard]] Duration elapsed() const { return world_.now - world_.options.start_at; }

  /// A generator that bodies may draw from.
  [[nodiscard]] Random& random() noexcept { return world_.random; }

 private:
  /// What happens next, and when.
  struct Next {
    enum class Kind : std::uint8_t { nothing, node, outage_end, trouble, stop, use };
    TimePoint at = TimePoint::max();
    Kind kind = Kind::nothing;
    SimulatedNode* node = nullptr;
  };

  /// Lets everything happen up to `until`. Also from inside of what happens: the nodes that are in
  /// the midst of something are left out then. Once a promise is broken nothing happens any more:
  /// what follows from that says little.
  void run_until(TimePoint until) {
    while (true) {
      const Next next = find_next();
      if (next.at > until || !world_.violations.is_empty()) break;
      world_.now = std::max(world_.now, next.at);
      ++world_.counts.steps;
      perform(next);
    }
    world_.now = std::max(world_.now, until);
  }

  [[nodiscard]] Next find_next() const;
  void perform(const Next& next);

  /// Returns one of the nodes that are there; null if none is.
  [[nodiscard]] SimulatedNode* any_node() {
    std::vector<SimulatedNode*> there;
    for (const auto& node : nodes_) {
      if (node->is_there()) there.push_back(node.get());
    }
    return there.empty() ? nullptr : there[world_.below(there.size())];
  }

  void notify_all_but(std::size_t from) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i != from) nodes_[i]->nudge();
    }
  }

  void heal();
  void run_quietly();
  void stop_all();
  void look_at_liveness();
  void nothing_is_running();

  SimulatedWorld world_;
  SimulatedTroubles troubles_;
  SimulatedUsers users_;
  SimulatedNodes nodes_;
  std::vector<RunId> open_at_heal_{};
  std::vector<RunId> probes_{};
};

inline Simulation::Next Simulation::find_next() const {
  using Kind = Next::Kind;
  Next next;
  const auto consider = [&](std::optional<TimePoint> at, Kind kind, SimulatedNode* node = nullptr) {
    if (at && *at < next.at) next = {*at, kind, node};
  };
  for (const auto& node : nodes_) {
    consider(node->next_at(), Kind::node, node.get());
    consider(node->outage_ends_at(), Kind::outage_end, node.get());
  }
  if (world_.is_healed) return next;
  consider(troubles_.next_at(), Kind::trouble);
  consider(troubles_.stop_at(), Kind::stop);
  if (!world_.jobs.empty()) consider(users_.next_at(), Kind::use);
  return next;
}

inline void Simulation::perform(const Next& next) {
  switch (next.kind) {
    case Next::Kind::node:
      return next.node->act();
    case Next::Kind::outage_end:
      return next.node->end_outage();
    case Next::Kind::stop:
      return troubles_.stop_chosen();
    default:
      break;
  }
  SimulatedNode* node = any_node();
  if (node == nullptr) {
    troubles_.plan_next();  // all are down, or in the midst of something
    users_.plan_next();
  } else if (next.kind == Next::Kind::trouble) {
    troubles_.befall(*node, nodes_);
  } else {
    users_.use(*node);
  }
}

inline void Simulation::heal() {
  world_.log.add(-1, "heals");
  world_.is_healed = true;
  for (const auto& node : nodes_) node->heal();
  for (const auto& [id, run] : world_.invariants.rows()) {
    if (!is_terminal(run.status) && run.job_name != SimulatedUsers::unknown_job) {
      open_at_heal_.push_back(id);
    }
  }
  run_until(world_.now + Duration{1});  // those that were down come up
  if (!nodes_.empty() && nodes_.front()->is_there()) users_.settle(*nodes_.front());
}

inline void Simulation::run_quietly() {
  const TimePoint until = world_.now + world_.options.quiet_period;
  run_until(world_.now + 3 * world_.options.lease + std::chrono::minutes{1});
  while (world_.now < until) {
    if (const auto id = users_.hand_in_probe()) probes_.push_back(*id);
    run_until(world_.now + std::chrono::minutes{1});
    look_at_liveness();
  }
  accepted_runs_end(world_.invariants, open_at_heal_, world_.violations);
}

/// In the midst of some work, if there is any: it is to be handed back.
inline void Simulation::stop_all() {
  const auto holds_runs = [](const auto& node) { return node->holds_runs(); };
  const TimePoint latest = world_.now + std::chrono::minutes{1};
  while (world_.now < latest && std::none_of(nodes_.begin(), nodes_.end(), holds_runs)) {
    run_until(world_.now + std::chrono::milliseconds{100});
  }
  for (const auto& node : nodes_) {
    if (node->is_there()) node->stop();
  }
}

inline void Simulation::look_at_liveness() {
  const Duration within = world_.options.poll_period + std::chrono::seconds{2};
  no_schedule_is_silent(world_.invariants, world_.memory.summaries(), within, world_.now,
                        world_.violations);
  expired_leases_are_taken(world_.invariants, within, world_.now, world_.violations);
  polling_finds_work(world_.invariants, probes_, within, world_.violations);
  probes_.clear();
}

/// A shutdown in good order hands back what it does not end.
inline void Simulation::nothing_is_running() {
  for (const auto& [id, run] : world_.invariants.rows()) {
    if (run.status != JobStatus::running) continue;
    world_.violations.add(
        "stop_leaves_nothing_running",
        "run " + id.to_string() + " of job \"" + run.job_name + "\" is still held by " + run.node);
  }
}

}  // namespace punctual::testing
