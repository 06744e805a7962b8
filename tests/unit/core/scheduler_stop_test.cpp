// SPDX-License-Identifier: MIT
//
// Stopping the scheduler, and bodies that do not stop.

#include <punctual/punctual.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/spin.hpp"

namespace scheduler_stop_test {

using namespace std::chrono_literals;
using punctual::JobContext;
using punctual::JobStatus;

namespace {

using FakeScheduler = punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&,
                                          punctual::ThreadPoolExecutor>;

template <class Call>
std::string code_of(Call&& call) {
  try {
    call();
  } catch (const punctual::Error& error) {
    return error.code();
  }
  return "none";
}

/// Lets `clock` go on in steps until `done`: what a wall clock would do by itself.
template <class Done>
void pass_time_until(punctual::FakeClock& clock, Done&& done) {
  while (!done()) {
    clock.advance(100ms);
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("stop() waits for bodies, tells them, and records what they say") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  FakeScheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{2}};
  std::latch begun{1};
  std::atomic<punctual::StopReason> reason{punctual::StopReason::none};
  scheduler.register_job({.name = "job"}, [&](JobContext& job) {
    begun.count_down();
    tests::spin_until([&] { return job.stop_requested(); });
    reason = job.stop_reason();
    return job.success("FINISHED_EARLY");
  });
  const auto id = scheduler.enqueue("job");
  scheduler.start();
  begun.wait();
  CHECK(scheduler.stop(1h).abandoned.empty());
  CHECK(reason == punctual::StopReason::shutdown);
  CHECK(storage.run(id)->message_code == "FINISHED_EARLY");
  CHECK(scheduler.stop().abandoned.empty());  // a second one finds nothing to do
}

TEST_CASE("stop() hands back what was interrupted, without spending an attempt") {
  struct Row {
    const char* name;
    bool throws;
  };
  for (const auto& row : {Row{"returns-interrupted", false}, Row{"throws", true}}) {
    CAPTURE(row.name);
    punctual::FakeClock clock;
    punctual::InMemoryStorage storage;
    std::latch begun{1};
    punctual::RunId id;
    {
      FakeScheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{1}};
      scheduler.register_job({.name = "job"}, [&](JobContext& job) {
        begun.count_down();
        tests::spin_until([&] { return job.stop_requested(); });
        if (row.throws) throw std::runtime_error{"interrupted"};
        return job.interrupted();
      });
      id = scheduler.enqueue("job");
      scheduler.start();
      begun.wait();
    }
    const auto handed_back = storage.run(id);
    CHECK(handed_back->status == JobStatus::pending);
    CHECK(handed_back->message_code == "JOB_INTERRUPTED");
    CHECK(handed_back->attempt == 1);
    CHECK(!handed_back->started_at.has_value());

    FakeScheduler next{clock, storage, punctual::ThreadPoolExecutor{1}};
    next.register_job({.name = "job"}, [](JobContext&) {});
    next.start();
    tests::spin_until([&] { return storage.run(id)->status == JobStatus::success; });
    CHECK(storage.run(id)->fence == 2);
    CHECK(storage.run(id)->attempt == 1);
  }
}

TEST_CASE(
    "stop() gives up a body that does not stop, after the grace, and voids what it says later") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  std::latch begun{1};
  std::promise<void> let_go;
  std::atomic<bool> is_back{false};
  punctual::RunId id;
  {
    FakeScheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{1}};
    scheduler.register_job({.name = "stuck"}, [&](JobContext& job) {
      begun.count_down();
      let_go.get_future().wait();
      job.progress(1.0, "late");
      is_back = job.stop_requested();
      return job.success("TOO_LATE");
    });
    id = scheduler.enqueue("stuck");
    scheduler.start();
    begun.wait();
    auto report = std::async(std::launch::async, [&] { return scheduler.stop(10s); });
    pass_time_until(clock, [&] { return report.wait_for(0s) == std::future_status::ready; });
    CHECK(report.get().abandoned == std::vector<punctual::RunId>{id});
    CHECK(storage.run(id)->status == JobStatus::pending);
    CHECK(storage.run(id)->message_code == "JOB_INTERRUPTED");
  }
  let_go.set_value();
  tests::spin_until([&] { return is_back.load(); });
  CHECK(storage.run(id)->status == JobStatus::pending);
}

TEST_CASE("stop() keeps leases until the end") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::SchedulerOptions options;
  options.lease = 3s;
  std::latch begun{1};
  std::promise<void> let_go;
  FakeScheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{1}, options};
  punctual::Scheduler other{clock, storage, punctual::InlineExecutor{}, options};
  for (int node = 0; node < 2; ++node) {
    const auto body = [&](JobContext& job) {
      begun.count_down();
      let_go.get_future().wait();
      return job.success("DONE_IN_THE_END");
    };
    if (node == 0) scheduler.register_job({.name = "job"}, body);
    if (node == 1) other.register_job({.name = "job"}, [](JobContext&) {});
  }
  const auto id = scheduler.enqueue("job");
  scheduler.start();
  begun.wait();
  auto report = std::async(std::launch::async, [&] { return scheduler.stop(60s); });
  for (int step = 0; step < 300; ++step) {  // ten leases long
    clock.advance(100ms);
    tests::spin_until([&] { return *storage.run(id)->lease_until_at >= clock.now() + 2s; });
    other.run_due();
  }
  CHECK(storage.run(id)->status == JobStatus::running);
  let_go.set_value();
  CHECK(report.get().abandoned.empty());
  CHECK(storage.run(id)->message_code == "DONE_IN_THE_END");
  CHECK(storage.run(id)->fence == 1);
}

TEST_CASE("After stop() everything new is refused, and nothing runs") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  int count = 0;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "job", .schedule = punctual::every(1min)},
                         [&](JobContext&) { ++count; });
  scheduler.stop();
  CHECK(code_of([&] { scheduler.trigger("job"); }) == "SCHEDULER_STOPPED");
  CHECK(code_of([&] { scheduler.enqueue("job"); }) == "SCHEDULER_STOPPED");
  CHECK(code_of([&] { scheduler.register_job({.name = "x"}, [](JobContext&) {}); }) ==
        "SCHEDULER_STOPPED");
  CHECK(code_of([&] { scheduler.enable("job"); }) == "SCHEDULER_STOPPED");
  CHECK(code_of([&] { scheduler.start(); }) == "SCHEDULER_STOPPED");
  clock.advance(1h);
  scheduler.run_due();
  CHECK(count == 0);
  CHECK(scheduler.runs().empty());
  CHECK(scheduler.status().total_jobs == 1);  // reading goes on
}

TEST_CASE("stop() hands back what the executor has not begun") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  int count = 0;
  punctual::Scheduler scheduler{clock, storage, executor};
  scheduler.register_job({.name = "job"}, [&](JobContext&) { ++count; });
  const auto id = scheduler.enqueue("job");
  scheduler.run_due();
  CHECK(storage.run(id)->status == JobStatus::running);
  scheduler.stop();
  CHECK(storage.run(id)->status == JobStatus::pending);
  CHECK(executor.drain() == 1);
  CHECK(count == 0);
}

TEST_CASE("A body that hangs past its timeout is recorded without it, and its thread replaced") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  std::promise<void> let_go;
  std::latch begun{1};
  std::vector<std::string> events;
  std::mutex events_mutex;
  punctual::SchedulerOptions options;
  options.on_event = [&](const punctual::SchedulerEvent& event) {
    const std::lock_guard lock{events_mutex};
    events.emplace_back(to_string(event.kind));
  };
  {
    FakeScheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{1}, options};
    punctual::JobConfig config{.name = "hangs"};
    config.timeout = 1min;
    config.timeout_grace = 10s;
    scheduler.register_job(config, [&](JobContext& job) {
      begun.count_down();
      let_go.get_future().wait();
      return job.success("TOO_LATE");
    });
    scheduler.register_job({.name = "next"}, [](JobContext&) {});
    const auto id = scheduler.enqueue("hangs");
    scheduler.start();
    begun.wait();
    pass_time_until(clock, [&] { return is_terminal(storage.run(id)->status); });
    CHECK(storage.run(id)->status == JobStatus::failed);
    CHECK(storage.run(id)->message_code == "JOB_TIMEOUT");
    CHECK(storage.run(id)->duration >= 70s);
    CHECK(scheduler.trigger("next").status == JobStatus::success);  // the capacity is back
    let_go.set_value();
    scheduler.stop();
    CHECK(storage.run(id)->message_code == "JOB_TIMEOUT");
  }
  const std::lock_guard lock{events_mutex};
  CHECK(events == std::vector<std::string>{"run_stuck"});
}

TEST_CASE("The destructor stops like stop()") {
  punctual::InMemoryStorage storage;
  std::latch begun{1};
  std::atomic<bool> ended{false};
  {
    punctual::Scheduler scheduler{punctual::SystemClock{}, storage,
                                  punctual::ThreadPoolExecutor{1}};
    scheduler.register_job({.name = "job"}, [&](JobContext& job) {
      begun.count_down();
      tests::spin_until([&] { return job.stop_requested(); });
      ended = true;
    });
    scheduler.enqueue("job");
    scheduler.start();
    begun.wait();
  }
  CHECK(ended);
  CHECK(storage.runs({}).at(0).status == JobStatus::success);
}

TEST_CASE("A trigger that waits while the scheduler stops gets the run as it is") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor{0};  // never has room
  punctual::Scheduler scheduler{clock, storage, executor};
  scheduler.register_job({.name = "job"}, [](JobContext&) {});
  scheduler.start();
  auto result = std::async(std::launch::async, [&] { return scheduler.trigger("job"); });
  tests::spin_until([&] { return clock.waiter_count() == 2; });
  scheduler.request_stop();
  pass_time_until(clock, [&] { return result.wait_for(0s) == std::future_status::ready; });
  CHECK(result.get().status == JobStatus::pending);
}

}  // namespace scheduler_stop_test
