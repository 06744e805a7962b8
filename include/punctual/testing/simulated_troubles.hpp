// SPDX-License-Identifier: MIT
//
// SimulatedTroubles: what befalls the nodes of a simulation, one thing now and then: crashes,
// pauses, clocks that are set, operations that do not work, shutdowns in good order.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/testing/simulated_node.hpp"
#include "punctual/testing/simulated_world.hpp"

namespace punctual::testing {

class SimulatedTroubles {
 public:
  explicit SimulatedTroubles(SimulatedWorld& world) : world_(world) { plan_next(); }

  [[nodiscard]] TimePoint next_at() const { return next_at_; }
  void plan_next() { next_at_ = world_.now + world_.span_up_to(2 * world_.options.trouble_period); }

  /// Makes `node` the next victim. Requires: it is there; it is one of `nodes`.
  void befall(SimulatedNode& node, const SimulatedNodes& nodes) {
    plan_next();
    switch (world_.below(8)) {
      case 0:
        node.crash_after(1 + world_.below(6));  // in the midst of something
        break;
      case 1:
        kill(node);
        break;
      case 2:
      case 3:
        node.pause(pause_span());
        if (world_.draws(300)) lose_rescues(nodes);
        break;
      case 4:
        step_clock(node);
        break;
      case 5:
        break_something(node);
        break;
      case 6:
        node.stop();
        break;
      default:
        // A shutdown that cannot store the ends of its runs: it goes on keeping their leases.
        node.begin_outage(StorageOperation::finish, 5 * world_.options.lease);
        stop_at_ = world_.now + world_.span_up_to(world_.options.lease);
        stopping_ = &node;
        break;
    }
  }

  /// When the node that was chosen for it stops; nullopt if none was.
  [[nodiscard]] std::optional<TimePoint> stop_at() const { return stop_at_; }
  void stop_chosen() {
    stop_at_.reset();
    if (stopping_->is_there()) stopping_->stop();
  }

 private:
  /// As often within the lease as beyond it, when others take over what the node holds.
  [[nodiscard]] Duration pause_span() {
    const Duration lease = world_.options.lease;
    return world_.draws(500) ? world_.span_up_to(lease) : lease + world_.span_up_to(2 * lease);
  }

  /// Whoever takes over next does not get to know: the run stays as it is for another lease, and
  /// its first holder may come back meanwhile.
  static void lose_rescues(const SimulatedNodes& nodes) {
    for (const auto& node : nodes) {
      if (node->is_there()) node->fail_next(StorageOperation::take_expired, FaultKind::answer_lost);
    }
  }

  void kill(SimulatedNode& node) {
    ++world_.counts.crashes;
    node.crash();
  }

  void break_something(SimulatedNode& node) {
    const StorageOperation operation = any_operation();
    node.begin_outage(operation, world_.span_up_to(3 * world_.options.lease));
  }

  void step_clock(SimulatedNode& node) {
    ++world_.counts.clock_steps;
    const Duration span = world_.span_up_to(world_.options.clock_step_max);
    node.step_clock(world_.draws(500) ? span : -span);
  }

  [[nodiscard]] StorageOperation any_operation() {
    return static_cast<StorageOperation>(world_.below(storage_operation_count));
  }

  SimulatedWorld& world_;
  TimePoint next_at_{};
  std::optional<TimePoint> stop_at_{};
  SimulatedNode* stopping_ = nullptr;
};

}  // namespace punctual::testing
