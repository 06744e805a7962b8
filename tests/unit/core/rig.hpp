// SPDX-License-Identifier: MIT
//
// Rig: the rooms of a scheduler on a fake clock and a storage that can be told to fail, without the
// scheduler around them. For tests of one room.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/builtin/fake_clock.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/builtin/inline_executor.hpp"
#include "punctual/builtin/manual_executor.hpp"
#include "punctual/builtin/thread_pool_executor.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/core/event.hpp"
#include "punctual/core/options.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/core/registry.hpp"
#include "support/catch.hpp"
#include "support/failing_storage.hpp"

namespace punctual::tests {

/// Returns the instant that `text` names in ISO 8601.
[[nodiscard]] inline TimePoint instant(std::string_view text) {
  const auto parsed = parse_iso8601(text);
  REQUIRE(parsed);
  return *parsed;
}

/// Returns the instants without what a change of the clocks has to do with them.
[[nodiscard]] inline std::vector<TimePoint> times_of(const std::vector<ScheduledInstant>& runs) {
  return {runs.begin(), runs.end()};
}

/// Keeps the events of a scheduler. Thread-safety: all members, from any thread.
class EventLog {
 public:
  [[nodiscard]] EventHandler handler() {
    return [this](const SchedulerEvent& event) {
      const std::lock_guard lock{mutex_};
      events_.push_back(event);
    };
  }

  [[nodiscard]] std::size_t count(SchedulerEvent::Kind kind) const {
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(
        std::count_if(events_.begin(), events_.end(),
                      [&](const SchedulerEvent& event) { return event.kind == kind; }));
  }

  [[nodiscard]] std::vector<SchedulerEvent> all() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SchedulerEvent> events_;
};

inline constexpr std::uint64_t rig_seed = 20'240'115;

/// A body that succeeds and does nothing else.
[[nodiscard]] inline JobOutcome succeed(JobContext& job) {
  return job.success();
}

template <class ExecutorT = ManualExecutor>
struct Rig {
  using Deck = detail::FlightDeck<FakeClock&, FailingStorage&, ExecutorT&>;
  using Engine = detail::Engine<FakeClock&, FailingStorage&, ExecutorT&>;
  using Book = detail::JobBook<FakeClock&, FailingStorage&, ExecutorT&>;

  template <class... ExecutorArgs>
  explicit Rig(SchedulerOptions options = {}, ExecutorArgs&&... executor_args)
      : executor(std::forward<ExecutorArgs>(executor_args)...),
        deck(std::make_shared<Deck>(clock, storage, executor, complete(std::move(options)))),
        engine(std::make_shared<Engine>(deck)) {}

  /// Registers a job and returns its entry.
  template <class Body>
  RegisteredJobPtr add(JobConfig config, Body body) {
    const std::string name = config.name;
    engine->book().add(std::move(config), make_any_body(std::move(body)));
    return engine->book().job(name);
  }

  /// Stores a pending run of a job, as a trigger does.
  RunId put(const RegisteredJobPtr& job) {
    NewRun run = planner::make_run(job->config, RunTrigger::manual, deck->parts.now(),
                                   deck->parts.next_id(deck->parts.now()));
    run.skip_if_open = false;
    REQUIRE(memory.enqueue({run}, deck->parts.now()).at(0).kind == EnqueueAnswer::Kind::stored);
    return run.id;
  }

  /// Stores a run, claims it for this node and returns it.
  [[nodiscard]] JobRun claim(const RegisteredJobPtr& job) {
    const RunId id = put(job);
    return claim_as(deck->parts.node, job, id);
  }

  JobRun claim_as(const std::string& node, const RegisteredJobPtr& job, RunId id) {
    const JobNames jobs{job->config.name};
    ClaimRequest request;
    request.node = node;
    request.jobs = &jobs;
    request.limit = 1;
    request.lease = deck->parts.options.lease;
    request.only = id;
    auto runs = memory.claim(request, deck->parts.now());
    REQUIRE(runs.size() == 1);
    return runs.front();
  }

  /// Stores a run, claims it, and hands it to the executor.
  RunId launch(const RegisteredJobPtr& job) {
    const JobRun run = claim(job);
    deck->launch(run, job, clock.steady_now());
    return run.id;
  }

  [[nodiscard]] JobRun row(RunId id) {
    const auto run = memory.run(id);
    REQUIRE(run);
    return *run;
  }
  [[nodiscard]] JobStatus status(RunId id) { return row(id).status; }
  [[nodiscard]] std::size_t event_count(SchedulerEvent::Kind kind) const {
    return events.count(kind);
  }

  FakeClock clock{instant("2024-01-15T02:00:00.000Z")};
  InMemoryStorage memory;
  FailingStorage storage{memory};
  ExecutorT executor;
  EventLog events;
  std::shared_ptr<Deck> deck;
  std::shared_ptr<Engine> engine;

 private:
  [[nodiscard]] SchedulerOptions complete(SchedulerOptions options) {
    if (!options.seed) options.seed = rig_seed;
    if (!options.on_event) options.on_event = events.handler();
    return options;
  }
};

}  // namespace punctual::tests
