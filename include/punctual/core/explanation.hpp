// SPDX-License-Identifier: MIT
//
// Explanation: why a due instant ran, did not run, or when it will; and why a run has not started.
//
// Thread-safety: values; pure functions.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual {

struct Explanation {
  enum class Kind : std::uint8_t {
    no_instant,   ///< the schedule does not name it
    not_counted,  ///< before the job was registered, changed or enabled
    answered,     ///< a run or a skipped row answers it
    open,         ///< a run that answers it is pending or running
    to_come,      ///< it lies ahead
    overdue,      ///< it has come and nothing answers it yet
    forgotten,    ///< it was answered, by a row that has been pruned since
  };
  Kind kind = Kind::no_instant;
  std::string text{};             ///< a sentence or two, in English
  std::optional<RunId> run_id{};  ///< of the row that answers it: the last attempt
};

namespace detail {

/// Says a span of time with its two largest units, e.g. "2 h 5 min".
template <class TextT = std::string>
[[nodiscard]] TextT span_in_words(Duration span) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  static constexpr Unit units[] = {
      {86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1'000, " s"}, {1, " ms"}};
  std::int64_t left = std::max<std::int64_t>(span.count(), 0);
  TextT text;
  int unit_count = 0;
  for (const auto& unit : units) {
    if (left < unit.ms || unit_count == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(left / unit.ms) + unit.name;
    left %= unit.ms;
    ++unit_count;
  }
  return text.empty() ? TextT{"0 ms"} : text;
}

/// Puts explanations into words. `RunT` is JobRun; as a template, it costs those who only include
/// it little.
template <class RunT>
class Explainer {
 public:
  Explainer(const JobSummary& job, const Schedule& schedule, TimePoint now)
      : job_(job),
        schedule_(schedule),
        now_(now) {}

  /// Explains an instant. `attempts` are its rows, the newest first; `range`, if not null, is the
  /// newest row of the schedule that was due before it.
  [[nodiscard]] Explanation explain(TimePoint instant, const std::vector<RunT>& attempts,
                                    const RunT* range) const {
    const std::string at = format_iso8601(instant);
    if (!attempts.empty()) return explain_rows(at, attempts);
    // What an earlier schedule named is known by its rows alone.
    const bool may_be_instant = is_instant(instant) || instant <= job_.epoch_at;
    if (range != nullptr && may_be_instant && covers(*range, instant)) {
      return {Explanation::Kind::answered,
              at + " did not run: " + range->summary + " (" + range->message_code +
                  "), this one among them, from " + range->details.value("first", std::string{}) +
                  " to " + range->details.value("last", std::string{}),
              range->id};
    }
    if (!is_instant(instant)) return {Explanation::Kind::no_instant, no_instant(at, instant), {}};
    if (instant <= job_.epoch_at) {
      return {Explanation::Kind::not_counted,
              at + " did not run: the schedule has been counted since " +
                  format_iso8601(job_.epoch_at) +
                  " only, when the job was registered, changed or enabled",
              {}};
    }
    if (!job_.enabled) {
      return {Explanation::Kind::not_counted, at + " does not run: the job is disabled", {}};
    }
    if (instant > now_) return {Explanation::Kind::to_come, to_come(at, instant), {}};
    const bool is_armed = armed_at_ && *armed_at_ <= instant;
    if (is_armed || job_.paused) {
      return {
          Explanation::Kind::overdue,
          at + (job_.paused ? " has not run: " + paused() + "; resuming answers it as JOB_PAUSED"
                            : " has not run yet: it is " + span_in_words(now_ - instant) +
                                  " late, and answered by the next tick of a scheduler that "
                                  "knows the job"),
          {}};
    }
    return {Explanation::Kind::forgotten,
            at + " was answered, but the history does not reach back so far",
            {}};
  }

  /// What is armed, also while the job is paused.
  void set_armed_at(std::optional<TimePoint> armed_at) { armed_at_ = armed_at; }

 private:
  [[nodiscard]] bool is_instant(TimePoint instant) const {
    return schedule_.next_after(add_clamped(instant, Duration{-1})) == instant;
  }

  [[nodiscard]] static bool covers(const RunT& row, TimePoint instant) {
    if (!answers_many(row)) return false;
    const auto last = parse_iso8601(row.details.value("last", std::string{}));
    return row.due_at && *row.due_at <= instant && last && instant <= *last;
  }

  [[nodiscard]] std::string paused() const {
    std::string text = "the job is paused";
    if (!job_.paused_by.empty()) text += " by " + job_.paused_by;
    if (!job_.paused_reason.empty()) text += " (" + job_.paused_reason + ")";
    return text;
  }

  [[nodiscard]] Explanation explain_rows(const std::string& at,
                                         const std::vector<RunT>& attempts) const {
    const RunT& last = attempts.front();
    Explanation explanation;
    explanation.run_id = last.id;
    explanation.kind =
        is_terminal(last.status) ? Explanation::Kind::answered : Explanation::Kind::open;
    std::string text = at;
    if (last.status == JobStatus::skipped && !last.started_at) {
      text += " did not run: " + (last.summary.empty() ? last.message_code : last.summary) + " (" +
              last.message_code + ")";
    } else if (last.status == JobStatus::pending) {
      text += last.run_at > now_ ? " runs in " + span_in_words(last.run_at - now_)
                                 : " is ready and waits for a free place";
      if (job_.paused) text += "; " + paused();
    } else {
      text += last.status == JobStatus::running ? " is running" : " ran: ";
      if (is_terminal(last.status)) {
        text += std::string{to_string(last.status)} + " " + last.message_code;
        if (!last.summary.empty()) text += ", \"" + last.summary + "\"";
        if (last.error) text += ", error " + last.error->code + ": " + last.error->message;
      }
      const TimePoint due_at = last.due_at.value_or(last.run_at);
      if (last.started_at) {
        text += "; started " + span_in_words(*last.started_at - due_at) + " after it was due";
      }
      if (!last.node.empty()) text += " on " + last.node;
      if (last.duration) text += ", took " + span_in_words(*last.duration);
    }
    if (last.attempt > 1) text += "; attempt " + std::to_string(last.attempt);
    explanation.text = std::move(text);
    return explanation;
  }

  [[nodiscard]] std::string how() const {
    if (job_.depends_on.empty()) return schedule_.describe();
    std::string text = "after";
    for (const auto& name : job_.depends_on) {
      text += (name == job_.depends_on.front() ? " " : " and ") + name;
    }
    return text;
  }

  [[nodiscard]] std::string no_instant(const std::string& at, TimePoint instant) const {
    std::string text = at + " is no due instant of the job, which runs " + how();
    const auto before = schedule_.previous_before(instant);
    const auto after = schedule_.next_after(instant);
    if (before) text += "; the last one before is " + format_iso8601(*before);
    if (after) text += std::string{before ? "," : ";"} + " the next one " + format_iso8601(*after);
    return text;
  }

  [[nodiscard]] std::string to_come(const std::string& at, TimePoint instant) const {
    std::string text = at + " lies ahead: it runs in " + span_in_words(instant - now_);
    if (job_.paused) text += " if the job is resumed by then; " + paused();
    return text;
  }

  const JobSummary& job_;
  const Schedule& schedule_;
  TimePoint now_;
  std::optional<TimePoint> armed_at_{};
};

}  // namespace detail

}  // namespace punctual
