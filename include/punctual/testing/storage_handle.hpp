// SPDX-License-Identifier: MIT
//
// StorageHandle: a storage of any type behind one interface, so that the checks are compiled once
// and not once for every storage.
//
// OwnedStorage puts whatever owns a storage (a unique_ptr, a shared_ptr, an optional) behind it.
//
// Thread-safety: as the storage itself.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/policy/storage.hpp"

namespace punctual::testing {

/// Itself a model of the concept Storage.
class StorageHandle {
 public:
  StorageHandle() = default;
  StorageHandle(const StorageHandle&) = delete;
  StorageHandle& operator=(const StorageHandle&) = delete;
  virtual ~StorageHandle() = default;

  virtual std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                               TimePoint now) = 0;
  virtual std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit,
                                                   TimePoint now) = 0;
  virtual std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances,
                                             TimePoint now) = 0;
  virtual bool set_paused(const PauseChange& change, TimePoint now) = 0;

  virtual std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) = 0;
  virtual std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) = 0;
  virtual std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                         TimePoint now) = 0;
  virtual std::vector<FinishAnswer> finish(const std::vector<Completion>& completions,
                                           TimePoint now) = 0;
  virtual std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) = 0;
  virtual std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) = 0;
  virtual CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) = 0;
  virtual std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) = 0;
  virtual WakeTimes next_wake(const JobNames& jobs, TimePoint now) = 0;

  virtual std::vector<JobRun> runs(const RunQuery& query) = 0;
  virtual std::optional<JobRun> run(RunId run_id) = 0;
  virtual std::vector<JobSummary> summaries() = 0;
  virtual std::size_t prune(std::size_t limit, TimePoint now) = 0;

  virtual TimePoint now(TimePoint caller_now) = 0;
  virtual std::optional<Duration> poll_period() = 0;
  virtual StorageHealth health() = 0;
};

/// Requires: `*handle` is a storage.
template <class Handle>
class OwnedStorage final : public StorageHandle {
 public:
  explicit OwnedStorage(Handle handle) : handle_(std::move(handle)) {}

  [[nodiscard]] Handle& handle() noexcept { return handle_; }

  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) override {
    return (*handle_).sync_jobs(definitions, now);
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit,
                                           TimePoint now) override {
    return (*handle_).due_schedules(jobs, limit, now);
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) override {
    return (*handle_).advance(advances, now);
  }
  bool set_paused(const PauseChange& change, TimePoint now) override {
    return (*handle_).set_paused(change, now);
  }

  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) override {
    return (*handle_).enqueue(rows, now);
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) override {
    return (*handle_).claim(request, now);
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) override {
    return (*handle_).renew(renewals, lease, now);
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions,
                                   TimePoint now) override {
    return (*handle_).finish(completions, now);
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) override {
    return (*handle_).release(leases, now);
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) override {
    return (*handle_).take_expired(request, now);
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) override {
    return (*handle_).request_cancel(run_id, actor, now);
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) override {
    return (*handle_).expire_unknown(request, now);
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) override {
    return (*handle_).next_wake(jobs, now);
  }

  std::vector<JobRun> runs(const RunQuery& query) override { return (*handle_).runs(query); }
  std::optional<JobRun> run(RunId run_id) override { return (*handle_).run(run_id); }
  std::vector<JobSummary> summaries() override { return (*handle_).summaries(); }
  std::size_t prune(std::size_t limit, TimePoint now) override {
    return (*handle_).prune(limit, now);
  }

  TimePoint now(TimePoint caller_now) override { return (*handle_).now(caller_now); }
  std::optional<Duration> poll_period() override { return (*handle_).poll_period(); }
  StorageHealth health() override { return (*handle_).health(); }

 private:
  Handle handle_;
};

}  // namespace punctual::testing
