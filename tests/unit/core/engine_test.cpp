// SPDX-License-Identifier: MIT
//
// Engine: what one tick does, what it costs the storage, and when it wants the next one.
// engine_faults_test.cpp has the ticks that fail.

#include "punctual/core/engine.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace engine_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::MissedPolicy;
using punctual::OverlapPolicy;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::TickReport;
using punctual::TimePoint;
using punctual::detail::ActiveRun;
using punctual::detail::Waiting;
using punctual::tests::code_of;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

JobConfig scheduled(std::string name, punctual::Schedule schedule) {
  return {.name = std::move(name), .schedule = std::move(schedule)};
}

/// Returns how long after now the next tick is wanted, nullopt if nothing is known to come.
template <class RigT>
std::optional<Duration> wait_of(RigT& rig, const TickReport& report) {
  if (!report.next_wake_at) return std::nullopt;
  return *report.next_wake_at - rig.clock.now();
}

}  // namespace

TEST_CASE("Engine asks the storage one question when a tick is idle") {
  Rig<> rig;
  rig.add(scheduled("hourly", punctual::every(1h)), succeed);
  rig.engine->tick();  // the first one also prunes
  rig.storage.reset_counts();
  for (int i = 0; i < 10; ++i) {
    rig.clock.advance(1s);
    const TickReport report = rig.engine->tick();
    CHECK_FALSE(report.did_something());
    CHECK_FALSE(report.error);
  }
  CHECK(rig.storage.count(StorageCall::next_wake) == 10);
  CHECK(rig.storage.total_count() == 10);
}

TEST_CASE("Engine wants no tick when nothing is known to come") {
  Rig<> rig;
  CHECK_FALSE(rig.engine->tick().next_wake_at);
  rig.add({.name = "by-hand"}, succeed);
  CHECK_FALSE(rig.engine->tick().next_wake_at);
}

TEST_CASE("Engine fires a due instant once, claims its run, and wants to wake for the next") {
  Rig<InlineExecutor> rig;
  std::optional<TimePoint> due_at;
  rig.add(scheduled("hourly", punctual::every(1h)),
          [&](JobContext& job) { due_at = job.due_at(); });
  const TimePoint registered_at = rig.clock.now();
  CHECK(wait_of(rig, rig.engine->tick()) == 1h);
  rig.clock.advance(59min + 59s + 999ms);
  TickReport report = rig.engine->tick();
  CHECK_FALSE(report.did_something());
  CHECK(wait_of(rig, report) == 1ms);
  rig.clock.advance(1ms);
  report = rig.engine->tick();
  CHECK(report.fired == 1);
  CHECK(report.claimed == 1);
  CHECK(wait_of(rig, report) == 1h);
  CHECK(due_at == registered_at + 1h);
  CHECK_FALSE(rig.engine->tick().did_something());
  const auto runs = rig.memory.runs({});
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().trigger == RunTrigger::schedule);
  CHECK(runs.front().status == JobStatus::success);
}

TEST_CASE("Engine answers a year of downtime by one run and one row") {
  Rig<InlineExecutor> rig;
  int count = 0;
  rig.add(scheduled("minutely", punctual::every(1min)), [&](JobContext&) { ++count; });
  rig.clock.advance(24h * 366);
  CHECK(rig.engine->tick().fired == 1);
  CHECK(count == 1);
  const auto skipped = rig.memory.runs({.status = JobStatus::skipped});
  REQUIRE(skipped.size() == 1);
  CHECK(skipped.front().message_code == "JOB_MISSED");
  CHECK(skipped.front().details.at("count") == 366 * 1440 - 1);
}

TEST_CASE(
    "Engine fires nothing again when the clock goes back, and goes on when it has caught up") {
  Rig<InlineExecutor> rig;
  std::vector<TimePoint> dues;
  rig.add(scheduled("hourly", punctual::every(1h)),
          [&](JobContext& job) { dues.push_back(job.due_at().value()); });
  const TimePoint start = rig.clock.now();
  rig.clock.advance(1h);
  rig.engine->tick();
  rig.clock.set_wall(start - 24h);
  TickReport report = rig.engine->tick();
  CHECK_FALSE(report.did_something());
  CHECK(wait_of(rig, report) == 26h);
  rig.clock.set_wall(start + 1h);
  CHECK_FALSE(rig.engine->tick().did_something());
  rig.clock.set_wall(start + 2h);
  CHECK(rig.engine->tick().fired == 1);
  CHECK(dues == std::vector{start + 1h, start + 2h});
}

TEST_CASE("Engine fires a batch a tick and wants the next one at once when there is more") {
  Rig<> rig{{.batch_max = 2}};
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    rig.add(scheduled(name, punctual::every(1h)), succeed);
  }
  rig.clock.advance(1h);
  std::vector<std::size_t> fired;
  TickReport report;
  do {
    report = rig.engine->tick();
    fired.push_back(report.fired);
    if (report.has_more) CHECK(wait_of(rig, report) == 0s);
  } while (report.did_something());
  CHECK(fired == std::vector<std::size_t>{2, 2, 1, 0});
  CHECK(rig.executor.waiting_count() == 5);
}

TEST_CASE("Engine claims no more than the executor has room for, and no more than a batch") {
  struct Row {
    const char* subject;
    std::size_t room;
    std::size_t batch_max;
    std::size_t claimed;
    std::size_t claim_count;  ///< questions to the storage
    bool has_more;
  };
  const Row rows[] = {
      {"no room", 0, 10, 0, 0, false},           {"some room", 3, 10, 3, 1, false},
      {"room for all", 100, 10, 5, 1, false},    {"a small batch", 100, 2, 2, 1, true},
      {"just so much room", 5, 10, 5, 1, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig{{.batch_max = row.batch_max}, row.room};
    JobConfig config{.name = "send"};
    config.overlap = OverlapPolicy::allow;
    const auto job = rig.add(config, succeed);
    for (int i = 0; i < 5; ++i) rig.put(job);
    const TickReport report = rig.engine->tick();
    CHECK(report.claimed == row.claimed);
    CHECK(report.has_more == row.has_more);
    CHECK(rig.storage.count(StorageCall::claim) == row.claim_count);
    CHECK(rig.executor.waiting_count() == row.claimed);
    // Runs that wait for room wake nobody: the end of a body does.
    if (row.room <= row.claimed && row.claimed > 0) CHECK(wait_of(rig, report) == 10s);
  }
}

TEST_CASE("Engine wakes its loop for a run that a thread claims when that has a short timeout") {
  Rig<> rig{{}, std::size_t{1}};
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  const auto lasting = rig.add(config, succeed);
  config.name = "short";
  config.timeout = 2s;
  const auto brief = rig.add(config, succeed);
  rig.put(lasting);
  rig.clock.advance(1ms);
  rig.put(brief);
  TickReport report = rig.engine->tick();
  CHECK(wait_of(rig, report) == 10s);  // the renewal of the lasting run
  rig.executor.drain();
  rig.deck->wake.consume([](auto&, auto&, const auto&) {});
  CHECK(rig.engine->launch_next());
  bool is_raised = false;
  rig.deck->wake.consume([&](auto&, auto&, const auto& raised) { is_raised = raised(); });
  CHECK(is_raised);
}

TEST_CASE("Engine looks again in a second when ready runs are waiting for a limit") {
  Rig<> rig;
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  config.concurrency.max = 1;
  const auto job = rig.add(config, succeed);
  rig.put(job);
  rig.put(job);
  TickReport report = rig.engine->tick();
  CHECK(report.claimed == 1);
  CHECK(wait_of(rig, report) == 1s);
  report = rig.engine->tick();
  CHECK(report.claimed == 0);
  CHECK(wait_of(rig, report) == 1s);
  rig.executor.drain();
  CHECK(rig.engine->tick().claimed == 1);
}

TEST_CASE("Engine looks at once for a run that became ready after it had claimed") {
  Rig<> rig;
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  const auto job = rig.add(config, succeed);
  rig.put(job);
  int call_count = 0;
  rig.storage.on_call(StorageCall::next_wake, [&] {
    if (++call_count != 2) return;  // the one after the claim
    rig.clock.advance(1ms);
    rig.put(job);
  });
  const TickReport report = rig.engine->tick();
  CHECK(report.claimed == 1);
  CHECK(wait_of(rig, report) == 0s);
}

TEST_CASE("Engine runs many short runs in one tick when the executor runs them on the spot") {
  Rig<InlineExecutor> rig{{.batch_max = 10}};
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  int count = 0;
  const auto job = rig.add(config, [&](JobContext&) { ++count; });
  for (int i = 0; i < 25; ++i) rig.put(job);
  std::vector<std::size_t> claimed;
  for (TickReport report = rig.engine->tick(); report.did_something();
       report = rig.engine->tick()) {
    claimed.push_back(report.claimed);
  }
  CHECK(claimed == std::vector<std::size_t>{10, 10, 5});
  CHECK(count == 25);
}

TEST_CASE("Engine returns at once when it is asked to tick inside of a body") {
  Rig<InlineExecutor> rig;
  std::optional<TickReport> inner;
  const auto job = rig.add({.name = "nosy"}, [&](JobContext&) { inner = rig.engine->tick(); });
  rig.put(job);
  CHECK(rig.engine->tick().claimed == 1);
  REQUIRE(inner);
  CHECK_FALSE(inner->did_something());
  CHECK(wait_of(rig, *inner) == 100ms);
}

TEST_CASE("Engine lets one tick go on at a time, and others return at once") {
  Rig<> rig;
  std::latch ticking{1};
  std::latch may_end{1};
  rig.storage.on_call(StorageCall::next_wake, [&] {
    ticking.count_down();
    may_end.wait();
  });
  std::thread first{[&] { rig.engine->tick(); }};
  ticking.wait();
  const TickReport second = rig.engine->tick();
  CHECK_FALSE(second.did_something());
  CHECK(wait_of(rig, second) == 100ms);
  CHECK(rig.storage.count(StorageCall::next_wake) == 1);
  may_end.count_down();
  first.join();
  rig.storage.heal();
  rig.engine->tick();
  CHECK(rig.storage.count(StorageCall::next_wake) == 2);
}

TEST_CASE("Engine keeps what is running and starts nothing once it is closed") {
  Rig<> rig;
  const auto job = rig.add(scheduled("hourly", punctual::every(1h)), succeed);
  const RunId running = rig.launch(job);
  JobConfig other_config{.name = "other"};
  const RunId pending = rig.put(rig.add(other_config, succeed));
  CHECK_FALSE(rig.engine->is_closed());
  CHECK(code_of([&] { rig.engine->require_open(); }).empty());
  rig.engine->close();
  CHECK(rig.engine->is_closed());
  CHECK(code_of([&] { rig.engine->require_open(); }) == "SCHEDULER_STOPPED");
  rig.clock.advance(1h);
  rig.storage.reset_counts();
  const TickReport report = rig.engine->tick();
  CHECK_FALSE(report.did_something());
  CHECK(rig.storage.count(StorageCall::renew) == 1);
  CHECK(rig.storage.total_count() == 1);
  CHECK(rig.row(running).lease_until_at == rig.clock.now() + 30s);
  CHECK(rig.status(pending) == JobStatus::pending);
  CHECK(wait_of(rig, report) == 10s);
}

TEST_CASE("Engine wakes for the renewal of a lease and for a timeout") {
  Rig<> rig;
  JobConfig config{.name = "long"};
  config.timeout = 7s;
  rig.launch(rig.add(config, succeed));
  CHECK(wait_of(rig, rig.engine->tick()) == 7s);
  rig.clock.advance(7s);
  CHECK(wait_of(rig, rig.engine->tick()) == 3s);
  rig.clock.advance(3s);
  CHECK(wait_of(rig, rig.engine->tick()) == 7s);  // the grace of 10 s, had it begun
  CHECK(rig.storage.count(StorageCall::renew) == 1);
}

TEST_CASE("Engine looks as often as the storage wants to be polled") {
  Rig<> rig;
  rig.storage.poll = 2s;
  CHECK(wait_of(rig, rig.engine->tick()) == 2s);
  rig.add(scheduled("soon", punctual::every(1500ms)), succeed);
  CHECK(wait_of(rig, rig.engine->tick()) == 1500ms);
}

TEST_CASE(
    "Engine names the next wake by the scheduler's clock when the storage has one of its own") {
  for (const Duration skew : {Duration{-10s}, Duration{10s}, Duration{-24h}, Duration{24h}}) {
    CAPTURE(skew.count());
    Rig<> rig;
    rig.storage.skew = skew;
    rig.add(scheduled("minutely", punctual::every(1min)), succeed);
    TickReport report = rig.engine->tick();
    CHECK(wait_of(rig, report) == 1min);
    rig.clock.advance(59'999ms);
    report = rig.engine->tick();
    CHECK_FALSE(report.did_something());
    CHECK(wait_of(rig, report) == 1ms);
    rig.clock.advance(1ms);
    report = rig.engine->tick();
    CHECK(report.fired == 1);
    CHECK(rig.memory.runs({}).at(0).due_at == rig.clock.now() + skew);
    rig.engine->close();
    CHECK(wait_of(rig, rig.engine->tick()) == 10s);
  }
}

TEST_CASE("Engine records the runs of a node that went away, and lets the next attempt follow") {
  Rig<> rig;
  JobConfig config{.name = "send"};
  config.retry = {2, punctual::Backoff::fixed(1min)};
  const auto job = rig.add(config, succeed);
  const RunId id = rig.put(job);
  CHECK(rig.claim_as("gone", job, id).fence == 1);
  Waiting waiting{rig.deck->waiters, id};
  TickReport report = rig.engine->tick();
  CHECK(report.rescued == 0);
  CHECK(wait_of(rig, report) == 30s);
  rig.clock.advance(29'999ms);
  CHECK(rig.engine->tick().rescued == 0);
  rig.clock.advance(1ms);
  report = rig.engine->tick();
  CHECK(report.rescued == 1);
  const JobRun row = rig.row(id);
  CHECK(row.status == JobStatus::failed);
  CHECK(row.message_code == "JOB_ABANDONED");
  CHECK(row.error->message.find("node gone held the run") == 0);
  CHECK(row.fence == 2);
  CHECK(row.duration == 30s);
  CHECK(waiting.signal.consume([](auto&, auto&, const auto&) {}));
  const auto retries = rig.memory.runs({.trigger = RunTrigger::retry});
  REQUIRE(retries.size() == 1);
  CHECK(retries.front().run_at == rig.clock.now() + 1min);
  CHECK(rig.event_count(Kind::run_abandoned) == 1);
  CHECK(wait_of(rig, report) == 1min);
}

TEST_CASE("Engine rescues a batch a tick and wants the next one at once when there is more") {
  Rig<> rig{{.batch_max = 2}};
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  const auto job = rig.add(config, succeed);
  for (int i = 0; i < 5; ++i) rig.claim_as("gone", job, rig.put(job));
  rig.clock.advance(30s);
  std::vector<std::size_t> rescued;
  for (TickReport report = rig.engine->tick(); report.did_something();
       report = rig.engine->tick()) {
    rescued.push_back(report.rescued);
  }
  CHECK(rescued == std::vector<std::size_t>{2, 2, 1});
}

TEST_CASE("Engine leaves the runs of jobs that it does not know to those who do") {
  Rig<> rig;
  Rig<> other;
  const auto job = other.add({.name = "theirs"}, succeed);
  punctual::NewRun row = punctual::planner::make_run(
      job->config, RunTrigger::manual, rig.clock.now(), rig.deck->parts.next_id(rig.clock.now()));
  rig.memory.enqueue({row}, rig.clock.now());
  CHECK_FALSE(rig.engine->tick().did_something());
  rig.claim_as("gone", job, row.id);
  rig.clock.advance(1h);
  CHECK_FALSE(rig.engine->tick().did_something());
  CHECK(rig.status(row.id) == JobStatus::running);
}

TEST_CASE(
    "Engine does not look for expired leases at every tick while one of its own has expired") {
  Rig<> rig;
  const auto job = rig.add({.name = "long"}, succeed);
  const RunId id = rig.launch(job);
  rig.engine->tick();
  rig.clock.advance(5s);
  rig.storage.skew = 40s;  // expired by the storage's clock, and not yet to be renewed by ours
  rig.storage.reset_counts();
  TickReport report = rig.engine->tick();
  CHECK(rig.status(id) == JobStatus::running);
  const std::size_t asked = rig.storage.count(StorageCall::take_expired);
  CHECK(asked <= 1);
  for (int i = 0; i < 5; ++i) rig.engine->tick();
  CHECK(rig.storage.count(StorageCall::take_expired) == asked);
  CHECK(wait_of(rig, report) > 0ms);
}

TEST_CASE("Engine renews all leases and rescues nobody for one lease when the wall clock was set") {
  for (const Duration jump : {Duration{24h}, Duration{10s}, Duration{-10s}, Duration{-24h}}) {
    CAPTURE(jump.count());
    Rig<> rig;
    const auto job = rig.add({.name = "ours"}, succeed);
    const auto other_job = rig.add({.name = "theirs"}, succeed);
    const RunId ours = rig.launch(job);
    const RunId theirs = rig.put(other_job);
    rig.claim_as("other", other_job, theirs);
    rig.engine->tick();
    rig.clock.set_wall(rig.clock.now() + jump);
    CHECK_FALSE(rig.engine->tick().did_something());
    CHECK(rig.event_count(Kind::clock_jumped) == 1);
    CHECK(rig.storage.count(StorageCall::renew) == 1);
    CHECK(rig.row(ours).lease_until_at == rig.clock.now() + 30s);
    CHECK(rig.status(theirs) == JobStatus::running);
    // The owner of the other run does not renew: for one lease of time it is given the chance to.
    rig.clock.advance(29'999ms);
    CHECK(rig.engine->tick().rescued == 0);
    if (jump < 0s) continue;
    rig.clock.advance(1ms);
    CHECK(rig.engine->tick().rescued == 1);
    CHECK(rig.row(theirs).message_code == "JOB_ABANDONED");
    CHECK(rig.event_count(Kind::clock_jumped) == 1);
  }
}

TEST_CASE("Engine takes no notice when the wall clock moves by less than a third of the lease") {
  Rig<> rig;
  rig.engine->tick();
  rig.clock.set_wall(rig.clock.now() + 9'999ms);
  rig.engine->tick();
  rig.clock.set_wall(rig.clock.now() - 9'999ms);
  rig.engine->tick();
  rig.clock.advance(24h);
  rig.engine->tick();
  CHECK(rig.event_count(Kind::clock_jumped) == 0);
}

TEST_CASE("Engine tells of a due instant that was answered before, and moves on") {
  Rig<InlineExecutor> rig;
  int count = 0;
  const auto job = rig.add(scheduled("hourly", punctual::every(1h)), [&](JobContext&) { ++count; });
  rig.clock.advance(1h);
  // A row of the instant comes into the history while the schedule stays armed for it.
  const auto state = rig.engine->book().state_of(*job);
  punctual::NewRun row = punctual::planner::make_run(
      job->config, RunTrigger::schedule, rig.clock.now(), rig.deck->parts.next_id(rig.clock.now()));
  row.due_at = state.next_due_at;
  rig.memory.advance({{"hourly", state.version, state.next_due_at, {row}}}, rig.clock.now());
  CHECK(rig.engine->tick().fired == 1);
  CHECK(rig.event_count(Kind::due_conflict) == 1);
  CHECK(rig.events.all().back().job_name == "hourly");
  CHECK(count == 1);
  CHECK(rig.memory.runs({}).size() == 1);
  CHECK_FALSE(rig.engine->tick().did_something());
}

TEST_CASE(
    "Engine prunes at its first tick and then once a period, until nothing is left to prune") {
  Rig<> rig{{.prune_period = 5min, .batch_max = 3}};
  JobConfig config{.name = "send"};
  config.overlap = OverlapPolicy::allow;
  config.retention = {1h, 1};
  const auto job = rig.add(config, succeed);
  for (int i = 0; i < 8; ++i) rig.launch(job);
  rig.executor.drain();
  CHECK(rig.engine->tick().pruned == 0);
  rig.clock.advance(2h);
  std::vector<std::size_t> pruned;
  for (int i = 0; i < 4; ++i) pruned.push_back(rig.engine->tick().pruned);
  CHECK(pruned == std::vector<std::size_t>{3, 3, 1, 0});
  CHECK(rig.memory.runs({}).size() == 1);
  const auto count = rig.storage.count(StorageCall::prune);
  CHECK(count == 4);
  rig.clock.advance(4min + 59s);
  rig.engine->tick();
  CHECK(rig.storage.count(StorageCall::prune) == 4);
  rig.clock.advance(1s);
  rig.engine->tick();
  CHECK(rig.storage.count(StorageCall::prune) == 5);
}

TEST_CASE("Engine makes one run of a job on startup, whatever the number of ticks and nodes") {
  Rig<InlineExecutor> rig;
  int count = 0;
  JobConfig config{.name = "warm-up"};
  config.run_on_startup = true;
  rig.add(config, [&](JobContext& job) {
    ++count;
    CHECK(job.run().trigger == RunTrigger::startup);
  });
  CHECK(count == 0);
  rig.engine->tick();
  rig.engine->tick();
  CHECK(count == 1);
  CHECK(rig.memory.runs({.trigger = RunTrigger::startup}).size() == 1);
}

TEST_CASE(
    "Engine leaves a run on startup out when it would come too soon, or the job must not run") {
  struct Row {
    const char* subject;
    std::optional<Duration> since_last;
    bool is_enabled;
    bool is_paused;
    std::size_t made_count;
  };
  const Row rows[] = {
      {"the first", std::nullopt, true, false, 1},
      {"the last one a minute ago", 1min, true, false, 1},
      {"the last one a millisecond less ago", 59'999ms, true, false, 0},
      {"a disabled job", std::nullopt, false, false, 0},
      {"a paused job", std::nullopt, true, true, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig;
    JobConfig config{.name = "warm-up"};
    config.enabled = row.is_enabled;
    config.run_on_startup = true;
    if (row.since_last) {
      punctual::NewRun last = punctual::planner::make_run(
          config, RunTrigger::startup, rig.clock.now(), rig.deck->parts.next_id(rig.clock.now()));
      last.status = JobStatus::skipped;
      rig.memory.enqueue({last}, rig.clock.now());
      rig.clock.advance(*row.since_last);
    }
    const auto job = rig.add(config, succeed);
    if (row.is_paused) {
      punctual::PauseChange change;
      change.job_name = "warm-up";
      change.version = rig.engine->book().state_of(*job).version;
      REQUIRE(rig.memory.set_paused(change, rig.clock.now()));
    }
    rig.engine->tick();
    rig.engine->tick();
    CHECK(rig.memory.runs({.status = JobStatus::running, .trigger = RunTrigger::startup}).size() ==
          row.made_count);
  }
}

TEST_CASE("Engine remembers whether a loop ticks") {
  Rig<> rig;
  CHECK_FALSE(rig.engine->has_loop());
  rig.engine->set_has_loop(true);
  CHECK(rig.engine->has_loop());
}

}  // namespace engine_test
