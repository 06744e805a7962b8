// SPDX-License-Identifier: MIT
//
// Lifecycle: a loop that sleeps until it is needed, and an end that comes in the right order.

#include "punctual/core/lifecycle.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/spin.hpp"

namespace lifecycle_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RunId;
using punctual::SchedulerOptions;
using punctual::StopReason;
using punctual::StopReport;
using punctual::ThreadPoolExecutor;
using punctual::TimePoint;
using punctual::tests::code_of;
using punctual::tests::FailingStorage;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using Kind = punctual::SchedulerEvent::Kind;

namespace {

template <class ExecutorT>
struct House {
  using Lifecycle = punctual::detail::Lifecycle<FakeClock&, FailingStorage&, ExecutorT&>;

  template <class... ExecutorArgs>
  explicit House(SchedulerOptions options = {}, ExecutorArgs&&... executor_args)
      : rig(std::move(options), std::forward<ExecutorArgs>(executor_args)...) {}
  ~House() { lifecycle->shut_down(0ms); }

  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// Waits until the loop sleeps on the clock.
  void await_sleep() {
    tests::spin_until([&] { return rig.clock.waiter_count() == 1; });
  }

  /// Lets time go on in steps, each when somebody sleeps, until `done`.
  template <class Done>
  void pass_time_until(Done&& done) {
    while (!done()) {
      if (rig.clock.waiter_count() > 0) rig.clock.advance(100ms);
      std::this_thread::yield();
    }
  }

  Rig<ExecutorT> rig;
  std::shared_ptr<Lifecycle> lifecycle = std::make_shared<Lifecycle>(rig.deck, rig.engine);
};

using PoolHouse = House<ThreadPoolExecutor>;

/// A body that is held until it is let go. Made before its house, whose threads use it to their
/// end.
struct Held {
  std::latch begun{1};
  std::latch may_end{1};

  void wait() {
    begun.count_down();
    may_end.wait();
  }
};

}  // namespace

TEST_CASE("Lifecycle runs what becomes due when it was started, and nothing before") {
  PoolHouse house{{}, std::size_t{1}};
  std::promise<TimePoint> ran;
  house.rig.add({.name = "hourly", .schedule = punctual::every(1h)},
                [&](JobContext& job) { ran.set_value(job.due_at().value()); });
  const TimePoint registered_at = house.rig.clock.now();
  CHECK_FALSE(house.rig.engine->has_loop());
  house.lifecycle->start();
  CHECK(house.rig.engine->has_loop());
  house.await_sleep();
  house.rig.clock.advance(1h);
  CHECK(ran.get_future().get() == registered_at + 1h);
}

TEST_CASE("Lifecycle sleeps for a minute at most and asks one question when it wakes for nothing") {
  PoolHouse house{{.prune_period = 24h}, std::size_t{1}};
  house.lifecycle->start();
  house.await_sleep();
  house.rig.storage.reset_counts();
  const std::size_t wait_count = house.rig.clock.wait_count();
  house.rig.clock.advance(59'999ms);
  house.await_sleep();
  CHECK(house.rig.clock.wait_count() == wait_count);
  for (std::size_t minute = 1; minute <= 10; ++minute) {
    house.rig.clock.advance(1min);
    tests::spin_until([&] { return house.rig.clock.wait_count() == wait_count + minute; });
    house.await_sleep();
  }
  CHECK(house.rig.storage.count(StorageCall::next_wake) == 10);
  CHECK(house.rig.storage.total_count() == 10);
}

TEST_CASE("Lifecycle starts one loop when it is started twice") {
  PoolHouse house{{}, std::size_t{1}};
  house.lifecycle->start();
  house.lifecycle->start();
  house.await_sleep();
  CHECK(house.rig.clock.waiter_count() == 1);
}

TEST_CASE("Lifecycle cannot be started again once it was told to stop") {
  PoolHouse house{{}, std::size_t{1}};
  house.lifecycle->start();
  house.lifecycle->request_stop();
  CHECK(code_of([&] { house.lifecycle->start(); }) == "SCHEDULER_STOPPED");
  house.lifecycle->stop(0ms);
  CHECK_FALSE(house.rig.engine->has_loop());
  CHECK(code_of([&] { house.lifecycle->start(); }) == "SCHEDULER_STOPPED");
}

TEST_CASE("Lifecycle stops at once when nothing is running, whatever the grace") {
  for (const bool is_started : {false, true}) {
    CAPTURE(is_started);
    PoolHouse house{{}, std::size_t{1}};
    if (is_started) house.lifecycle->start();
    CHECK(house.lifecycle->stop(24h).abandoned.empty());
    CHECK(house.lifecycle->stop(24h).abandoned.empty());
    CHECK(house.rig.engine->is_closed());
  }
}

TEST_CASE("Lifecycle asks bodies to stop and waits for them, and stores what they say") {
  PoolHouse house{{}, std::size_t{1}};
  std::latch begun{1};
  std::atomic<StopReason> reason{StopReason::none};
  const auto job = house.rig.add({.name = "send"}, [&](JobContext& context) {
    begun.count_down();
    tests::spin_until([&] { return context.stop_requested(); });
    reason = context.stop_reason();
    return context.success("FINISHED");
  });
  house.lifecycle->start();
  house.await_sleep();  // or the loop claims the run before this thread does
  const RunId id = house.rig.launch(job);
  begun.wait();
  CHECK(house.lifecycle->stop(24h).abandoned.empty());
  CHECK(reason == StopReason::shutdown);
  CHECK(house.rig.row(id).message_code == "FINISHED");
}

TEST_CASE("Lifecycle keeps the leases of bodies that it waits for") {
  Held held;
  PoolHouse house{{.lease = 3s}, std::size_t{1}};
  const auto job = house.rig.add({.name = "send"}, [&](JobContext&) { held.wait(); });
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  auto report = std::async(std::launch::async, [&] { return house.lifecycle->stop(1min); });
  const TimePoint start = house.rig.clock.now();
  house.pass_time_until([&] { return house.rig.clock.now() >= start + 30s; });
  tests::spin_until([&] { return house.rig.row(id).lease_until_at >= house.rig.clock.now(); });
  CHECK(house.rig.row(id).fence == 1);
  held.may_end.count_down();
  CHECK(report.get().abandoned.empty());
  CHECK(house.rig.status(id) == JobStatus::success);
}

TEST_CASE("Lifecycle hands back what is still running when the grace is over") {
  Held held;
  PoolHouse house{{}, std::size_t{2}};
  const auto job = house.rig.add({.name = "stuck"}, [&](JobContext& context) {
    held.wait();
    return context.success("TOO_LATE");
  });
  house.lifecycle->start();
  house.await_sleep();  // or the loop claims the run before this thread does
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  const TimePoint start = house.rig.clock.now();
  auto report = std::async(std::launch::async, [&] { return house.lifecycle->stop(10s); });
  house.pass_time_until([&] { return report.wait_for(0s) == std::future_status::ready; });
  CHECK(report.get().abandoned == std::vector{id});
  CHECK(house.rig.clock.now() >= start + 10s);
  CHECK(house.rig.status(id) == JobStatus::pending);
  held.may_end.count_down();
}

TEST_CASE("Lifecycle waits for nothing when there is no grace") {
  Held held;
  PoolHouse house{{}, std::size_t{1}};
  const auto job = house.rig.add({.name = "stuck"}, [&](JobContext&) { held.wait(); });
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  CHECK(house.lifecycle->stop(0ms).abandoned == std::vector{id});
  CHECK(house.rig.clock.wait_count() == 0);
  held.may_end.count_down();
}

TEST_CASE("Lifecycle goes on storing an end during the grace when the storage fails at first") {
  Held held;
  PoolHouse house{{}, std::size_t{1}};
  const auto job = house.rig.add({.name = "send"}, [&](JobContext&) { held.wait(); });
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  house.rig.storage.fail_before(StorageCall::finish, 3);
  held.may_end.count_down();
  auto report = std::async(std::launch::async, [&] { return house.lifecycle->stop(24h); });
  house.pass_time_until([&] { return report.wait_for(0s) == std::future_status::ready; });
  const StopReport left = report.get();
  CHECK(left.abandoned.empty());
  CHECK(left.unrecorded.empty());
  CHECK(house.rig.status(id) == JobStatus::success);
  CHECK(house.rig.storage.count(StorageCall::finish) == 4);
}

TEST_CASE("Lifecycle ends although an end cannot be stored, and leaves the run to its lease") {
  Held held;
  PoolHouse house{{}, std::size_t{1}};
  const auto job = house.rig.add({.name = "send"}, [&](JobContext&) { held.wait(); });
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  house.rig.storage.fail_before(StorageCall::finish, 1'000'000);
  held.may_end.count_down();
  auto report = std::async(std::launch::async, [&] { return house.lifecycle->stop(1min); });
  house.pass_time_until([&] { return report.wait_for(0s) == std::future_status::ready; });
  const StopReport left = report.get();
  CHECK(left.abandoned.empty());
  CHECK(left.unrecorded == std::vector{id});
  CHECK(house.rig.status(id) == JobStatus::running);
  // Asked ever more slowly, not in a loop: 0.2 s, 0.4 s … up to a sixth of the lease, for a minute,
  // each half of it at the least.
  CHECK(house.rig.storage.count(StorageCall::finish) <= 32);
}

TEST_CASE("Lifecycle hands back what the executor has not begun") {
  House<ManualExecutor> house;
  int count = 0;
  const auto job = house.rig.add({.name = "send"}, [&](JobContext&) { ++count; });
  const RunId id = house.rig.launch(job);
  CHECK(house.lifecycle->stop(24h).abandoned.empty());
  CHECK(house.rig.status(id) == JobStatus::pending);
  house.rig.executor.drain();
  CHECK(count == 0);
}

TEST_CASE(
    "Lifecycle refuses to stop inside of a body, and shuts down there without waiting for it") {
  House<InlineExecutor> house;
  std::string code;
  std::optional<StopReport> report;
  const auto job = house.rig.add({.name = "send"}, [&](JobContext& context) {
    code = code_of([&] { house.lifecycle->stop(24h); });
    CHECK_FALSE(house.rig.engine->is_closed());
    report = house.lifecycle->shut_down(24h);
    CHECK(house.rig.engine->is_closed());
    return context.success("LAST");
  });
  const RunId id = house.rig.launch(job);
  CHECK(code == "WOULD_DEADLOCK");
  REQUIRE(report);
  CHECK(report->abandoned.empty());
  CHECK(house.rig.row(id).message_code == "LAST");
}

TEST_CASE("Lifecycle shuts down on the loop's own thread and lets that end alone") {
  Rig<InlineExecutor> rig;
  auto lifecycle = std::make_shared<House<InlineExecutor>::Lifecycle>(rig.deck, rig.engine);
  const auto job = rig.add({.name = "last"}, [&](JobContext& context) {
    lifecycle->shut_down(24h);
    return context.success("LAST");
  });
  const RunId id = rig.put(job);
  lifecycle->start();
  tests::spin_until([&] { return rig.status(id) == JobStatus::success; });
  CHECK(rig.row(id).message_code == "LAST");
  CHECK_FALSE(rig.engine->has_loop());
  // The thread holds the engine to its end.
  const std::weak_ptr<void> engine = rig.engine;
  lifecycle.reset();
  rig.engine.reset();
  tests::spin_until([&] { return engine.expired(); });
  CHECK(rig.clock.waiter_count() == 0);
}

TEST_CASE("Lifecycle answers both when two threads stop it at once") {
  Held held;
  PoolHouse house{{}, std::size_t{1}};
  const auto job = house.rig.add({.name = "stuck"}, [&](JobContext&) { held.wait(); });
  house.lifecycle->start();
  house.await_sleep();  // or the loop claims the run before this thread does
  const RunId id = house.rig.launch(job);
  held.begun.wait();
  auto first = std::async(std::launch::async, [&] { return house.lifecycle->stop(5s); });
  auto second = std::async(std::launch::async, [&] { return house.lifecycle->stop(5s); });
  house.pass_time_until([&] {
    return first.wait_for(0s) == std::future_status::ready &&
           second.wait_for(0s) == std::future_status::ready;
  });
  const std::size_t abandoned = first.get().abandoned.size() + second.get().abandoned.size();
  CHECK(abandoned == 1);
  CHECK(house.rig.status(id) == JobStatus::pending);
  held.may_end.count_down();
}

TEST_CASE("Lifecycle keeps its loop when the storage throws whatever it likes") {
  PoolHouse house{{}, std::size_t{1}};
  std::atomic<int> call_count{0};
  house.rig.storage.on_call(StorageCall::next_wake, [&] {
    switch (++call_count % 3) {
      case 0:
        throw punctual::Error{"BUSY", "busy", punctual::ErrorKind::retryable};
      case 1:
        throw std::runtime_error{"socket"};
      default:
        throw 42;
    }
  });
  std::promise<void> ran;
  house.rig.add({.name = "send"}, [&](JobContext&) { ran.set_value(); });
  house.rig.put(house.rig.engine->book().job("send"));
  house.lifecycle->start();
  house.pass_time_until([&] { return call_count >= 9; });
  house.rig.storage.heal();
  auto has_run = ran.get_future();
  house.pass_time_until([&] { return has_run.wait_for(0s) == std::future_status::ready; });
  CHECK(house.rig.event_count(Kind::storage_failed) >= 9);
}

}  // namespace lifecycle_test
