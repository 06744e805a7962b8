// SPDX-License-Identifier: MIT
//
// ScheduleInvariants: what must be true of every step of a schedule.
//
// It keeps, beside the ledger, what each job's state has to be. A step is right if its rows answer
// every instant from the armed one on, without a gap and without the future, and if it arms the one
// after. A delay after the finish has no instants of its own: only what was armed is looked at.
//
// Thread-safety: none; a simulation has one thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/schedule/schedule.hpp"
#include "punctual/testing/row_difference.hpp"
#include "punctual/testing/value_text.hpp"
#include "punctual/testing/violation.hpp"

namespace punctual::testing {

/// The instants that one row answers.
struct AnsweredSpan {
  TimePoint first{};
  TimePoint last{};
  std::int64_t count = 1;
};

/// Returns the instants that `row` answers, nullopt if none.
[[nodiscard]] inline std::optional<AnsweredSpan> answered_by(const NewRun& row) {
  if (!row.due_at) return std::nullopt;
  AnsweredSpan span{*row.due_at, *row.due_at, 1};
  if (row.details.is_object() && row.details.contains("last")) {
    span.first = parse_iso8601(row.details["first"].get<std::string>()).value_or(time_min);
    span.last = parse_iso8601(row.details["last"].get<std::string>()).value_or(time_min);
    span.count = row.details["count"].get<std::int64_t>();
  }
  return span;
}

class ScheduleInvariants {
 public:
  explicit ScheduleInvariants(Violations& violations) : violations_(&violations) {}

  void add_job(const JobConfig& config) { jobs_[config.name].schedule = config.schedule; }

  /// A node told the ledger of a job and got `state`.
  void synced(const JobDefinition& definition, const ScheduleState& state, TimePoint at);

  /// The ledger was asked for a job's state.
  void looked_up(const ScheduleState& state) {
    if (state.version == 0) return;  // it has not been told of the job
    Job& job = jobs_[state.job_name];
    matches("sync_jobs", job, state);
    job.state = state;
    job.is_open = false;
  }

  /// The ledger named a schedule that is due.
  void named_due(const ScheduleState& state, TimePoint at);

  void advanced(const Advance& advance, const AdvanceAnswer& answer, TimePoint at);
  void pause_set(const PauseChange& change, bool is_set, TimePoint at);

  /// A run of the job ended: a delay after the finish may have been armed.
  void run_ended(const std::string& job_name) { jobs_[job_name].is_open |= is_delay(job_name); }

  /// What the ledger has to hold of a job; null if it was never told of it.
  [[nodiscard]] const ScheduleState* state_of(const std::string& job_name) const {
    const auto found = jobs_.find(job_name);
    return found == jobs_.end() || found->second.state.version == 0 ? nullptr
                                                                    : &found->second.state;
  }
  [[nodiscard]] bool is_delay(const std::string& job_name) const {
    const auto found = jobs_.find(job_name);
    return found != jobs_.end() && found->second.schedule.after_finish_delay().has_value();
  }

 private:
  struct Job {
    Schedule schedule{};
    ScheduleState state{};
    bool is_open = false;  ///< the ledger may have armed it by itself since
    std::set<TimePoint> answered{};
  };

  [[nodiscard]] static Schedule bound(const Job& job) {
    return job.schedule.bound_to(job.state.job_name, job.state.anchor_at);
  }

  void matches(std::string_view what, const Job& job, const ScheduleState& got);
  void every_instant_is_answered_once(Job& job, const std::vector<NewRun>& rows,
                                      std::optional<TimePoint> armed, TimePoint at);
  void fail(std::string_view invariant, const std::string& job_name, const std::string& what) {
    violations_->add(invariant, "job \"" + job_name + "\": " + what);
  }

  Violations* violations_;
  std::map<std::string, Job> jobs_;
};

/// What the ledger answers is what was written to it.
inline void ScheduleInvariants::matches(std::string_view what, const Job& job,
                                        const ScheduleState& got) {
  const std::string differing = difference(job.state, got);
  if (differing.empty()) return;
  if (job.is_open && got.version > job.state.version) return;
  fail("the_ledger_holds_what_was_written", got.job_name,
       std::string{what} + " found: " + differing);
}

inline void ScheduleInvariants::synced(const JobDefinition& definition, const ScheduleState& state,
                                       TimePoint at) {
  Job& job = jobs_[definition.name];
  const bool is_new = job.state.version == 0;
  const bool rearms = is_new || (definition.enabled && !job.state.enabled);
  if (!rearms && definition.enabled == job.state.enabled) {
    matches("sync_jobs", job, state);
  } else if (!rearms && job.state.next_due_at != state.next_due_at && !job.is_open) {
    fail("due_instants_only_move_on", definition.name,
         "disabling it moved its armed instant from " + to_text(job.state.next_due_at) + " to " +
             to_text(state.next_due_at));
  }
  job.state = state;
  job.is_open = false;
  if (!rearms) return;
  if (state.anchor_at > at) {
    fail("schedules_count_from_registration", definition.name,
         "registered at " + to_text(at) + ", and counted from " + to_text(state.anchor_at));
  }
  const auto expected = bound(job).next_after(state.anchor_at);
  if (state.next_due_at != expected) {
    fail("schedules_count_from_registration", definition.name,
         "counted from " + to_text(state.anchor_at) + ": expected to be armed for " +
             to_text(expected) + ", got " + to_text(state.next_due_at));
  }
}

inline void ScheduleInvariants::named_due(const ScheduleState& state, TimePoint at) {
  Job& job = jobs_[state.job_name];
  matches("due_schedules", job, state);
  job.state = state;
  job.is_open = false;
  if (state.enabled && !state.paused && state.next_due_at && *state.next_due_at <= at) return;
  fail("only_due_schedules_fire", state.job_name,
       "enabled " + to_text(state.enabled) + ", paused " + to_text(state.paused) + ", armed for " +
           to_text(state.next_due_at) + " at " + to_text(at));
}

inline void ScheduleInvariants::advanced(const Advance& advance, const AdvanceAnswer& answer,
                                         TimePoint at) {
  Job& job = jobs_[advance.job_name];
  if (answer.conflict_count > 0) {
    fail("one_row_per_due_instant", advance.job_name,
         "a step brought " + std::to_string(answer.conflict_count) +
             " rows for instants that had been answered");
  }
  const bool may_advance = job.state.version == advance.version;
  if (answer.advanced && !may_advance) {
    fail("a_schedule_moves_by_compare_and_set", advance.job_name,
         "a step made at version " + std::to_string(advance.version) + " went through at version " +
             std::to_string(job.state.version));
  }
  if (!answer.advanced && may_advance && !job.is_open) {
    fail("a_schedule_moves_by_compare_and_set", advance.job_name, "a step in time was refused");
  }
  if (!answer.advanced) return;
  if (!job.state.enabled || job.state.paused) {
    fail("disabled_jobs_start_nothing", advance.job_name, "its schedule moved on all the same");
  }
  every_instant_is_answered_once(job, advance.rows, advance.next_due_at, at);
  ++job.state.version;
  job.state.next_due_at = advance.next_due_at;
  job.is_open = is_delay(advance.job_name);
}

inline void ScheduleInvariants::pause_set(const PauseChange& change, bool is_set, TimePoint at) {
  Job& job = jobs_[change.job_name];
  if (is_set && job.state.version != change.version && !job.is_open) {
    fail("a_schedule_moves_by_compare_and_set", change.job_name,
         "a pause made at version " + std::to_string(change.version) + " went through at version " +
             std::to_string(job.state.version));
  }
  if (!is_set) return;
  if (!change.paused && !change.rows.empty()) {
    every_instant_is_answered_once(job, change.rows, change.next_due_at, at);
  }
  job.state.version = change.version + 1;
  job.state.paused = change.paused;
  job.state.paused_at = change.paused ? std::optional{at} : std::nullopt;
  if (!change.paused) job.state.next_due_at = change.next_due_at;
  job.is_open = is_delay(change.job_name);
}

/// The rows answer every instant from the armed one on, each once, none of them in the future, and
/// the next one is armed. So no instant is lost, whatever time has passed.
inline void ScheduleInvariants::every_instant_is_answered_once(Job& job,
                                                               const std::vector<NewRun>& rows,
                                                               std::optional<TimePoint> armed,
                                                               TimePoint at) {
  const Schedule schedule = bound(job);
  const bool is_delay = schedule.after_finish_delay().has_value();
  std::optional<TimePoint> expected = job.state.next_due_at;
  for (const auto& row : rows) {
    const auto span = answered_by(row);
    if (!span) continue;
    if (span->first != expected) {
      fail("every_due_instant_is_answered_once", row.job_name,
           "expected the instant " + to_text(expected) + " to be answered, got " +
               to_text(span->first));
    }
    if (!is_delay && schedule.next_after(span->first - Duration{1}) != span->first) {
      fail("due_at_is_an_instant_of_the_schedule", row.job_name, to_text(span->first) + " is none");
    }
    if (span->last > at) {
      fail("nothing_happens_before_its_time", row.job_name,
           "at " + to_text(at) + " the instant " + to_text(span->last) + " was answered");
    }
    if (!is_delay && schedule.count_between(span->first, span->last).count != span->count) {
      fail("every_due_instant_is_answered_once", row.job_name,
           "a row counts " + std::to_string(span->count) + " instants from " +
               to_text(span->first) + " to " + to_text(span->last));
    }
    if (!job.answered.insert(span->first).second) {
      fail("one_row_per_due_instant", row.job_name, to_text(span->first) + " has two");
    }
    expected = is_delay ? std::nullopt : schedule.next_after(span->last);
  }
  if (is_delay) return;
  if (armed != expected || (job.state.next_due_at && armed && *armed <= *job.state.next_due_at)) {
    fail("due_instants_only_move_on", job.state.job_name,
         "after " + to_text(job.state.next_due_at) + " expected " + to_text(expected) +
             " to be armed, got " + to_text(armed));
  }
}

}  // namespace punctual::testing
