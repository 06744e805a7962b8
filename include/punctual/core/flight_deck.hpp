// SPDX-License-Identifier: MIT
//
// FlightDeck: takes the runs of this node from their claim to their recorded end.
//
// It enters bodies, keeps their leases, asks them to stop, gives up those that do not, and carries
// their ends to the storage. It outlives the scheduler as long as a body is still on its way back,
// so that a body may outlast, or itself destroy, the scheduler it belongs to.
//
// Thread-safety: all members, from any thread. No user code runs under a lock, nor is destroyed
// under one.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/base/wake_signal.hpp"
#include "punctual/core/active_run.hpp"
#include "punctual/core/flight_table.hpp"
#include "punctual/core/in_flight.hpp"
#include "punctual/core/loop_lag.hpp"
#include "punctual/core/parts.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/core/recorder.hpp"
#include "punctual/core/run_body.hpp"
#include "punctual/core/surroundings.hpp"
#include "punctual/core/waiters.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/redaction.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class FlightDeck final
    : public FlightClock,
      public std::enable_shared_from_this<FlightDeck<ClockT, StorageT, ExecutorT>> {
 public:
  FlightDeck(ClockT&& clock, StorageT&& storage, ExecutorT&& executor, SchedulerOptions options)
      : parts(std::forward<ClockT>(clock), std::forward<StorageT>(storage),
              std::forward<ExecutorT>(executor), std::move(options)) {}

  WakeSignal wake;                ///< raised when the loop should look again
  LoopLag lag;                    ///< kept by the loop
  Late<Waiters, ClockT> waiters;  ///< told of every run that ends here
  Late<FlightTable, ClockT> table;
  Late<Surroundings, ClockT> surroundings;
  Parts<ClockT, StorageT, ExecutorT> parts;  // last: its threads end before what they use

  [[nodiscard]] TimePoint now() const override { return parts.clock.now(); }
  [[nodiscard]] Duration steady_now() const override { return parts.clock.steady_now(); }
  void progress_made() override { wake.raise(); }
  [[nodiscard]] std::string cleaned(std::string text) const override {
    static constexpr std::size_t looked_through_max = std::size_t{64} * 1024;
    if (text.size() > looked_through_max) text.resize(looked_through_max);
    return Redactor<Late<Json, ClockT>>{parts.options.redaction}.clean_text(std::move(text));
  }

  /// Hands a claimed run to the executor. `claimed_at` is the monotonic instant before the claim.
  ///
  /// Errors: what the executor throws; the run is handed back then.
  void launch(JobRun run, RegisteredJobPtr job, Duration claimed_at) {
    const FlightPtr flight = board(std::move(run), std::move(job), claimed_at);
    if (!flight) return;
    try {
      parts.executor.submit([landing = std::make_shared<Landing>(this->weak_from_this()), flight] {
        if (const auto self = landing->deck.lock()) landing->is_followed = self->fly(flight);
      });
    } catch (...) {
      hand_back(flight, "the executor refused it");
      throw;
    }
  }

  /// Runs a claimed run on the calling thread. For calls from inside a body.
  void launch_here(JobRun run, RegisteredJobPtr job, Duration claimed_at) {
    if (const FlightPtr flight = board(std::move(run), std::move(job), claimed_at)) fly(flight);
    wake.raise();
  }

  /// Lets a thread that has ended a run launch what comes next by itself, so that nobody has to be
  /// woken for it. `launch_next` returns whether there was something.
  ///
  /// Requires: called once at most.
  void relay_through(std::function<bool()> launch_next) {
    launch_next_ = std::move(launch_next);
    is_relay_.store(true);
  }

  /// Carries recorded ends to the storage.
  void flush() { recorder_.flush(); }
  [[nodiscard]] bool has_unsaved() const { return !recorder_.is_empty(); }
  [[nodiscard]] LateVector<RunId, ClockT> unsaved() const { return recorder_.unsaved(); }

  /// Asks bodies to stop whose time is over, and gives up those that did not.
  void check_deadlines();

  /// Renews the leases that need it; all of them if `all`.
  ///
  /// Errors: those of the storage.
  void renew(bool all);

  /// Asks the body of a run to stop, if it is on this node.
  void cancel(RunId run_id) {
    const FlightPtr flight = table.ask_to_stop(run_id, parts.clock.steady_now());
    if (flight) flight->request_stop(StopReason::cancelled);
  }

  /// Cancels what is running of a job, here or elsewhere, if the job's policy is that a new run
  /// takes its place; of what the new one has ended already, bodies on this node are told.
  ///
  /// Requires: `rows` are stored.
  /// Errors: those of the storage.
  void make_way_for(const LateVector<NewRun, ClockT>& rows, const RegisteredJobPtr& job);

  /// Returns the time until this deck has something to do, nullopt if it knows of nothing.
  [[nodiscard]] std::optional<Duration> next_step() {
    const Duration steady = parts.clock.steady_now();
    const auto pause = parts.trouble.pause(steady);
    if (!pause) return table.next_step(steady);
    // The storage is left alone for so long, whatever renewal is overdue; bodies are stopped in
    // time.
    return std::min(*pause, table.next_step(steady, false).value_or(*pause));
  }

  /// Hands back what has not started, and asks bodies to stop.
  void begin_stop();

  /// Gives up the bodies that are still running, hands their runs back, and returns those.
  LateVector<RunId, ClockT> abandon();

 private:
  /// Part of each piece of work: wakes the loop when the executor is done with it, unless its
  /// thread has found more to do. Not sooner, or the loop would look while there is no room yet,
  /// and sleep.
  struct Landing {
    explicit Landing(std::weak_ptr<FlightDeck> owner) : deck(std::move(owner)) {}
    ~Landing() {
      if (is_followed) return;
      if (const auto self = deck.lock()) self->wake.raise();
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;

    std::weak_ptr<FlightDeck> deck;
    bool is_followed = false;
  };

  /// Puts a claimed run into the table; null if the scheduler stops: then the run is handed back.
  [[nodiscard]] FlightPtr board(JobRun run, RegisteredJobPtr job, Duration claimed_at);

  /// Enters the body and deals with what comes back; returns whether another run follows.
  bool fly(const FlightPtr& flight);

  void record(const FlightPtr& flight, BodyAnswer answer, Duration duration);

  /// Takes out of an outcome what must not be stored.
  void redact(const JobConfig& config, JobOutcome& outcome) const;
  void redact_log(const JobConfig& config, Json& log) const {
    punctual::redact(parts.options.redaction, config.redact, RedactedPart::log, log);
  }

  void put_end(const FlightPtr& flight, planner::Verdict verdict, Duration duration);
  void give_up(const typename Late<FlightTable, ClockT>::Due& due);

  /// Releases runs in the storage; failing that, their leases run out.
  void hand_back(const std::vector<FlightPtr>& flights, const char* why);
  void hand_back(const FlightPtr& flight, const char* why) { hand_back(std::vector{flight}, why); }

  /// An end has found its place in the storage, or was refused by the fence.
  void settle(const OutboxItem& item, FinishAnswer answer);

  std::function<bool()> launch_next_;
  std::atomic<bool> is_relay_{false};  // launch_next_ is set, and changes no more
  Recorder<Parts<ClockT, StorageT, ExecutorT>> recorder_{
      parts, [this](const OutboxItem& item, FinishAnswer answer) { settle(item, answer); }};
};

template <class C, class S, class E>
FlightPtr FlightDeck<C, S, E>::board(JobRun run, RegisteredJobPtr job, Duration claimed_at) {
  auto flight = std::make_shared<FlightRecord>(std::move(run), std::move(job), *this);
  if (table.add(flight, claimed_at, parts.options.lease)) return flight;
  hand_back(flight, "claimed while the scheduler was stopping");
  return nullptr;
}

template <class C, class S, class E>
bool FlightDeck<C, S, E>::fly(const FlightPtr& flight) {
  if (!table.enter(flight, parts.clock.steady_now())) {
    if (flight->state != FlightRecord::State::returned) return false;
    hand_back(flight, "its lease ran out before its body was called");
    table.settled();
    return false;
  }
  const ActiveRun here{this};  // also while the end is stored: an observer must not wait for that
  BodyAnswer answer;
  {
    JobContext context{flight->run, *flight, flight->stop.get_token()};
    surroundings.tell_started(flight->run);
    answer = run_body([&] { return surroundings.call(*flight->job->body, context); });
  }
  // A run that was given up touches none of the parts: they may be gone.
  if (!table.leave(flight)) return false;
  record(flight, std::move(answer), parts.clock.steady_now() - flight->view.begun_at);
  const bool is_followed = is_relay_.load() && launch_next_();
  table.settled();
  return is_followed;
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::record(const FlightPtr& flight, BodyAnswer answer, Duration duration) {
  // Asked once more: a body that came back too late by its own clock has timed out, whoever
  // noticed.
  planner::Verdict verdict = planner::judge(std::move(answer.outcome), answer.threw,
                                            flight->stop_reason(), flight->job->config);
  if (verdict.release) {
    hand_back(flight, "interrupted");
    return;
  }
  redact(flight->job->config, verdict.outcome);
  put_end(flight, std::move(verdict), duration);
  if (!parts.trouble.pause(parts.clock.steady_now())) flush();
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::redact(const JobConfig& config, JobOutcome& outcome) const {
  const auto& policy = parts.options.redaction;
  punctual::redact(policy, config.redact, RedactedPart::details, outcome.details);
  redact_text<Late<Json, C>>(policy, config.redact, RedactedPart::summary, outcome.summary);
  if (!outcome.error) return;
  redact_text<Late<Json, C>>(policy, config.redact, RedactedPart::error, outcome.error->message);
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::put_end(const FlightPtr& flight, planner::Verdict verdict,
                                  Duration duration) {
  const TimePoint now = parts.now();
  OutboxItem item;
  item.flight = flight;
  item.completion = parts.with_generators([&](UuidGenerator& ids, Random& random) {
    return planner::plan_completion(flight->run, flight->job->config, std::move(verdict.outcome),
                                    duration, verdict.may_retry, now, ids, random);
  });
  item.completion.log = flight->template take_log<Late<Json, C>>();
  redact_log(flight->job->config, item.completion.log);
  recorder_.put(std::move(item));
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::settle(const OutboxItem& item, FinishAnswer answer) {
  const JobRun& run = item.flight->run;
  const FlightPtr gone = table.remove(item.flight);
  if (answer == FinishAnswer::lost) {
    parts.emit(SchedulerEvent::Kind::lease_lost, run.job_name, run.id,
               "the run was taken over; what its body returned here was not recorded");
  }
  if (answer == FinishAnswer::done) surroundings.tell_ended(run, item.completion);
  waiters.notify(run.id);
  const bool changes_plan = !item.completion.follow_ups.empty() ||
                            item.flight->job->config.schedule.after_finish_delay().has_value();
  if (changes_plan) wake.raise();  // something is armed that the loop has not seen
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::check_deadlines() {
  for (const auto& due : table.due(parts.clock.steady_now())) {
    if (due.step.request_lease_stop) due.flight->request_stop(StopReason::lease_lost);
    if (due.step.request_timeout_stop) due.flight->request_stop(StopReason::timeout);
    if (due.step.give_up) give_up(due);
  }
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::give_up(const typename Late<FlightTable, C>::Due& due) {
  const FlightPtr& flight = due.flight;
  const JobRun& run = flight->run;
  flight->detach();  // it may come back when the clock is gone
  const bool replaced = parts.executor.replace(due.thread);
  parts.emit(SchedulerEvent::Kind::run_stuck, run.job_name, run.id,
             std::string{"the body did not return after it was asked to stop; its thread is "} +
                 (replaced ? "replaced" : "lost until it does"));
  JobOutcome outcome;
  outcome.status = JobStatus::failed;
  outcome.message_code = std::string{message_code::job_abandoned};
  outcome.summary = "the body did not return after it was asked to stop";
  outcome.error = RunError{"ABANDONED", "the lease could not be kept, and the body did not stop"};
  put_end(
      flight,
      planner::judge(std::move(outcome), false, flight->requested_reason(), flight->job->config),
      parts.clock.steady_now() - flight->view.begun_at);
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::renew(bool all) {
  const Duration asked_at = parts.clock.steady_now();
  const auto flights = table.to_renew(asked_at, all);
  if (flights.empty()) return;
  LateVector<Renewal, C> renewals;
  renewals.reserve(flights.size());
  for (const auto& flight : flights) {
    Renewal renewal;
    renewal.lease = {flight->run.id, flight->run.fence};
    flight->take_progress(renewal);
    redact_log(flight->job->config, renewal.log);
    redact_text<Late<Json, C>>(parts.options.redaction, flight->job->config.redact,
                               RedactedPart::log, renewal.progress_note);
    renewals.push_back(std::move(renewal));
  }
  const Duration lease = parts.options.lease;
  LateVector<RenewAnswer, C> answers;
  try {
    answers = parts.guarded([&] { return parts.storage.renew(renewals, lease, parts.now()); });
  } catch (...) {
    for (std::size_t i = 0; i < flights.size(); ++i) flights[i]->put_back_progress(renewals[i]);
    throw;
  }
  for (const auto& [flight, reason] : table.renewed(flights, answers, asked_at, lease)) {
    flight->request_stop(reason);
  }
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::make_way_for(const LateVector<NewRun, C>& rows,
                                       const RegisteredJobPtr& job) {
  const OverlapPolicy overlap = job->config.overlap;
  const bool ends_at_once = overlap == OverlapPolicy::terminate_running;
  if (overlap != OverlapPolicy::cancel_running && !ends_at_once) return;
  const bool has_run = std::any_of(rows.begin(), rows.end(), [](const NewRun& row) {
    return row.status == JobStatus::pending && row.exclusive;
  });
  if (!has_run) return;
  if (ends_at_once) return renew(true);  // whose lease is gone learns of it by that
  RunQuery query;
  query.job_name = job->config.name;
  query.status = JobStatus::running;
  query.with_details = false;
  for (const auto& other : parts.storage.runs(query)) {
    if (!other.exclusive || other.cancel_requested) continue;
    parts.storage.request_cancel(other.id, "overlap", parts.now());
    cancel(other.id);
  }
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::begin_stop() {
  const auto [queued, started] = table.begin_stop();
  for (const auto& flight : started) flight->request_stop(StopReason::shutdown);
  if (!queued.empty()) hand_back(queued, "the scheduler stopped before it started");
}

template <class C, class S, class E>
LateVector<RunId, C> FlightDeck<C, S, E>::abandon() {
  // Inside a body this thread is itself one that has not settled.
  const auto left = table.abandon(ActiveRun::depth(this) == 0);
  LateVector<RunId, C> ids;
  for (const auto& flight : left) {
    flight->detach();
    ids.push_back(flight->run.id);
    parts.emit(SchedulerEvent::Kind::run_stuck, flight->run.job_name, flight->run.id,
               "the body did not return within the grace of the shutdown");
  }
  if (!left.empty()) hand_back(left, "the body did not return within the grace of the shutdown");
  return ids;
}

template <class C, class S, class E>
void FlightDeck<C, S, E>::hand_back(const std::vector<FlightPtr>& flights, const char* why) {
  LateVector<LeaseRef, C> leases;
  leases.reserve(flights.size());
  for (const auto& flight : flights) leases.push_back({flight->run.id, flight->run.fence});
  try {
    parts.guarded([&] { return parts.storage.release(leases, parts.now()); });
  } catch (const Error& error) {
    parts.note_failure(error);
  }
  for (const auto& flight : flights) {
    const FlightPtr gone = table.remove(flight);
    parts.emit(SchedulerEvent::Kind::run_released, flight->run.job_name, flight->run.id,
               std::string{"handed back: "} + why);
    waiters.notify(flight->run.id);
  }
}

}  // namespace punctual::detail
