// SPDX-License-Identifier: MIT
//
// Engine: one tick of the scheduler. Asks the storage what is due, asks the planner what to do
// about it, and does it.
//
// A tick is short and never waits for a body, unless the executor runs bodies on the spot. An idle
// tick costs the storage one question. Whatever fails in a tick is reported and tried again later.
//
// Thread-safety: all members, from any thread; one tick at a time, others return at once.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/active_run.hpp"
#include "punctual/core/due_planner.hpp"
#include "punctual/core/flight_deck.hpp"
#include "punctual/core/job_book.hpp"
#include "punctual/core/launcher.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/core/tick_report.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class Engine {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;

  explicit Engine(std::shared_ptr<Deck> deck)
      : deck_(std::move(deck)),
        parts_(deck_->parts),
        book_(*deck_),
        launcher_(deck_, book_) {}

  /// The jobs that this scheduler has registered.
  [[nodiscard]] JobBook<ClockT, StorageT, ExecutorT>& book() noexcept { return book_; }

  TickReport tick();

  /// As the launcher's.
  bool claim_one(RunId run_id, const RegisteredJobPtr& job, bool here) {
    return launcher_.claim_one(run_id, job, here);
  }
  bool launch_next() noexcept { return launcher_.launch_next(); }

  /// From now on nothing is claimed or fired.
  void close() { launcher_.close(); }
  [[nodiscard]] bool is_closed() const noexcept { return launcher_.is_closed(); }

  /// The scheduler was destroyed inside of a body: the tick that is under way, if any, is not to
  /// touch its parts again, which may be gone as soon as that body's end is stored.
  void let_go() { is_let_go_.store(true); }
  [[nodiscard]] bool is_let_go() const noexcept { return is_let_go_.load(); }

  /// Errors: SCHEDULER_STOPPED.
  void require_open() const {
    if (!is_closed()) return;
    throw Error{"SCHEDULER_STOPPED",
                "the scheduler is stopping or has stopped; nothing is accepted any more"};
  }

  /// Whether a background loop ticks; where none does, those who wait have to.
  void set_has_loop(bool has_loop) { has_loop_.store(has_loop); }
  [[nodiscard]] bool has_loop() const noexcept { return has_loop_.load(); }

 private:
  void step(TickReport& report);
  void keep_running();
  void watch_clock();
  void run_startups(TimePoint now);
  [[nodiscard]] bool is_startup_spaced(const std::string& name, TimePoint now);
  void fire(TickReport& report, const JobNames& jobs, TimePoint now);
  void rescue(TickReport& report, const JobNames& jobs, TimePoint now, Duration steady);
  void prune(TickReport& report, const JobNames& jobs, TimePoint now, Duration steady);
  void plan_next(TickReport& report, const WakeTimes& wake = {}, Duration storage_lead = {});

  std::shared_ptr<Deck> deck_;
  Parts<ClockT, StorageT, ExecutorT>& parts_;
  JobBook<ClockT, StorageT, ExecutorT> book_;
  Launcher<ClockT, StorageT, ExecutorT> launcher_;
  std::atomic<bool> is_let_go_{false};
  std::atomic<bool> is_ticking_{false};
  std::atomic<bool> has_loop_{false};

  // Of the one tick at a time:
  std::optional<TimePoint> last_wall_{};  // what both clocks showed at the last tick
  Duration last_steady_{};
  Duration rescue_from_{};  // monotonic; no rescue before
  Duration prune_from_{};   // monotonic
};

template <class C, class S, class E>
TickReport Engine<C, S, E>::tick() {
  TickReport report;
  // From inside a body a tick would wait for nothing good: whoever entered the body goes on
  // ticking.
  if (ActiveRun::depth(deck_.get()) > 0 || is_ticking_.exchange(true)) {
    report.next_wake_at = parts_.clock.now() + std::chrono::milliseconds{100};
    return report;
  }
  try {
    Parts<C, S, E>::guarded([&] { step(report); });
  } catch (const Error& error) {
    parts_.note_failure(error);
    report.error = error;
    report.has_more = false;
    if (!is_let_go()) plan_next(report);
  }
  is_ticking_.store(false);
  return report;
}

template <class C, class S, class E>
void Engine<C, S, E>::step(TickReport& report) {
  const Duration steady = parts_.clock.steady_now();
  if (const auto pause = parts_.trouble.pause(steady); pause && *pause > Duration{0}) {
    deck_->check_deadlines();
    plan_next(report);
    return;
  }
  keep_running();
  const TimePoint now = parts_.now();
  if (is_closed()) {
    plan_next(report);
    return;
  }
  book_.sync_leftovers();
  run_startups(now);
  const auto jobs = book_.names();
  WakeTimes wake = parts_.storage.next_wake(*jobs, now);
  if (wake.due_at && *wake.due_at <= now) fire(report, *jobs, now);
  if (wake.expires_at && *wake.expires_at <= now) rescue(report, *jobs, now, steady);
  const bool has_ready = wake.run_at && *wake.run_at <= now;
  if (has_ready || report.did_something()) {
    const auto claimed = launcher_.claim_ready(*jobs);
    report.claimed += claimed.count;
    report.has_more = report.has_more || claimed.has_more;
  }
  if (is_let_go()) return;
  prune(report, *jobs, now, steady);
  if (!deck_->has_unsaved()) parts_.note_success();
  if (report.did_something() || report.pruned > 0) {
    wake = parts_.storage.next_wake(*jobs, parts_.now());
  }
  const TimePoint wall = parts_.clock.now();
  plan_next(report, wake, parts_.storage.now(wall) - wall);
}

/// Looks after the runs in flight. Leases come before deadlines: after a pause of the whole
/// process, one that nobody took is renewed, and nothing is stopped for it.
template <class C, class S, class E>
void Engine<C, S, E>::keep_running() {
  try {
    watch_clock();
    deck_->renew(false);
  } catch (...) {
    deck_->check_deadlines();
    throw;
  }
  deck_->check_deadlines();
  deck_->flush();
}

/// Notices when the wall clock was set. Leases of embedded storages are written in wall time, so
/// all of ours are renewed at once, and for one lease nobody else's is taken to have expired: its
/// owner, who sees the same clock, renews it meanwhile.
template <class C, class S, class E>
void Engine<C, S, E>::watch_clock() {
  const Duration lease = parts_.options.lease;
  const Duration before = parts_.clock.steady_now();
  const TimePoint now = parts_.now();
  const Duration after = parts_.clock.steady_now();
  if (after - before > lease / 6) return;  // this thread was away between the readings
  const Duration jump = last_wall_ ? (now - *last_wall_) - (before - last_steady_) : Duration{0};
  const bool has_jumped = std::chrono::abs(jump) >= lease / 3;
  if (has_jumped) {
    rescue_from_ = after + lease;
    deck_->renew(true);  // if that fails, the next tick sees the jump again
  }
  last_wall_ = now;
  last_steady_ = before;
  if (!has_jumped) return;
  parts_.emit(SchedulerEvent::Kind::clock_jumped, {}, {},
              "the wall clock moved by " + std::to_string(jump.count()) +
                  " ms more than the time that passed");
}

template <class C, class S, class E>
void Engine<C, S, E>::run_startups(TimePoint now) {
  for (const auto& name : book_.startups()) {
    const auto job = book_.job(name);
    if (job->config.enabled && is_startup_spaced(name, now) && !book_.state_of(*job).paused) {
      NewRun run = planner::make_run(job->config, RunTrigger::startup, now, parts_.next_id(now));
      run.unique_key = "startup:" + name;  // nodes that start together make one run
      parts_.storage.enqueue({run}, now);
    }
    book_.startup_done(name);
  }
}

template <class C, class S, class E>
bool Engine<C, S, E>::is_startup_spaced(const std::string& name, TimePoint now) {
  const auto last = parts_.storage.runs(
      {.job_name = name, .trigger = RunTrigger::startup, .limit = 1, .with_details = false});
  return last.empty() || now - last.front().created_at >= parts_.options.startup_spacing;
}

template <class C, class S, class E>
void Engine<C, S, E>::fire(TickReport& report, const JobNames& jobs, TimePoint now) {
  const auto due = parts_.storage.due_schedules(jobs, parts_.options.batch_max, now);
  LateVector<Advance, C> advances;
  advances.reserve(due.size());
  for (const auto& state : due) {
    const auto entry = book_.find_job(state.job_name);
    if (!entry) continue;
    advances.push_back(parts_.with_generators([&](UuidGenerator& ids, Random&) {
      return planner::plan_due(state, entry->config, now, ids);
    }));
  }
  if (advances.empty()) return;
  const auto answers = parts_.storage.advance(advances, now);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].advanced) ++report.fired;
    if (answers[i].advanced) deck_->make_way_for(advances[i].rows, book_.job(advances[i].job_name));
    if (answers[i].conflict_count == 0) continue;
    parts_.emit(SchedulerEvent::Kind::due_conflict, advances[i].job_name, {},
                "a due instant had been answered before; its second row was left out");
  }
  report.has_more = report.has_more || due.size() == parts_.options.batch_max;
}

template <class C, class S, class E>
void Engine<C, S, E>::rescue(TickReport& report, const JobNames& jobs, TimePoint now,
                             Duration steady) {
  if (steady < rescue_from_) return;
  const RescueRequest request{
      .jobs = &jobs, .limit = parts_.options.batch_max, .lease = parts_.options.lease};
  const auto runs = parts_.storage.take_expired(request, now);
  // Nothing to take, yet something has expired: another node was faster, or it has just been
  // renewed. Not at every tick.
  if (runs.empty()) rescue_from_ = steady + std::chrono::seconds{1};
  LateVector<Completion, C> completions;
  completions.reserve(runs.size());
  for (const auto& run : runs) {
    const auto entry = book_.find_job(run.job_name);
    if (!entry) continue;
    completions.push_back(parts_.with_generators([&](UuidGenerator& ids, Random& random) {
      return planner::plan_abandoned(run, entry->config, now, ids, random);
    }));
    parts_.emit(SchedulerEvent::Kind::run_abandoned, run.job_name, run.id,
                "its lease ran out: node " + run.node + " went away, or could not record its end");
  }
  if (completions.empty()) return;
  parts_.storage.finish(completions, now);
  for (const auto& run : runs) deck_->waiters.notify(run.id);
  report.rescued += completions.size();
  report.has_more = report.has_more || runs.size() == parts_.options.batch_max;
}

template <class C, class S, class E>
void Engine<C, S, E>::prune(TickReport& report, const JobNames& jobs, TimePoint now,
                            Duration steady) {
  if (steady < prune_from_) return;
  const std::size_t limit = parts_.options.batch_max;
  report.pruned = parts_.storage.prune(limit, now);
  const ExpiryRequest request{
      .jobs = &jobs, .limit = limit, .age = parts_.options.unknown_job_expiry};
  const std::size_t expired_count = parts_.storage.expire_unknown(request, now);
  if (report.pruned == limit || expired_count == limit) return;
  prune_from_ = steady + std::min(parts_.options.prune_period, request.age / 4);
}

/// `wake` is in the time of the storage's clock, which is ahead of ours by `storage_lead`. Whoever
/// sleeps does so by ours.
template <class C, class S, class E>
void Engine<C, S, E>::plan_next(TickReport& report, const WakeTimes& wake, Duration storage_lead) {
  const TimePoint now = add_clamped(parts_.clock.now(), storage_lead);
  const Duration steady = parts_.clock.steady_now();
  planner::SleepView view;
  view.wake = wake;
  view.has_room = parts_.executor.room() > 0;
  view.is_blocked = launcher_.is_blocked(wake.run_at);
  view.blocked_pause = book_.blocked_pause();
  view.rescue_hold = std::max(rescue_from_ - steady, Duration{0});
  view.poll_period = parts_.storage.poll_period();
  view.next_flight = deck_->next_step();
  view.next_attempt = parts_.trouble.pause(steady);
  const auto wake_at = report.has_more ? now : planner::plan_wake(view, now);
  if (wake_at) report.next_wake_at = add_clamped(*wake_at, -storage_lead);
  const Duration sleep =
      wake_at ? std::min(*wake_at - now, planner::sleep_max) : planner::sleep_max;
  launcher_.sleeps_until(steady + sleep);
}

}  // namespace punctual::detail
