// SPDX-License-Identifier: MIT
//
// FailingStorage: a borrowed InMemoryStorage whose operations count their calls and fail when told
// to.
//
// A call may fail before its effect, as one does that never reached the database, or after it, as
// one does whose answer was lost. A hook sees each call before anything of it happens, and may
// throw what no storage should. The storage may also have a clock of its own, ahead of the caller's
// or behind it.
//
// Thread-safety: all members, from any thread. Hooks run with no lock held.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/policy/storage.hpp"

namespace punctual::tests {

/// The operations that ask the storage something; `now`, `poll_period` and `health` do not count.
enum class StorageCall : std::uint8_t {
  sync_jobs,
  due_schedules,
  advance,
  set_paused,
  enqueue,
  claim,
  renew,
  finish,
  release,
  take_expired,
  request_cancel,
  expire_unknown,
  next_wake,
  runs,
  run,
  summaries,
  prune,
};

class FailingStorage {
 public:
  using Hook = std::function<void()>;
  using Refusal = std::function<bool(const Completion&)>;

  /// How far the storage's own clock is ahead of the caller's.
  Duration skew{0};
  std::optional<Duration> poll{};

  explicit FailingStorage(InMemoryStorage& inner) : inner_(inner) {}

  /// The next `times` calls throw and do nothing.
  void fail_before(StorageCall call, std::size_t times = 1, ErrorKind kind = ErrorKind::retryable) {
    add_faults(call, times, {.kind = kind, .has_effect = false});
  }

  /// The next `times` calls do what they should and throw in doubt.
  void fail_after(StorageCall call, std::size_t times = 1) {
    add_faults(call, times, {.kind = ErrorKind::in_doubt, .has_effect = true});
  }

  /// Every call of this operation runs `hook` first; an empty one ends that.
  void on_call(StorageCall call, Hook hook) {
    const std::lock_guard lock{mutex_};
    hooks_[call] = std::move(hook);
  }

  /// `finish` refuses for good every batch that holds a completion for which `refusal` is true.
  void refuse_completions(Refusal refusal) {
    const std::lock_guard lock{mutex_};
    refusal_ = std::move(refusal);
  }

  /// Ends all faults, hooks and refusals; the counts stay.
  void heal() {
    const std::lock_guard lock{mutex_};
    faults_.clear();
    hooks_.clear();
    refusal_ = nullptr;
  }

  [[nodiscard]] std::size_t count(StorageCall call) const {
    const std::lock_guard lock{mutex_};
    return counts_[static_cast<std::size_t>(call)];
  }
  [[nodiscard]] std::size_t total_count() const {
    const std::lock_guard lock{mutex_};
    return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
  }
  void reset_counts() {
    const std::lock_guard lock{mutex_};
    counts_.fill(0);
  }

  // --- as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    return pass(StorageCall::sync_jobs, [&] { return inner_.sync_jobs(definitions, now); });
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    return pass(StorageCall::due_schedules, [&] { return inner_.due_schedules(jobs, limit, now); });
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    return pass(StorageCall::advance, [&] { return inner_.advance(advances, now); });
  }
  bool set_paused(const PauseChange& change, TimePoint now) {
    return pass(StorageCall::set_paused, [&] { return inner_.set_paused(change, now); });
  }
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    return pass(StorageCall::enqueue, [&] { return inner_.enqueue(rows, now); });
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    return pass(StorageCall::claim, [&] { return inner_.claim(request, now); });
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    return pass(StorageCall::renew, [&] { return inner_.renew(renewals, lease, now); });
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    return pass(StorageCall::finish, [&] {
      require_not_refused(completions);
      return inner_.finish(completions, now);
    });
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) {
    return pass(StorageCall::release, [&] { return inner_.release(leases, now); });
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    return pass(StorageCall::take_expired, [&] { return inner_.take_expired(request, now); });
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    return pass(StorageCall::request_cancel,
                [&] { return inner_.request_cancel(run_id, actor, now); });
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) {
    return pass(StorageCall::expire_unknown, [&] { return inner_.expire_unknown(request, now); });
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) {
    return pass(StorageCall::next_wake, [&] { return inner_.next_wake(jobs, now); });
  }
  std::vector<JobRun> runs(const RunQuery& query) {
    return pass(StorageCall::runs, [&] { return inner_.runs(query); });
  }
  std::optional<JobRun> run(RunId run_id) {
    return pass(StorageCall::run, [&] { return inner_.run(run_id); });
  }
  std::vector<JobSummary> summaries() {
    return pass(StorageCall::summaries, [&] { return inner_.summaries(); });
  }
  std::size_t prune(std::size_t limit, TimePoint now) {
    return pass(StorageCall::prune, [&] { return inner_.prune(limit, now); });
  }
  [[nodiscard]] TimePoint now(TimePoint caller_now) const { return caller_now + skew; }
  [[nodiscard]] std::optional<Duration> poll_period() const { return poll; }
  [[nodiscard]] StorageHealth health() const { return inner_.health(); }

 private:
  struct Fault {
    ErrorKind kind = ErrorKind::retryable;
    bool has_effect = false;
  };
  struct Faults {
    Fault fault{};
    std::size_t left_count = 0;
  };

  void add_faults(StorageCall call, std::size_t times, Fault fault) {
    const std::lock_guard lock{mutex_};
    faults_[call] = {fault, times};
  }

  template <class Operation>
  std::invoke_result_t<Operation&> pass(StorageCall call, Operation&& operation) {
    Hook hook;
    std::optional<Fault> fault;
    {
      const std::lock_guard lock{mutex_};
      ++counts_[static_cast<std::size_t>(call)];
      if (const auto found = hooks_.find(call); found != hooks_.end()) hook = found->second;
      if (const auto found = faults_.find(call); found != faults_.end()) {
        if (found->second.left_count > 0) {
          --found->second.left_count;
          fault = found->second.fault;
        }
      }
    }
    if (hook) hook();
    if (fault && !fault->has_effect) throw Error{"TEST_FAULT", "told to fail", fault->kind};
    auto answer = operation();
    if (fault) throw Error{"TEST_FAULT", "told to lose the answer", fault->kind};
    return answer;
  }

  void require_not_refused(const std::vector<Completion>& completions) const {
    Refusal refusal;
    {
      const std::lock_guard lock{mutex_};
      refusal = refusal_;
    }
    if (!refusal) return;
    for (const auto& completion : completions) {
      if (refusal(completion)) throw Error{"TEST_REFUSED", "told to refuse this completion"};
    }
  }

  InMemoryStorage& inner_;
  mutable std::mutex mutex_;
  std::array<std::size_t, 17> counts_{};
  std::map<StorageCall, Faults> faults_;
  std::map<StorageCall, Hook> hooks_;
  Refusal refusal_;
};

static_assert(Storage<FailingStorage>);
static_assert(Storage<FailingStorage&>);

}  // namespace punctual::tests
