// SPDX-License-Identifier: MIT
//
// JobDesk: pausing, resuming and looking ahead.

#include "punctual/core/job_desk.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace job_desk_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::FakeClock;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::TimePoint;
using punctual::WakeSignal;
using punctual::tests::code_of;
using punctual::tests::FailingStorage;
using punctual::tests::instant;
using punctual::tests::Rig;
using punctual::tests::StorageCall;
using punctual::tests::succeed;
using punctual::tests::times_of;

namespace {

struct Desk {
  Rig<> rig;
  punctual::detail::JobDesk<FakeClock&, FailingStorage&, ManualExecutor&> desk{rig.deck,
                                                                               rig.engine};

  /// The first call of `call` from now on finds that another node was a moment faster.
  void race_on(StorageCall call, std::function<void()> other) {
    rig.storage.on_call(call, [this, call, other = std::move(other)] {
      rig.storage.on_call(call, nullptr);
      other();
    });
  }
};

JobConfig hourly() {
  return {.name = "tidy", .schedule = punctual::every(1h)};
}

bool was_raised(WakeSignal& signal) {
  return signal.consume([](auto&, auto&, const auto&) {});
}

}  // namespace

TEST_CASE("JobDesk pauses a job with who and why, and keeps its runs from starting") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  was_raised(desk.rig.deck->wake);
  desk.desk.pause("tidy", "ann", "disk full");
  CHECK(was_raised(desk.rig.deck->wake));
  const auto summary = desk.rig.memory.summaries().at(0);
  CHECK(summary.paused);
  CHECK(summary.paused_by == "ann");
  CHECK(summary.paused_reason == "disk full");
  CHECK_FALSE(summary.next_run_at);
  desk.rig.clock.advance(3h);
  CHECK_FALSE(desk.rig.engine->tick().did_something());
}

TEST_CASE("JobDesk does nothing when a job is paused or resumed twice") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  desk.desk.resume("tidy", "ann", "");
  CHECK(desk.rig.storage.count(StorageCall::set_paused) == 0);
  desk.desk.pause("tidy", "ann", "first");
  desk.desk.pause("tidy", "bob", "second");
  CHECK(desk.rig.storage.count(StorageCall::set_paused) == 1);
  CHECK(desk.rig.memory.summaries().at(0).paused_by == "ann");
  desk.desk.resume("tidy", "ann", "");
  desk.desk.resume("tidy", "bob", "");
  CHECK(desk.rig.storage.count(StorageCall::set_paused) == 2);
}

TEST_CASE("JobDesk answers what passed during a pause by one row and goes on in the future") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  const TimePoint registered_at = desk.rig.clock.now();
  desk.desk.pause("tidy", "ann", "");
  desk.rig.clock.advance(150min);
  was_raised(desk.rig.deck->wake);
  desk.desk.resume("tidy", "bob", "better now");
  CHECK(was_raised(desk.rig.deck->wake));
  const auto summary = desk.rig.memory.summaries().at(0);
  CHECK_FALSE(summary.paused);
  CHECK(summary.next_run_at == registered_at + 3h);
  const auto runs = desk.rig.memory.runs({});
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().status == JobStatus::skipped);
  CHECK(runs.front().message_code == "JOB_PAUSED");
  CHECK(runs.front().details.at("count") == 2);
  CHECK_FALSE(desk.rig.engine->tick().did_something());
}

TEST_CASE("JobDesk tries again when another node was a moment faster") {
  Desk desk;
  const auto job = desk.rig.add(hourly(), succeed);
  // The schedule moves on between the desk's reading and its writing.
  const auto move_on = [&] {
    desk.rig.clock.advance(1h);
    const auto state = desk.rig.memory.due_schedules({"tidy"}, 1, desk.rig.clock.now());
    if (state.empty()) return;
    desk.rig.memory.advance({{"tidy", state.front().version, desk.rig.clock.now() + 1h, {}}},
                            desk.rig.clock.now());
  };
  desk.race_on(StorageCall::set_paused, move_on);
  desk.desk.pause("tidy", "ann", "");
  CHECK(desk.rig.storage.count(StorageCall::set_paused) == 2);
  CHECK(desk.rig.memory.summaries().at(0).paused);

  // Resumed and paused again by somebody else in between: ours counts in the end.
  desk.race_on(StorageCall::set_paused, [&] {
    punctual::PauseChange change;
    change.job_name = "tidy";
    change.version = desk.rig.engine->book().state_of(*job).version;
    REQUIRE(desk.rig.memory.set_paused(change, desk.rig.clock.now()));
  });
  desk.desk.resume("tidy", "ann", "");
  CHECK(desk.rig.storage.count(StorageCall::set_paused) == 4);
  CHECK_FALSE(desk.rig.memory.summaries().at(0).paused);
}

TEST_CASE("JobDesk is content when another node has done the same a moment before") {
  Desk desk;
  const auto job = desk.rig.add(hourly(), succeed);
  desk.race_on(StorageCall::set_paused, [&] {
    punctual::PauseChange change;
    change.job_name = "tidy";
    change.version = desk.rig.engine->book().state_of(*job).version;
    change.actor = "bob";
    REQUIRE(desk.rig.memory.set_paused(change, desk.rig.clock.now()));
  });
  desk.desk.pause("tidy", "ann", "");
  CHECK(desk.rig.memory.summaries().at(0).paused_by == "bob");
}

TEST_CASE("JobDesk refuses unknown jobs and actors that do not fit, and keeps reasons short") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  desk.rig.storage.reset_counts();
  const std::string long_actor(201, 'a');
  CHECK(code_of([&] { desk.desk.pause("tidi", "ann", ""); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { desk.desk.resume("tidi", "ann", ""); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { static_cast<void>(desk.desk.next_runs("tidi", 1)); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { desk.desk.pause("tidy", long_actor, ""); }) == "INVALID_KEY");
  CHECK(code_of([&] { desk.desk.resume("tidy", long_actor, ""); }) == "INVALID_KEY");
  CHECK(desk.rig.storage.total_count() == 0);
  desk.desk.pause("tidy", "ann", std::string(5000, 'r'));
  CHECK(desk.rig.memory.summaries().at(0).paused_reason.size() == 1024);
}

TEST_CASE("JobDesk passes on what the storage throws and leaves the job as it is") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  desk.rig.storage.fail_before(StorageCall::set_paused);
  CHECK(code_of([&] { desk.desk.pause("tidy", "ann", ""); }) == "TEST_FAULT");
  CHECK_FALSE(desk.rig.memory.summaries().at(0).paused);
  desk.rig.storage.fail_before(StorageCall::sync_jobs);
  CHECK(code_of([&] { desk.desk.pause("tidy", "ann", ""); }) == "TEST_FAULT");
}

TEST_CASE("JobDesk lists the next instants as the ledger has them armed") {
  struct Row {
    const char* subject;
    punctual::Schedule schedule;
    std::size_t count;
    std::vector<TimePoint> instants;
  };
  const Row rows[] = {
      {"by hand", {}, 3, {}},
      {"a period",
       punctual::every(1h),
       3,
       {instant("2024-01-15T03:00:00Z"), instant("2024-01-15T04:00:00Z"),
        instant("2024-01-15T05:00:00Z")}},
      {"none wanted", punctual::every(1h), 0, {}},
      {"a period with an anchor of its own",
       punctual::every(24h, instant("2000-01-01T06:00:00Z")),
       2,
       {instant("2024-01-15T06:00:00Z"), instant("2024-01-16T06:00:00Z")}},
      {"a cron expression",
       punctual::cron("30 2 29 2 *"),
       2,
       {instant("2024-02-29T02:30:00Z"), instant("2028-02-29T02:30:00Z")}},
      {"once", punctual::at(instant("2024-01-16T00:00:00Z")), 3, {instant("2024-01-16T00:00:00Z")}},
      {"after the finish",
       punctual::every_after_finish(5min),
       3,
       {instant("2024-01-15T02:05:00Z")}},
      {"an end",
       punctual::cron("0 0 0 1 1 ? 2024-2026"),
       9,
       {instant("2025-01-01T00:00:00Z"), instant("2026-01-01T00:00:00Z")}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    Desk desk;  // at 2024-01-15T02:00
    desk.rig.add({.name = "tidy", .schedule = row.schedule}, succeed);
    CHECK(times_of(desk.desk.next_runs("tidy", row.count)) == row.instants);
  }
}

TEST_CASE("JobDesk counts the next instants from the ledger's anchor, not from now") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  const TimePoint registered_at = desk.rig.clock.now();
  desk.rig.clock.advance(20min);
  CHECK(times_of(desk.desk.next_runs("tidy", 2)) ==
        std::vector{registered_at + 1h, registered_at + 2h});
  desk.rig.clock.advance(2h);  // nobody has ticked: the first instant is still to be answered
  CHECK(times_of(desk.desk.next_runs("tidy", 1)) == std::vector{registered_at + 1h});
}

TEST_CASE(
    "JobDesk lists no instants of a job that is paused, disabled, or waits for a run to end") {
  Desk desk;
  desk.rig.add(hourly(), succeed);
  desk.desk.pause("tidy", "", "");
  CHECK(desk.desk.next_runs("tidy", 3).empty());
  desk.desk.resume("tidy", "", "");
  CHECK(desk.desk.next_runs("tidy", 3).size() == 3);
  desk.rig.engine->book().change("tidy", [](JobConfig& config) { config.enabled = false; });
  CHECK(desk.desk.next_runs("tidy", 3).empty());

  std::optional<std::vector<TimePoint>> while_running;
  desk.rig.add({.name = "after", .schedule = punctual::every_after_finish(5min)},
               [&](JobContext&) { while_running = times_of(desk.desk.next_runs("after", 3)); });
  desk.rig.clock.advance(5min);
  desk.rig.engine->tick();
  desk.rig.clock.advance(20s);
  desk.rig.executor.drain();
  CHECK(while_running == std::vector<TimePoint>{});
  CHECK(times_of(desk.desk.next_runs("after", 3)) ==
        std::vector{desk.rig.clock.now() + Duration{5min}});
}

}  // namespace job_desk_test
