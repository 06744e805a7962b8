// SPDX-License-Identifier: MIT
//
// LedgerDesk: questions about a job's due instants, and past ones done by hand.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/iso8601.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/core/call_options.hpp"
#include "punctual/core/engine.hpp"
#include "punctual/core/explanation.hpp"
#include "punctual/core/planner.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/limits.hpp"
#include "punctual/domain/run_query.hpp"

namespace punctual::detail {

template <class ClockT, class StorageT, class ExecutorT>
class LedgerDesk {
 public:
  using Deck = FlightDeck<ClockT, StorageT, ExecutorT>;
  using EngineT = Engine<ClockT, StorageT, ExecutorT>;

  LedgerDesk(std::shared_ptr<Deck> deck, std::shared_ptr<EngineT> engine)
      : deck_(std::move(deck)),
        engine_(std::move(engine)),
        parts_(deck_->parts) {}

  Explanation explain(std::string_view name, TimePoint instant);
  BackfillReport backfill(std::string_view name, TimePoint from, TimePoint until,
                          const BackfillOptions& options);

 private:
  static constexpr std::size_t page_max = 1000;

  /// What is known of a due instant.
  struct Answer {
    bool is_run = false;  ///< something of it is open, or has been executed
    JobRun last{};        ///< otherwise: its last attempt
  };
  using Answers = std::map<Late<TimePoint, ClockT>, Late<Answer, ClockT>>;

  [[nodiscard]] JobSummary summary_of(std::string_view name);
  [[nodiscard]] Answers find_answers(const std::string& name, TimePoint from, TimePoint until);
  [[nodiscard]] NewRun make_backfill(const JobConfig& config, TimePoint due_at,
                                     const Answer* answer, TimePoint now);

  std::shared_ptr<Deck> deck_;
  std::shared_ptr<EngineT> engine_;
  Parts<ClockT, StorageT, ExecutorT>& parts_;
};

template <class C, class S, class E>
JobSummary LedgerDesk<C, S, E>::summary_of(std::string_view name) {
  for (auto& job : parts_.storage.summaries()) {
    if (job.name == name) return job;
  }
  throw engine_->book().not_found(name);
}

template <class C, class S, class E>
Explanation LedgerDesk<C, S, E>::explain(std::string_view name, TimePoint instant) {
  const RegisteredJobPtr job = engine_->book().job(name);
  const ScheduleState state = engine_->book().state_of(*job);
  const JobSummary summary = summary_of(name);
  const Schedule schedule = job->config.schedule.bound_to(job->config.name, state.anchor_at);
  RunQuery query;
  query.job_name = job->config.name;
  query.due_from = instant;
  query.due_before = add_clamped(instant, Duration{1});
  const auto attempts = parts_.storage.runs(query);
  query.due_from.reset();
  query.trigger = RunTrigger::schedule;
  query.limit = 1;
  const auto range = attempts.empty() ? parts_.storage.runs(query) : attempts;
  Explainer<Late<JobRun, C>> explainer{summary, schedule, parts_.now()};
  explainer.set_armed_at(state.next_due_at);
  return explainer.explain(instant, attempts, range.empty() ? nullptr : &range.front());
}

template <class C, class S, class E>
typename LedgerDesk<C, S, E>::Answers LedgerDesk<C, S, E>::find_answers(const std::string& name,
                                                                        TimePoint from,
                                                                        TimePoint until) {
  Answers answers;
  RunQuery query;
  query.job_name = name;
  query.due_from = from;
  query.due_before = until;
  query.limit = page_max;
  query.with_details = false;
  while (true) {
    const auto page = parts_.storage.runs(query);
    for (const auto& run : page) {
      Answer& answer = answers[*run.due_at];
      const bool was_run = run.status != JobStatus::skipped || run.started_at;
      answer.is_run = answer.is_run || was_run;
      if (answer.last.attempt <= run.attempt) answer.last = run;
    }
    if (page.size() < page_max) return answers;
    query.before = page.back().id;
  }
}

template <class C, class S, class E>
NewRun LedgerDesk<C, S, E>::make_backfill(const JobConfig& config, TimePoint due_at,
                                          const Answer* answer, TimePoint now) {
  NewRun run = planner::make_run(config, RunTrigger::backfill, now, parts_.next_id(now));
  run.due_at = due_at;
  run.skip_if_open = false;  // they wait for one another
  run.skip_if_waiting = false;
  run.replaces_running = false;
  run.unique_key = "backfill:" + config.name + ":" + format_iso8601(due_at);
  if (answer != nullptr) {  // answered without being run: that row stays, this is another attempt
    run.attempt = answer->last.attempt + 1;
    run.retry_of = work_id(answer->last);
  }
  return run;
}

template <class C, class S, class E>
BackfillReport LedgerDesk<C, S, E>::backfill(std::string_view name, TimePoint from, TimePoint until,
                                             const BackfillOptions& options) {
  require_key_fits(options.actor, "actor");
  const RegisteredJobPtr job = engine_->book().job(name);
  const JobConfig& config = job->config;
  const TimePoint now = parts_.now();
  const auto refuse = [&](const std::string& what) {
    throw Error{"INVALID_CONFIG", "backfill() of job \"" + config.name + "\" expects " + what};
  };
  if (options.limit < 1 || options.limit > 10'000) {
    refuse("a limit of 1 to 10000, got " + std::to_string(options.limit));
  }
  if (from >= until || until > now) {
    refuse("a range that has passed, got " + format_iso8601(from) + " to " + format_iso8601(until) +
           " at " + format_iso8601(now));
  }
  if (!config.enabled) refuse("an enabled job");
  if (!has_own_instants(config.schedule.rule())) refuse("a schedule that names instants");
  const ScheduleState state = engine_->book().state_of(*job);
  const Schedule schedule = config.schedule.bound_to(config.name, state.anchor_at);
  const Answers answers = find_answers(config.name, from, until);
  BackfillReport report;
  LateVector<NewRun, C> rows;
  auto due_at = schedule.next_after(add_clamped(from, Duration{-1}));
  for (; due_at && *due_at < until; due_at = schedule.next_after(*due_at)) {
    const auto found = answers.find(*due_at);
    const Answer* answer = found == answers.end() ? nullptr : &found->second;
    if (answer != nullptr && answer->is_run) {
      ++report.answered_count;
      continue;
    }
    if (rows.size() == options.limit) {
      report.next_from = *due_at;
      break;
    }
    NewRun row = make_backfill(config, *due_at, answer, now);
    row.actor = options.actor;
    row.reason = clamp_text(options.reason, reason_bytes_max);
    rows.push_back(std::move(row));
  }
  for (const auto& answer : parts_.storage.enqueue(rows, now)) {
    if (answer.kind == EnqueueAnswer::Kind::duplicate) {
      ++report.answered_count;
    } else {
      report.runs.push_back(answer.id);
    }
  }
  deck_->wake.raise();
  return report;
}

}  // namespace punctual::detail
