// SPDX-License-Identifier: MIT
//
// The scheduler and time: periods over restarts, clocks that are set, downtime, idling.

#include <punctual/punctual.hpp>

#include <atomic>
#include <latch>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/spin.hpp"

namespace scheduler_time_test {

using namespace std::chrono_literals;
using namespace date::literals;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ScheduledInstant;
using punctual::TimePoint;

namespace {

const TimePoint start = date::sys_days{2024_y / 1 / 15} + 2h;

struct Host {
  punctual::FakeClock& clock;
  punctual::InMemoryStorage& storage;
  std::vector<TimePoint>& due;
  punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&, punctual::InlineExecutor>
      scheduler{clock, storage, punctual::InlineExecutor{}};

  void add(punctual::Schedule schedule) {
    scheduler.register_job({.name = "job", .schedule = std::move(schedule)},
                           [this](JobContext& job) {
                             CHECK(*job.due_at() <= job.now());  // never early
                             due.push_back(*job.due_at());
                           });
  }
};

}  // namespace

TEST_CASE("Scheduler runs a 24-hour job once a day on a host that restarts every hour") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::vector<TimePoint> due;
  for (int hour = 0; hour <= 10 * 24; ++hour) {
    Host host{clock, storage, due};
    host.add(punctual::every(24h));
    host.scheduler.run_due();
    if (hour < 10 * 24) clock.advance(1h);
  }
  REQUIRE(due.size() == 10);
  for (std::size_t i = 0; i < due.size(); ++i) CHECK(due[i] == start + (i + 1) * 24h);
}

TEST_CASE("Scheduler answers downtime by one run and one row for the instants before it") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::vector<TimePoint> due;
  {
    Host host{clock, storage, due};
    host.add(punctual::every(5min));
  }
  clock.advance(366 * 24h + 2min);
  Host host{clock, storage, due};
  host.add(punctual::every(5min));
  CHECK(host.scheduler.run_due() <= 3);  // whatever the length of the downtime
  CHECK(due == std::vector<TimePoint>{start + 366 * 24h});
  const auto missed = host.scheduler.runs({.message_code = "JOB_MISSED"});
  REQUIRE(missed.size() == 1);
  CHECK(missed[0].status == JobStatus::skipped);
  CHECK(missed[0].due_at == start + 5min);
  CHECK(missed[0].details.at("count") == 366 * 288 - 1);
  CHECK(missed[0].details.at("countIsExact") == true);
  CHECK(missed[0].details.at("first") == "2024-01-15T02:05:00.000Z");
  CHECK(missed[0].details.at("last") == "2025-01-15T01:55:00.000Z");
}

TEST_CASE(
    "Scheduler answers each instant once when the wall clock is set back or forward by a day") {
  for (const auto jump : {24h, -24h}) {
    CAPTURE(jump.count());
    punctual::FakeClock clock{start};
    punctual::InMemoryStorage storage;
    std::vector<TimePoint> due;
    Host host{clock, storage, due};
    host.add(punctual::every(5min));
    const auto pass = [&](punctual::Duration span) {
      for (auto passed = 0ms; passed < span; passed += 1min) {
        clock.advance(1min);
        host.scheduler.run_due();
      }
    };
    pass(1h);
    clock.set_wall(clock.now() + jump);
    pass(30min);
    clock.set_wall(clock.now() - jump);
    pass(26h);

    std::map<TimePoint, int> answered;
    for (const auto instant : due) ++answered[instant];
    for (const auto& [instant, count] : answered) CHECK(count == 1);
    // Every instant up to now has one row: a run, or its share in a skipped one.
    std::int64_t rows = 0;
    for (const auto& run : host.scheduler.runs({.limit = 1000})) {
      rows += run.message_code == "JOB_MISSED" ? run.details.at("count").get<std::int64_t>() : 1;
    }
    const auto until = std::max(clock.now(), due.back());
    CHECK(rows == (until - start) / 5min);
  }
}

TEST_CASE("Scheduler keeps what is running when the wall clock is set") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  punctual::ManualExecutor executor;
  punctual::Scheduler owner{clock, storage, executor};
  punctual::Scheduler other{clock, storage, punctual::InlineExecutor{}};
  int count = 0;
  for (auto add : {0, 1}) {
    const auto body = [&](JobContext&) { ++count; };
    if (add == 0) owner.register_job({.name = "job"}, body);
    if (add == 1) other.register_job({.name = "job"}, body);
  }
  owner.tick();
  other.tick();
  const auto begun = owner.trigger("job", {.wait = 0ms});
  CHECK(begun.status == JobStatus::running);
  clock.set_wall(clock.now() + 24h);
  other.run_due();  // sees an expired lease, and that the clock was set
  owner.tick();     // renews
  clock.advance(31s);
  owner.tick();
  other.run_due();
  CHECK(owner.run(begun.job_id)->status == JobStatus::running);
  executor.drain();
  CHECK(owner.run(begun.job_id)->status == JobStatus::success);
  CHECK(count == 1);
}

TEST_CASE("Scheduler waits a delay after the end of each run where the schedule says so") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::vector<TimePoint> due;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "job", .schedule = punctual::every_after_finish(10min)},
                         [&](JobContext& job) {
                           due.push_back(*job.due_at());
                           clock.advance(3min);
                         });
  for (int minute = 0; minute < 60; ++minute) {
    clock.advance(1min);
    scheduler.run_due();
  }
  REQUIRE(due.size() >= 3);
  CHECK(due[0] == start + 10min);
  CHECK(due[1] == start + 23min);
  CHECK(due[2] == start + 36min);
}

TEST_CASE("Scheduler runs a one-off once") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::vector<TimePoint> due;
  Host host{clock, storage, due};
  host.add(punctual::at(start + 90min));
  clock.advance(89min);
  host.scheduler.run_due();
  CHECK(due.empty());
  clock.advance(1min);
  host.scheduler.run_due();
  clock.advance(1000h);
  host.scheduler.run_due();
  CHECK(due == std::vector<TimePoint>{start + 90min});
  CHECK(host.scheduler.next_runs("job", 5).empty());
}

TEST_CASE("Scheduler arms anew when a job's schedule changes, and only then") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::vector<TimePoint> due;
  {
    Host host{clock, storage, due};
    host.add(punctual::every(1h));
    CHECK(host.scheduler.next_runs("job", 2) ==
          std::vector<ScheduledInstant>{{start + 1h}, {start + 2h}});
  }
  clock.advance(10min);
  {
    Host host{clock, storage, due};
    host.add(punctual::every(1h));
    CHECK(host.scheduler.next_runs("job", 1) == std::vector<ScheduledInstant>{{start + 1h}});
  }
  Host host{clock, storage, due};
  host.add(punctual::every(2h));
  CHECK(host.scheduler.next_runs("job", 1) == std::vector<ScheduledInstant>{{start + 10min + 2h}});
}

TEST_CASE("Scheduler wakes an idle loop once a minute at most") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::atomic<int> count{0};
  punctual::Scheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{2}};
  scheduler.register_job({.name = "daily", .schedule = punctual::every(24h)},
                         [&](JobContext&) { ++count; });
  scheduler.start();
  tests::spin_until([&] { return clock.waiter_count() == 1; });
  const auto waits_before = clock.wait_count();
  for (int second = 0; second < 600; ++second) {
    clock.advance(1s);
    tests::spin_until([&] { return clock.waiter_count() == 1; });
  }
  CHECK(clock.wait_count() - waits_before <= 10);
  CHECK(count == 0);
}

TEST_CASE("Scheduler runs in the background when due, on a loop that sleeps until then") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  std::atomic<unsigned> count{0};
  punctual::Scheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{2}};
  scheduler.register_job({.name = "job", .schedule = punctual::every(90s)},
                         [&](JobContext&) { ++count; });
  scheduler.start();
  for (unsigned round = 1; round <= 5; ++round) {
    tests::spin_until([&] { return clock.waiter_count() == 1; });
    clock.advance(89s);
    tests::spin_until([&] { return clock.waiter_count() == 1; });
    CHECK(count == round - 1);
    clock.advance(1s);
    // Until it is recorded: while it is open, the next one would be answered as overlapping.
    tests::spin_until([&] { return storage.summaries().at(0).success_count == round; });
    CHECK(count == round);
  }
  scheduler.stop();
}

TEST_CASE("Scheduler runs all that waits when its threads come free in any order") {
  // Time stands still: a loop that fell asleep beside runs that are ready would sleep for ever.
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::ThreadPoolExecutor{2}};
  scheduler.register_job({.name = "job"}, [](JobContext&) {});
  for (int i = 0; i < 3000; ++i) scheduler.enqueue("job");
  scheduler.start();
  tests::spin_until([&] { return storage.summaries().at(0).success_count == 3000; });
  CHECK(storage.runs({.status = JobStatus::pending}).empty());
}

TEST_CASE("Scheduler keeps the retention that a job asks for") {
  punctual::FakeClock clock{start};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  punctual::JobConfig config{.name = "job", .schedule = punctual::every(1h)};
  config.retention = {.period = 24h, .keep_last = 10};
  scheduler.register_job(config, [](JobContext&) {});
  for (int hour = 0; hour < 100; ++hour) {
    clock.advance(1h);
    scheduler.run_due();
  }
  CHECK(scheduler.runs({.limit = 1000}).size() == 25);
  CHECK(scheduler.status().registered_jobs.at(0).run_count == 100);
  scheduler.disable("job");
  clock.advance(1000h);
  scheduler.run_due();
  CHECK(scheduler.runs({.limit = 1000}).size() == 10);
}

}  // namespace scheduler_time_test
