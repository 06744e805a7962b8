// SPDX-License-Identifier: MIT
//
// ChangeFeed: tells what has changed between two looks at a scheduler, as numbered events.
//
// It is handed what was seen, compares it with what it was handed before, and keeps the events for
// a while, so that a listener who was cut off gets those that it missed. The look is at the newest
// runs and at those that are open; a number of runs that no look can hold, and a listener that is
// too far behind, are answered by the event `reset`: everything is to be read anew.
//
// Thread-safety: distinct objects. It reads no clock and no storage.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
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
  std::vector<JobRun> other_runs{};   ///< older ones that are open, or were when last seen
};

class ChangeFeed {
 public:
  /// How many of the newest runs an observation has, if there are as many.
  static constexpr std::size_t newest_runs_max = 200;
  static constexpr std::size_t events_max = 2000;

  /// `zones`: see ControllerOptions.
  explicit ChangeFeed(ZonesOf zones = {}) : zones_(std::move(zones)) {}

  /// Returns the open runs that were seen last and are not in `seen`: what has become of them is to
  /// be looked up.
  [[nodiscard]] std::vector<RunId> missing_from(const Observation& seen) const {
    std::map<RunId, RunMark> left;
    for (const auto& [id, mark] : runs_) {
      if (mark.is_open()) left.emplace(id, mark);
    }
    for (const auto* runs : {&seen.newest_runs, &seen.other_runs}) {
      for (const auto& run : *runs) left.erase(run.id);
    }
    std::vector<RunId> ids;
    for (const auto& [id, mark] : left) ids.push_back(id);
    return ids;
  }

  /// Makes events of what has changed since the last observation. The first one makes none.
  ///
  /// `now` is of a clock that is never set back.
  void take(const Observation& seen, Duration now) {
    const bool is_first = !has_seen_;
    has_seen_ = true;
    if (!is_first && is_gap(seen)) is_reset_owed_ = true;
    if (take_jobs(seen.jobs, is_first)) is_reset_owed_ = true;
    take_runs(seen, is_first);
    if (is_reset_owed_ && now - reset_at_.value_or(now - reset_period) >= reset_period) {
      put("reset", {}, {});
      reset_at_ = now;
      is_reset_owed_ = false;
    }
  }

  /// Makes an event of the health if it has changed, or every five seconds.
  void take_health(const Json& health, Duration now) {
    Json lasting = health;
    for (const char* passing : {"time", "loopLagMs"}) lasting.erase(passing);
    for (auto& job : lasting["overdueJobs"]) job.erase("lateMs");
    if (health_at_ && now - *health_at_ < health_period && lasting == health_) return;
    health_ = std::move(lasting);
    health_at_ = now;
    const std::string text = dump_body(health);
    put("health", text, text);
  }

  /// The number of the newest event; 0 if there was none.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }

  /// The events after `position`, as they are sent.
  struct Page {
    std::string text{};
    std::uint64_t position = 0;  ///< the number of the last of them
  };

  /// Returns what a listener gets that has had all up to `position`, at most about `bytes_max`.
  ///
  /// Ids are `<feed>-<number>`. Source: WHATWG HTML, 9.2, "Server-sent events".
  [[nodiscard]] Page after(std::uint64_t position, std::string_view feed, bool hides_errors,
                           std::size_t bytes_max = std::size_t{64} * 1024) const {
    if (position > newest_ || newest_ - position > events_.size()) {
      return {event_text("reset", {}, feed, newest_), newest_};
    }
    Page page{{}, position};
    for (auto place = events_.size() - static_cast<std::size_t>(newest_ - position);
         place < events_.size() && page.text.size() < bytes_max; ++place) {
      const Event& event = events_[place];
      const std::string& data =
          hides_errors && event.for_readers ? *event.for_readers : event.for_writers;
      ++page.position;
      page.text += event_text(event.name, data, feed, page.position);
    }
    return page;
  }

 private:
  static constexpr Duration health_period = std::chrono::seconds{5};
  static constexpr Duration reset_period = std::chrono::seconds{5};

  struct Event {
    const char* name;
    std::string for_writers{};
    std::optional<std::string> for_readers{};  // if it differs
  };

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

  void take_runs(const Observation& seen, bool is_first) {
    const Principal writer{{}, Permission::write, {}};
    const Principal reader{};
    std::map<RunId, RunMark> now_seen;
    // The oldest first, so that a list which takes them in turn ends with the newest on top.
    const auto take_one = [&](const JobRun& run) {
      const RunMark mark{run};
      const auto before = runs_.find(run.id);
      const bool is_changed = before == runs_.end() || !(before->second == mark);
      if (!now_seen.emplace(run.id, mark).second || !is_changed || is_first || is_reset_owed_) {
        return;
      }
      put("run", dump_body(run_view(run, writer)), dump_body(run_view(run, reader)));
    };
    std::for_each(seen.other_runs.rbegin(), seen.other_runs.rend(), take_one);
    std::for_each(seen.newest_runs.rbegin(), seen.newest_runs.rend(), take_one);
    if (!seen.newest_runs.empty()) newest_run_ = seen.newest_runs.front().id;
    runs_ = std::move(now_seen);
  }

  /// Returns true if a job is gone.
  [[nodiscard]] bool take_jobs(const std::vector<JobSummary>& jobs, bool is_first) {
    const Principal writer{{}, Permission::write, {}};
    const Principal reader{};
    std::map<std::string, JobMark> now_seen;
    for (const auto& job : jobs) {
      JobMark mark{job};
      const auto before = jobs_.find(job.name);
      const bool is_changed = before == jobs_.end() || !(before->second == mark);
      now_seen.emplace(job.name, std::move(mark));
      if (!is_changed || is_first) continue;
      put("job", dump_body(job_view(job, writer, zones_)),
          dump_body(job_view(job, reader, zones_)));
    }
    const bool is_one_gone = std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& before) {
      return now_seen.count(before.first) == 0;
    });
    jobs_ = std::move(now_seen);
    return is_one_gone;
  }

  void put(const char* name, std::string for_writers, std::string for_readers) {
    Event event{name, std::move(for_writers), std::nullopt};
    if (for_readers != event.for_writers) event.for_readers = std::move(for_readers);
    events_.push_back(std::move(event));
    ++newest_;
    if (events_.size() > events_max) events_.pop_front();
  }

  /// Data is JSON in one line: an end of line within it is escaped.
  [[nodiscard]] static std::string event_text(std::string_view name, std::string_view data,
                                              std::string_view feed, std::uint64_t number) {
    std::string text = "id: ";
    text += feed;
    text += "-" + std::to_string(number) + "\nevent: ";
    text += name;
    text += "\ndata: ";
    text += data;
    text += "\n\n";
    return text;
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
  std::deque<Event> events_;
  std::uint64_t newest_ = 0;
};

}  // namespace punctual::http
