// SPDX-License-Identifier: MIT
//
// The planner's rows, its steps for a run in flight, and when to wake. planner_due_test.cpp has the
// answers to due instants, planner_end_test.cpp the ends of runs.

#include "punctual/core/planner.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace planner_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::JobConfig;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::OverlapPolicy;
using punctual::Random;
using punctual::RunId;
using punctual::RunTrigger;
using punctual::TimePoint;
using punctual::UuidGenerator;
using punctual::planner::FlightStep;
using punctual::planner::FlightView;
using punctual::planner::SleepView;

namespace planner = punctual::planner;

namespace {

constexpr TimePoint now{std::chrono::seconds{1'705'284'000}};
constexpr Duration never = Duration::max();

RunId some_id() {
  UuidGenerator ids{Random{1}};
  return ids.next(now);
}

}  // namespace

TEST_CASE("make_run puts the job's policies on the run") {
  struct Row {
    const char* subject;
    JobConfig config;
    bool exclusive;
    std::string concurrency_key;
    std::uint32_t concurrency_max;
    int priority;
    bool waits_alone = false;
  };
  const Row rows[] = {
      {"defaults", {.name = "tidy"}, true, "", 0, 0},
      {"overlap allowed", {.name = "tidy", .overlap = OverlapPolicy::allow}, false, "", 0, 0},
      {"one waits", {.name = "tidy", .overlap = OverlapPolicy::queue_one}, true, "", 0, 0, true},
      {"all wait", {.name = "tidy", .overlap = OverlapPolicy::queue_all}, true, "", 0, 0},
      {"takes the place",
       {.name = "tidy", .overlap = OverlapPolicy::cancel_running},
       true,
       "",
       0,
       0,
       true},
      {"a limit of its own", {.name = "tidy", .concurrency = {3, ""}}, true, "tidy", 3, 0},
      {"a shared limit", {.name = "tidy", .concurrency = {3, "db"}}, true, "db", 3, 0},
      {"a key without a limit", {.name = "tidy", .concurrency = {0, "db"}}, true, "", 0, 0},
      {"a priority", {.name = "tidy", .priority = -100}, true, "", 0, -100},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const NewRun run = planner::make_run(row.config, RunTrigger::startup, now, some_id());
    CHECK(run.id == some_id());
    CHECK(run.job_name == "tidy");
    CHECK(run.status == JobStatus::pending);
    CHECK(run.trigger == RunTrigger::startup);
    CHECK(run.run_at == now);
    CHECK_FALSE(run.due_at);
    CHECK(run.attempt == 1);
    CHECK(run.exclusive == row.exclusive);
    CHECK(run.skip_if_open == (row.config.overlap == OverlapPolicy::skip));
    CHECK(run.skip_if_waiting == row.waits_alone);
    CHECK(run.concurrency_key == row.concurrency_key);
    CHECK(run.concurrency_max == row.concurrency_max);
    CHECK(run.priority == row.priority);
  }
}

TEST_CASE("make_skipped holds no lease, no slot and no place in the queue") {
  const JobConfig config{.name = "tidy", .priority = 7, .concurrency = {3, "db"}};
  const NewRun run =
      planner::make_skipped(config, RunTrigger::manual, "JOB_PAUSED", "paused", now, some_id());
  CHECK(run.id == some_id());
  CHECK(run.job_name == "tidy");
  CHECK(run.status == JobStatus::skipped);
  CHECK(run.trigger == RunTrigger::manual);
  CHECK(run.message_code == "JOB_PAUSED");
  CHECK(run.summary == "paused");
  CHECK(run.run_at == now);
  CHECK_FALSE(run.exclusive);
  CHECK_FALSE(run.skip_if_open);
  CHECK_FALSE(run.skip_if_waiting);
  CHECK(run.concurrency_max == 0);
}

TEST_CASE("lease_stop_at leaves a sixth of the lease for the body to end") {
  CHECK(planner::lease_stop_at(0ms, 30s) == 25s);
  CHECK(planner::lease_stop_at(100s, 30s) == 125s);
  CHECK(planner::lease_stop_at(0ms, 100ms) == 84ms);
}

TEST_CASE("plan_flight asks a body to stop once, at its timeout or before its lease ends") {
  struct Row {
    const char* subject;
    FlightView view;
    bool timeout;
    bool lease;
    bool give_up;
  };
  const auto view = [](bool started, bool stop_requested, Duration deadline, Duration give_up_at,
                       Duration lease_stop_at) {
    FlightView flight;
    flight.started = started;
    flight.stop_requested = stop_requested;
    flight.deadline = deadline;
    flight.give_up_at = give_up_at;
    flight.lease_stop_at = lease_stop_at;
    return flight;
  };
  // All at the monotonic instant of 10 s.
  const Row rows[] = {
      {"nothing to do", view(true, false, 11s, 21s, 25s), false, false, false},
      {"a millisecond before the timeout", view(true, false, 10'001ms, 20s, 25s), false, false,
       false},
      {"at the timeout", view(true, false, 10s, 20s, 25s), true, false, false},
      {"asked already", view(true, true, 10s, 20s, 25s), false, false, false},
      {"a timeout that never comes", view(true, false, never, never, 25s), false, false, false},
      {"not started: no timeout", view(false, false, 10s, 20s, 25s), false, false, false},
      {"at the end of the lease", view(true, false, 11s, 21s, 10s), false, true, false},
      {"not started, at the end of the lease", view(false, false, 11s, 21s, 10s), false, true,
       false},
      {"at the end of the lease, asked already", view(true, true, 11s, 21s, 10s), false, false,
       false},
      {"both at once", view(true, false, 9s, 21s, 9s), true, true, false},
      {"the grace is over", view(true, true, 5s, 10s, 25s), false, false, true},
      {"a millisecond before that", view(true, true, 5s, 10'001ms, 25s), false, false, false},
      {"no grace at all", view(true, false, 10s, 10s, 25s), true, false, true},
      {"not started: nothing to give up", view(false, true, 5s, 10s, 25s), false, false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const FlightStep step = planner::plan_flight(row.view, 10s);
    CHECK(step.request_timeout_stop == row.timeout);
    CHECK(step.request_lease_stop == row.lease);
    CHECK(step.give_up == row.give_up);
  }
}

TEST_CASE("next_flight_step names the earliest instant at which something is to be done") {
  struct Row {
    const char* subject;
    FlightView view;
    Duration next;
  };
  const auto view = [](bool started, bool stop_requested, Duration deadline, Duration give_up_at,
                       Duration renew_at, Duration lease_stop_at) {
    FlightView flight;
    flight.started = started;
    flight.stop_requested = stop_requested;
    flight.deadline = deadline;
    flight.give_up_at = give_up_at;
    flight.renew_at = renew_at;
    flight.lease_stop_at = lease_stop_at;
    return flight;
  };
  // All at the monotonic instant of 10 s.
  const Row rows[] = {
      {"the renewal", view(true, false, 60s, 70s, 20s, 35s), 20s},
      {"the timeout", view(true, false, 15s, 25s, 20s, 35s), 15s},
      {"the end of the lease", view(true, false, 60s, 70s, 40s, 35s), 35s},
      {"the end of the grace", view(true, true, 5s, 12s, 20s, 35s), 12s},
      {"asked to stop: no timeout any more", view(true, true, 11s, 30s, 20s, 12s), 20s},
      {"a timeout that never comes", view(true, false, never, never, 20s, 35s), 20s},
      {"the lease is lost", view(true, true, never, never, never, never), never},
      {"the lease is lost, a grace runs", view(true, true, 60s, 14s, never, never), 14s},
      {"not started, a deadline if it did", view(false, false, 15s, 25s, 20s, 35s), 15s},
      {"not started, past that deadline", view(false, false, 9s, 25s, 30s, 35s), 25s},
      {"not started, past both", view(false, false, 8s, 9s, 30s, 35s), 30s},
      {"the renewal is overdue", view(true, false, 60s, 70s, 9s, 35s), 9s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(planner::next_flight_step(row.view, 10s) == row.next);
  }
}

TEST_CASE("plan_flight has nothing to say before the instant that next_flight_step names") {
  constexpr std::uint64_t seed = 4;
  CAPTURE(seed);
  Random random{seed};
  const auto draw = [&] {
    return random.up_to(9) == 0 ? never : Duration{static_cast<std::int64_t>(random.up_to(40))};
  };
  int later_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    FlightView view;
    view.started = random.up_to(1) == 1;
    view.stop_requested = random.up_to(1) == 1;
    view.deadline = draw();
    view.give_up_at = draw();
    view.renew_at = draw();
    view.lease_stop_at = draw();
    const Duration from{static_cast<std::int64_t>(random.up_to(40))};
    const auto says_something = [&](Duration at) {
      const FlightStep step = planner::plan_flight(view, at);
      return step.request_timeout_stop || step.request_lease_stop || step.give_up ||
             at >= view.renew_at;
    };
    const Duration next = planner::next_flight_step(view, from);
    if (says_something(from)) {
      REQUIRE(next <= from);
      continue;
    }
    REQUIRE(next > from);
    ++later_count;
    for (Duration at = from; at < std::min<Duration>(next, 50ms); at += 1ms) {
      REQUIRE_FALSE(says_something(at));
    }
    // A run that waits for a thread has nothing to do at the deadline it would have.
    if (view.started && next != never) REQUIRE(says_something(next));
  }
  CHECK(later_count > 1000);
}

TEST_CASE("plan_wake names the earliest instant at which a tick has something to do") {
  struct Row {
    const char* subject;
    SleepView view;
    std::optional<Duration> wait;  ///< from now
  };
  const auto view = [](auto&& change) {
    SleepView sleep;
    change(sleep);
    return sleep;
  };
  const std::vector<Row> rows = {
      {"nothing is known", {}, std::nullopt},
      {"a due instant", view([](SleepView& v) { v.wake.due_at = now + 5s; }), 5s},
      {"a due instant that has passed", view([](SleepView& v) { v.wake.due_at = now - 1h; }), 0ms},
      {"a due instant a year ahead", view([](SleepView& v) { v.wake.due_at = now + 8784h; }),
       8784h},
      {"a run", view([](SleepView& v) { v.wake.run_at = now + 3s; }), 3s},
      {"a run that is ready", view([](SleepView& v) { v.wake.run_at = now - 3s; }), 0ms},
      {"a run, and no room", view([](SleepView& v) {
         v.wake.run_at = now - 3s;
         v.has_room = false;
       }),
       std::nullopt},
      {"a run that waits for a limit", view([](SleepView& v) {
         v.wake.run_at = now - 3s;
         v.is_blocked = true;
       }),
       1s},
      {"a run to come while another waits for a limit", view([](SleepView& v) {
         v.wake.run_at = now + 1ms;
         v.is_blocked = true;
       }),
       1ms},
      {"a lease that ends", view([](SleepView& v) { v.wake.expires_at = now + 7s; }), 7s},
      {"a lease that has ended", view([](SleepView& v) { v.wake.expires_at = now - 7s; }), 0ms},
      {"a lease that has ended, no rescue for now", view([](SleepView& v) {
         v.wake.expires_at = now - 7s;
         v.rescue_hold = 4s;
       }),
       4s},
      {"a lease that ends after the hold", view([](SleepView& v) {
         v.wake.expires_at = now + 7s;
         v.rescue_hold = 4s;
       }),
       7s},
      {"a storage to be polled", view([](SleepView& v) { v.poll_period = 2s; }), 2s},
      {"a run in flight", view([](SleepView& v) { v.next_flight = 9s; }), 9s},
      {"a run in flight that is overdue", view([](SleepView& v) { v.next_flight = 0ms; }), 0ms},
      {"the earliest of all", view([](SleepView& v) {
         v.wake = {.due_at = now + 5s, .run_at = now + 4s, .expires_at = now + 6s};
         v.poll_period = 7s;
         v.next_flight = 8s;
       }),
       4s},
      {"a storage that does not answer", view([](SleepView& v) {
         v.wake = {.due_at = now, .run_at = now, .expires_at = now};
         v.poll_period = 1s;
         v.next_attempt = 20s;
       }),
       20s},
      {"a storage that does not answer, a body to be stopped", view([](SleepView& v) {
         v.next_flight = 3s;
         v.next_attempt = 20s;
       }),
       3s},
      {"a storage to be tried again at once", view([](SleepView& v) { v.next_attempt = 0ms; }),
       0ms},
      {"spans beyond the end of time", view([](SleepView& v) {
         v.next_flight = never;
         v.poll_period = never;
       }),
       punctual::time_max - now},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const auto until = planner::plan_wake(row.view, now);
    CHECK(until.has_value() == row.wait.has_value());
    if (until && row.wait) CHECK((*until - now).count() == row.wait->count());
  }
}

}  // namespace planner_test
