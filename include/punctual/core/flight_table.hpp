// SPDX-License-Identifier: MIT
//
// FlightTable: which runs are in flight on this node, and in which state. No I/O, no waiting but
// one.
//
// A run is queued, started, returned, or given up; all changes of state happen here, under one
// lock, so that exactly one of "the body came back" and "the body was given up" is true of every
// run.
//
// Thread-safety: all members, from any thread. Records are handed out, never destroyed under the
// lock.

#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/core/in_flight.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/domain/lease.hpp"

namespace punctual::detail {

/// Returns `from + span`, held at Duration::max().
[[nodiscard]] constexpr Duration later(Duration from, Duration span) noexcept {
  return span > Duration::max() - from ? Duration::max() : from + span;
}

/// `RecordT` is FlightRecord; as a template, it costs those who only include it little.
template <class RecordT>
class BasicFlightTable {
 public:
  using FlightPtr = std::shared_ptr<RecordT>;

  struct Due {
    FlightPtr flight;
    planner::FlightStep step;
    std::thread::id thread{};  ///< that the body holds
  };
  struct Stopping {
    std::vector<FlightPtr> queued;   ///< given up: their bodies will not be entered
    std::vector<FlightPtr> started;  ///< to be asked to stop
  };

  /// Adds a claimed run; false once `begin_stop` was called: it may not start any more.
  bool add(const FlightPtr& flight, Duration claimed_at, Duration lease);

  /// The body is about to be entered on this thread; true if it may be. If not, the run was given
  /// up meanwhile, or its lease was lost or has nearly run out: then it is `returned` at once,
  /// which `settled()` must follow.
  bool enter(const FlightPtr& flight, Duration now);

  /// The body is back; false if the run was given up meanwhile. True must be followed by
  /// `settled()`.
  bool leave(const FlightPtr& flight);

  /// The thread that came from the body is done with the scheduler's parts.
  void settled();

  /// Removes a run; null if this record is not there any more.
  [[nodiscard]] FlightPtr remove(const FlightPtr& flight);

  [[nodiscard]] bool contains(RunId run_id) const {
    const std::lock_guard lock{mutex_};
    return flights_.contains(run_id);
  }

  /// Returns runs that have to be asked to stop or given up at `now`, and marks them so.
  [[nodiscard]] std::vector<Due> due(Duration now);

  /// Returns runs whose lease has to be renewed at `now`; every one if `all`.
  [[nodiscard]] std::vector<FlightPtr> to_renew(Duration now, bool all) const;

  /// Notes the answers to a renewal asked for at `asked_at`; returns bodies that have to stop, and
  /// why.
  [[nodiscard]] std::vector<std::pair<FlightPtr, StopReason>> renewed(
      const std::vector<FlightPtr>& flights, const std::vector<RenewAnswer>& answers,
      Duration asked_at, Duration lease);

  /// Marks a run as asked to stop; null if it is not here.
  [[nodiscard]] FlightPtr ask_to_stop(RunId run_id, Duration now);

  /// Returns the time from `now` until a run here needs something, nullopt if none will. Renewals
  /// do not count unless `can_renew`: one that is overdue must not wake who cannot ask the storage
  /// for it.
  [[nodiscard]] std::optional<Duration> next_step(Duration now, bool can_renew = true) const;

  /// From now on nothing is added or entered.
  [[nodiscard]] Stopping begin_stop();

  /// Bodies that are running on other threads than this one.
  [[nodiscard]] std::size_t started_elsewhere_count() const;

  /// Threads that are back from a body and have not yet brought its end to the outbox.
  [[nodiscard]] std::size_t settling_count() const {
    const std::lock_guard lock{mutex_};
    return settling_count_;
  }

  /// Gives up every body that is running on another thread; returns those.
  ///
  /// Blocks: until threads that are back from a body have stored its end, if `waits`.
  [[nodiscard]] std::vector<FlightPtr> abandon(bool waits);

 private:
  using State = typename RecordT::State;

  /// When a lease is to be renewed: sooner if there is progress to show, but once a second at most.
  [[nodiscard]] static Duration renew_at(const RecordT& flight) {
    const auto& view = flight.view;
    if (view.renew_at == Duration::max() || !flight.has_progress()) return view.renew_at;
    return std::min(view.renew_at, view.renewed_at + std::chrono::seconds{1});
  }

  /// A body that was asked to stop is waited for as long as its job grants.
  static void limit_grace(RecordT& flight, Duration now) {
    flight.view.stop_requested = true;
    flight.view.give_up_at =
        std::min(flight.view.give_up_at, later(now, flight.job->config.timeout_grace));
  }

  [[nodiscard]] static bool is_waiting_or_started(const RecordT& flight) {
    return flight.state == State::queued || flight.state == State::started;
  }

  mutable std::mutex mutex_;
  std::condition_variable all_settled_;
  std::unordered_map<RunId, FlightPtr> flights_;
  std::size_t settling_count_ = 0;
  bool is_stopping_ = false;
};

template <class RecordT>
bool BasicFlightTable<RecordT>::add(const FlightPtr& flight, Duration claimed_at, Duration lease) {
  const auto& config = flight->job->config;
  FlightPtr older;  // of a run that was handed back and came again at once; outlives the lock
  const std::lock_guard lock{mutex_};
  auto& view = flight->view;
  view.renewed_at = claimed_at;
  view.renew_at = claimed_at + lease / 3;
  view.lease_stop_at = planner::lease_stop_at(claimed_at, lease);
  view.deadline = later(claimed_at, config.timeout);
  view.give_up_at = later(view.deadline, config.timeout_grace);
  if (is_stopping_) {
    flight->state = State::given_up;
    return false;
  }
  older = std::exchange(flights_[flight->run.id], flight);
  return true;
}

/// A claim may be answered, or a thread become free, when another node has the run already.
template <class RecordT>
bool BasicFlightTable<RecordT>::enter(const FlightPtr& flight, Duration now) {
  const auto& config = flight->job->config;
  const std::lock_guard lock{mutex_};
  if (flight->state != State::queued) return false;
  auto& view = flight->view;
  if (view.renew_at == Duration::max() || now >= view.lease_stop_at) {
    flight->state = State::returned;
    ++settling_count_;
    return false;
  }
  flight->state = State::started;
  flight->thread = std::this_thread::get_id();
  view.started = true;
  view.begun_at = now;
  view.deadline = later(now, config.timeout);
  if (!view.stop_requested) view.give_up_at = later(view.deadline, config.timeout_grace);
  flight->set_deadline(view.deadline);
  return true;
}

template <class RecordT>
bool BasicFlightTable<RecordT>::leave(const FlightPtr& flight) {
  const std::lock_guard lock{mutex_};
  flight->thread = {};
  if (flight->state == State::given_up) return false;
  flight->state = State::returned;
  ++settling_count_;
  return true;
}

template <class RecordT>
void BasicFlightTable<RecordT>::settled() {
  {
    const std::lock_guard lock{mutex_};
    --settling_count_;
  }
  all_settled_.notify_all();
}

template <class RecordT>
std::shared_ptr<RecordT> BasicFlightTable<RecordT>::remove(const FlightPtr& flight) {
  const std::lock_guard lock{mutex_};
  const auto found = flights_.find(flight->run.id);
  if (found == flights_.end() || found->second != flight) return nullptr;
  FlightPtr gone = std::move(found->second);
  flights_.erase(found);
  return gone;
}

template <class RecordT>
std::vector<typename BasicFlightTable<RecordT>::Due> BasicFlightTable<RecordT>::due(Duration now) {
  std::vector<Due> due;
  const std::lock_guard lock{mutex_};
  for (auto& [id, flight] : flights_) {
    if (!is_waiting_or_started(*flight)) continue;
    const planner::FlightStep step = planner::plan_flight(flight->view, now);
    if (!step.request_timeout_stop && !step.request_lease_stop && !step.give_up) continue;
    if (step.request_lease_stop) limit_grace(*flight, now);
    if (step.give_up) flight->state = State::given_up;
    flight->view.stop_requested = true;
    due.push_back({flight, step, flight->thread});
  }
  return due;
}

template <class RecordT>
std::vector<std::shared_ptr<RecordT>> BasicFlightTable<RecordT>::to_renew(Duration now,
                                                                          bool all) const {
  std::vector<FlightPtr> flights;
  const std::lock_guard lock{mutex_};
  for (const auto& [id, flight] : flights_) {
    if (all || now >= renew_at(*flight)) flights.push_back(flight);
  }
  return flights;
}

template <class RecordT>
std::vector<std::pair<std::shared_ptr<RecordT>, StopReason>> BasicFlightTable<RecordT>::renewed(
    const std::vector<FlightPtr>& flights, const std::vector<RenewAnswer>& answers,
    Duration asked_at, Duration lease) {
  std::vector<std::pair<FlightPtr, StopReason>> to_stop;
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < flights.size(); ++i) {
    auto& flight = *flights[i];
    const bool is_lost = answers.at(i) == RenewAnswer::lost;
    flight.view.renewed_at = asked_at;
    flight.view.renew_at = is_lost ? Duration::max() : asked_at + lease / 3;
    flight.view.lease_stop_at = is_lost ? Duration::max() : planner::lease_stop_at(asked_at, lease);
    if (answers[i] == RenewAnswer::kept || !is_waiting_or_started(flight)) continue;
    limit_grace(flight, asked_at);
    to_stop.emplace_back(flights[i], is_lost ? StopReason::lease_lost : StopReason::cancelled);
  }
  return to_stop;
}

template <class RecordT>
std::shared_ptr<RecordT> BasicFlightTable<RecordT>::ask_to_stop(RunId run_id, Duration now) {
  const std::lock_guard lock{mutex_};
  const auto found = flights_.find(run_id);
  if (found == flights_.end()) return nullptr;
  limit_grace(*found->second, now);
  return found->second;
}

template <class RecordT>
std::optional<Duration> BasicFlightTable<RecordT>::next_step(Duration now, bool can_renew) const {
  std::optional<Duration> next;
  const std::lock_guard lock{mutex_};
  for (const auto& [id, flight] : flights_) {
    planner::FlightView view = flight->view;
    view.renew_at = can_renew ? renew_at(*flight) : Duration::max();
    const Duration step =
        is_waiting_or_started(*flight) ? planner::next_flight_step(view, now) : view.renew_at;
    if (step == Duration::max()) continue;
    const Duration wait = std::max(step - now, Duration{0});
    if (!next || wait < *next) next = wait;
  }
  return next;
}

template <class RecordT>
typename BasicFlightTable<RecordT>::Stopping BasicFlightTable<RecordT>::begin_stop() {
  Stopping stopping;
  const std::lock_guard lock{mutex_};
  is_stopping_ = true;
  for (const auto& [id, flight] : flights_) {
    if (flight->state == State::queued) {
      flight->state = State::given_up;
      stopping.queued.push_back(flight);
    } else if (flight->state == State::started) {
      flight->view.stop_requested = true;
      stopping.started.push_back(flight);
    }
  }
  return stopping;
}

template <class RecordT>
std::size_t BasicFlightTable<RecordT>::started_elsewhere_count() const {
  const auto here = std::this_thread::get_id();
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(
      std::count_if(flights_.begin(), flights_.end(), [&](const auto& entry) {
        return entry.second->state == State::started && entry.second->thread != here;
      }));
}

template <class RecordT>
std::vector<std::shared_ptr<RecordT>> BasicFlightTable<RecordT>::abandon(bool waits) {
  std::vector<FlightPtr> abandoned;
  const auto here = std::this_thread::get_id();
  std::unique_lock lock{mutex_};
  for (const auto& [id, flight] : flights_) {
    if (flight->state != State::started || flight->thread == here) continue;
    flight->state = State::given_up;
    abandoned.push_back(flight);
  }
  if (waits) all_settled_.wait(lock, [&] { return settling_count_ == 0; });
  return abandoned;
}

using FlightTable = BasicFlightTable<FlightRecord>;
using FlightPtr = std::shared_ptr<FlightRecord>;

}  // namespace punctual::detail
