// SPDX-License-Identifier: MIT
//
// The jobs of a cluster node: one for each way in which runs come to be, wait for one another and
// end. What a body does follows from the run's id alone, so that nodes need no random numbers.
//
// Every schedule ends at an instant that all nodes are given: after it the cluster comes to rest.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/journal.hpp"
#include "punctual/domain/job_config.hpp"
#include "punctual/policy/job_context.hpp"
#include "punctual/schedule/schedule.hpp"

namespace punctual::tests {

/// What a job's bodies are like.
struct BodyStyle {
  Duration length_max{};         ///< a body lasts 0 to so long
  unsigned failure_percent = 0;  ///< so many of them fail
  bool is_deaf = false;          ///< does not care whether it is asked to stop
};

/// Waits for `length`, or until the body is to stop; returns whether it is.
[[nodiscard]] inline bool wait_or_stop(JobContext& job, Duration length) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, job.stop_token(), length, [] { return false; });
  return job.stop_token().stop_requested();
}

/// Writes down its start and its end, with what it is about to return.
class JournalBody {
 public:
  JournalBody(Journal& journal, BodyStyle style) : journal_(&journal), style_(style) {}

  JobOutcome operator()(JobContext& job) const {
    note(job, "start", "");
    const std::size_t chance =
        std::hash<std::string>{}(job.id().to_string() + std::to_string(job.fence()));
    const auto length = Duration{static_cast<std::int64_t>(
        chance % (static_cast<std::size_t>(style_.length_max.count()) + 1))};
    const bool is_stopped = wait_or_stop(job, length) && !style_.is_deaf;
    if (is_stopped) {
      note(job, "end", "interrupted");
      return job.interrupted();
    }
    if (chance / 1024 % 100 < style_.failure_percent) {
      note(job, "end", "failed");
      return job.failure("TRIED", "as its id says");
    }
    note(job, "end", "success");
    return job.success("DONE");
  }

 private:
  void note(const JobContext& job, std::string_view what, std::string_view outcome) const {
    journal_->write(what, {{"run", job.id().to_string()},
                           {"fence", job.fence()},
                           {"job", job.name()},
                           {"attempt", job.attempt()},
                           {"outcome", outcome}});
  }

  Journal* journal_;
  BodyStyle style_;
};

template <class SchedulerT>
class NodeJobs {
 public:
  NodeJobs(SchedulerT& scheduler, Journal& journal, TimePoint until)
      : scheduler_(scheduler),
        journal_(journal),
        until_(until) {}

  /// One of each kind, several times a second.
  void register_mixed() {
    using namespace std::chrono_literals;
    for (int i = 0; i < 4; ++i) {
      add({.name = "cron-" + std::to_string(i), .schedule = cron("* * * * * *")}, {300ms});
    }
    for (int i = 0; i < 3; ++i) {
      add({.name = "every-" + std::to_string(i),
           .schedule = every(250ms),
           .overlap = OverlapPolicy::allow,
           .missed = MissedPolicy::run_all(100)},
          {30ms});
    }
    add({.name = "queued", .schedule = every(500ms), .overlap = OverlapPolicy::queue_one}, {300ms});
    add({.name = "replaced", .schedule = every(700ms), .overlap = OverlapPolicy::terminate_running},
        {1000ms});
    add({.name = "cancelled", .schedule = every(700ms), .overlap = OverlapPolicy::cancel_running},
        {1000ms});
    add({.name = "flaky",
         .schedule = every(400ms),
         .retry = {.max_attempts = 5, .backoff = Backoff::fixed(100ms)},
         .overlap = OverlapPolicy::allow},
        {50ms, 50});
    add({.name = "limited",
         .schedule = every(300ms),
         .overlap = OverlapPolicy::allow,
         .concurrency = {.max = 2}},
        {300ms});
    add({.name = "paced",
         .schedule = every(300ms),
         .overlap = OverlapPolicy::allow,
         .rate = {.limit = {.max = 5, .period = 1s}}},
        {10ms});
    add({.name = "deaf", .schedule = every(600ms)}, {300ms, 0, true});
    add({.name = "dependent", .depends_on = {"cron-0"}}, {50ms});
    add({.name = "order",
         .retry = {.max_attempts = 4, .backoff = Backoff::fixed(50ms), .max_abandons = 10}},
        {100ms, 10});
    add({.name = "unique", .retry = {.max_attempts = 3, .backoff = Backoff::fixed(50ms)}},
        {200ms, 10});
    add({.name = "step", .retry = {.max_attempts = 3, .backoff = Backoff::fixed(50ms)}},
        {50ms, 20});
  }

  /// `count` jobs that are due every second and do nothing.
  void register_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      JobConfig config{.name = "many-" + std::to_string(i), .schedule = cron("* * * * * *")};
      config.schedule = config.schedule.between(time_min, until_);
      config.overlap = OverlapPolicy::allow;
      config.missed = MissedPolicy::run_all(100);
      scheduler_.register_job(std::move(config), JournalBody{journal_, {}});
    }
  }

 private:
  void add(JobConfig config, BodyStyle style) {
    if (!config.schedule.is_manual()) config.schedule = config.schedule.between(time_min, until_);
    config.timeout = std::chrono::seconds{30};
    scheduler_.register_job(std::move(config), JournalBody{journal_, style});
  }

  SchedulerT& scheduler_;
  Journal& journal_;
  TimePoint until_;
};

}  // namespace punctual::tests
