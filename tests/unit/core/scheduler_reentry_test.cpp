// SPDX-License-Identifier: MIT
//
// Calling the scheduler from inside its own bodies: everything has a defined answer, nothing
// deadlocks.

#include <punctual/punctual.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/spin.hpp"

namespace scheduler_reentry_test {

using namespace std::chrono_literals;
using punctual::JobContext;
using punctual::JobResult;
using punctual::JobStatus;

namespace {

using InlineScheduler =
    punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&, punctual::InlineExecutor>;
using PoolScheduler = punctual::Scheduler<punctual::SystemClock, punctual::InMemoryStorage&,
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

}  // namespace

TEST_CASE("A body may register, enqueue, read and tick") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  InlineScheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  std::vector<std::string> ran;
  scheduler.register_job({.name = "outer"}, [&](JobContext&) {
    ran.push_back("outer");
    scheduler.register_job({.name = "inner"}, [&](JobContext&) { ran.push_back("inner"); });
    CHECK(code_of([&] { scheduler.register_job({.name = "outer"}, [](JobContext&) {}); }) ==
          "DUPLICATE_JOB");
    scheduler.enqueue("inner");
    CHECK(scheduler.runs().size() == 2);
    CHECK(scheduler.status().total_jobs == 2);
    CHECK(!scheduler.tick().did_something());  // the body's own tick goes on when it is done
    CHECK(ran.size() == 1);
  });
  CHECK(scheduler.trigger("outer").status == JobStatus::success);
  scheduler.run_due();
  CHECK(ran == std::vector<std::string>{"outer", "inner"});
}

TEST_CASE("A body that triggers another job runs it on its own thread, also on a full pool") {
  punctual::InMemoryStorage storage;
  PoolScheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{1}};
  std::thread::id outer;
  std::thread::id inner;
  JobStatus inner_status = JobStatus::pending;
  scheduler.register_job({.name = "inner"},
                         [&](JobContext&) { inner = std::this_thread::get_id(); });
  scheduler.register_job({.name = "outer"}, [&](JobContext&) {
    outer = std::this_thread::get_id();
    inner_status = scheduler.trigger("inner").status;
  });
  scheduler.start();
  CHECK(scheduler.trigger("outer").status == JobStatus::success);
  CHECK(inner_status == JobStatus::success);
  CHECK(inner == outer);
}

TEST_CASE("A body that triggers its own job is told that it overlaps") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  InlineScheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  std::string code;
  scheduler.register_job({.name = "job"},
                         [&](JobContext&) { code = scheduler.trigger("job").message_code; });
  CHECK(scheduler.trigger("job").status == JobStatus::success);
  CHECK(code == "JOB_OVERLAPPED");
}

TEST_CASE("A body that triggers itself without end is stopped at a depth") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  InlineScheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  int depth = 0;
  scheduler.register_job({.name = "job", .overlap = punctual::OverlapPolicy::allow},
                         [&](JobContext&) {
                           ++depth;
                           scheduler.trigger("job");
                         });
  CHECK(scheduler.trigger("job").status == JobStatus::success);
  CHECK(depth == 16);
  const auto failed = scheduler.runs({.status = JobStatus::failed});
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].error->code == "NESTED_TOO_DEEP");
}

TEST_CASE("A body that triggers what cannot start now gets the pending run and waits for nothing") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  InlineScheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  punctual::JobConfig first{.name = "first"};
  first.concurrency = {.max = 1, .key = "database"};
  punctual::JobConfig second = first;
  second.name = "second";
  JobResult inner;
  scheduler.register_job(second, [](JobContext&) {});
  scheduler.register_job(first, [&](JobContext&) { inner = scheduler.trigger("second"); });
  scheduler.trigger("first");
  CHECK(inner.status == JobStatus::pending);
  scheduler.run_due();
  CHECK(scheduler.run(inner.job_id)->status == JobStatus::success);
}

TEST_CASE("stop() inside a body is refused, request_stop() is not") {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  InlineScheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  std::string stop_code;
  std::string trigger_code;
  punctual::StopReason reason = punctual::StopReason::none;
  scheduler.register_job({.name = "job"}, [&](JobContext& job) {
    stop_code = code_of([&] { scheduler.stop(); });
    scheduler.request_stop();
    reason = job.stop_reason();
    trigger_code = code_of([&] { scheduler.trigger("job"); });
  });
  CHECK(scheduler.trigger("job").status == JobStatus::success);
  CHECK(stop_code == "WOULD_DEADLOCK");
  CHECK(reason == punctual::StopReason::shutdown);
  CHECK(trigger_code == "SCHEDULER_STOPPED");
  CHECK(scheduler.stop().abandoned.empty());
}

TEST_CASE("A body may destroy its scheduler, and its run is recorded all the same") {
  SECTION("inside a trigger on the calling thread") {
    punctual::FakeClock clock;
    punctual::InMemoryStorage storage;
    auto scheduler = std::make_unique<InlineScheduler>(clock, storage, punctual::InlineExecutor{});
    scheduler->register_job({.name = "job"}, [&](JobContext& job) {
      scheduler.reset();
      return job.success("DESTROYED");
    });
    CHECK(scheduler->trigger("job").message_code == "DESTROYED");
    CHECK(storage.runs({}).at(0).message_code == "DESTROYED");
  }
  SECTION("on the background loop's own thread") {
    punctual::InMemoryStorage storage;
    using Loop = punctual::Scheduler<punctual::SystemClock, punctual::InMemoryStorage&,
                                     punctual::InlineExecutor>;
    auto scheduler =
        std::make_unique<Loop>(punctual::SystemClock{}, storage, punctual::InlineExecutor{});
    scheduler->register_job({.name = "job"}, [&](JobContext& job) {
      scheduler.reset();
      return job.success("DESTROYED");
    });
    scheduler->enqueue("job");
    scheduler->start();
    tests::spin_until([&] { return storage.runs({}).at(0).status == JobStatus::success; });
    CHECK(storage.runs({}).at(0).message_code == "DESTROYED");
  }
  SECTION("on a thread of a pool that it owns") {
    punctual::InMemoryStorage storage;
    auto scheduler = std::make_unique<PoolScheduler>(punctual::SystemClock{}, storage,
                                                     punctual::ThreadPoolExecutor{2});
    scheduler->register_job({.name = "job"}, [&](JobContext& job) {
      scheduler.reset();
      return job.success("DESTROYED");
    });
    scheduler->enqueue("job");
    scheduler->start();
    tests::spin_until([&] { return storage.runs({}).at(0).status == JobStatus::success; });
    CHECK(storage.runs({}).at(0).message_code == "DESTROYED");
  }
}

TEST_CASE("No lock is held while user code runs or is destroyed") {
  // Every piece of user code that the scheduler calls takes part: each uses the scheduler from
  // another thread and waits for that, which would never end if the caller held a lock of the
  // scheduler's.
  punctual::InMemoryStorage storage;
  PoolScheduler* instance = nullptr;
  std::atomic<int> visits{0};
  const auto use_from_elsewhere = [&] {
    if (instance == nullptr) return;
    std::async(std::launch::async, [&] {
      (void)instance->status();
      (void)instance->next_runs("job", 1);
      instance->enqueue("job", nullptr, {.run_at = punctual::SystemClock{}.now() + 24h});
      instance->tick();
    }).get();
    ++visits;
  };
  struct Guest {
    std::function<void()> on_destruction;
    ~Guest() { on_destruction(); }
  };
  punctual::SchedulerOptions options;
  options.on_event = [&](const punctual::SchedulerEvent&) { use_from_elsewhere(); };
  {
    PoolScheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{2},
                            options};
    instance = &scheduler;
    punctual::JobConfig config{.name = "job"};
    config.timeout = 1ms;
    scheduler.register_job(
        config, [&, guest = std::make_shared<Guest>(Guest{[] {}})](JobContext& job) {
          const std::stop_callback callback{job.stop_token(), use_from_elsewhere};
          use_from_elsewhere();
          tests::spin_until([&] { return job.stop_requested(); });
          throw Guest{use_from_elsewhere};
        });
    // A body that is refused is destroyed by the call that brought it.
    CHECK(code_of([&] {
            scheduler.register_job(
                {.name = "job"},
                [guest = std::make_shared<Guest>(Guest{use_from_elsewhere})](JobContext&) {});
          }) == "DUPLICATE_JOB");
    scheduler.start();
    CHECK(scheduler.trigger("job").message_code == "JOB_TIMEOUT");
    scheduler.stop();
    instance = nullptr;
  }
  CHECK(visits >= 4);
}

}  // namespace scheduler_reentry_test
