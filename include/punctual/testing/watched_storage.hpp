// SPDX-License-Identifier: MIT
//
// WatchedStorage: a storage whose calls are shown to a watcher, before they happen and after.
//
// Between a scheduler and its storage it shows what the scheduler got to know; between faults and
// the real storage, what really happened.
//
// Thread-safety: as the storage and the watcher.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "punctual/policy/storage.hpp"
#include "punctual/testing/storage_operation.hpp"

namespace punctual::testing {

/// Does not look at anything. Watchers derive from it, bring its members in by `using`, and
/// overload them for the operations that they look at.
struct StorageWatcher {
  /// `asked(tag, arguments...)`: the call is about to happen.
  template <StorageOperation Operation, class... Arguments>
  void asked(OperationTag<Operation>, const Arguments&...) {}

  /// `answered(tag, answer, arguments...)`: it has happened. Not called for one that threw.
  template <StorageOperation Operation, class Answer, class... Arguments>
  void answered(OperationTag<Operation>, const Answer&, const Arguments&...) {}
};

/// Borrows both.
template <class StorageT, class WatcherT>
class WatchedStorage {
  using Op = StorageOperation;

 public:
  WatchedStorage(StorageT& storage, WatcherT& watcher) : storage_(storage), watcher_(watcher) {}

  // --- as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    return show<Op::sync_jobs>(&StorageT::sync_jobs, definitions, now);
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    return show<Op::due_schedules>(&StorageT::due_schedules, jobs, limit, now);
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    return show<Op::advance>(&StorageT::advance, advances, now);
  }
  bool set_paused(const PauseChange& change, TimePoint now) {
    return show<Op::set_paused>(&StorageT::set_paused, change, now);
  }
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    return show<Op::enqueue>(&StorageT::enqueue, rows, now);
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    return show<Op::claim>(&StorageT::claim, request, now);
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    return show<Op::renew>(&StorageT::renew, renewals, lease, now);
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    return show<Op::finish>(&StorageT::finish, completions, now);
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) {
    return show<Op::release>(&StorageT::release, leases, now);
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    return show<Op::take_expired>(&StorageT::take_expired, request, now);
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    return show<Op::request_cancel>(&StorageT::request_cancel, run_id, actor, now);
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) {
    return show<Op::expire_unknown>(&StorageT::expire_unknown, request, now);
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) {
    return show<Op::next_wake>(&StorageT::next_wake, jobs, now);
  }
  std::vector<JobRun> runs(const RunQuery& query) { return show<Op::runs>(&StorageT::runs, query); }
  std::optional<JobRun> run(RunId run_id) { return show<Op::run>(&StorageT::run, run_id); }
  std::vector<JobSummary> summaries() { return show<Op::summaries>(&StorageT::summaries); }
  std::size_t prune(std::size_t limit, TimePoint now) {
    return show<Op::prune>(&StorageT::prune, limit, now);
  }

  [[nodiscard]] TimePoint now(TimePoint caller_now) { return storage_.now(caller_now); }
  [[nodiscard]] std::optional<Duration> poll_period() { return storage_.poll_period(); }
  [[nodiscard]] StorageHealth health() { return storage_.health(); }

 private:
  template <StorageOperation Operation, class Member, class... Arguments>
  auto show(Member member, const Arguments&... arguments) {
    watcher_.asked(OperationTag<Operation>{}, arguments...);
    auto answer = (storage_.*member)(arguments...);
    watcher_.answered(OperationTag<Operation>{}, answer, arguments...);
    return answer;
  }

  StorageT& storage_;
  WatcherT& watcher_;
};

}  // namespace punctual::testing
