// SPDX-License-Identifier: MIT
//
// JobDesk: what users do with jobs as a whole: pause, resume, look ahead.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/due_planner.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/domain/limits.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class JobDesk {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;
  using EngineT = Engine<ClockT, StorageT, ExecutorT>;

  JobDesk(std::shared_ptr<Deck> deck, std::shared_ptr<EngineT> engine)
      : deck_(std::move(deck)),
        engine_(std::move(engine)) {}

  void pause(std::string_view name, std::string actor, const std::string& reason) {
    require_key_fits(actor, "actor");
    const RegisteredJobPtr job = engine_->book().job(name);
    PauseChange change;
    change.job_name = job->config.name;
    change.actor = std::move(actor);
    change.reason = clamp_text(reason, reason_bytes_max);
    do {
      const ScheduleState state = engine_->book().state_of(*job);
      if (state.paused) return;
      change.version = state.version;
    } while (!deck_->parts.storage.set_paused(change, deck_->parts.now()));
    deck_->wake.raise();
  }

  void resume(std::string_view name, const std::string& actor, const std::string& reason) {
    require_key_fits(actor, "actor");
    const RegisteredJobPtr job = engine_->book().job(name);
    auto& parts = deck_->parts;
    PauseChange change;
    do {
      const ScheduleState state = engine_->book().state_of(*job);
      if (!state.paused) return;
      const TimePoint now = parts.now();
      change = parts.with_generators([&](UuidGenerator& ids, Random&) {
        return planner::plan_resume(state, job->config, actor, reason, now, ids);
      });
    } while (!parts.storage.set_paused(change, parts.now()));
    deck_->wake.raise();
  }

  [[nodiscard]] LateVector<ScheduledInstant, ClockT> next_runs(std::string_view name,
                                                               std::size_t count) {
    const RegisteredJobPtr job = engine_->book().job(name);
    const ScheduleState state = engine_->book().state_of(*job);
    const Schedule schedule = job->config.schedule.bound_to(job->config.name, state.anchor_at);
    LateVector<ScheduledInstant, ClockT> instants;
    std::optional<TimePoint> next;
    if (state.enabled && !state.paused) next = state.next_due_at;
    while (next && instants.size() < count) {
      instants.push_back({*next, schedule.case_of(*next)});
      if (schedule.after_finish_delay()) break;  // the one after depends on the end of that run
      next = schedule.next_after(*next);
    }
    return instants;
  }

 private:
  std::shared_ptr<Deck> deck_;
  std::shared_ptr<EngineT> engine_;
};

}  // namespace punctual::detail
