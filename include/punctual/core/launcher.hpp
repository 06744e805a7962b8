// SPDX-License-Identifier: MIT
//
// Launcher: claims runs that are ready and hands them to the executor.
//
// It asks for as many as the executor has room for. Where more was ready than that, a thread that
// has ended a run claims the next by itself, so that nobody has to be woken for it.
//
// Thread-safety: all members, from any thread; `claim_ready`, `is_blocked` and `sleeps_until` by
// the one tick at a time.

#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/flight_deck.hpp"
#include "punctual/core/job_book.hpp"
#include "punctual/domain/lease.hpp"
#include "punctual/domain/ledger.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class Launcher {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;
  using Book = JobBook<ClockT, StorageT, ExecutorT>;

  struct Claimed {
    std::size_t count = 0;
    bool has_more = false;
  };

  /// `book` must outlive the launcher.
  Launcher(std::shared_ptr<Deck> deck, Book& book)
      : deck_(std::move(deck)),
        parts_(deck_->parts),
        book_(book) {}

  /// Claims what is ready of `jobs`, as far as there is room, and launches it.
  ///
  /// Errors: those of the storage and of the executor; what was claimed by then is launched.
  Claimed claim_ready(const JobNames& jobs);

  /// Claims one run, if nothing keeps it from starting, and hands it to the executor; on this
  /// thread if `here`. Returns whether it was claimed.
  bool claim_one(RunId run_id, const RegisteredJobPtr& job, bool here);

  /// Claims for a thread of the executor that has ended a run, if more was ready than there was
  /// room for. Returns whether that thread finds something to do.
  bool launch_next() noexcept;

  /// True if what has been ready since `run_at` was not given at the last claim: it waits for a
  /// limit that others hold.
  [[nodiscard]] bool is_blocked(std::optional<TimePoint> run_at) const {
    return blocked_at_ && run_at && *run_at <= *blocked_at_;
  }

  /// The loop is about to sleep until then, by the monotonic clock.
  void sleeps_until(Duration steady) { looks_again_at_.store(steady.count()); }

  /// From now on nothing is claimed.
  void close() { is_closed_.store(true); }
  [[nodiscard]] bool is_closed() const noexcept { return is_closed_.load(); }

 private:
  [[nodiscard]] ClaimRequest make_claim(const JobNames& jobs, std::size_t limit) const;
  [[nodiscard]] std::size_t claim_some(const JobNames& jobs, std::size_t limit);
  void launch(LateVector<JobRun, ClockT> runs, Duration asked_at);

  std::shared_ptr<Deck> deck_;
  Parts<ClockT, StorageT, ExecutorT>& parts_;
  Book& book_;
  std::atomic<bool> is_closed_{false};
  std::atomic<bool> has_backlog_{false};          // more was ready than there was room for
  std::atomic<Duration::rep> looks_again_at_{0};  // monotonic; the loop sleeps no longer
  std::optional<TimePoint> blocked_at_{};  // the last claim was not given all that was ready then
};

template <class C, class S, class E>
typename Launcher<C, S, E>::Claimed Launcher<C, S, E>::claim_ready(const JobNames& jobs) {
  Claimed claimed;
  blocked_at_.reset();
  while (claimed.count < parts_.options.batch_max && !is_closed()) {
    const std::size_t room = parts_.executor.room();
    if (room == 0) {
      has_backlog_.store(true);
      return claimed;
    }
    const TimePoint now = parts_.now();
    const std::size_t limit = std::min(room, parts_.options.batch_max);
    const std::size_t count = claim_some(jobs, limit);
    claimed.count += count;
    if (count == limit) continue;
    has_backlog_.store(false);
    blocked_at_ = now;  // what is ready and was not given waits for a limit that others hold
    return claimed;
  }
  claimed.has_more = true;
  return claimed;
}

/// `jobs` must outlive the request.
template <class C, class S, class E>
ClaimRequest Launcher<C, S, E>::make_claim(const JobNames& jobs, std::size_t limit) const {
  return {.node = parts_.node, .jobs = &jobs, .limit = limit, .lease = parts_.options.lease};
}

template <class C, class S, class E>
std::size_t Launcher<C, S, E>::claim_some(const JobNames& jobs, std::size_t limit) {
  ClaimRequest request = make_claim(jobs, limit);
  const auto rates = book_.rates();
  request.rates = rates.get();
  const Duration asked_at = parts_.clock.steady_now();
  auto runs = parts_.storage.claim(request, parts_.now());
  const std::size_t count = runs.size();
  launch(std::move(runs), asked_at);
  return count;
}

template <class C, class S, class E>
bool Launcher<C, S, E>::launch_next() noexcept {
  if (!has_backlog_.load() || is_closed()) return false;
  if constexpr (requires {
                  { parts_.executor.waiting_count() } -> std::same_as<std::size_t>;
                }) {
    if (parts_.executor.waiting_count() > 0) return true;
    try {
      const Duration steady = parts_.clock.steady_now();
      if (parts_.trouble.pause(steady)) return false;
      const std::size_t limit = std::min(parts_.executor.room() + 1, parts_.options.batch_max);
      const std::size_t count = parts_.guarded([&] { return claim_some(*book_.names(), limit); });
      if (count < limit) has_backlog_.store(false);
      return count > 0;
    } catch (const Error& error) {
      parts_.note_failure(error);
    }
  }
  return false;
}

/// Hands claimed runs to the executor, also those behind one that it refuses.
template <class C, class S, class E>
void Launcher<C, S, E>::launch(LateVector<JobRun, C> runs, Duration asked_at) {
  std::exception_ptr refusal;
  Duration looks_by = asked_at + parts_.options.lease / 3;
  for (auto& run : runs) {
    try {
      auto job = book_.find_job(run.job_name);
      looks_by = std::min(looks_by, later(asked_at, job->config.timeout));
      deck_->launch(std::move(run), std::move(job), asked_at);
    } catch (...) {
      refusal = std::current_exception();
    }
  }
  // Launched by another thread than the loop's, which may be asleep for longer than that.
  if (!runs.empty() && looks_by.count() < looks_again_at_.load()) deck_->wake.raise();
  if (refusal) std::rethrow_exception(refusal);
}

template <class C, class S, class E>
bool Launcher<C, S, E>::claim_one(RunId run_id, const RegisteredJobPtr& job, bool here) {
  if (!here && parts_.executor.room() == 0) return false;
  const JobNames jobs{job->config.name};
  ClaimRequest request = make_claim(jobs, 1);
  const auto rates = book_.rates();
  request.rates = rates.get();
  request.only = run_id;
  const Duration asked_at = parts_.clock.steady_now();
  auto runs = parts_.guarded([&] { return parts_.storage.claim(request, parts_.now()); });
  if (runs.empty()) return false;
  if (here) {
    deck_->launch_here(std::move(runs.front()), job, asked_at);
  } else {
    deck_->launch(std::move(runs.front()), job, asked_at);
  }
  return true;
}

}  // namespace punctual::detail
