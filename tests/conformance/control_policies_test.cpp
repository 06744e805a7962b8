// SPDX-License-Identifier: MIT
//
// What people do with jobs and runs: hand in many, cancel, pause, disable, start with the service.
// The exact rows, on a fake clock. Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace control_policies_test {

using namespace std::chrono_literals;
using punctual::CancelAnswer;
using punctual::EnqueueItem;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RunId;
using punctual::Scheduler;
using punctual::StopReason;
using punctual::testing::run_until;
using punctual::tests::code_of;
using punctual::tests::elsewhere;
using punctual::tests::ends_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::rows_of;
using Storage = punctual::tests::PolicyStorage;

namespace {

EnqueueItem keyed(std::string key) {
  return {.payload = nullptr, .options = {.unique_key = key}};
}

EnqueueItem with_priority(int priority) {
  return {.payload = nullptr, .options = {.priority = priority}};
}

}  // namespace

TEST_CASE("Many runs are handed in at once, all or none") {
  struct Row {
    const char* subject;
    std::vector<EnqueueItem> items;
    const char* code;
    std::size_t stored_count;
  };
  const EnqueueItem too_large{.payload = std::string(70'000, 'x')};
  const EnqueueItem after_nothing{.payload = nullptr, .options = {.after = {RunId{}}}};
  const std::vector<Row> table = {
      {"none", {}, "", 0},
      {"three", std::vector<EnqueueItem>(3), "", 3},
      {"two of one key and one of none", {keyed("a"), keyed("a"), keyed("")}, "", 2},
      {"of different priorities", {with_priority(1), with_priority(-100)}, "", 2},
      {"one too large among them", {{}, too_large, {}}, "INVALID_PAYLOAD", 0},
      {"one of a bad key among them", {{}, keyed("a\nb")}, "INVALID_KEY", 0},
      {"one of a bad priority among them", {{}, with_priority(101)}, "INVALID_CONFIG", 0},
      {"one after a run that is not there", {{}, after_nothing}, "RUN_NOT_FOUND", 0},
      {"too many", std::vector<EnqueueItem>(10'001), "INVALID_CONFIG", 0},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "any"}, [](JobContext&) {});
    std::vector<RunId> ids;
    CHECK(code_of([&] { ids = scheduler.enqueue_all("any", row.items); }) == row.code);
    CHECK(storage.runs({}).size() == row.stored_count);
    if (*row.code == '\0') CHECK(ids.size() == row.items.size());
    for (const RunId id : ids) CHECK(scheduler.run(id));
    scheduler.run_due();
    CHECK(storage.runs({.status = JobStatus::success}).size() == row.stored_count);
  }
}

TEST_CASE("A run is handed in to a job that some node knows, and to no other") {
  struct Row {
    const char* subject;
    const char* job;
    const char* code;
  };
  const std::vector<Row> table = {
      {"of this node", "here", ""},
      {"of another node", "there", ""},
      {"that is disabled", "off", ""},
      {"that nobody knows", "nowhere", "JOB_NOT_FOUND"},
      {"of no name", "", "INVALID_JOB_NAME"},
      {"of a name that none can have", "No Job", "INVALID_JOB_NAME"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler here{clock, storage, InlineExecutor{}};
    Scheduler there{clock, storage, InlineExecutor{}};
    here.register_job({.name = "here"}, [](JobContext&) {});
    here.register_job({.name = "off", .enabled = false}, [](JobContext&) {});
    there.register_job({.name = "there"}, [](JobContext&) {});
    CHECK(code_of([&] { here.enqueue(row.job); }) == row.code);
    CHECK(storage.runs({}).size() == (*row.code == '\0' ? 1 : 0));
  }
}

TEST_CASE("A run is cancelled from any node, however far it has come") {
  struct Row {
    const char* subject;
    bool is_claimed;
    bool obeys;
    CancelAnswer answer;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"pending", false, true, CancelAnswer::cancelled, {"00:00 skipped JOB_CANCELLED"}},
      {"running, and it stops",
       true,
       true,
       CancelAnswer::requested,
       {"00:00 failed JOB_CANCELLED"}},
      {"running, and it has done its work",
       true,
       false,
       CancelAnswer::requested,
       {"00:00 success JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler node{clock, storage, executor};
    Scheduler other{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "slow"};
    config.retry.max_attempts = 3;  // nobody who cancels wants another attempt
    RunId id;
    CancelAnswer answer{};
    node.register_job(config, [&](JobContext& job) {
      answer = other.cancel(id, "ops");
      CHECK_FALSE(job.stop_token().stop_requested());
      clock.advance(10s);  // a third of the lease: it is renewed, and hears of it
      elsewhere([&] { node.tick(); });
      CHECK(job.stop_token().stop_requested());
      CHECK(job.stop_reason() == StopReason::cancelled);
      return row.obeys ? job.failure("STOPPED") : job.success();
    });
    id = node.enqueue("slow");
    if (row.is_claimed) {
      node.tick();
      executor.drain();
    } else {
      answer = other.cancel(id, "ops");
      node.tick();
      CHECK(executor.waiting_count() == 0);
    }
    CHECK(answer == row.answer);
    CHECK(rows_of(storage) == row.rows);
    CHECK(storage.run(id)->cancel_actor == "ops");
    CHECK(other.cancel(id) == CancelAnswer::ended);
    CHECK(other.cancel(RunId{}) == CancelAnswer::not_found);
    CHECK(code_of([&] { other.cancel(id, "two\nlines"); }) == "INVALID_KEY");
  }
}

TEST_CASE("A paused job is answered by one row when it is resumed, and names who paused it") {
  struct Row {
    const char* subject;
    punctual::Duration resumed_after;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"before an instant passed", 59min, {"01:00 success JOB_COMPLETED"}},
      {"when one has passed", 1h, {"01:00 x1 skipped JOB_PAUSED"}},
      {"when some have passed", 3h + 59min, {"01:00 x3 skipped JOB_PAUSED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "hourly", .schedule = punctual::every(1h)}, [](JobContext&) {});
    scheduler.pause("hourly", "ops", "the disk is full");
    scheduler.pause("hourly", "someone else", "too late");
    const auto paused = scheduler.status().registered_jobs.at(0);
    CHECK(paused.paused);
    CHECK(paused.paused_by == "ops");
    CHECK(paused.paused_reason == "the disk is full");
    CHECK(paused.next_run_at == std::nullopt);
    const auto waiting = scheduler.enqueue("hourly");
    run_until(scheduler, clock, midnight + row.resumed_after);
    CHECK(storage.run(waiting)->status == JobStatus::pending);
    CHECK(scheduler.trigger("hourly").message_code == "JOB_PAUSED");
    scheduler.resume("hourly", "ops", "emptied");
    scheduler.resume("hourly");
    const auto resumed = scheduler.status().registered_jobs.at(0);
    CHECK_FALSE(resumed.paused);
    CHECK(resumed.paused_by.empty());
    CHECK(resumed.paused_reason.empty());
    scheduler.run_due();
    CHECK(storage.run(waiting)->status == JobStatus::success);
    CHECK(rows_of(storage, {.due_from = midnight}) == (row.resumed_after < 1h ? Rows{} : row.rows));
    run_until(scheduler, clock, midnight + 4h);
    const Rows rows = rows_of(storage, {.due_from = midnight});
    CHECK(rows.front() == row.rows.front());
    CHECK(rows.back() == "04:00 success JOB_COMPLETED");
  }
}

TEST_CASE("A pause is refused when nobody knows the job or the actor is none") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job({.name = "hourly"}, [](JobContext&) {});
  CHECK(code_of([&] { scheduler.pause("daily"); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { scheduler.resume("daily"); }) == "JOB_NOT_FOUND");
  CHECK(code_of([&] { scheduler.pause("hourly", std::string(201, 'x')); }) == "INVALID_KEY");
  CHECK(code_of([&] { scheduler.resume("hourly", "two\nlines"); }) == "INVALID_KEY");
  CHECK_FALSE(scheduler.status().registered_jobs.at(0).paused);
}

TEST_CASE("A job that runs on startup does so once, unless it did a moment ago") {
  struct Row {
    const char* subject;
    punctual::Duration restart_after;
    bool enabled;
    bool paused;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"restarted within the minute", 1min - 1ms, true, false, {"00:00 success JOB_COMPLETED"}},
      {"restarted after a minute",
       1min,
       true,
       false,
       {"00:00 success JOB_COMPLETED", "00:01 success JOB_COMPLETED"}},
      {"disabled meanwhile", 1h, false, false, {"00:00 success JOB_COMPLETED"}},
      {"paused meanwhile", 1h, true, true, {"00:00 success JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    JobConfig config{.name = "warm-up", .run_on_startup = true};
    {
      Scheduler scheduler{clock, storage, InlineExecutor{}};
      Scheduler other{clock, storage, InlineExecutor{}};
      scheduler.register_job(config, [](JobContext&) {});
      other.register_job(config, [](JobContext&) {});
      scheduler.run_due();
      other.run_due();
      if (row.paused) scheduler.pause("warm-up");
    }
    clock.advance(row.restart_after);
    config.enabled = row.enabled;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job(config, [](JobContext&) {});
    scheduler.run_due();
    CHECK(rows_of(storage) == row.rows);
    CHECK(storage.runs({}).back().trigger == punctual::RunTrigger::startup);
  }
}

TEST_CASE("A disabled job runs in no way, and a trigger says so") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(
      {.name = "off", .schedule = punctual::every(1h), .enabled = false, .run_on_startup = true},
      [](JobContext&) {});
  run_until(scheduler, clock, midnight + 2h);
  CHECK(storage.runs({}).empty());
  CHECK(scheduler.next_runs("off", 1).empty());
  scheduler.trigger("off", {.actor = "ops", .reason = "to see"});
  scheduler.enqueue("off");
  CHECK(rows_of(storage) == Rows{"02:00 skipped JOB_DISABLED", "02:00 skipped JOB_DISABLED"});
  CHECK(storage.runs({}).back().actor == "ops");
  CHECK(storage.runs({}).back().reason == "to see");
  scheduler.enable("off");
  run_until(scheduler, clock, midnight + 3h);
  CHECK(rows_of(storage, {.due_from = midnight}) == Rows{"03:00 success JOB_COMPLETED"});
  scheduler.disable("off");
  run_until(scheduler, clock, midnight + 5h);
  CHECK(rows_of(storage, {.due_from = midnight}).size() == 1);
}

}  // namespace control_policies_test
