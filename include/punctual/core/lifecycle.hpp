// SPDX-License-Identifier: MIT
//
// Lifecycle: starting, and above all stopping.
//
// Stopping goes in one order: nothing new, ask the bodies to stop, go on keeping their leases and
// storing their ends while they do, hand back what is left. Leases end last, so that no other node
// starts a run whose body is still at work here.
//
// Thread-safety: all members, from any thread, also from inside bodies.

#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/active_run.hpp"
#include "punctual/core/background_loop.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/policy/storage.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class Lifecycle {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;
  using EngineT = Engine<ClockT, StorageT, ExecutorT>;

  Lifecycle(std::shared_ptr<Deck> deck, std::shared_ptr<EngineT> engine)
      : deck_(std::move(deck)),
        engine_(std::move(engine)) {}

  void start() {
    const std::lock_guard lock{mutex_};
    engine_->require_open();
    if (loop_.is_running()) return;
    deck_->relay_through([engine = std::weak_ptr{engine_}] {
      const auto living = engine.lock();
      return living && living->launch_next();
    });
    loop_.start([deck = deck_, engine = engine_] {
      auto& clock = deck->parts.clock;
      deck->lag.woke(clock.steady_now());
      const TickReport report = engine->tick();
      if (engine->is_let_go()) return;
      const TimePoint now = clock.now();
      const TimePoint latest = add_clamped(now, planner::sleep_max);
      const TimePoint wake_at = std::min(report.next_wake_at.value_or(latest), latest);
      deck->lag.sleeps_until(clock.steady_now() + std::max(wake_at - now, Duration{0}));
      clock.wait_until(wake_at, deck->wake);
    });
    engine_->set_has_loop(true);
    if constexpr (WatchableStorage<StorageT>) {
      watch_ = deck_->parts.storage.watch([deck = std::weak_ptr{deck_}] {
        if (const auto living = deck.lock()) living->wake.raise();
      });
    }
  }

  void request_stop() {
    engine_->close();
    deck_->begin_stop();
    deck_->wake.raise();
  }

  StopReport stop(Duration grace) {
    if (ActiveRun::depth(deck_.get()) > 0) {
      throw Error{"WOULD_DEADLOCK",
                  "stop() waits for running bodies and was called inside of one; call "
                  "request_stop() there"};
    }
    return shut_down(grace);
  }

  /// As `stop`, but may be called inside a body, which is then not waited for.
  StopReport shut_down(Duration grace) {
    request_stop();
    const std::lock_guard lock{mutex_};
    if (is_stopped_) return {};
    is_stopped_ = true;
    if (ActiveRun::depth(deck_.get()) > 0) engine_->let_go();
    engine_->set_has_loop(false);
    watch_.reset();
    loop_.stop(deck_->wake);
    deck_->lag.ended();
    drain(grace);
    return {.abandoned = deck_->abandon(), .unrecorded = deck_->unsaved()};
  }

 private:
  /// Waits for bodies; meanwhile this thread does what the loop did.
  void drain(Duration grace) {
    auto& clock = deck_->parts.clock;
    const Duration started_at = clock.steady_now();
    while (true) {
      engine_->tick();  // it is closed: it keeps what is running, and starts nothing
      if (is_quiet()) return;
      const Duration left = grace - (clock.steady_now() - started_at);
      if (left <= Duration{0}) return;
      const Duration step = std::min(left, deck_->next_step().value_or(left));
      clock.wait_until(add_clamped(clock.now(), std::max(step, Duration{1})), deck_->wake);
    }
  }

  /// True if no body runs and no end waits to be stored; looked at in the order in which a run goes
  /// through these. Inside of a body this thread is itself one that has not settled.
  [[nodiscard]] bool is_quiet() const {
    const auto& table = deck_->table;
    if (table.started_elsewhere_count() > 0) return false;
    if (ActiveRun::depth(deck_.get()) == 0 && table.settling_count() > 0) return false;
    return !deck_->has_unsaved();
  }

  std::shared_ptr<Deck> deck_;
  std::shared_ptr<EngineT> engine_;
  std::mutex mutex_;
  BackgroundLoop loop_;
  Late<std::shared_ptr<void>, ClockT> watch_;  ///< lets other processes wake the loop
  bool is_stopped_ = false;
};

}  // namespace punctual::detail
