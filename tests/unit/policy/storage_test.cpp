// SPDX-License-Identifier: MIT
//
// Storage and its parts: what the concepts ask for, requirement by requirement.
//
// Each operation is spoilt twice: once missing (hidden by a member that cannot be called alike),
// once answering what it should not.

#include "punctual/policy/storage.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/archetypes.hpp"
#include "support/catch.hpp"

namespace storage_test {

namespace {

using namespace punctual;
using tests::MinimalHistory;
using tests::MinimalLedger;
using tests::MinimalQueue;
using tests::MinimalStorage;

// --- ScheduleLedger
struct NoSyncJobs : MinimalLedger {
  void sync_jobs();
};
struct SyncJobsOfNothing : MinimalLedger {
  void sync_jobs(const std::vector<JobDefinition>&, TimePoint);
};
struct SyncJobsThatTakes : MinimalLedger {
  std::vector<ScheduleState> sync_jobs(std::vector<JobDefinition>&, TimePoint);
};
struct NoDueSchedules : MinimalLedger {
  void due_schedules();
};
struct DueSchedulesOfNames : MinimalLedger {
  JobNames due_schedules(const JobNames&, std::size_t, TimePoint);
};
struct NoAdvance : MinimalLedger {
  void advance();
};
struct AdvanceOfBools : MinimalLedger {
  std::vector<bool> advance(const std::vector<Advance>&, TimePoint);
};
struct NoSetPaused : MinimalLedger {
  void set_paused();
};
struct SetPausedOfNothing : MinimalLedger {
  void set_paused(const PauseChange&, TimePoint);
};

static_assert(ScheduleLedger<MinimalLedger>);
static_assert(ScheduleLedger<MinimalLedger&>);
static_assert(!ScheduleLedger<const MinimalLedger&>);
static_assert(!ScheduleLedger<NoSyncJobs>);
static_assert(!ScheduleLedger<SyncJobsOfNothing>);
static_assert(!ScheduleLedger<SyncJobsThatTakes>);
static_assert(!ScheduleLedger<NoDueSchedules>);
static_assert(!ScheduleLedger<DueSchedulesOfNames>);
static_assert(!ScheduleLedger<NoAdvance>);
static_assert(!ScheduleLedger<AdvanceOfBools>);
static_assert(!ScheduleLedger<NoSetPaused>);
static_assert(!ScheduleLedger<SetPausedOfNothing>);

// --- RunQueue
struct NoEnqueue : MinimalQueue {
  void enqueue();
};
struct EnqueueOfIds : MinimalQueue {
  std::vector<RunId> enqueue(const std::vector<NewRun>&, TimePoint);
};
struct NoClaim : MinimalQueue {
  void claim();
};
struct ClaimOfList : MinimalQueue {
  std::list<JobRun> claim(const ClaimRequest&, TimePoint);
};
struct NoRenew : MinimalQueue {
  void renew();
};
struct RenewOfBools : MinimalQueue {
  std::vector<bool> renew(const std::vector<Renewal>&, Duration, TimePoint);
};
struct NoFinish : MinimalQueue {
  void finish();
};
struct FinishOfNothing : MinimalQueue {
  void finish(const std::vector<Completion>&, TimePoint);
};
struct NoRelease : MinimalQueue {
  void release();
};
struct ReleaseOfNothing : MinimalQueue {
  void release(const std::vector<LeaseRef>&, TimePoint);
};
struct NoTakeExpired : MinimalQueue {
  void take_expired();
};
struct TakeExpiredOfIds : MinimalQueue {
  std::vector<RunId> take_expired(const RescueRequest&, TimePoint);
};
struct NoRequestCancel : MinimalQueue {
  void request_cancel();
};
struct RequestCancelOfBool : MinimalQueue {
  bool request_cancel(RunId, const std::string&, TimePoint);
};
struct NoExpireUnknown : MinimalQueue {
  void expire_unknown();
};
struct ExpireUnknownOfRuns : MinimalQueue {
  std::vector<JobRun> expire_unknown(const ExpiryRequest&, TimePoint);
};
struct NoNextWake : MinimalQueue {
  void next_wake();
};
struct NextWakeOfInstant : MinimalQueue {
  std::optional<TimePoint> next_wake(const JobNames&, TimePoint);
};

static_assert(RunQueue<MinimalQueue>);
static_assert(RunQueue<MinimalQueue&>);
static_assert(!RunQueue<const MinimalQueue&>);
static_assert(!RunQueue<NoEnqueue>);
static_assert(!RunQueue<EnqueueOfIds>);
static_assert(!RunQueue<NoClaim>);
static_assert(!RunQueue<ClaimOfList>);
static_assert(!RunQueue<NoRenew>);
static_assert(!RunQueue<RenewOfBools>);
static_assert(!RunQueue<NoFinish>);
static_assert(!RunQueue<FinishOfNothing>);
static_assert(!RunQueue<NoRelease>);
static_assert(!RunQueue<ReleaseOfNothing>);
static_assert(!RunQueue<NoTakeExpired>);
static_assert(!RunQueue<TakeExpiredOfIds>);
static_assert(!RunQueue<NoRequestCancel>);
static_assert(!RunQueue<RequestCancelOfBool>);
static_assert(!RunQueue<NoExpireUnknown>);
static_assert(!RunQueue<ExpireUnknownOfRuns>);
static_assert(!RunQueue<NoNextWake>);
static_assert(!RunQueue<NextWakeOfInstant>);

// --- RunHistory
struct NoRuns : MinimalHistory {
  void runs();
};
struct RunsOfIds : MinimalHistory {
  std::vector<RunId> runs(const RunQuery&);
};
struct NoRun : MinimalHistory {
  void run();
};
struct RunOfPointer : MinimalHistory {
  const JobRun* run(RunId);
};
struct NoSummaries : MinimalHistory {
  std::vector<JobSummary> summaries() = delete;
};
struct SummariesOfNames : MinimalHistory {
  JobNames summaries();
};
struct NoPrune : MinimalHistory {
  void prune();
};
struct PruneOfNothing : MinimalHistory {
  void prune(std::size_t, TimePoint);
};

static_assert(RunHistory<MinimalHistory>);
static_assert(RunHistory<MinimalHistory&>);
static_assert(!RunHistory<const MinimalHistory&>);
static_assert(!RunHistory<NoRuns>);
static_assert(!RunHistory<RunsOfIds>);
static_assert(!RunHistory<NoRun>);
static_assert(!RunHistory<RunOfPointer>);
static_assert(!RunHistory<NoSummaries>);
static_assert(!RunHistory<SummariesOfNames>);
static_assert(!RunHistory<NoPrune>);
static_assert(!RunHistory<PruneOfNothing>);

// --- Storage: its parts, and its own three
struct NoLedger : MinimalStorage {
  void advance();
};
struct NoQueue : MinimalStorage {
  void claim();
};
struct NoHistory : MinimalStorage {
  void prune();
};
struct NoNow : MinimalStorage {
  void now();
};
struct NowOfItsOwn : MinimalStorage {
  TimePoint now();
};
struct NowOfNothing : MinimalStorage {
  void now(TimePoint);
};
struct NoPollPeriod : MinimalStorage {
  std::optional<Duration> poll_period() = delete;
};
struct PollPeriodAlways : MinimalStorage {
  Duration poll_period();
};
struct NoHealth : MinimalStorage {
  StorageHealth health() = delete;
};
struct HealthOfBool : MinimalStorage {
  bool health();
};

static_assert(Storage<MinimalStorage>);
static_assert(Storage<MinimalStorage&>);
static_assert(!Storage<const MinimalStorage&>);
static_assert(!Storage<MinimalStorage*>);
static_assert(!Storage<MinimalLedger>);
static_assert(!Storage<NoLedger>);
static_assert(!Storage<NoQueue>);
static_assert(!Storage<NoHistory>);
static_assert(!Storage<NoNow>);
static_assert(!Storage<NowOfItsOwn>);
static_assert(!Storage<NowOfNothing>);
static_assert(!Storage<NoPollPeriod>);
static_assert(!Storage<PollPeriodAlways>);
static_assert(!Storage<NoHealth>);
static_assert(!Storage<HealthOfBool>);

static_assert(Storage<InMemoryStorage> && Storage<InMemoryStorage&>);

}  // namespace

TEST_CASE("Storage tells three parts apart when a type models only one of them") {
  CHECK(ScheduleLedger<MinimalLedger>);
  CHECK_FALSE(RunQueue<MinimalLedger>);
  CHECK_FALSE(RunHistory<MinimalLedger>);
  CHECK(RunQueue<MinimalQueue>);
  CHECK_FALSE(ScheduleLedger<MinimalQueue>);
  CHECK_FALSE(RunHistory<MinimalQueue>);
  CHECK(RunHistory<MinimalHistory>);
  CHECK_FALSE(ScheduleLedger<MinimalHistory>);
  CHECK_FALSE(RunQueue<MinimalHistory>);
}

}  // namespace storage_test
