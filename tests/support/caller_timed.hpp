// SPDX-License-Identifier: MIT
//
// CallerTimed: a storage that hosts share, but that goes by the caller's instant, so that tests
// with a clock of their own can use it.
//
// Thread-safety: as the storage, as long as all callers say the same instant.

#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <punctual/punctual.hpp>

namespace punctual::tests {

template <class StorageT, class OptionsT>
class CallerTimed {
 public:
  explicit CallerTimed(OptionsT options) : storage_(timed(std::move(options))) {}

  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    return at(now).sync_jobs(definitions, now);
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    return at(now).due_schedules(jobs, limit, now);
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    return at(now).advance(advances, now);
  }
  bool set_paused(const PauseChange& change, TimePoint now) {
    return at(now).set_paused(change, now);
  }

  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    return at(now).enqueue(rows, now);
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    return at(now).claim(request, now);
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    return at(now).renew(renewals, lease, now);
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    return at(now).finish(completions, now);
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) {
    return at(now).release(leases, now);
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    return at(now).take_expired(request, now);
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    return at(now).request_cancel(run_id, actor, now);
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) {
    return at(now).expire_unknown(request, now);
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) { return at(now).next_wake(jobs, now); }

  std::vector<JobRun> runs(const RunQuery& query) { return storage_.runs(query); }
  std::optional<JobRun> run(RunId run_id) { return storage_.run(run_id); }
  std::vector<JobSummary> summaries() { return storage_.summaries(); }
  std::size_t prune(std::size_t limit, TimePoint now) { return at(now).prune(limit, now); }

  [[nodiscard]] TimePoint now(TimePoint caller_now) { return at(caller_now).now(caller_now); }
  /// None: a test asks each of its nodes itself, and a poll a second would be most of its time.
  [[nodiscard]] std::optional<Duration> poll_period() const noexcept { return std::nullopt; }
  [[nodiscard]] StorageHealth health() const noexcept { return storage_.health(); }

 private:
  OptionsT timed(OptionsT options) {
    options.clock = clock_;
    return options;
  }

  StorageT& at(TimePoint now) {
    clock_->store(now);
    return storage_;
  }

  std::shared_ptr<std::atomic<TimePoint>> clock_ = std::make_shared<std::atomic<TimePoint>>();
  StorageT storage_;
};

}  // namespace punctual::tests
