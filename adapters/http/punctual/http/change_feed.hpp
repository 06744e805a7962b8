// SPDX-License-Identifier: MIT
//
// ChangeFeed: tells what has changed between two looks at a scheduler.
//
// It is handed what was seen, and compares it with what it was handed before. The look is at the
// newest runs, at those that are running, and at those that were open when last seen. More than a
// look can hold is answered by the event `reset`: everything is to be read anew.
//
// Thread-safety: distinct objects. It reads no clock and no storage.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"
#include "punctual/domain/job_run.hpp"
#include "punctual/domain/job_status.hpp"
#include "punctual/domain/job_summary.hpp"
#include "punctual/http/access.hpp"
#include "punctual/http/answers.hpp"
#include "punctual/http/job_views.hpp"

namespace punctual::http {

/// What was seen of a scheduler at a moment.
struct Observation {
  std::vector<JobSummary> jobs{};
  std::vector<JobRun> newest_runs{};  ///< the newest first, without details
  std::vector<JobRun> other_runs{};   ///< older ones that are running, or were open when last seen
  bool is_partial = false;            ///< there may be more of the latter
};

/// Something that listeners are told.
struct ChangeEvent {
  const char* name;           ///< run, job, health or reset
  std::string for_writers{};  ///< JSON in one line; empty: nothing more to say
  /// What those get who do not see errors, if it differs.
  std::optional<std::string> for_readers{};
};

class ChangeFeed {
 public:
  /// How many of the newest runs an observation has, if there are as many.
  static constexpr std::size_t newest_runs_max = 200;

  /// `zones`: see ControllerOptions.
  explicit ChangeFeed(ZonesOf zones = {}) : zones_(std::move(zones)) {}

  /// Returns the open runs that were seen last and are not in `seen`: what has become of them is to
  /// be looked up.
  [[nodiscard]] std::vector<RunId> missing_from(const Observation& seen) const {
    std::set<RunId> shown;
    for (const auto* runs : {&seen.newest_runs, &seen.other_runs}) {
      for (const auto& run : *runs) shown.insert(run.id);
    }
    std::vector<RunId> ids;
    for (const auto& [id, mark] : runs_) {
      if (mark.is_open() && shown.count(id) == 0) ids.push_back(id);
    }
    return ids;
  }

  /// Returns what has changed since the last observation. The first one tells nothing.
  ///
  /// `now` is of a clock that is never set back.
  [[nodiscard]] std::vector<ChangeEvent> changes(const Observation& seen, Duration now) {
    const bool is_first = !has_seen_;
    has_seen_ = true;
    std::vector<ChangeEvent> events;
    const bool is_one_gone = take_jobs(seen.jobs, is_first, events);
    is_reset_owed_ =
        is_reset_owed_ || is_one_gone || (!is_first && (is_gap(seen) || seen.is_partial));
    take_runs(seen, is_first, events);
    if (is_reset_owed_ && now - reset_at_.value_or(now - reset_period) >= reset_period) {
      events.push_back({"reset"});
      reset_at_ = now;
      is_reset_owed_ = false;
    }
    return events;
  }

  /// Returns the health as an event if it has changed, or every five seconds.
  [[nodiscard]] std::vector<ChangeEvent> health_changes(const Json& health, Duration now) {
    Json lasting = health;
    for (const char* passing : {"time", "loopLagMs"}) lasting.erase(passing);
    for (auto& job : lasting["overdueJobs"]) job.erase("lateMs");
    if (health_at_ && now - *health_at_ < health_period && lasting == health_) return {};
    health_ = std::move(lasting);
    health_at_ = now;
    return {{"health", dump_body(health)}};
  }

 private:
  static constexpr Duration health_period = std::chrono::seconds{5};
  static constexpr Duration reset_period = std::chrono::seconds{5};

  /// What makes a change of a run worth an event; a lease that was renewed is none.
  struct RunMark {
    explicit RunMark(const JobRun& run)
        : status(run.status),
          rest(run.fence, run.progress, run.progress_note, run.cancel_requested, run.run_at,
               run.abandon_count) {}
    [[nodiscard]] bool is_open() const { return !is_terminal(status); }
    bool operator==(const RunMark& other) const {
      return status == other.status && rest == other.rest;
    }

    JobStatus status;
    std::tuple<decltype(JobRun::fence), decltype(JobRun::progress), std::string, bool, TimePoint,
               decltype(JobRun::abandon_count)>
        rest;
  };

  struct JobMark {
    explicit JobMark(const JobSummary& job)
        : flags(job.enabled, job.paused, job.is_registered),
          texts(job.description, job.paused_by, job.paused_reason),
          schedule(job.schedule),
          rest(job.next_run_at, job.depends_on, job.run_count, job.success_count, job.failure_count,
               job.skipped_count, job.last_run ? std::optional{job.last_run->id} : std::nullopt) {}
    bool operator==(const JobMark& other) const {
      return flags == other.flags && rest == other.rest && texts == other.texts &&
             schedule == other.schedule;
    }

    std::tuple<bool, bool, bool> flags;
    std::tuple<std::string, std::string, std::string> texts;
    Json schedule;
    std::tuple<std::optional<TimePoint>, std::vector<std::string>, std::uint64_t, std::uint64_t,
               std::uint64_t, std::uint64_t, std::optional<RunId>>
        rest;
  };

  /// True if more runs were made since the last look than this one holds.
  [[nodiscard]] bool is_gap(const Observation& seen) const {
    return seen.newest_runs.size() >= newest_runs_max && newest_run_ &&
           std::none_of(seen.newest_runs.begin(), seen.newest_runs.end(),
                        [&](const JobRun& run) { return run.id <= *newest_run_; });
  }

  void take_runs(const Observation& seen, bool is_first, std::vector<ChangeEvent>& events) {
    std::map<RunId, RunMark> now_seen;
    // The oldest first, so that a list which takes them in turn ends with the newest on top.
    const auto take_one = [&](const JobRun& run) {
      const RunMark mark{run};
      const auto before = runs_.find(run.id);
      const bool is_changed = before == runs_.end() || !(before->second == mark);
      if (!now_seen.emplace(run.id, mark).second || !is_changed || is_first || is_reset_owed_) {
        return;
      }
      events.push_back(event_of("run", [&](const Principal& who) { return run_view(run, who); }));
    };
    std::for_each(seen.other_runs.rbegin(), seen.other_runs.rend(), take_one);
    std::for_each(seen.newest_runs.rbegin(), seen.newest_runs.rend(), take_one);
    if (!seen.newest_runs.empty()) newest_run_ = seen.newest_runs.front().id;
    runs_ = std::move(now_seen);
  }

  /// Returns true if a job is gone.
  [[nodiscard]] bool take_jobs(const std::vector<JobSummary>& jobs, bool is_first,
                               std::vector<ChangeEvent>& events) {
    std::map<std::string, JobMark> now_seen;
    for (const auto& job : jobs) {
      JobMark mark{job};
      const auto before = jobs_.find(job.name);
      const bool is_changed = before == jobs_.end() || !(before->second == mark);
      now_seen.emplace(job.name, std::move(mark));
      if (!is_changed || is_first) continue;
      events.push_back(
          event_of("job", [&](const Principal& who) { return job_view(job, who, zones_); }));
    }
    const bool is_one_gone = std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& before) {
      return now_seen.count(before.first) == 0;
    });
    jobs_ = std::move(now_seen);
    return is_one_gone;
  }

  /// `view_for(principal)` returns what somebody sees.
  template <class ViewFor>
  [[nodiscard]] static ChangeEvent event_of(const char* name, const ViewFor& view_for) {
    ChangeEvent event{name, dump_body(view_for(Principal{{}, Permission::write, {}})), {}};
    std::string for_readers = dump_body(view_for(Principal{}));
    if (for_readers != event.for_writers) event.for_readers = std::move(for_readers);
    return event;
  }

  ZonesOf zones_;
  bool has_seen_ = false;
  std::map<RunId, RunMark> runs_;
  std::map<std::string, JobMark> jobs_;
  std::optional<RunId> newest_run_;
  Json health_;
  std::optional<Duration> health_at_;
  bool is_reset_owed_ = false;
  std::optional<Duration> reset_at_;
};

}  // namespace punctual::http
