// SPDX-License-Identifier: MIT
//
// Jobs over versions of the host's program: those that got another name, and those that no node
// knows any more. The exact rows, on a fake clock. Compiled for each storage, which must make no
// difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace rename_policies_test {

using namespace std::chrono_literals;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RunId;
using punctual::Schedule;
using punctual::Scheduler;
using punctual::testing::run_until;
using punctual::tests::code_of;
using punctual::tests::ends_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::shown;
using Storage = punctual::tests::PolicyStorage;

namespace {

JobConfig renamed(std::vector<std::string> aliases, Schedule schedule = {}) {
  JobConfig config{.name = "new", .schedule = std::move(schedule)};
  config.aliases = std::move(aliases);
  return config;
}

/// Says when the runs of the jobs were due, and under which name.
Rows dues_of(Storage& storage) {
  Rows dues;
  for (const auto& run : storage.runs({.due_from = midnight})) {
    dues.push_back(shown(*run.due_at) + punctual::tests::count_of(run) + " " + run.job_name + " " +
                   run.message_code);
  }
  std::sort(dues.begin(), dues.end());
  return dues;
}

}  // namespace

TEST_CASE("A renamed job goes on with the instants of its old name, each answered once") {
  struct Row {
    const char* subject;
    Schedule before;
    Schedule after;
    punctual::Duration down_from;
    punctual::Duration down_until;
    Rows dues;  ///< up to 05:00
  };
  const std::vector<Row> table = {
      {"a period, counted from the old anchor",
       punctual::every(1h),
       punctual::every(1h),
       2h,
       2h,
       {"00:20 old JOB_COMPLETED", "01:20 old JOB_COMPLETED", "02:20 new JOB_COMPLETED",
        "03:20 new JOB_COMPLETED", "04:20 new JOB_COMPLETED"}},
      {"at an instant that was answered",
       punctual::every(1h),
       punctual::every(1h),
       1h + 20min,
       1h + 20min,
       {"00:20 old JOB_COMPLETED", "01:20 old JOB_COMPLETED", "02:20 new JOB_COMPLETED",
        "03:20 new JOB_COMPLETED", "04:20 new JOB_COMPLETED"}},
      {"some missed on the way",
       punctual::every(1h),
       punctual::every(1h),
       1h,
       4h,
       {"00:20 old JOB_COMPLETED", "01:20 x2 new JOB_MISSED", "03:20 new JOB_COMPLETED",
        "04:20 new JOB_COMPLETED"}},
      {"a cron expression",
       punctual::cron("0 * * * *"),
       punctual::cron("0 * * * *"),
       2h,
       3h + 30min,
       {"00:00 old JOB_COMPLETED", "01:00 old JOB_COMPLETED", "02:00 old JOB_COMPLETED",
        "03:00 new JOB_COMPLETED", "04:00 new JOB_COMPLETED", "05:00 new JOB_COMPLETED"}},
      {"another schedule starts anew",
       punctual::every(1h),
       punctual::every(2h),
       2h,
       2h,
       {"00:20 old JOB_COMPLETED", "01:20 old JOB_COMPLETED", "04:00 new JOB_COMPLETED"}},
      {"an instant that is yet to come",
       punctual::at(midnight + 3h),
       punctual::at(midnight + 3h),
       1h,
       2h,
       {"03:00 new JOB_COMPLETED"}},
      {"an instant that has been answered",
       punctual::at(midnight + 1h),
       punctual::at(midnight + 1h),
       2h,
       3h,
       {"01:00 old JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    clock.set_wall(midnight - 40min);
    {
      Scheduler scheduler{clock, storage, InlineExecutor{}};
      scheduler.register_job({.name = "old", .schedule = row.before}, [](JobContext&) {});
      run_until(scheduler, clock, midnight + row.down_from);
    }
    clock.advance_to(midnight + row.down_until);
    for (int restart = 0; restart < 2; ++restart) {
      Scheduler scheduler{clock, storage, InlineExecutor{}};
      scheduler.register_job(renamed({"older", "old"}, row.after), [](JobContext&) {});
      run_until(scheduler, clock, midnight + row.down_until + (restart + 1) * 15min);
    }
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job(renamed({"older", "old"}, row.after), [](JobContext&) {});
    run_until(scheduler, clock, midnight + 5h);
    CHECK(dues_of(storage) == row.dues);
  }
}

TEST_CASE("A renamed job runs what was handed in under its old names") {
  FakeClock clock{midnight};
  Storage storage;
  {
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "old"}, [](JobContext&) {});
    scheduler.register_job({.name = "older"}, [](JobContext&) {});
    scheduler.enqueue("old", 1, {.run_at = midnight + 1h});
    scheduler.enqueue("older", 2, {.run_at = midnight + 2h});
  }
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  Rows seen;
  scheduler.register_job(renamed({"old", "older"}), [&](JobContext& job) {
    seen.push_back(job.name() + " " + std::to_string(job.payload<int>()));
  });
  scheduler.enqueue("old", 3);
  scheduler.enqueue("new", 4);
  run_until(scheduler, clock, midnight + 3h);
  CHECK(seen == Rows{"old 3", "new 4", "old 1", "older 2"});
  scheduler.trigger("older", {.payload = 5});
  CHECK(seen.back() == "older 5");
}

TEST_CASE("A renamed job shares its rate and its slots with its old names") {
  FakeClock clock{midnight};
  Storage storage;
  ManualExecutor executor;
  Scheduler scheduler{clock, storage, executor};
  JobConfig limited = renamed({"old"});
  limited.concurrency.max = 1;
  scheduler.register_job(limited, [](JobContext&) {});
  scheduler.enqueue("new");
  scheduler.enqueue("old");
  scheduler.tick();
  CHECK(storage.runs({.status = JobStatus::running}).size() == 1);

  JobConfig rated = renamed({"elder"});
  rated.name = "younger";
  rated.rate.limit = {.max = 1, .period = 1min};
  scheduler.register_job(rated, [](JobContext&) {});
  scheduler.enqueue("younger");
  scheduler.enqueue("elder");
  scheduler.tick();
  CHECK(storage.runs({.job_name = "younger", .status = JobStatus::running}).size() == 1);
  CHECK(storage.runs({.job_name = "elder", .status = JobStatus::running}).empty());
  clock.advance(1min);
  scheduler.tick();
  CHECK(storage.runs({.job_name = "elder", .status = JobStatus::running}).size() == 1);
}

TEST_CASE("A job that was paused stays so under its new name") {
  FakeClock clock{midnight};
  Storage storage;
  {
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "old", .schedule = punctual::every(1h)}, [](JobContext&) {});
    scheduler.pause("old", "ops", "repair");
  }
  clock.advance(90min);
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(renamed({"old"}, punctual::every(1h)), [](JobContext&) {});
  run_until(scheduler, clock, midnight + 3h + 45min);
  CHECK(dues_of(storage).empty());
  const auto jobs = scheduler.status().registered_jobs;
  CHECK(jobs.at(0).name == "new");
  CHECK(jobs.at(0).paused);
  CHECK(jobs.at(0).paused_by == "ops");
  CHECK(jobs.at(0).paused_reason == "repair");
  scheduler.resume("new");
  run_until(scheduler, clock, midnight + 5h);
  CHECK(dues_of(storage) ==
        Rows{"01:00 x3 new JOB_PAUSED", "04:00 new JOB_COMPLETED", "05:00 new JOB_COMPLETED"});
  Scheduler restarted{clock, storage, InlineExecutor{}};
  restarted.register_job(renamed({"old"}, punctual::every(1h)), [](JobContext&) {});
  CHECK_FALSE(restarted.status().registered_jobs.at(0).paused);  // it was resumed under that name
}

TEST_CASE("An old name is refused when it stands for another job, or twice for this one") {
  struct Row {
    const char* subject;
    std::vector<std::string> aliases;
    const char* code;
  };
  const std::vector<Row> table = {
      {"two", {"old", "older"}, ""},
      {"none", {}, ""},
      {"that of another job", {"other"}, "DUPLICATE_JOB"},
      {"an old name of another job", {"of-other"}, "DUPLICATE_JOB"},
      {"its own", {"new"}, "INVALID_CONFIG"},
      {"one twice", {"old", "old"}, "INVALID_CONFIG"},
      {"no name", {"No Name"}, "INVALID_JOB_NAME"},
      {"too many", std::vector<std::string>(101, "old"), "INVALID_CONFIG"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig other{.name = "other"};
    other.aliases = {"of-other"};
    scheduler.register_job(other, [](JobContext&) {});
    CHECK(code_of([&] {
            scheduler.register_job(renamed(row.aliases, punctual::every(1h)), [](JobContext&) {});
          }) == row.code);
    const bool is_refused = *row.code != '\0';
    CHECK(scheduler.status().total_jobs == (is_refused ? 1 : 2));
    CHECK(code_of([&] { scheduler.enqueue("new"); }) == (is_refused ? "JOB_NOT_FOUND" : ""));
  }
}

TEST_CASE("A run of a job that a node does not know is left for one that does") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler knows{clock, storage, InlineExecutor{}};
  Scheduler knows_not{clock, storage, InlineExecutor{}};
  knows.register_job({.name = "known"}, [](JobContext&) {});
  knows_not.register_job({.name = "other"}, [](JobContext&) {});
  knows_not.enqueue("known");
  run_until(knows_not, clock, midnight + 2h);
  CHECK(ends_of(storage) == Rows{"known 00:00 pending"});
  run_until(knows, clock, midnight + 2h);
  CHECK(ends_of(storage) == Rows{"known 02:00 success JOB_COMPLETED"});
}

TEST_CASE("A run that no node has known for as long as the policy says is given up") {
  struct Row {
    const char* subject;
    punctual::Duration run_at;
    std::optional<punctual::Duration> known_until;  ///< a node that knows the job ticks every hour
    punctual::Duration expiry;
    Rows rows;  ///< on the second day, at 12:00
  };
  const std::vector<Row> table = {
      {"a day after the job was last seen", 0h, {}, 24h, {"known 00:00 failed JOB_NOT_FOUND"}},
      {"sooner, if so said", 0h, {}, 3h, {"known 03:00 failed JOB_NOT_FOUND"}},
      {"counted from when it was ready", 5h, {}, 24h, {"known 05:00 failed JOB_NOT_FOUND"}},
      {"not before it is ready", 36h + 1ms, {}, 1h, {"known 12:00:00.001 pending"}},
      {"not within that time", 0h, {}, 37h, {"known 00:00 pending"}},
      {"counted from when a node was there last",
       0h,
       6h,
       24h,
       {"known 06:00 failed JOB_NOT_FOUND"}},
      {"not while a node is there", 0h, 36h, 24h, {"known 00:00 pending"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor full{0};  // it knows the job, and never has room
    auto knows =
        std::make_unique<Scheduler<FakeClock&, Storage&, ManualExecutor&>>(clock, storage, full);
    knows->register_job({.name = "known"}, [](JobContext&) {});
    Scheduler knows_not{clock, storage, InlineExecutor{},
                        punctual::SchedulerOptions{.unknown_job_expiry = row.expiry}};
    knows_not.register_job({.name = "other"}, [](JobContext&) {});
    const RunId id = knows->enqueue("known", 1, {.run_at = midnight + row.run_at});
    const RunId behind = knows->enqueue("other", 1, {.after = {id}});
    for (auto hour = 0h; hour <= 36h; ++hour) {
      clock.advance_to(midnight + hour);
      if (row.known_until && hour <= *row.known_until) knows->tick();
      knows_not.tick();
    }
    CHECK(ends_of(storage, {.job_name = "known"}) == row.rows);
    const auto run = storage.run(id);
    const bool is_given_up = run->status == JobStatus::failed;
    CHECK(storage.run(behind)->message_code == (is_given_up ? "JOB_DEPENDENCY_FAILED" : ""));
    if (!is_given_up) continue;
    CHECK(run->summary == "no node knew the job");
    CHECK(run->error ==
          punctual::RunError{"JOB_NOT_FOUND", "no node that knows job \"known\" was there for " +
                                                  std::to_string(row.expiry.count()) + " ms"});
    CHECK_FALSE(run->started_at);
    Scheduler again{clock, storage, InlineExecutor{}};
    again.register_job({.name = "known"}, [](JobContext&) {});
    CHECK(again.runs({.dead = true}).size() == 1);
    const RunId retried = again.retry(id);
    again.run_due();
    CHECK(storage.run(retried)->status == JobStatus::success);
  }
}

TEST_CASE("An expiry of unknown jobs is refused when it is less than an hour") {
  struct Row {
    const char* subject;
    punctual::Duration expiry;
    const char* code;
  };
  const std::vector<Row> table = {{"an hour", 1h, ""},
                                  {"less", 1h - 1ms, "INVALID_CONFIG"},
                                  {"nothing", 0ms, "INVALID_CONFIG"}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    CHECK(code_of([&] {
            FakeClock clock;
            Storage storage;
            Scheduler scheduler{clock, storage, InlineExecutor{},
                                punctual::SchedulerOptions{.unknown_job_expiry = row.expiry}};
          }) == row.code);
  }
}

}  // namespace rename_policies_test
