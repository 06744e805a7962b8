// SPDX-License-Identifier: MIT
//
// Past due instants done by hand: the exact rows, on a fake clock. Compiled for each storage, which
// must make no difference.

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

namespace backfill_policies_test {

using namespace std::chrono_literals;
using punctual::BackfillReport;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::MissedPolicy;
using punctual::RunTrigger;
using punctual::Scheduler;
using punctual::TimePoint;
using punctual::testing::run_until;
using punctual::tests::error_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::rows_of;
using Storage = punctual::tests::PolicyStorage;

namespace {

JobConfig hourly(MissedPolicy missed = MissedPolicy::run_once) {
  JobConfig config{.name = "hourly", .schedule = punctual::every(1h, midnight)};
  config.missed = missed;
  return config;
}

}  // namespace

TEST_CASE("A backfill runs the past instants of a range that have not been run") {
  struct Row {
    const char* subject;
    punctual::Duration registered_at;  ///< after midnight; missed instants are answered at 06:30
    MissedPolicy missed;
    punctual::Duration from;
    punctual::Duration until;
    std::size_t run_count;
    std::size_t answered_count;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"of which nothing answers any",
       6h + 15min,
       MissedPolicy::run_once,
       0h,
       3h,
       3,
       0,
       {"00:00 success JOB_COMPLETED", "01:00 success JOB_COMPLETED",
        "02:00 success JOB_COMPLETED"}},
      {"of which none is in the range", 6h + 15min, MissedPolicy::run_once, 0h + 1ms, 1h, 0, 0, {}},
      {"from one on, up to but without the other",
       6h + 15min,
       MissedPolicy::run_once,
       1h,
       2h,
       1,
       0,
       {"01:00 success JOB_COMPLETED"}},
      {"of which some have been run",
       3h + 30min,
       MissedPolicy::run_all(2),
       0h,
       6h,
       5,
       1,
       {"00:00 success JOB_COMPLETED", "01:00 success JOB_COMPLETED", "02:00 success JOB_COMPLETED",
        "03:00 success JOB_COMPLETED", "04:00 x1 skipped JOB_MISSED",
        "04:00 #2 at 06:30 success JOB_COMPLETED", "05:00 success JOB_COMPLETED",
        "06:00 success JOB_COMPLETED"}},
      {"of which a row answers all",
       30min,
       MissedPolicy::skip,
       0h,
       6h + 1ms,
       7,
       0,
       {"00:00 success JOB_COMPLETED", "01:00 x6 skipped JOB_MISSED",
        "01:00 #2 at 06:30 success JOB_COMPLETED", "02:00 success JOB_COMPLETED",
        "03:00 success JOB_COMPLETED", "04:00 success JOB_COMPLETED", "05:00 success JOB_COMPLETED",
        "06:00 success JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + row.registered_at};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job(hourly(row.missed), [](JobContext&) {});
    clock.advance_to(midnight + 6h + 30min);
    scheduler.run_due();
    const auto backfill = [&] {
      return scheduler.backfill("hourly", midnight + row.from, midnight + row.until,
                                {.actor = "ops", .reason = "lost data"});
    };
    const BackfillReport report = backfill();
    CHECK(report.runs.size() == row.run_count);
    CHECK(report.answered_count == row.answered_count);
    CHECK(report.next_from == std::nullopt);
    const BackfillReport meanwhile = backfill();  // they are about to be run
    CHECK(meanwhile.runs.empty());
    CHECK(meanwhile.answered_count == row.answered_count + row.run_count);
    scheduler.run_due();
    CHECK(rows_of(storage, {.due_from = midnight}) == row.rows);
    const BackfillReport again = backfill();
    CHECK(again.runs.empty());
    CHECK(again.answered_count == row.answered_count + row.run_count);
    for (const auto id : report.runs) {
      const auto run = scheduler.run(id);
      CHECK(run->trigger == RunTrigger::backfill);
      CHECK(run->actor == "ops");
      CHECK(run->reason == "lost data");
    }
    run_until(scheduler, clock, midnight + 7h);  // the schedule goes on
    CHECK(rows_of(storage).back() == "07:00 success JOB_COMPLETED");
  }
}

TEST_CASE("A backfilled instant that a row answered is a further attempt of that row's work") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(hourly(MissedPolicy::skip), [](JobContext& job) { CHECK(job.due_at()); });
  clock.advance(2h + 30min);
  scheduler.run_due();
  const auto skipped = storage.runs({}).at(0);
  const auto report = scheduler.backfill("hourly", midnight + 1h, midnight + 2h + 1ms);
  scheduler.run_due();
  REQUIRE(report.runs.size() == 2);
  const auto first = scheduler.run(report.runs[0]);
  CHECK(first->attempt == 2);
  CHECK(first->retry_of == skipped.id);
  CHECK(first->due_at == midnight + 1h);
  const auto second = scheduler.run(report.runs[1]);
  CHECK(second->attempt == 1);
  CHECK(second->retry_of == std::nullopt);
  CHECK(second->due_at == midnight + 2h);
}

TEST_CASE("A backfill stops at its limit and says where to go on") {
  FakeClock clock{midnight + 10h + 30min};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(hourly(), [](JobContext&) {});
  std::optional<TimePoint> from = midnight;
  Rows steps;
  while (from) {
    const auto report = scheduler.backfill("hourly", *from, midnight + 8h, {.limit = 3});
    from = report.next_from;
    steps.push_back(std::to_string(report.runs.size()) + " then " +
                    (from ? punctual::tests::shown(*from) : "done"));
    scheduler.run_due();
  }
  CHECK(steps == Rows{"3 then 03:00", "3 then 06:00", "2 then done"});
  CHECK(storage.runs({.status = punctual::JobStatus::success}).size() == 8);
}

TEST_CASE("A backfill is refused when it names no past instants") {
  struct Row {
    const char* subject;
    const char* job;
    punctual::Duration from;
    punctual::Duration until;
    punctual::BackfillOptions options;
    const char* error;
  };
  const std::vector<Row> table = {
      {"up to now", "hourly", 0h, 6h, {}, ""},
      {"the most at once", "hourly", 0h, 6h, {.limit = 10'000}, ""},
      {"a job that nobody knows",
       "hurly",
       0h,
       1h,
       {},
       "JOB_NOT_FOUND: no job named \"hurly\" is registered; did you mean \"hourly\"?"},
      {"an empty range",
       "hourly",
       1h,
       1h,
       {},
       "INVALID_CONFIG: backfill() of job \"hourly\" expects a range that has passed, got "
       "2024-01-15T01:00:00.000Z to 2024-01-15T01:00:00.000Z at 2024-01-15T06:00:00.000Z"},
      {"a range the wrong way round",
       "hourly",
       2h,
       1h,
       {},
       "INVALID_CONFIG: backfill() of job \"hourly\" expects a range that has passed, got "
       "2024-01-15T02:00:00.000Z to 2024-01-15T01:00:00.000Z at 2024-01-15T06:00:00.000Z"},
      {"a range that has not passed",
       "hourly",
       0h,
       6h + 1ms,
       {},
       "INVALID_CONFIG: backfill() of job \"hourly\" expects a range that has passed, got "
       "2024-01-15T00:00:00.000Z to 2024-01-15T06:00:00.001Z at 2024-01-15T06:00:00.000Z"},
      {"none at all",
       "hourly",
       0h,
       1h,
       {.limit = 0},
       "INVALID_CONFIG: backfill() of job \"hourly\" expects a limit of 1 to 10000, got 0"},
      {"too many at once",
       "hourly",
       0h,
       1h,
       {.limit = 10'001},
       "INVALID_CONFIG: backfill() of job \"hourly\" expects a limit of 1 to 10000, got 10001"},
      {"a job by hand",
       "by-hand",
       0h,
       1h,
       {},
       "INVALID_CONFIG: backfill() of job \"by-hand\" expects a schedule that names instants"},
      {"a job that waits for its own end",
       "delayed",
       0h,
       1h,
       {},
       "INVALID_CONFIG: backfill() of job \"delayed\" expects a schedule that names instants"},
      {"an actor of two lines", "hourly", 0h, 1h, {.actor = "a\nb"}, nullptr},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 6h};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job(hourly(), [](JobContext&) {});
    scheduler.register_job({.name = "by-hand"}, [](JobContext&) {});
    scheduler.register_job({.name = "delayed", .schedule = punctual::every_after_finish(1h)},
                           [](JobContext&) {});
    const auto error = error_of([&] {
      scheduler.backfill(row.job, midnight + row.from, midnight + row.until, row.options);
    });
    if (row.error == nullptr) {
      CHECK(error->code() == "INVALID_KEY");
    } else {
      CHECK((error ? std::string{error->what()} : "") == row.error);
    }
    CHECK(storage.runs({}).size() == (error ? 0 : 6));
  }
}

}  // namespace backfill_policies_test
