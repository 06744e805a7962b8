// SPDX-License-Identifier: MIT
//
// FlightDeck: runs from their claim to their recorded end, and bodies that do not come back.

#include "punctual/core/flight_deck.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace flight_deck_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::Error;
using punctual::ErrorKind;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RunError;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::StopReason;
using punctual::TimePoint;
using punctual::WakeSignal;
using punctual::Work;
using punctual::detail::ActiveRun;
using punctual::detail::Waiting;
using punctual::tests::code_of;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

/// Refuses all work.
class FullExecutor {
 public:
  [[nodiscard]] std::size_t room() const { return 1; }
  void submit(const Work&) { throw std::runtime_error{"no threads"}; }
  [[nodiscard]] bool help() { return false; }
  [[nodiscard]] bool replace(std::thread::id) { return false; }
};

/// Notes which threads it was asked to make up for.
class NotingExecutor : public ManualExecutor {
 public:
  [[nodiscard]] bool replace(std::thread::id thread) {
    replaced.push_back(thread);
    return can_replace;
  }
  std::vector<std::thread::id> replaced;
  bool can_replace = true;
};

/// A job with a timeout of a minute and a grace of ten seconds.
JobConfig config_of(std::string name) {
  JobConfig config{.name = std::move(name)};
  config.timeout = 1min;
  config.timeout_grace = 10s;
  return config;
}

}  // namespace

TEST_CASE("FlightDeck enters a body when the executor does, and records what it says") {
  Rig<> rig;
  int count = 0;
  const auto job = rig.add(config_of("send"), [&](JobContext& context) {
    ++count;
    rig.clock.advance(5s);
    return context.success("SENT", "3 sent", {{"sent", 3}});
  });
  const RunId id = rig.launch(job);
  Waiting waiting{rig.deck->waiters, id};
  CHECK(count == 0);
  CHECK(rig.deck->table.contains(id));
  was_raised(rig.deck->wake);
  CHECK(rig.executor.drain() == 1);
  CHECK(count == 1);
  const JobRun row = rig.row(id);
  CHECK(row.status == JobStatus::success);
  CHECK(row.message_code == "SENT");
  CHECK(row.summary == "3 sent");
  CHECK(row.details == punctual::Json{{"sent", 3}});
  CHECK(row.duration == 5s);
  CHECK(row.completed_at == rig.clock.now());
  CHECK_FALSE(rig.deck->table.contains(id));
  CHECK_FALSE(rig.deck->has_unsaved());
  CHECK(was_raised(waiting.signal));
  CHECK(was_raised(rig.deck->wake));  // there is room for another run
}

TEST_CASE("FlightDeck wakes nobody when a thread that has ended a run finds the next by itself") {
  Rig<> rig;
  const auto job = rig.add(config_of("send"), succeed);
  bool finds_next = true;
  int asked_count = 0;
  rig.deck->relay_through([&] {
    ++asked_count;
    return finds_next;
  });
  rig.launch(job);
  was_raised(rig.deck->wake);
  rig.executor.drain();
  CHECK(asked_count == 1);
  CHECK_FALSE(was_raised(rig.deck->wake));
  finds_next = false;
  rig.launch(job);
  rig.executor.drain();
  CHECK(asked_count == 2);
  CHECK(was_raised(rig.deck->wake));
}

TEST_CASE("FlightDeck wakes the loop in any case when the end of a run arms something") {
  Rig<> rig;
  rig.deck->relay_through([] { return true; });
  JobConfig retrying = config_of("retrying");
  retrying.retry = {2, punctual::Backoff::fixed(30s)};
  const auto failing =
      rig.add(retrying, [](JobContext&) -> JobOutcome { throw std::runtime_error{"no route"}; });
  JobConfig delayed = config_of("delayed");
  delayed.schedule = punctual::every_after_finish(1min);
  for (const auto& job : {failing, rig.add(delayed, succeed)}) {
    CAPTURE(job->config.name);
    rig.launch(job);
    was_raised(rig.deck->wake);
    rig.executor.drain();
    CHECK(was_raised(rig.deck->wake));
  }
}

TEST_CASE(
    "FlightDeck measures a body by the monotonic clock when the wall clock is set meanwhile") {
  Rig<> rig;
  const TimePoint start = rig.clock.now();
  const auto job = rig.add(config_of("send"), [&](JobContext& context) {
    rig.clock.advance(5s);
    rig.clock.set_wall(start - 24h);
    return context.success();
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  const JobRun row = rig.row(id);
  CHECK(row.duration == 5s);
  CHECK(row.started_at == start);
  CHECK(row.completed_at == start);  // never before the start
}

TEST_CASE("FlightDeck fails the run and lets the next attempt follow when the body throws") {
  Rig<> rig;
  JobConfig config = config_of("send");
  config.retry = {2, punctual::Backoff::fixed(30s)};
  const auto job =
      rig.add(config, [](JobContext&) -> JobOutcome { throw std::runtime_error{"no route"}; });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(rig.status(id) == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_EXECUTION_ERROR");
  CHECK(rig.row(id).error == RunError{"EXECUTION_ERROR", "no route"});
  const auto retries = rig.memory.runs({.trigger = RunTrigger::retry});
  REQUIRE(retries.size() == 1);
  CHECK(retries.front().status == JobStatus::pending);
  CHECK(retries.front().run_at == rig.clock.now() + 30s);
  CHECK(retries.front().retry_of == id);
}

TEST_CASE("FlightDeck marks the thread as inside its body while the body runs") {
  Rig<> rig;
  std::size_t depth = 99;
  const auto job =
      rig.add(config_of("send"), [&](JobContext&) { depth = ActiveRun::depth(rig.deck.get()); });
  rig.launch(job);
  rig.executor.drain();
  CHECK(depth == 1);
  CHECK(ActiveRun::depth(rig.deck.get()) == 0);
}

TEST_CASE("FlightDeck runs a run on the calling thread when told to") {
  Rig<> rig;
  std::thread::id thread;
  const auto job =
      rig.add(config_of("send"), [&](JobContext&) { thread = std::this_thread::get_id(); });
  const JobRun run = rig.claim(job);
  rig.deck->launch_here(run, job, rig.clock.steady_now());
  CHECK(thread == std::this_thread::get_id());
  CHECK(rig.status(run.id) == JobStatus::success);
  CHECK(rig.executor.waiting_count() == 0);
}

TEST_CASE("FlightDeck hands a run back when the executor refuses it") {
  Rig<FullExecutor> rig;
  const auto job = rig.add(config_of("send"), succeed);
  const JobRun run = rig.claim(job);
  CHECK_THROWS_AS(rig.deck->launch(run, job, rig.clock.steady_now()), std::runtime_error);
  CHECK(rig.status(run.id) == JobStatus::pending);
  CHECK(rig.row(run.id).message_code == "JOB_INTERRUPTED");
  CHECK(rig.row(run.id).attempt == 1);
  CHECK_FALSE(rig.deck->table.contains(run.id));
  CHECK(rig.event_count(Kind::run_released) == 1);
}

TEST_CASE("FlightDeck hands a run back that was claimed while the scheduler was stopping") {
  Rig<> rig;
  int count = 0;
  const auto job = rig.add(config_of("send"), [&](JobContext&) { ++count; });
  rig.deck->begin_stop();
  const JobRun run = rig.claim(job);
  rig.deck->launch(run, job, rig.clock.steady_now());
  const JobRun here = rig.claim(rig.add(config_of("other"), [&](JobContext&) { ++count; }));
  rig.deck->launch_here(here, rig.engine->book().job("other"), rig.clock.steady_now());
  CHECK(rig.executor.drain() == 0);
  CHECK(count == 0);
  CHECK(rig.status(run.id) == JobStatus::pending);
  CHECK(rig.status(here.id) == JobStatus::pending);
}

TEST_CASE(
    "FlightDeck hands back what has not begun, and asks what has to stop, when it begins to stop") {
  Rig<> rig;
  int count = 0;
  StopReason reason = StopReason::none;
  const auto waiting_job = rig.add(config_of("waiting"), [&](JobContext&) { ++count; });
  const auto running_job = rig.add(config_of("running"), [&](JobContext& context) {
    rig.deck->begin_stop();
    reason = context.stop_reason();
    return context.interrupted();
  });
  const RunId waiting_id = rig.launch(waiting_job);
  const JobRun running = rig.claim(running_job);
  rig.deck->launch_here(running, running_job, rig.clock.steady_now());
  CHECK(reason == StopReason::shutdown);
  CHECK(rig.status(waiting_id) == JobStatus::pending);
  CHECK(rig.status(running.id) == JobStatus::pending);  // it asked for it
  CHECK(rig.row(running.id).message_code == "JOB_INTERRUPTED");
  CHECK(rig.row(running.id).attempt == 1);
  CHECK(rig.executor.drain() == 1);
  CHECK(count == 0);  // the work that waited is void
  CHECK(rig.event_count(Kind::run_released) == 2);
  CHECK_FALSE(rig.deck->table.contains(waiting_id));
  CHECK_FALSE(rig.deck->table.contains(running.id));
}

TEST_CASE("FlightDeck asks a body to stop at its timeout and records that whatever it says then") {
  Rig<> rig{{.lease = 1h}};
  StopReason before = StopReason::none;
  StopReason after = StopReason::none;
  bool callback_ran = false;
  const auto job = rig.add(config_of("slow"), [&](JobContext& context) {
    const std::stop_callback callback{context.stop_token(), [&] { callback_ran = true; }};
    rig.clock.advance(59'999ms);
    rig.deck->check_deadlines();
    before = context.stop_reason();
    rig.clock.advance(1ms);
    rig.deck->check_deadlines();
    CHECK(callback_ran);
    after = context.stop_reason();
    return context.success("DONE_ALL_THE_SAME");
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(before == StopReason::none);
  CHECK(after == StopReason::timeout);
  CHECK(rig.row(id).status == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_TIMEOUT");
  CHECK(rig.row(id).duration == 1min);
}

TEST_CASE("FlightDeck finds a timeout when the body comes back too late and nobody has looked") {
  Rig<> rig;
  const auto job = rig.add(config_of("slow"), [&](JobContext& context) {
    rig.clock.advance(61s);
    return context.success();
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(rig.row(id).message_code == "JOB_TIMEOUT");
}

TEST_CASE("FlightDeck records a body that hangs past its grace, and what it says later is void") {
  for (const bool can_replace : {true, false}) {
    CAPTURE(can_replace);
    Rig<NotingExecutor> rig{{.lease = 1h}};
    rig.executor.can_replace = can_replace;
    TimePoint time{};
    const auto job = rig.add(config_of("hangs"), [&](JobContext& context) {
      rig.clock.advance(1min);
      rig.deck->check_deadlines();
      rig.clock.advance(9'999ms);
      rig.deck->check_deadlines();
      CHECK_FALSE(rig.deck->has_unsaved());
      rig.clock.advance(1ms);
      rig.deck->check_deadlines();
      rig.deck->flush();
      context.progress(1.0, "late");
      time = context.now();
      return context.success("TOO_LATE");
    });
    const RunId id = rig.launch(job);
    const TimePoint claimed_at = rig.clock.now();
    rig.executor.drain();
    CHECK(rig.status(id) == JobStatus::failed);
    CHECK(rig.row(id).message_code == "JOB_TIMEOUT");
    CHECK(rig.row(id).duration == 70s);
    CHECK(rig.row(id).progress == 0.0);
    CHECK(rig.executor.replaced == std::vector{std::this_thread::get_id()});
    CHECK_FALSE(rig.deck->table.contains(id));
    CHECK_FALSE(rig.deck->has_unsaved());
    CHECK(rig.storage.count(StorageCall::finish) == 1);
    const auto events = rig.events.all();
    REQUIRE(events.size() == 1);
    CHECK(events.front().kind == Kind::run_stuck);
    CHECK(events.front().run_id == id);
    const std::string wanted = can_replace ? "is replaced" : "is lost until it does";
    CHECK(events.front().message.find(wanted) != std::string::npos);
    // Given up, the body may outlive whatever lent the clock: it reads none any more.
    CHECK(time == claimed_at);
  }
}

TEST_CASE("FlightDeck hands a run back when its lease ran out before a thread was free for it") {
  Rig<> rig;
  int count = 0;
  const auto job = rig.add(config_of("send"), [&](JobContext& context) {
    ++count;
    return context.success();
  });
  const RunId id = rig.launch(job);
  rig.clock.advance(25s);  // five sixths of the lease
  CHECK(rig.executor.drain() == 1);
  CHECK(count == 0);
  CHECK(rig.status(id) == JobStatus::pending);
  CHECK(rig.row(id).attempt == 1);
  CHECK(rig.event_count(Kind::run_released) == 1);
  CHECK_FALSE(rig.deck->table.contains(id));
  CHECK(rig.deck->table.settling_count() == 0);
  rig.engine->tick();
  CHECK(rig.executor.drain() == 1);
  CHECK(count == 1);
  CHECK(rig.status(id) == JobStatus::success);
}

TEST_CASE("FlightDeck asks a body to stop whose lease could not be renewed, before it ends") {
  Rig<> rig;
  StopReason reason = StopReason::none;
  const auto job = rig.add(config_of("long"), [&](JobContext& context) {
    rig.clock.advance(24'999ms);
    rig.deck->check_deadlines();
    CHECK_FALSE(context.stop_requested());
    rig.clock.advance(1ms);
    rig.deck->check_deadlines();
    reason = context.stop_reason();
    return context.interrupted();
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(reason == StopReason::lease_lost);
  CHECK(rig.status(id) == JobStatus::pending);  // nobody had it yet: handed back
}

TEST_CASE("FlightDeck ends a run whose body hangs after its lease could not be renewed") {
  Rig<> rig;
  const auto job = rig.add(config_of("hangs"), [&](JobContext& context) {
    rig.clock.advance(25s);
    rig.deck->check_deadlines();
    rig.clock.advance(10s);
    rig.deck->check_deadlines();
    rig.deck->flush();
    return context.success("TOO_LATE");
  });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(rig.status(id) == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_ABANDONED");
  CHECK_FALSE(rig.deck->table.contains(id));
}

TEST_CASE("FlightDeck tells of a lost lease when another node has recorded the run") {
  Rig<> rig;
  const auto job = rig.add(config_of("send"), [&](JobContext& context) {
    rig.clock.advance(31s);  // longer than the lease, and nothing renewed it
    const punctual::JobNames jobs{"send"};
    const punctual::RescueRequest request{.jobs = &jobs, .limit = 10, .lease = 30s};
    CHECK(rig.memory.take_expired(request, rig.clock.now()).size() == 1);
    return context.success("TOO_LATE");
  });
  const RunId id = rig.launch(job);
  Waiting waiting{rig.deck->waiters, id};
  rig.executor.drain();
  CHECK(rig.status(id) == JobStatus::running);
  CHECK(rig.row(id).fence == 2);
  CHECK(rig.event_count(Kind::lease_lost) == 1);
  CHECK(rig.events.all().front().run_id == id);
  CHECK_FALSE(rig.deck->table.contains(id));
  CHECK(was_raised(waiting.signal));
}

TEST_CASE("FlightDeck renews leases that need it, and all of them when told to") {
  Rig<> rig;
  const auto job = rig.add(config_of("long"), succeed);
  const RunId id = rig.launch(job);
  const TimePoint claimed_at = rig.clock.now();
  rig.deck->renew(false);
  CHECK(rig.storage.count(StorageCall::renew) == 0);
  rig.deck->renew(true);
  CHECK(rig.storage.count(StorageCall::renew) == 1);
  rig.clock.advance(9'999ms);
  rig.deck->renew(false);
  CHECK(rig.storage.count(StorageCall::renew) == 1);
  CHECK(rig.row(id).lease_until_at == claimed_at + 30s);
  rig.clock.advance(1ms);
  rig.deck->renew(false);
  CHECK(rig.storage.count(StorageCall::renew) == 2);
  CHECK(rig.row(id).lease_until_at == claimed_at + 40s);
}

TEST_CASE("FlightDeck renews all leases of a node by one call") {
  Rig<> rig;
  for (const char* name : {"a", "b", "c"}) rig.launch(rig.add(config_of(name), succeed));
  rig.clock.advance(10s);
  rig.deck->renew(false);
  CHECK(rig.storage.count(StorageCall::renew) == 1);
  for (const auto& run : rig.memory.runs({})) CHECK(run.lease_until_at == rig.clock.now() + 30s);
}

TEST_CASE("FlightDeck passes on to the body what a renewal has answered") {
  struct Row {
    const char* subject;
    bool is_cancelled;
    bool is_taken;
    StopReason reason;
  };
  const Row rows[] = {
      {"kept", false, false, StopReason::none},
      {"cancelled elsewhere", true, false, StopReason::cancelled},
      {"taken over", false, true, StopReason::lease_lost},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Rig<> rig;
    StopReason reason = StopReason::none;
    const auto job = rig.add(config_of("long"), [&](JobContext& context) {
      if (row.is_cancelled) rig.memory.request_cancel(context.id(), "ann", rig.clock.now());
      if (row.is_taken) {
        rig.memory.release({{context.id(), context.fence()}}, rig.clock.now());
      }
      rig.clock.advance(10s);
      rig.deck->renew(false);
      reason = context.stop_reason();
    });
    rig.launch(job);
    rig.executor.drain();
    CHECK(reason == row.reason);
  }
}

TEST_CASE("FlightDeck asks a body of its own to stop when its run is cancelled, and no other") {
  Rig<> rig;
  StopReason reason = StopReason::none;
  RunId other;
  const auto other_job = rig.add(config_of("other"), [](JobContext& context) {
    return context.success(context.stop_requested() ? "STOPPED" : "LEFT_ALONE");
  });
  const auto job = rig.add(config_of("long"), [&](JobContext& context) {
    rig.deck->cancel(other);
    CHECK_FALSE(context.stop_requested());
    rig.deck->cancel(context.id());
    reason = context.stop_reason();
    return context.interrupted();
  });
  other = rig.put(other_job);  // pending, not in flight
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(reason == StopReason::cancelled);
  CHECK(rig.status(id) == JobStatus::failed);
  CHECK(rig.row(id).message_code == "JOB_CANCELLED");
}

TEST_CASE(
    "FlightDeck shows the newest progress with the next renewal, also after one that failed") {
  Rig<> rig;
  RunId id;
  const auto job = rig.add(config_of("long"), [&](JobContext& context) {
    context.progress(0.25, "a quarter");
    CHECK(was_raised(rig.deck->wake));
    context.progress(0.5, "half");
    CHECK(rig.deck->next_step() == 1s);
    rig.clock.advance(1s);
    rig.storage.fail_before(StorageCall::renew);
    CHECK(code_of([&] { rig.deck->renew(false); }) == "TEST_FAULT");
    CHECK(rig.row(id).progress == 0.0);
    rig.deck->renew(false);
    CHECK(rig.row(id).progress == 0.5);
    CHECK(rig.row(id).progress_note == "half");
  });
  id = rig.launch(job);
  was_raised(rig.deck->wake);
  rig.executor.drain();
  CHECK(rig.storage.count(StorageCall::renew) == 2);
}

TEST_CASE("FlightDeck puts no older progress back over newer when a renewal has failed") {
  Rig<> rig;
  const auto job = rig.add(config_of("long"), [&](JobContext& context) {
    context.progress(0.25, "a quarter");
    rig.clock.advance(1s);
    rig.storage.on_call(StorageCall::renew, [&] {
      context.progress(0.75, "more");
      throw Error{"BUSY", "busy", ErrorKind::retryable};
    });
    CHECK(code_of([&] { rig.deck->renew(false); }) == "BUSY");
    rig.storage.heal();
    rig.deck->renew(false);
    CHECK(rig.row(context.id()).progress == 0.75);
  });
  rig.launch(job);
  rig.executor.drain();
  CHECK(rig.storage.count(StorageCall::renew) == 2);
}

TEST_CASE("FlightDeck keeps an end that the storage refuses for now, and its run's lease") {
  Rig<> rig;
  const auto job = rig.add(config_of("send"), succeed);
  rig.storage.fail_before(StorageCall::finish);
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(rig.status(id) == JobStatus::running);
  CHECK(rig.deck->has_unsaved());
  CHECK(rig.deck->table.contains(id));
  CHECK(rig.event_count(Kind::storage_failed) == 1);
  rig.clock.advance(10s);
  rig.deck->renew(false);
  CHECK(rig.row(id).lease_until_at == rig.clock.now() + 30s);
  rig.deck->flush();
  CHECK(rig.status(id) == JobStatus::success);
  CHECK(rig.row(id).duration == 0s);
  CHECK_FALSE(rig.deck->has_unsaved());
  CHECK_FALSE(rig.deck->table.contains(id));
}

TEST_CASE("FlightDeck leaves a storage alone that has just failed when another body ends") {
  Rig<> rig;
  const auto job = rig.add(config_of("send"), succeed);
  const RunId id = rig.launch(job);
  rig.deck->parts.note_failure(Error{"BUSY", "busy", ErrorKind::retryable});
  rig.executor.drain();
  CHECK(rig.storage.count(StorageCall::finish) == 0);
  CHECK(rig.deck->has_unsaved());
  rig.deck->flush();
  CHECK(rig.status(id) == JobStatus::success);
}

TEST_CASE("FlightDeck has something to do at the end of the pause while a renewal is overdue") {
  Rig<> rig;
  rig.launch(rig.add(config_of("long"), succeed));
  CHECK(rig.deck->next_step() == 10s);
  rig.clock.advance(12s);
  CHECK(rig.deck->next_step() == 0s);
  rig.deck->parts.note_failure(Error{"BUSY", "busy", ErrorKind::retryable});
  const auto pause = rig.deck->parts.trouble.pause(rig.clock.steady_now());
  REQUIRE(pause);
  CHECK(*pause > 0ms);
  CHECK(rig.deck->next_step() == pause);
}

TEST_CASE("FlightDeck forgets a run that it could not hand back, and goes on") {
  Rig<> rig;
  const auto job = rig.add(config_of("send"), succeed);
  const RunId id = rig.launch(job);
  rig.storage.fail_before(StorageCall::release);
  rig.deck->begin_stop();
  CHECK(rig.status(id) == JobStatus::running);  // until its lease ends
  CHECK_FALSE(rig.deck->table.contains(id));
  CHECK(rig.event_count(Kind::storage_failed) == 1);
}

TEST_CASE("FlightDeck gives up bodies on other threads when it is abandoned, and cuts them off") {
  Rig<> rig;
  std::latch begun{1};
  std::latch may_end{1};
  TimePoint time{};
  StopReason reason = StopReason::none;
  const auto job = rig.add(config_of("stuck"), [&](JobContext& context) {
    begun.count_down();
    may_end.wait();
    time = context.now();
    reason = context.stop_reason();
    context.progress(1.0, "late");
    return context.success("TOO_LATE");
  });
  const RunId id = rig.launch(job);
  const TimePoint claimed_at = rig.clock.now();
  std::thread thread{[&] { rig.executor.step(); }};
  begun.wait();
  rig.deck->begin_stop();
  CHECK(rig.status(id) == JobStatus::running);
  rig.clock.advance(5min);  // far past its timeout
  CHECK(rig.deck->abandon() == std::vector{id});
  CHECK(rig.status(id) == JobStatus::pending);
  CHECK(rig.row(id).message_code == "JOB_INTERRUPTED");
  CHECK(rig.event_count(Kind::run_stuck) == 1);
  CHECK(rig.event_count(Kind::run_released) == 1);
  CHECK(rig.deck->abandon().empty());
  rig.storage.reset_counts();
  may_end.count_down();
  thread.join();
  CHECK(time == claimed_at);
  CHECK(reason == StopReason::shutdown);
  CHECK(rig.storage.total_count() == 0);
  CHECK(rig.status(id) == JobStatus::pending);
}

TEST_CASE(
    "FlightDeck leaves the body of this very thread alone when it is abandoned inside of it") {
  Rig<> rig;
  std::vector<RunId> abandoned{RunId{}};
  const auto job =
      rig.add(config_of("send"), [&](JobContext&) { abandoned = rig.deck->abandon(); });
  const RunId id = rig.launch(job);
  rig.executor.drain();
  CHECK(abandoned.empty());
  CHECK(rig.status(id) == JobStatus::success);
}

TEST_CASE("FlightDeck lives until the body is recorded when all others let go of it in the body") {
  Rig<> rig;
  std::weak_ptr<Rig<>::Deck> deck = rig.deck;
  const auto job = rig.add(config_of("send"), [&](JobContext&) {
    rig.engine.reset();
    rig.deck.reset();
  });
  const JobRun run = rig.claim(job);
  rig.deck->launch(run, job, rig.clock.steady_now());
  CHECK_FALSE(deck.expired());
  rig.executor.drain();
  CHECK(rig.status(run.id) == JobStatus::success);
  CHECK(deck.expired());
}

TEST_CASE("FlightDeck enters no body when it is gone before the executor comes to it") {
  Rig<> rig;
  int count = 0;
  rig.launch(rig.add(config_of("send"), [&](JobContext&) { ++count; }));
  rig.engine.reset();
  rig.deck.reset();
  CHECK(rig.executor.drain() == 1);
  CHECK(count == 0);
}

TEST_CASE("FlightDeck records every end once when bodies end on many threads at once") {
  constexpr std::size_t thread_count = 4;
  constexpr std::size_t run_count = 100;
  Rig<> rig;
  JobConfig config = config_of("send");
  config.overlap = punctual::OverlapPolicy::allow;
  std::atomic<std::size_t> body_count{0};
  const auto job = rig.add(config, [&](JobContext&) { ++body_count; });
  for (std::size_t i = 0; i < run_count; ++i) rig.launch(job);
  std::latch begin{thread_count};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      begin.arrive_and_wait();
      rig.executor.drain();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(body_count == run_count);
  CHECK(rig.memory.runs({.status = JobStatus::success, .limit = 1000}).size() == run_count);
  CHECK(rig.memory.summaries().at(0).success_count == run_count);
  CHECK_FALSE(rig.deck->has_unsaved());
}

}  // namespace flight_deck_test
