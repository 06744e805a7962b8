// SPDX-License-Identifier: MIT
//
// LedgerAudit: is every due instant of a job answered by exactly one row?
//
// It goes through the rows that a storage keeps of a job, beside the instants that the job's
// schedule names, after the start of the schedule's epoch, or from the oldest row that is left, to
// the armed instant. It only reads, and may run while schedulers are at work.
//
// Thread-safety: one audit, one thread.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/late.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/domain/run_query.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual {

/// Something in the ledger that is not as it should be.
struct LedgerFault {
  enum class Kind : std::uint8_t {
    missing,    ///< due instants that no row answers
    duplicate,  ///< an instant that two rows answer
    foreign,    ///< a row for an instant that the schedule does not name
  };
  Kind kind = Kind::missing;
  std::string job_name{};
  TimePoint first{};
  TimePoint last{};
  InstantCount count{};  ///< of the instants concerned
};

/// What was looked at, and what was found.
struct LedgerReport {
  std::size_t job_count = 0;       ///< jobs whose schedule names instants
  std::size_t row_count = 0;       ///< rows that answer some
  std::int64_t instant_count = 0;  ///< instants that they answer
  std::vector<LedgerFault> faults{};
  std::vector<std::string> unread{};  ///< jobs whose schedule cannot be read here, with the reason
};

/// `StorageT` needs `summaries()` and `runs(query)` of policy/storage.hpp; it is borrowed.
template <class StorageT>
class LedgerAudit {
 public:
  /// Of each job the newest rows are read, so many at most.
  static constexpr std::size_t rows_max = 100'000;

  explicit LedgerAudit(StorageT& storage) : storage_(storage) {}

  /// Audits every job. `zones(name)` returns the TimeZone of a name, as for `Schedule::from_json`.
  ///
  /// Errors: those of the storage.
  template <class Zones = detail::NoZones>
  [[nodiscard]] LedgerReport run(const Zones& zones = {}) {
    LedgerReport report;
    // The summaries first: rows that are stored meanwhile lie behind what is armed by then.
    for (const auto& job : storage_.summaries()) {
      try {
        audit(job, Schedule::from_json(job.schedule, zones), report);
      } catch (const Error& error) {
        if (error.code() != "INVALID_TIME_ZONE" && error.code() != "INVALID_SCHEDULE") throw;
        report.unread.push_back(job.name + ": " + error.what());
      }
    }
    return report;
  }

 private:
  /// The instants that one row answers.
  struct Answer {
    TimePoint first{};
    TimePoint last{};
  };

  void audit(const JobSummary& job, const Schedule& unbound, LedgerReport& report) {
    if (!detail::has_own_instants(unbound.rule())) return;
    ++report.job_count;
    const Schedule schedule = unbound.bound_to(job.name, job.anchor_at);
    bool is_whole = false;
    const auto answers = read_answers(job, is_whole);
    report.row_count += answers.size();
    // Exclusive: instants up to here are not looked at.
    TimePoint reached = job.epoch_at;
    if (!is_whole && !answers.empty()) {
      reached = std::max(reached, add_clamped(answers.front().first, Duration{-1}));
    }
    for (const auto& answer : answers) {
      report.instant_count += schedule.count_between(answer.first, answer.last).count;
      check_answer(job, schedule, answer, reached, report);
      reached = std::max(reached, answer.last);
    }
    const bool is_known_till_armed = job.enabled && !job.paused && (is_whole || !answers.empty());
    if (!is_known_till_armed) return;
    const auto next = schedule.next_after(reached);
    if (next && (!job.next_run_at || *next < *job.next_run_at)) {
      add_missing(job, schedule, *next, job.next_run_at, report);
    }
  }

  void check_answer(const JobSummary& job, const Schedule& schedule, const Answer& answer,
                    TimePoint reached, LedgerReport& report) {
    const auto add = [&](LedgerFault::Kind kind) {
      report.faults.push_back({kind, job.name, answer.first, answer.last,
                               schedule.count_between(answer.first, answer.last)});
    };
    if (answer.first <= reached) return add(LedgerFault::Kind::duplicate);
    if (schedule.next_after(add_clamped(answer.first, Duration{-1})) != answer.first) {
      add(LedgerFault::Kind::foreign);
    }
    const auto next = schedule.next_after(reached);
    if (next && *next < answer.first) add_missing(job, schedule, *next, answer.first, report);
  }

  /// The instants from `first` on and before `end` are not answered; all of them if there is none.
  void add_missing(const JobSummary& job, const Schedule& schedule, TimePoint first,
                   std::optional<TimePoint> end, LedgerReport& report) {
    const TimePoint last = end ? schedule.previous_before(*end).value_or(first) : first;
    report.faults.push_back(
        {LedgerFault::Kind::missing, job.name, first, last, schedule.count_between(first, last)});
  }

  /// Returns what the job's rows of this epoch answer, by their instants. `is_whole` says whether
  /// they are all that there have been.
  [[nodiscard]] LateVector<Answer, StorageT> read_answers(const JobSummary& job, bool& is_whole) {
    LateVector<Answer, StorageT> answers;
    RunQuery query;
    query.job_name = job.name;
    query.limit = 1000;
    std::uint64_t ended_count = 0;
    std::size_t row_count = 0;
    while (true) {
      const auto page = storage_.runs(query);
      row_count += page.size();
      for (const auto& run : page) {
        ended_count += is_terminal(run.status) ? 1 : 0;
        const bool answers_one = run.trigger == RunTrigger::schedule && run.attempt == 1;
        if (!answers_one || !run.due_at || *run.due_at <= job.epoch_at) continue;
        answers.push_back({*run.due_at, last_of(run)});
      }
      if (page.size() < query.limit || row_count >= rows_max) break;
      query.before = page.back().id;
    }
    is_whole = ended_count >= job.run_count;
    std::sort(answers.begin(), answers.end(),
              [](const Answer& a, const Answer& b) { return a.first < b.first; });
    return answers;
  }

  /// The last instant that a row answers: one that is skipped may answer many.
  [[nodiscard]] static TimePoint last_of(const JobRun& run) {
    if (!answers_many(run)) return *run.due_at;
    const auto last = run.details.find("last");
    if (last == run.details.end() || !last->is_string()) return *run.due_at;
    const auto instant = parse_iso8601(last->template get_ref<const std::string&>());
    return std::max(instant.value_or(*run.due_at), *run.due_at);
  }

  StorageT& storage_;
};

/// Says a fault, e.g. `job "nightly": no row answers 2 due instants, 2024-01-15T… to 2024-01-16T…`.
template <class TextT = std::string>
[[nodiscard]] TextT describe(const LedgerFault& fault) {
  const std::string number = (fault.count.is_exact ? "" : "at least ") +
                             std::to_string(std::max<std::int64_t>(fault.count.count, 1)) +
                             (fault.count.count > 1 ? " due instants, " : " due instant, ");
  const std::string range = fault.first == fault.last
                                ? format_iso8601(fault.first)
                                : format_iso8601(fault.first) + " to " + format_iso8601(fault.last);
  TextT text = "job \"" + fault.job_name + "\": ";
  switch (fault.kind) {
    case LedgerFault::Kind::missing:
      return text + "no row answers " + number + range;
    case LedgerFault::Kind::duplicate:
      return text + "two rows answer " + number + range;
    case LedgerFault::Kind::foreign:
      break;
  }
  return text + "a row answers " + range + ", which the schedule does not name";
}

}  // namespace punctual
