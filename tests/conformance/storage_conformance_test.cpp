// SPDX-License-Identifier: MIT
//
// That the storage conformance suite has teeth: each storage here breaks one promise, and the check
// of that promise must fail on it.
//
// They are InMemoryStorage with one operation replaced. What they break they break from outside, as
// a client of a sound storage; the suite cannot tell.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "punctual/testing/embedded_harness.hpp"
#include "punctual/testing/storage_conformance.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"

namespace storage_conformance_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Says that every claim has the fence 1, and accepts that as the fence of any later one.
class ClaimsWithoutFence : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    auto runs = InMemoryStorage::claim(request, now);
    for (auto& run : runs) run.fence = 1;
    return runs;
  }
  std::vector<FinishAnswer> release(std::vector<LeaseRef> leases, TimePoint now) {
    for (auto& lease : leases) lease.fence = InMemoryStorage::run(lease.run_id)->fence;
    return InMemoryStorage::release(leases, now);
  }
};

class FinishesUnderAnyFence : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    for (auto& completion : completions) {
      const auto run = InMemoryStorage::run(completion.lease.run_id);
      if (run) completion.lease.fence = run->fence;
    }
    return InMemoryStorage::finish(completions, now);
  }
};

class LosesFollowUps : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    for (auto& completion : completions) completion.follow_ups.clear();
    return InMemoryStorage::finish(completions, now);
  }
};

class AdvancesAnyVersion : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    const auto states = InMemoryStorage::sync_jobs(definitions, now);
    for (std::size_t i = 0; i < states.size(); ++i) loaded_[states[i].job_name] = definitions[i];
    return states;
  }
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    std::vector<AdvanceAnswer> answers;
    for (auto advance : advances) {
      const auto loaded = loaded_.find(advance.job_name);
      if (loaded != loaded_.end()) {
        advance.version = InMemoryStorage::sync_jobs({loaded->second}, now).front().version;
      }
      answers.push_back(InMemoryStorage::advance({advance}, now).front());
    }
    return answers;
  }

 private:
  std::map<std::string, JobDefinition> loaded_;
};

class ClaimsById : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    if (request.only) return InMemoryStorage::claim(request, now);
    auto pending = InMemoryStorage::runs({.status = JobStatus::pending, .limit = 1000});
    std::reverse(pending.begin(), pending.end());
    std::vector<JobRun> claimed;
    for (const auto& run : pending) {
      if (claimed.size() == request.limit) break;
      request.only = run.id;
      for (auto& taken : InMemoryStorage::claim(request, now)) claimed.push_back(std::move(taken));
    }
    return claimed;
  }
};

/// Hands out a batch a second time now and then, as a claim without a lock would.
class ClaimsTwice : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    auto runs = InMemoryStorage::claim(request, now);
    const std::lock_guard lock{mutex_};
    if (++claim_count_ % 20 == 0) return last_;
    if (!runs.empty()) last_ = runs;
    return runs;
  }

 private:
  std::mutex mutex_;
  std::vector<JobRun> last_;
  std::size_t claim_count_ = 0;
};

class PrunesTheNewest : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(std::vector<JobDefinition> definitions, TimePoint now) {
    for (auto& definition : definitions) definition.retention.keep_last = 0;
    return InMemoryStorage::sync_jobs(definitions, now);
  }
};

/// Hides what is open when it prunes.
class PrunesOpenRuns : public InMemoryStorage {
 public:
  std::size_t prune(std::size_t limit, TimePoint now) {
    for (const auto status : {JobStatus::pending, JobStatus::running}) {
      for (const auto& run : InMemoryStorage::runs({.status = status})) pruned_.insert(run.id);
    }
    return InMemoryStorage::prune(limit, now);
  }
  std::vector<JobRun> runs(const RunQuery& query) {
    auto runs = InMemoryStorage::runs(query);
    std::erase_if(runs, [&](const JobRun& run) { return pruned_.contains(run.id); });
    return runs;
  }

 private:
  std::set<RunId> pruned_;
};

class RenewsWithoutCancel : public InMemoryStorage {
 public:
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    auto answers = InMemoryStorage::renew(renewals, lease, now);
    std::replace(answers.begin(), answers.end(), RenewAnswer::cancel_requested, RenewAnswer::kept);
    return answers;
  }
};

class IgnoresUniqueKeys : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) row.unique_key.clear();
    return InMemoryStorage::enqueue(rows, now);
  }
};

class StoresHalfABatch : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    std::vector<EnqueueAnswer> answers;
    for (const auto& row : rows) answers.push_back(InMemoryStorage::enqueue({row}, now).front());
    return answers;
  }
};

class StoresWholeSeconds : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) {
      row.run_at = std::chrono::time_point_cast<std::chrono::seconds>(row.run_at);
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

class RescuesNothing : public InMemoryStorage {
 public:
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    RescueRequest none = request;
    none.limit = 0;
    return InMemoryStorage::take_expired(none, now);
  }
};

class PagesFromTheStart : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(RunQuery query) {
    query.before.reset();
    return InMemoryStorage::runs(query);
  }
};

class EndsBeforeTheStart : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    ended_at_ = now;
    return InMemoryStorage::finish(completions, now);
  }
  std::optional<JobRun> run(RunId id) {
    auto run = InMemoryStorage::run(id);
    if (run && run->completed_at) run->completed_at = ended_at_;
    return run;
  }

 private:
  TimePoint ended_at_{};
};

class ThrowsOfItsOwn : public InMemoryStorage {
 public:
  std::vector<JobSummary> summaries() { throw std::runtime_error{"socket closed"}; }
};

/// Goes by a clock of its own, whatever the caller says, as a storage that hosts share does. It
/// moves by a millisecond whenever anyone looks.
class OwnClockStorage : public InMemoryStorage {
 public:
  using Clock = std::atomic<std::int64_t>;

  explicit OwnClockStorage(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  static TimePoint read(Clock& clock) { return TimePoint{Duration{++clock}}; }

  auto sync_jobs(const std::vector<JobDefinition>& definitions, TimePoint) {
    return InMemoryStorage::sync_jobs(definitions, read(*clock_));
  }
  auto due_schedules(const JobNames& jobs, std::size_t limit, TimePoint) {
    return InMemoryStorage::due_schedules(jobs, limit, read(*clock_));
  }
  auto advance(const std::vector<Advance>& advances, TimePoint) {
    return InMemoryStorage::advance(advances, read(*clock_));
  }
  auto set_paused(const PauseChange& change, TimePoint) {
    return InMemoryStorage::set_paused(change, read(*clock_));
  }
  auto enqueue(const std::vector<NewRun>& rows, TimePoint) {
    return InMemoryStorage::enqueue(rows, read(*clock_));
  }
  auto claim(const ClaimRequest& request, TimePoint) {
    return InMemoryStorage::claim(request, read(*clock_));
  }
  auto renew(const std::vector<Renewal>& renewals, Duration lease, TimePoint) {
    return InMemoryStorage::renew(renewals, lease, read(*clock_));
  }
  auto finish(const std::vector<Completion>& completions, TimePoint) {
    return InMemoryStorage::finish(completions, read(*clock_));
  }
  auto release(const std::vector<LeaseRef>& leases, TimePoint) {
    return InMemoryStorage::release(leases, read(*clock_));
  }
  auto take_expired(const RescueRequest& request, TimePoint) {
    return InMemoryStorage::take_expired(request, read(*clock_));
  }
  auto request_cancel(RunId run_id, const std::string& actor, TimePoint) {
    return InMemoryStorage::request_cancel(run_id, actor, read(*clock_));
  }
  auto expire_unknown(const ExpiryRequest& request, TimePoint) {
    return InMemoryStorage::expire_unknown(request, read(*clock_));
  }
  auto next_wake(const JobNames& jobs, TimePoint) {
    return InMemoryStorage::next_wake(jobs, read(*clock_));
  }
  auto prune(std::size_t limit, TimePoint) { return InMemoryStorage::prune(limit, read(*clock_)); }
  TimePoint now(TimePoint) { return read(*clock_); }

 private:
  std::shared_ptr<Clock> clock_;
};

class OwnClockHarness {
 public:
  [[nodiscard]] std::unique_ptr<OwnClockStorage> make() const {
    return std::make_unique<OwnClockStorage>(clock_);
  }
  [[nodiscard]] TimePoint now() const { return OwnClockStorage::read(*clock_); }
  void advance(Duration span) { *clock_ += span.count(); }

 private:
  std::shared_ptr<OwnClockStorage::Clock> clock_ =
      std::make_shared<OwnClockStorage::Clock>(1'704'067'200'000);  // 2024-01-01T00:00:00Z
};

template <class StorageT>
CheckResult try_on(std::string_view name) {
  using Harness = EmbeddedHarness<StorageT>;
  for (const auto& check : storage_conformance_checks<Harness>()) {
    if (check.name != name) continue;
    Harness harness;
    return run_storage_check(harness, check);
  }
  FAIL("no check is named \"" << name << '"');
  return {};
}

struct Row {
  const char* breaks;
  CheckResult (*try_broken)(std::string_view);
  const char* check;
};

const Row rows[] = {
    {"the fence does not rise", &try_on<ClaimsWithoutFence>,
     "claim raises the fence by one when a run is claimed again"},
    {"finish ignores the fence", &try_on<FinishesUnderAnyFence>,
     "finish writes nothing when the fence is not the run's"},
    {"an old node's finish is taken", &try_on<FinishesUnderAnyFence>,
     "take_expired lets only its caller finish when it has taken a run"},
    {"finish loses what follows", &try_on<LosesFollowUps>,
     "finish stores the rows that follow when it records the end"},
    {"advance ignores the version", &try_on<AdvancesAnyVersion>,
     "advance stores nothing when another node was first"},
    {"advance lets everyone win", &try_on<AdvancesAnyVersion>,
     "advance lets one of eight threads win when all read the same version"},
    {"claim goes by id", &try_on<ClaimsById>,
     "claim takes runs in the order they became ready when their priorities are equal"},
    {"claim hands a batch out twice", &try_on<ClaimsTwice>,
     "claim takes each of 2000 runs once when eight threads enqueue, claim and finish at once"},
    {"prune takes the newest too", &try_on<PrunesTheNewest>,
     "prune keeps the newest runs of each job when all are old"},
    {"prune takes open runs", &try_on<PrunesOpenRuns>,
     "prune removes no open run when it is older than anything"},
    {"renew does not pass on a cancel", &try_on<RenewsWithoutCancel>,
     "renew answers cancel_requested and keeps the lease when somebody wants the run to stop"},
    {"enqueue ignores unique keys", &try_on<IgnoresUniqueKeys>,
     "enqueue answers with the open run when a pending one has the unique key"},
    {"enqueue stores half a batch", &try_on<StoresHalfABatch>,
     "enqueue stores none of the rows when the id of one is taken"},
    {"enqueue rounds instants", &try_on<StoresWholeSeconds>,
     "enqueue keeps instants to the millisecond when they are anywhere from year 1 to 9999"},
    {"take_expired takes nothing", &try_on<RescuesNothing>,
     "take_expired takes a run when many that it must leave expired before it"},
    {"runs forgets where the page before ended", &try_on<PagesFromTheStart>,
     "runs pages through all rows once when rows are added meanwhile"},
    {"finish records an end before the start", &try_on<EndsBeforeTheStart>,
     "finish records no end before the start when the clock was set back"},
    {"enqueue lets nothing wait", &try_on<IgnoresAfter>,
     "finish skips a chain of 1000 runs when the run before it fails"},
    {"the ends of jobs arm nothing", &try_on<IgnoresDependsOn>,
     "finish arms a job when the last job that it depends on has ended well"},
    {"claim ignores rates", &try_on<IgnoresRates>,
     "claim starts as many runs as there are tokens when eight threads claim at once"},
    {"enqueue ignores paces", &try_on<IgnoresPace>,
     "enqueue moves a run on to its token when the bucket is empty"},
    {"enqueue replaces nothing", &try_on<ReplacesNothing>,
     "enqueue ends an exclusive run when the row takes the place of what is running"},
    {"expire_unknown expires nothing", &try_on<ExpiresNothing>,
     "expire_unknown ends a pending run when no node was there for its job for so long"},
    {"an operation throws something else", &try_on<ThrowsOfItsOwn>,
     "summaries returns nothing when no job was loaded"},
};

}  // namespace

TEST_CASE("The storage conformance suite fails a storage that breaks a promise") {
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.breaks) {
      CHECK(try_on<InMemoryStorage>(row.check).passed);
      const CheckResult result = row.try_broken(row.check);
      CHECK_FALSE(result.passed);
      CHECK(result.name == row.check);
      CHECK(result.message.find("expected") != std::string::npos);
    }
  }
}

TEST_CASE("The storage conformance suite says what was thrown when it is no punctual::Error") {
  const auto result = try_on<ThrowsOfItsOwn>("summaries returns nothing when no job was loaded");
  CHECK(result.message == "expected nothing but punctual::Error to be thrown, got socket closed");
}

TEST_CASE("The storage conformance suite takes a storage that goes by its own moving clock") {
  OwnClockHarness harness;
  for (const auto& result : run_storage_conformance(harness)) {
    CAPTURE(result.name, result.message);
    CHECK(result.passed);
  }
}

}  // namespace storage_conformance_test
