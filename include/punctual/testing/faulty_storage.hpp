// SPDX-License-Identifier: MIT
//
// FaultyStorage: a storage behind a bad network, for tests of what a scheduler does then.
//
// It wraps any storage. A write is refused before it happens (retryable), or its answer is lost
// (in doubt), whether or not it has happened; a read may only be refused. A call may take long, and
// a notification of others may not arrive. Which calls that befalls follows from the seed, or from
// `fail_next`. With a clock of its own it is a storage that hosts share: that clock decides, and
// the caller's instant is never looked at.
//
// Thread-safety: all members, from any thread. The clock, waits and notifications are called with
// no lock held.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/policy/storage.hpp"
#include "punctual/testing/storage_operation.hpp"

namespace punctual::testing {

/// How often what befalls a call, in a thousand.
struct FaultRates {
  std::uint32_t refused = 0;               ///< nothing happened
  std::uint32_t answer_lost = 0;           ///< it happened, and is in doubt; of writes only
  std::uint32_t request_lost = 0;          ///< it did not happen, and is in doubt; of writes only
  std::uint32_t delayed = 0;               ///< before it happens; as often after it
  std::uint32_t notification_dropped = 0;  ///< nobody is told of what was written
  Duration delay_max{};                    ///< a delay lasts 1 ms to this
};

/// What befell the calls so far.
struct FaultCounts {
  std::size_t calls = 0;
  std::size_t refused = 0;
  std::size_t answers_lost = 0;
  std::size_t requests_lost = 0;
  std::size_t delays = 0;
  std::size_t notifications = 0;
  std::size_t notifications_dropped = 0;

  FaultCounts& operator+=(const FaultCounts& other) {
    calls += other.calls;
    refused += other.refused;
    answers_lost += other.answers_lost;
    requests_lost += other.requests_lost;
    delays += other.delays;
    notifications += other.notifications;
    notifications_dropped += other.notifications_dropped;
    return *this;
  }
};

enum class FaultKind : std::uint8_t {
  refused,       ///< before it happens; retryable
  answer_lost,   ///< after it has happened; in doubt. A read is refused instead
  request_lost,  ///< it does not happen; in doubt all the same. A read is refused instead
};

struct FaultyStorageOptions {
  FaultRates rates{};
  std::uint64_t seed = 0;
  std::function<TimePoint()> clock{};     ///< the storage's own; empty: the caller's decides
  std::function<void(Duration)> wait{};   ///< lets a delay pass; empty: there are none
  std::function<void()> notify{};         ///< called after a write that makes work for others
  std::optional<Duration> poll_period{};  ///< how often to look for what others stored
};

/// `StorageT` is a storage to own, or a reference to one to borrow.
template <class StorageT>
class FaultyStorage {
  static_assert(Storage<StorageT>,
                "what is wrapped is no Storage: see punctual/policy/storage.hpp");

 public:
  explicit FaultyStorage(StorageT&& storage, FaultyStorageOptions options = {})
      : storage_(std::forward<StorageT>(storage)),
        options_(std::move(options)),
        random_(options_.seed) {}

  /// The next `times` calls of `operation` fail like that.
  void fail_next(StorageOperation operation, FaultKind kind, std::size_t times = 1) {
    const std::lock_guard lock{mutex_};
    at(told_, operation) = {kind, times};
  }

  /// Refuses every call of `operation` until told otherwise.
  void set_outage(StorageOperation operation, bool is_out) {
    const std::lock_guard lock{mutex_};
    at(is_out_, operation) = is_out;
  }

  void set_rates(FaultRates rates) {
    const std::lock_guard lock{mutex_};
    options_.rates = rates;
  }

  /// Ends all faults but a severed line.
  void heal() {
    const std::lock_guard lock{mutex_};
    options_.rates = {};
    told_ = {};
    is_out_ = {};
    calls_left_ = 0;
  }

  /// From now on no call reaches the storage, as if the process had died. For good.
  void sever() {
    const std::lock_guard lock{mutex_};
    is_severed_ = true;
  }

  /// The same after `calls` more calls: the last of them happens, and its answer is lost.
  void sever_after(std::size_t calls) {
    const std::lock_guard lock{mutex_};
    calls_left_ = calls;
  }
  [[nodiscard]] bool is_severed() const {
    const std::lock_guard lock{mutex_};
    return is_severed_;
  }

  [[nodiscard]] FaultCounts counts() const {
    const std::lock_guard lock{mutex_};
    return counts_;
  }

  // --- as policy/storage.hpp describes it
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    return pass(StorageOperation::sync_jobs, now,
                [&](TimePoint at) { return storage_.sync_jobs(definitions, at); });
  }
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    return pass(StorageOperation::due_schedules, now,
                [&](TimePoint at) { return storage_.due_schedules(jobs, limit, at); });
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    return pass(StorageOperation::advance, now,
                [&](TimePoint at) { return storage_.advance(advances, at); });
  }
  bool set_paused(const PauseChange& change, TimePoint now) {
    return pass(StorageOperation::set_paused, now,
                [&](TimePoint at) { return storage_.set_paused(change, at); });
  }
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    return pass(StorageOperation::enqueue, now,
                [&](TimePoint at) { return storage_.enqueue(rows, at); });
  }
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    return pass(StorageOperation::claim, now,
                [&](TimePoint at) { return storage_.claim(request, at); });
  }
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    return pass(StorageOperation::renew, now,
                [&](TimePoint at) { return storage_.renew(renewals, lease, at); });
  }
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    return pass(StorageOperation::finish, now,
                [&](TimePoint at) { return storage_.finish(completions, at); });
  }
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) {
    return pass(StorageOperation::release, now,
                [&](TimePoint at) { return storage_.release(leases, at); });
  }
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    return pass(StorageOperation::take_expired, now,
                [&](TimePoint at) { return storage_.take_expired(request, at); });
  }
  CancelAnswer request_cancel(RunId run_id, const std::string& actor, TimePoint now) {
    return pass(StorageOperation::request_cancel, now,
                [&](TimePoint at) { return storage_.request_cancel(run_id, actor, at); });
  }
  std::size_t expire_unknown(const ExpiryRequest& request, TimePoint now) {
    return pass(StorageOperation::expire_unknown, now,
                [&](TimePoint at) { return storage_.expire_unknown(request, at); });
  }
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) {
    return pass(StorageOperation::next_wake, now,
                [&](TimePoint at) { return storage_.next_wake(jobs, at); });
  }
  std::vector<JobRun> runs(const RunQuery& query) {
    return pass(StorageOperation::runs, {}, [&](TimePoint) { return storage_.runs(query); });
  }
  std::optional<JobRun> run(RunId run_id) {
    return pass(StorageOperation::run, {}, [&](TimePoint) { return storage_.run(run_id); });
  }
  std::vector<JobSummary> summaries() {
    return pass(StorageOperation::summaries, {}, [&](TimePoint) { return storage_.summaries(); });
  }
  std::size_t prune(std::size_t limit, TimePoint now) {
    return pass(StorageOperation::prune, now,
                [&](TimePoint at) { return storage_.prune(limit, at); });
  }

  [[nodiscard]] TimePoint now(TimePoint caller_now) const {
    return options_.clock ? options_.clock() : storage_.now(caller_now);
  }
  [[nodiscard]] std::optional<Duration> poll_period() const { return options_.poll_period; }
  [[nodiscard]] StorageHealth health() const {
    StorageHealth health = storage_.health();
    if (is_severed()) health.writable = false;
    if (is_severed()) health.problem = "the line to the storage is severed";
    return health;
  }

 private:
  template <class T>
  using ByOperation = std::array<T, storage_operation_count>;

  struct Told {
    FaultKind kind = FaultKind::refused;
    std::size_t left_count = 0;
  };

  /// What befalls one call.
  struct Fate {
    bool is_refused = false;
    bool loses_answer = false;
    bool loses_request = false;
    bool is_notified = true;
    bool is_last = false;  ///< the line is severed once it has happened
    Duration delay_before{};
    Duration delay_after{};
  };

  template <class T>
  [[nodiscard]] static T& at(ByOperation<T>& table, StorageOperation operation) {
    return table[static_cast<std::size_t>(operation)];
  }

  [[nodiscard]] bool draws(std::uint32_t per_mille) { return random_.up_to(999) < per_mille; }
  [[nodiscard]] Duration draw_delay() {
    if (!draws(options_.rates.delayed) || options_.rates.delay_max < Duration{1}) return {};
    ++counts_.delays;
    const auto most = static_cast<std::uint64_t>(options_.rates.delay_max.count()) - 1;
    return Duration{static_cast<Duration::rep>(random_.up_to(most)) + 1};
  }

  /// Every call draws the same way, so that what befalls one does not shift the others.
  [[nodiscard]] Fate draw_fate(StorageOperation operation) {
    const std::lock_guard lock{mutex_};
    ++counts_.calls;
    Fate fate;
    fate.is_refused = draws(options_.rates.refused) || at(is_out_, operation);
    const bool is_write = !is_read(operation);
    fate.loses_answer = draws(options_.rates.answer_lost) && is_write;
    fate.loses_request = draws(options_.rates.request_lost) && is_write;
    fate.is_notified = !draws(options_.rates.notification_dropped);
    fate.delay_before = draw_delay();
    fate.delay_after = draw_delay();
    fate.is_last = calls_left_ > 0 && --calls_left_ == 0;
    if (Told& told = at(told_, operation); told.left_count > 0) {
      --told.left_count;
      fate.loses_answer = told.kind == FaultKind::answer_lost && is_write;
      fate.loses_request = told.kind == FaultKind::request_lost && is_write;
      fate.is_refused = !fate.loses_answer && !fate.loses_request;
    }
    return fate;
  }

  void wait(Duration delay) {
    if (delay > Duration{0} && options_.wait) options_.wait(delay);
  }

  void count(std::size_t FaultCounts::*counter) {
    const std::lock_guard lock{mutex_};
    ++(counts_.*counter);
  }

  /// Lets one call happen as its fate wants, at the storage's own instant.
  template <class Operation>
  std::invoke_result_t<Operation&, TimePoint> pass(StorageOperation operation, TimePoint caller_now,
                                                   Operation&& perform) {
    const std::string name{to_string(operation)};
    if (is_severed()) throw refusal(name);
    const Fate fate = draw_fate(operation);
    wait(fate.delay_before);
    if (fate.is_refused || is_severed()) {
      count(&FaultCounts::refused);
      throw refusal(name);
    }
    if (fate.loses_request) {
      count(&FaultCounts::requests_lost);
      throw doubt(name);
    }
    auto answer = perform(options_.clock ? options_.clock() : caller_now);
    if (makes_work(operation)) notify(fate.is_notified);
    if (fate.is_last) sever();
    wait(fate.delay_after);
    if (fate.loses_answer || is_severed()) {
      count(&FaultCounts::answers_lost);
      throw doubt(name);
    }
    return answer;
  }

  [[nodiscard]] static Error refusal(const std::string& name) {
    return {"STORAGE_UNAVAILABLE", name + " did not reach the storage", ErrorKind::retryable};
  }

  [[nodiscard]] static Error doubt(const std::string& name) {
    return {"STORAGE_UNAVAILABLE", "the answer to " + name + " was lost", ErrorKind::in_doubt};
  }

  void notify(bool is_notified) {
    count(is_notified ? &FaultCounts::notifications : &FaultCounts::notifications_dropped);
    if (is_notified && options_.notify) options_.notify();
  }

  StorageT storage_;
  FaultyStorageOptions options_;
  mutable std::mutex mutex_;
  Random random_;
  FaultCounts counts_{};
  ByOperation<Told> told_{};
  ByOperation<bool> is_out_{};
  bool is_severed_ = false;
  std::size_t calls_left_ = 0;  // 0: no end of them
};

template <class StorageT>
FaultyStorage(StorageT&&) -> FaultyStorage<StorageT>;
template <class StorageT>
FaultyStorage(StorageT&&, FaultyStorageOptions) -> FaultyStorage<StorageT>;

}  // namespace punctual::testing
