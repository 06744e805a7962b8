// SPDX-License-Identifier: MIT
//
// SimulatedNode: one host of a simulation, with the scheduler that runs on it.
//
// A node is up, paused (its process stands still and is not told of it), or down. Each time that it
// comes up it is a new process: with a clock, a line to the storage, and a set of jobs of its own.
// What it does is ticks, and bodies that come to their ends.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/testing/simulated_process.hpp"
#include "punctual/testing/simulated_world.hpp"

namespace punctual::testing {

class SimulatedNode {
 public:
  using NodeScheduler = SimulatedProcess::NodeScheduler;

  SimulatedNode(SimulatedWorld& world, std::size_t index) : world_(world), index_(index) {}
  ~SimulatedNode() { crash(); }

  SimulatedNode(const SimulatedNode&) = delete;
  SimulatedNode& operator=(const SimulatedNode&) = delete;

  [[nodiscard]] bool is_up() const noexcept { return process_ != nullptr; }
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
  [[nodiscard]] bool is_busy() const noexcept { return is_busy_; }
  /// True if something can be asked of it now.
  [[nodiscard]] bool is_there() const noexcept { return is_up() && !is_paused_ && !is_busy_; }

  /// When it has something to do next; nullopt while it is in the midst of doing something.
  [[nodiscard]] std::optional<TimePoint> next_at() const {
    if (is_busy_) return std::nullopt;
    if (!is_up() || is_paused_) return back_at_;
    return std::min(tick_at_, process_->executor.next_at().value_or(tick_at_));
  }

  /// Does what it has to do next.
  void act();

  /// Looks again within a moment.
  void nudge() { tick_at_ = std::min(tick_at_, world_.now + world_.span_up_to(moment)); }

  // --- what may befall it; it must be there
  void crash();
  void crash_after(std::size_t calls) { process_->line.sever_after(calls); }
  void fail_next(StorageOperation operation, FaultKind kind) {
    process_->line.fail_next(operation, kind);
  }
  void pause(Duration span);
  void step_clock(Duration span) { process_->clock.step(span); }
  void begin_outage(StorageOperation operation, Duration span);
  void stop();

  /// When an operation that does not work now will again; nullopt if all do.
  [[nodiscard]] std::optional<TimePoint> outage_ends_at() const {
    return outage_ ? std::optional{outage_until_} : std::nullopt;
  }
  void end_outage() {
    process_->line.set_outage(*outage_, false);
    outage_.reset();
  }

  /// True if it has ends of runs, or runs, that it must keep.
  [[nodiscard]] bool holds_runs() const { return is_up() && process_->held.count() > 0; }

  /// Ends what keeps it from working well; a node that is down comes up at once.
  void heal();

  /// Calls `use(scheduler)`, as a user on this host would. Returns what it returned, nullopt if the
  /// storage refused it.
  template <class Use>
  auto use(Use&& use) -> std::optional<decltype(use(std::declval<NodeScheduler&>()))>;

  /// The jobs that it has registered and disabled.
  [[nodiscard]] std::set<std::string>& disabled() { return process_->disabled; }
  [[nodiscard]] bool knows(const std::string& job_name) const {
    return is_up() && process_->known.contains(job_name);
  }

 private:
  static constexpr Duration moment{50};
  static constexpr std::size_t idle_ticks_max = 100;

  /// Marks the node as in the midst of something.
  class Busy {
   public:
    explicit Busy(SimulatedNode& node) : node_(node) { node_.is_busy_ = true; }
    ~Busy() { node_.is_busy_ = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    SimulatedNode& node_;
  };

  void log(std::string_view what, std::string_view about = {}, std::int64_t number = 0) {
    world_.log.add(static_cast<int>(index_), what, about, number);
  }

  void start();
  void register_jobs(bool all);
  void tick();
  void idle_nodes_sleep(bool did_something);
  void end_body();
  void resume();
  void bury_if_dead();
  void stand_still(Duration span);
  void wait_in_drain(Duration span);
  [[nodiscard]] TimePoint end_of_next_body();
  JobOutcome run_body(const AnyBody& body, JobContext& job);

  SimulatedWorld& world_;
  std::size_t index_;
  std::unique_ptr<SimulatedProcess> process_;
  TimePoint tick_at_{};
  TimePoint back_at_{};
  TimePoint paused_at_{};
  TimePoint idle_since_{};
  std::size_t idle_tick_count_ = 0;
  bool is_paused_ = false;
  bool is_busy_ = false;
  std::optional<StorageOperation> outage_{};
  TimePoint outage_until_{};
};

inline void SimulatedNode::act() {
  const Busy busy{*this};
  if (!is_up()) {
    start();
  } else if (is_paused_) {
    resume();
  } else {
    const auto body_at = process_->executor.next_at();
    const bool body_is_next = body_at && *body_at <= world_.now;
    // Both are overdue: a node that stood still does either first.
    const bool both = body_is_next && tick_at_ <= world_.now;
    if (both ? world_.draws(500) : body_is_next) {
      end_body();
    } else {
      tick();
    }
  }
  bury_if_dead();
}

inline void SimulatedNode::start() {
  ++world_.counts.starts;
  log("starts");
  process_ = std::make_unique<SimulatedProcess>(
      world_, index_,
      SimulatedProcess::Hooks{.stand_still = [this](Duration span) { stand_still(span); },
                              .wait_in_drain = [this](Duration span) { wait_in_drain(span); },
                              .end_of_next_body = [this] { return end_of_next_body(); }});
  register_jobs(world_.is_healed);
  tick_at_ = world_.now;
}

/// Not every process has every job: those of an older or newer release do not.
inline void SimulatedNode::register_jobs(bool all) {
  for (const auto& job : world_.jobs) {
    const bool is_wanted = world_.draws(800) || all;
    if (!is_wanted || process_->known.contains(job.config.name)) continue;
    if (process_->line.is_severed()) return;
    process_->known.insert(job.config.name);
    process_->scheduler.register_job(job.config, [this, body = &job.body](JobContext& context) {
      return run_body(*body, context);
    });
  }
}

inline void SimulatedNode::tick() {
  ++world_.counts.ticks;
  const TickReport report = process_->scheduler.tick();
  process_->held.leases_are_renewed_while_held();
  Duration sleep = std::chrono::seconds{60};
  if (report.next_wake_at) sleep = std::min(sleep, *report.next_wake_at - process_->clock.now());
  if (report.did_something()) sleep = Duration{1};
  tick_at_ = world_.now + std::max(sleep, Duration{1});
  idle_nodes_sleep(report.did_something());
  if (report.error) log("tick failed", report.error->what());
}

/// A loop that finds nothing to do waits, and does not ask the storage over and over.
inline void SimulatedNode::idle_nodes_sleep(bool did_something) {
  if (did_something || world_.now - idle_since_ > std::chrono::seconds{1}) {
    idle_since_ = world_.now;
    idle_tick_count_ = 0;
  }
  if (++idle_tick_count_ < idle_ticks_max) return;
  world_.violations.add("idle_nodes_sleep", "node " + process_->scheduler.node() + " ticked " +
                                                std::to_string(idle_tick_count_) +
                                                " times in a second, with nothing to do");
}

inline void SimulatedNode::end_body() {
  process_->executor.run_next();
  nudge();
}

inline void SimulatedNode::pause(Duration span) {
  ++world_.counts.pauses;
  log("pauses", {}, span.count());
  is_paused_ = true;
  paused_at_ = world_.now;
  back_at_ = world_.now + span;
}

inline void SimulatedNode::resume() {
  log("resumes");
  is_paused_ = false;
  process_->held.was_away(world_.now - paused_at_);
  tick_at_ = world_.now;
}

inline void SimulatedNode::begin_outage(StorageOperation operation, Duration span) {
  if (outage_) return;
  ++world_.counts.outages;
  log("outage of", to_string(operation), span.count());
  outage_ = operation;
  outage_until_ = world_.now + span;
  process_->line.set_outage(operation, true);
}

/// The process dies: nothing of what its scheduler does from here on is seen by anyone.
inline void SimulatedNode::crash() {
  if (!process_) return;
  world_.counts.faults += process_->line.counts();
  process_->line.sever();
  process_->clock.detach();
  process_->executor.drop_all();
  process_.reset();
  is_paused_ = false;
  outage_.reset();
  back_at_ = world_.now + world_.span_up_to(std::chrono::minutes{2});
}

inline void SimulatedNode::bury_if_dead() {
  if (!process_ || !process_->line.is_severed()) return;
  ++world_.counts.crashes;
  log("crashes");
  crash();
}

inline void SimulatedNode::stop() {
  const Busy busy{*this};
  ++world_.counts.stops;
  log("stops");
  const TimePoint asked_at = world_.now;
  process_->held.begin_stop();
  process_->scheduler.stop();
  process_->held.leases_are_renewed_while_held();
  process_->is_stopped = true;
  while (process_->executor.next_at()) process_->executor.run_next();  // no body may be entered
  const Duration took = world_.now - asked_at;
  log("stopped after", {}, took.count());
  if (world_.is_healed && took > world_.options.stop_grace + std::chrono::seconds{1}) {
    world_.violations.add("stop_returns", "after " + std::to_string(took.count()) + " ms");
  }
  crash();
}

inline void SimulatedNode::heal() {
  outage_.reset();
  back_at_ = std::min(back_at_, world_.now);
  if (!process_) return;
  process_->line.heal();
  const Busy busy{*this};
  register_jobs(true);
}

/// The node waits for an answer of the storage, or inside of a body, and does nothing else.
inline void SimulatedNode::stand_still(Duration span) {
  const TimePoint from = world_.now;
  world_.pass(span);
  process_->held.was_away(world_.now - from);
}

/// The node waits in its shutdown, and would wake at the end of it; others may hold it up longer.
inline void SimulatedNode::wait_in_drain(Duration span) {
  const TimePoint until = world_.now + span;
  process_->held.leases_are_renewed_while_held();
  world_.pass(span);
  process_->held.was_away(world_.now - until);
}

inline TimePoint SimulatedNode::end_of_next_body() {
  const Duration most = world_.is_healed ? std::chrono::seconds{2} : world_.options.work_max;
  return world_.now + world_.mostly_short(most);
}

inline JobOutcome SimulatedNode::run_body(const AnyBody& body, JobContext& job) {
  ++world_.counts.bodies;
  const JobRun& run = job.run();
  log("enters", run.id.to_string(), static_cast<std::int64_t>(run.fence));
  if (world_.bodies.entered(run, world_.invariants.row(run.id), process_->is_stopped)) {
    ++world_.counts.late_bodies;
  }
  if (!world_.is_healed && world_.draws(15)) {
    ++world_.counts.hangs;
    log("hangs");
    stand_still(world_.mostly_short(3 * world_.options.lease));
  }
  const LeaseRef lease{run.id, run.fence};
  try {
    JobOutcome outcome = body(job);
    world_.invariants.policies().body_left(lease, world_.now, outcome.retry_after);
    return outcome;
  } catch (...) {
    world_.invariants.policies().body_left(lease, world_.now, std::nullopt);
    throw;
  }
}

template <class Use>
auto SimulatedNode::use(Use&& use) -> std::optional<decltype(use(std::declval<NodeScheduler&>()))> {
  const Busy busy{*this};
  std::optional<decltype(use(process_->scheduler))> answer;
  ++world_.counts.uses;
  try {
    answer = use(process_->scheduler);
  } catch (const Error& error) {
    ++world_.counts.uses_refused;
    log("use refused", error.what());
  }
  nudge();
  bury_if_dead();
  return answer;
}

using SimulatedNodes = std::vector<std::unique_ptr<SimulatedNode>>;

}  // namespace punctual::testing
