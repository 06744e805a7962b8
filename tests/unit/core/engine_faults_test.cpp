// SPDX-License-Identifier: MIT
//
// Engine with a storage or an executor that fails: the tick says so, the next one tries again, no
// run is left behind, and nothing is asked in vain.

#include "punctual/core/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace engine_faults_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::ErrorKind;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::OverlapPolicy;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::TickReport;
using punctual::TimePoint;
using punctual::Work;
using punctual::tests::code_of;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

template <class RigT>
std::optional<Duration> wait_of(RigT& rig, const TickReport& report) {
  if (!report.next_wake_at) return std::nullopt;
  return *report.next_wake_at - rig.clock.now();
}

JobConfig overlapping(std::string name) {
  JobConfig config{.name = std::move(name)};
  config.overlap = OverlapPolicy::allow;
  return config;
}

/// Ticks as a loop does, for `span` and no longer.
template <class RigT>
void run_for(RigT& rig, Duration span) {
  const TimePoint end = rig.clock.now() + span;
  while (rig.clock.now() < end) {
    const TickReport report = rig.engine->tick();
    const TimePoint next = report.next_wake_at.value_or(end);
    rig.clock.advance(
        std::min(std::max<Duration>(next - rig.clock.now(), 1ms), end - rig.clock.now()));
  }
  rig.engine->tick();
}

/// Takes `accepted_max` pieces of work and refuses the others.
class FillingExecutor : public ManualExecutor {
 public:
  void submit(Work work) {
    if (waiting_count() >= accepted_max) throw std::runtime_error{"no threads"};
    ManualExecutor::submit(std::move(work));
  }
  std::size_t accepted_max = 1;
};

}  // namespace

TEST_CASE("Engine reports what the storage throws and leaves it alone until the pause is over") {
  struct Row {
    const char* subject;
    std::function<void()> thrower;
    std::string code;
  };
  const Row rows[] = {
      {"retryable",
       [] {
         throw punctual::Error{"BUSY", "busy", ErrorKind::retryable};
       },
       "BUSY"},
      {"permanent",
       [] {
         throw punctual::Error{"BROKEN", "broken"};
       },
       "BROKEN"},
      {"in doubt",
       [] {
         throw punctual::Error{"LOST", "lost", ErrorKind::in_doubt};
       },
       "LOST"},
      {"a standard exception", [] { throw std::runtime_error{"socket"}; }, "STORAGE_ERROR"},
      {"an int", [] { throw 42; }, "STORAGE_ERROR"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig;
    rig.add({.name = "hourly", .schedule = punctual::every(1h)}, succeed);
    rig.storage.on_call(StorageCall::next_wake, row.thrower);
    const TickReport report = rig.engine->tick();
    REQUIRE(report.error);
    CHECK(report.error->code() == row.code);
    CHECK_FALSE(report.did_something());
    const auto pause = rig.deck->parts.trouble.pause(rig.clock.steady_now());
    REQUIRE(pause);
    CHECK(*pause >= 100ms);
    CHECK(wait_of(rig, report) == pause);
    CHECK(rig.event_count(Kind::storage_failed) == 1);

    rig.storage.heal();
    rig.storage.reset_counts();
    rig.clock.advance(*pause - 1ms);
    const TickReport early = rig.engine->tick();
    CHECK_FALSE(early.error);
    CHECK(wait_of(rig, early) == 1ms);
    CHECK(rig.storage.total_count() == 0);
    rig.clock.advance(1ms);
    CHECK_FALSE(rig.engine->tick().error);
    CHECK(rig.storage.count(StorageCall::next_wake) == 1);
    CHECK(rig.event_count(Kind::storage_recovered) == 1);
  }
}

TEST_CASE("Engine tries ever more slowly when the storage stays away, and never stops trying") {
  Rig<> rig;
  rig.storage.fail_before(StorageCall::next_wake, 1'000'000);
  std::size_t first_hour = 0;
  run_for(rig, 1h);
  first_hour = rig.storage.count(StorageCall::next_wake);
  CHECK(first_hour >= 720);  // every sixth of a lease, 5 s, at the least
  CHECK(first_hour <= 1500);
  run_for(rig, 1h);
  CHECK(rig.storage.count(StorageCall::next_wake) >= first_hour + 720);
  CHECK(rig.event_count(Kind::storage_recovered) == 0);
}

TEST_CASE("Engine does not spin when a lease is to be renewed and the storage does not answer") {
  Rig<> rig;
  rig.launch(rig.add({.name = "long"}, succeed));
  rig.storage.fail_before(StorageCall::renew, 1'000'000);
  rig.clock.advance(10s);
  TickReport report = rig.engine->tick();
  REQUIRE(report.error);
  const auto pause = rig.deck->parts.trouble.pause(rig.clock.steady_now());
  CHECK(wait_of(rig, report) == pause);
  report = rig.engine->tick();
  CHECK_FALSE(report.error);
  CHECK(wait_of(rig, report) == pause);
}

TEST_CASE("Engine stops bodies in time while the storage does not answer") {
  Rig<> rig;
  std::vector<TimePoint> stops;
  JobConfig config{.name = "long"};
  config.timeout = 1min;
  const auto job = rig.add(config, [&](JobContext& context) {
    const std::stop_callback callback{context.stop_token(),
                                      [&] { stops.push_back(rig.clock.now()); }};
    rig.storage.fail_before(StorageCall::renew, 1'000'000);
    // A tick on another thread, for inside of a body there is none.
    for (int i = 0; i < 300 && stops.empty(); ++i) {
      TickReport report;
      std::thread{[&] { report = rig.engine->tick(); }}.join();
      REQUIRE(report.next_wake_at);
      REQUIRE(*report.next_wake_at > rig.clock.now());
      rig.clock.advance(*report.next_wake_at - rig.clock.now());
    }
    return context.interrupted();
  });
  rig.launch(job);
  const TimePoint claimed_at = rig.clock.now();
  rig.executor.drain();
  CHECK(stops == std::vector{claimed_at + 25s});  // a sixth of the lease is left
}

TEST_CASE("Engine tries an end again after the pause although everything else succeeds") {
  Rig<> rig;
  const auto job = rig.add({.name = "send"}, succeed);
  const RunId id = rig.launch(job);
  rig.storage.fail_before(StorageCall::finish, 2);
  rig.executor.drain();
  rig.clock.advance(rig.deck->parts.trouble.pause(rig.clock.steady_now()).value());
  const TickReport report = rig.engine->tick();  // fails to store it, and finds all else well
  CHECK(rig.status(id) == JobStatus::running);
  REQUIRE(report.next_wake_at);
  CHECK(wait_of(rig, report) <= 30s);
  CHECK(wait_of(rig, report) == rig.deck->parts.trouble.pause(rig.clock.steady_now()));
  CHECK(rig.event_count(Kind::storage_recovered) == 0);
  rig.clock.advance(*wait_of(rig, report));
  rig.engine->tick();
  CHECK(rig.status(id) == JobStatus::success);
  CHECK(rig.event_count(Kind::storage_recovered) == 1);
}

TEST_CASE("Engine answers a due instant once when the answer to its advance was lost") {
  Rig<InlineExecutor> rig;
  int count = 0;
  rig.add({.name = "hourly", .schedule = punctual::every(1h)}, [&](JobContext&) { ++count; });
  rig.storage.fail_after(StorageCall::advance);
  rig.clock.advance(1h);
  CHECK(rig.engine->tick().error);
  run_for(rig, 10s);
  CHECK(count == 1);
  CHECK(rig.memory.runs({}).size() == 1);
  CHECK(rig.event_count(Kind::due_conflict) == 0);
}

TEST_CASE("Engine ends every run in the end, whichever operation fails once and however") {
  const StorageCall calls[] = {
      StorageCall::sync_jobs, StorageCall::due_schedules, StorageCall::advance,
      StorageCall::claim,     StorageCall::renew,         StorageCall::finish,
      StorageCall::release,   StorageCall::take_expired,  StorageCall::next_wake,
      StorageCall::runs,      StorageCall::run,           StorageCall::prune,
  };
  for (const auto call : calls) {
    for (const bool has_effect : {false, true}) {
      for (const bool is_slow : {false, true}) {
        CAPTURE(static_cast<int>(call), has_effect, is_slow);
        Rig<> rig;
        JobConfig config{.name = "minutely", .schedule = punctual::every(1min)};
        config.run_on_startup = true;
        const auto job = rig.add(config, succeed);
        rig.claim_as("gone", job, rig.put(job));
        if (has_effect) {
          rig.storage.fail_after(call);
        } else {
          rig.storage.fail_before(call);
        }
        // Bodies that take a while have their leases renewed.
        const Duration step = is_slow ? Duration{12s} : Duration{1s};
        for (int i = 0; i < 90; ++i) {
          run_for(rig, step);
          rig.executor.drain();
        }
        rig.engine->close();  // lets the executor's last work end, and fires nothing more
        rig.executor.drain();
        run_for(rig, 2min);
        const auto open = rig.memory.runs({.status = JobStatus::running, .limit = 1000});
        CHECK(open.empty());
        CHECK(rig.deck->table.next_step(rig.clock.steady_now()) == std::nullopt);
        std::set<TimePoint> dues;
        for (const auto& run : rig.memory.runs({.trigger = RunTrigger::schedule, .limit = 1000})) {
          CHECK(dues.insert(run.due_at.value()).second);
        }
        CHECK(dues.size() >= 1);
      }
    }
  }
}

TEST_CASE("Engine ends a run whose claim went through and whose answer was lost") {
  Rig<InlineExecutor> rig;
  JobConfig config{.name = "send"};
  config.retry = {2, punctual::Backoff::fixed(1s)};
  int count = 0;
  const auto job = rig.add(config, [&](JobContext&) { ++count; });
  const RunId id = rig.put(job);
  rig.storage.fail_after(StorageCall::claim);
  CHECK(rig.engine->tick().error);
  CHECK(rig.status(id) == JobStatus::running);  // ours, and we do not know
  CHECK(count == 0);
  run_for(rig, 29s);
  CHECK(rig.status(id) == JobStatus::running);
  run_for(rig, 5s);
  CHECK(rig.status(id) == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_ABANDONED");
  CHECK(count == 1);  // the next attempt
}

TEST_CASE("Engine ends a run that it took over when the storage fails before that is recorded") {
  for (const bool has_effect : {false, true}) {
    CAPTURE(has_effect);
    Rig<> rig;
    JobConfig config{.name = "send"};
    config.retry = {2, punctual::Backoff::fixed(24h)};
    const auto job = rig.add(config, succeed);
    const RunId id = rig.put(job);
    rig.claim_as("gone", job, id);
    if (has_effect) {
      rig.storage.fail_after(StorageCall::finish);
    } else {
      rig.storage.fail_before(StorageCall::finish);
    }
    rig.clock.advance(30s);
    CHECK(rig.engine->tick().error);
    run_for(rig, 1min);
    CHECK(rig.status(id) == JobStatus::failed);
    CHECK(rig.row(id).message_code == "JOB_ABANDONED");
    CHECK(rig.memory.runs({.trigger = RunTrigger::retry}).size() == 1);
  }
}

TEST_CASE("Engine ends a run that it could not hand back when its lease has expired") {
  Rig<> rig;
  const auto job = rig.add({.name = "long"}, [&](JobContext& context) {
    rig.clock.advance(25s);
    rig.deck->check_deadlines();  // the lease is about to end: the body is asked to stop
    rig.storage.fail_before(StorageCall::release);
    return context.interrupted();
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(rig.status(id) == JobStatus::running);
  run_for(rig, 20s);
  CHECK(rig.status(id) == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_ABANDONED");
}

TEST_CASE("Engine leaves its own run alone whose lease has expired while it can be renewed") {
  Rig<> rig;
  const auto job = rig.add({.name = "long"}, succeed);
  const RunId id = rig.launch(job);
  rig.clock.advance(10min);  // nobody ticked: the process was stopped
  run_for(rig, 5s);
  CHECK(rig.status(id) == JobStatus::running);
  CHECK(rig.row(id).fence == 1);
  CHECK(rig.row(id).lease_until_at > rig.clock.now());
}

TEST_CASE(
    "Engine hands back every run of a claim that the executor refuses, and keeps the others") {
  Rig<FillingExecutor> rig;
  const auto job = rig.add(overlapping("send"), succeed);
  std::vector<RunId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(rig.put(job));
  rig.executor.accepted_max = 2;
  const TickReport report = rig.engine->tick();
  REQUIRE(report.error);
  CHECK(rig.status(ids[0]) == JobStatus::running);
  CHECK(rig.status(ids[1]) == JobStatus::running);
  CHECK(rig.status(ids[2]) == JobStatus::pending);
  CHECK(rig.status(ids[3]) == JobStatus::pending);
  CHECK(rig.event_count(Kind::run_released) == 2);
  rig.executor.drain();
  rig.deck->flush();
  CHECK(rig.status(ids[0]) == JobStatus::success);
  CHECK(rig.status(ids[1]) == JobStatus::success);
}

TEST_CASE("Engine sees a clock that was set again when the renewal for it has failed") {
  Rig<> rig;
  const auto job = rig.add({.name = "ours"}, succeed);
  const auto other_job = rig.add({.name = "theirs"}, succeed);
  const RunId ours = rig.launch(job);
  const RunId theirs = rig.put(other_job);
  rig.claim_as("other", other_job, theirs);
  rig.engine->tick();
  rig.storage.fail_before(StorageCall::renew);
  rig.clock.set_wall(rig.clock.now() + 24h);
  CHECK(rig.engine->tick().error);
  CHECK(rig.event_count(Kind::clock_jumped) == 0);
  rig.clock.advance(1s);
  CHECK(rig.engine->tick().rescued == 0);
  CHECK(rig.event_count(Kind::clock_jumped) == 1);
  CHECK(rig.row(ours).lease_until_at == rig.clock.now() + 30s);
  CHECK(rig.status(theirs) == JobStatus::running);
}

TEST_CASE("Engine tells the ledger of a job later when it could not at its registration") {
  Rig<InlineExecutor> rig;
  int count = 0;
  rig.storage.fail_before(StorageCall::sync_jobs, 2);
  rig.add({.name = "hourly", .schedule = punctual::every(1h)}, [&](JobContext&) { ++count; });
  CHECK(rig.memory.summaries().empty());
  rig.clock.advance(1s);
  CHECK(rig.engine->tick().error);
  run_for(rig, 1s);
  CHECK(rig.memory.summaries().size() == 1);
  run_for(rig, 2h);
  CHECK(count >= 1);
}

TEST_CASE("Engine makes a run on startup once when the storage fails on the way") {
  for (const auto call : {StorageCall::runs, StorageCall::sync_jobs, StorageCall::enqueue}) {
    for (const bool has_effect : {false, true}) {
      CAPTURE(static_cast<int>(call), has_effect);
      Rig<InlineExecutor> rig;
      int count = 0;
      JobConfig config{.name = "warm-up"};
      config.run_on_startup = true;
      rig.add(config, [&](JobContext&) { ++count; });
      if (has_effect) {
        rig.storage.fail_after(call);
      } else {
        rig.storage.fail_before(call);
      }
      CHECK(rig.engine->tick().error);
      CHECK(count == 0);
      run_for(rig, 1s);
      CHECK(count == 1);
      CHECK(rig.memory.runs({.trigger = RunTrigger::startup}).size() == 1);
    }
  }
}

TEST_CASE("Engine passes a failed claim of a single run on to its caller") {
  Rig<> rig;
  const auto job = rig.add({.name = "send"}, succeed);
  const RunId id = rig.put(job);
  rig.storage.on_call(StorageCall::claim, [] { throw std::runtime_error{"socket"}; });
  CHECK(code_of([&] { rig.engine->claim_one(id, job, true); }) == "STORAGE_ERROR");
  rig.storage.heal();
  CHECK(rig.engine->claim_one(id, job, true));
}

}  // namespace engine_faults_test
