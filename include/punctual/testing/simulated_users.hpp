// SPDX-License-Identifier: MIT
//
// SimulatedUsers: people and programs that call the schedulers of a simulation: they trigger,
// enqueue, cancel, pause, disable, try again, and hand in runs that nobody can do anything with.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/domain/message_code.hpp"
#include "punctual/testing/simulated_node.hpp"
#include "punctual/testing/simulated_world.hpp"

namespace punctual::testing {

class SimulatedUsers {
  using NodeScheduler = SimulatedNode::NodeScheduler;

 public:
  explicit SimulatedUsers(SimulatedWorld& world) : world_(world) { plan_next(); }

  /// The job of runs that no node can do anything with.
  static constexpr const char* unknown_job = "of-another-release";

  [[nodiscard]] TimePoint next_at() const { return next_at_; }
  void plan_next() { next_at_ = world_.now + world_.span_up_to(2 * world_.options.use_period); }

  /// Calls something on `node`. Requires: it is there, and there are jobs.
  void use(SimulatedNode& node);

  /// Undoes pauses and disabled jobs on `node`, which knows all jobs.
  void settle(SimulatedNode& node) {
    for (const auto& job : world_.jobs) {
      const std::string& name = job.config.name;
      node.use([&](NodeScheduler& scheduler) {
        if (job.config.enabled) scheduler.enable(name);
        scheduler.resume(name, "operator");
        return true;
      });
    }
    node.disabled().clear();
  }

  /// Hands in a run that nothing holds back, and tells nobody. Returns its id; nullopt if no job is
  /// fit for it.
  std::optional<RunId> hand_in_probe() {
    for (const auto& job : world_.jobs) {
      if (!job.config.enabled || job.config.concurrency.max > 0) continue;
      return hand_in(job.config.name, 0);
    }
    return std::nullopt;
  }

 private:
  void trigger(SimulatedNode& node, const std::string& name);
  void enqueue(SimulatedNode& node, const std::string& name);
  void cancel(SimulatedNode& node);
  void retry(SimulatedNode& node);
  void pause_or_resume(SimulatedNode& node, const std::string& name);
  void disable_or_enable(SimulatedNode& node, const std::string& name);
  RunId hand_in(const std::string& job_name, int priority);

  /// What was accepted is in the storage before the caller gets to know.
  void accepted_runs_are_stored(const std::optional<RunId>& id) {
    if (!id || world_.invariants.row(*id) != nullptr) return;
    world_.violations.add("accepted_runs_are_stored", "run " + id->to_string() + " is nowhere");
  }

  /// A run of the copy, any of them; nil if there are none.
  [[nodiscard]] RunId any_run() {
    const auto& rows = world_.invariants.rows();
    if (rows.empty()) return {};
    const auto back =
        static_cast<std::ptrdiff_t>(world_.below(std::min<std::size_t>(rows.size(), 20)));
    return std::prev(rows.end(), back + 1)->first;
  }

  SimulatedWorld& world_;
  TimePoint next_at_{};
  std::set<std::string> paused_{};
};

inline void SimulatedUsers::use(SimulatedNode& node) {
  plan_next();
  const std::string name = world_.jobs[world_.below(world_.jobs.size())].config.name;
  switch (world_.below(12)) {
    case 0:
    case 1:
    case 2:
      return trigger(node, name);
    case 3:
      return cancel(node);
    case 4:
      return retry(node);
    case 5:
    case 6:
      return pause_or_resume(node, name);
    case 7:
      return disable_or_enable(node, name);
    case 8:
      hand_in(unknown_job, 100);  // more urgent than any other
      return;
    default:
      return enqueue(node, name);
  }
}

inline void SimulatedUsers::trigger(SimulatedNode& node, const std::string& name) {
  if (!node.knows(name)) return;
  const bool is_disabled = node.disabled().contains(name);
  const auto result = node.use([&](NodeScheduler& scheduler) {
    return scheduler.trigger(name, {.actor = "operator", .wait = Duration{0}});
  });
  if (!result) return;
  accepted_runs_are_stored(result->job_id);
  if (is_disabled && result->message_code != message_code::job_disabled) {
    world_.violations.add("disabled_jobs_start_nothing",
                          "a trigger of job \"" + name + "\" was answered " + result->message_code);
  }
}

inline void SimulatedUsers::enqueue(SimulatedNode& node, const std::string& name) {
  EnqueueOptions options;
  options.actor = "program";
  if (world_.draws(400)) options.unique_key = name + "-" + std::to_string(world_.below(3));
  if (world_.draws(300)) options.run_at = world_.now + world_.span_up_to(std::chrono::minutes{5});
  if (world_.draws(300)) options.priority = static_cast<int>(world_.below(20)) - 10;
  const auto id = node.use([&](NodeScheduler& scheduler) {
    return scheduler.enqueue(name, Json{{"number", world_.below(1000)}}, options);
  });
  accepted_runs_are_stored(id);
}

inline void SimulatedUsers::cancel(SimulatedNode& node) {
  const RunId id = any_run();
  node.use([&](NodeScheduler& scheduler) { return scheduler.cancel(id, "operator"); });
}

inline void SimulatedUsers::retry(SimulatedNode& node) {
  const RunId id = any_run();
  const JobRun* run = world_.invariants.row(id);
  if (run == nullptr || !run->started_at || !is_terminal(run->status)) return;
  accepted_runs_are_stored(node.use(
      [&](NodeScheduler& scheduler) { return scheduler.retry(id, {.actor = "operator"}); }));
}

inline void SimulatedUsers::pause_or_resume(SimulatedNode& node, const std::string& name) {
  if (!node.knows(name)) return;
  const bool resumes = paused_.erase(name) > 0;
  if (!resumes) paused_.insert(name);
  node.use([&](NodeScheduler& scheduler) {
    if (resumes) {
      scheduler.resume(name, "operator", "done");
    } else {
      scheduler.pause(name, "operator", "maintenance");
    }
    return true;
  });
}

inline void SimulatedUsers::disable_or_enable(SimulatedNode& node, const std::string& name) {
  if (!node.knows(name)) return;
  const bool enables = node.disabled().contains(name);
  const auto is_done = node.use([&](NodeScheduler& scheduler) {
    if (enables) {
      scheduler.enable(name);
    } else {
      scheduler.disable(name);
    }
    return true;
  });
  if (!is_done || !node.is_up()) return;
  if (enables) {
    node.disabled().erase(name);
  } else {
    node.disabled().insert(name);
  }
}

/// Straight into the storage, as a process that is none of the nodes does.
inline RunId SimulatedUsers::hand_in(const std::string& job_name, int priority) {
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(world_.below(256));
  NewRun run;
  run.id = RunId{bytes};
  run.job_name = job_name;
  run.run_at = world_.now;
  run.priority = priority;
  world_.storage.enqueue({run}, world_.now);
  return run.id;
}

}  // namespace punctual::testing
