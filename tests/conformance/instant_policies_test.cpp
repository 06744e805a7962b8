// SPDX-License-Identifier: MIT
//
// Due instants in hindsight: past ones done by hand, and why one ran or did not. The exact rows and
// sentences, on a fake clock. Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace instant_policies_test {

using namespace std::chrono_literals;
using punctual::BackfillReport;
using punctual::Explanation;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::ManualExecutor;
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

TEST_CASE("An instant is explained by what became of it") {
  using SchedulerT = Scheduler<FakeClock&, Storage&, ManualExecutor&>;
  using Kind = Explanation::Kind;
  struct Scene {
    FakeClock& clock;
    Storage& storage;
    ManualExecutor& executor;
    SchedulerT& scheduler;

    /// Lets time pass up to then, and bodies run as they come.
    void pass(punctual::Duration since_midnight) const {
      const TimePoint end = midnight + since_midnight;
      do {
        run_until(scheduler, clock, std::min(end, clock.now() + 5min));
        executor.drain();
      } while (clock.now() < end);
    }
  };
  struct Row {
    const char* subject;
    std::function<void(const Scene&)> happens;  ///< from 00:30 on
    punctual::Duration instant;
    Kind kind;
    const char* text;  ///< `NODE` stands for the node's name
  };
  const std::vector<Row> table = {
      {"none of the schedule", [](const Scene&) {}, 1h + 1ms, Kind::no_instant,
       "2024-01-15T01:00:00.001Z is no due instant of the job, which runs every 1 hour, counted "
       "from 2024-01-15T00:00:00.000Z; the last one before is 2024-01-15T01:00:00.000Z, the next "
       "one 2024-01-15T02:00:00.000Z"},
      {"before the job was there", [](const Scene&) {}, 0h, Kind::not_counted,
       "2024-01-15T00:00:00.000Z did not run: the schedule has been counted since "
       "2024-01-15T00:30:00.000Z only, when the job was registered, changed or enabled"},
      {"while the job is disabled", [](const Scene& scene) { scene.scheduler.disable("hourly"); },
       1h, Kind::not_counted, "2024-01-15T01:00:00.000Z does not run: the job is disabled"},
      {"yet to come", [](const Scene&) {}, 2h, Kind::to_come,
       "2024-01-15T02:00:00.000Z lies ahead: it runs in 1 h 30 min"},
      {"yet to come, while the job is paused",
       [](const Scene& scene) { scene.scheduler.pause("hourly", "ops", "repair"); }, 2h,
       Kind::to_come,
       "2024-01-15T02:00:00.000Z lies ahead: it runs in 1 h 30 min if the job is resumed by then; "
       "the job is paused by ops (repair)"},
      {"overdue", [](const Scene& scene) { scene.clock.advance(31min + 5s); }, 1h, Kind::overdue,
       "2024-01-15T01:00:00.000Z has not run yet: it is 1 min 5 s late, and answered by the next "
       "tick of a scheduler that knows the job"},
      {"passed while the job is paused",
       [](const Scene& scene) {
         scene.scheduler.pause("hourly", "ops");
         scene.pass(1h);
       },
       1h, Kind::overdue,
       "2024-01-15T01:00:00.000Z has not run: the job is paused by ops; resuming answers it as "
       "JOB_PAUSED"},
      {"pending behind a limit",
       [](const Scene& scene) {
         for (int i = 0; i < 1000; ++i) scene.executor.submit([] {});
         run_until(scene.scheduler, scene.clock, midnight + 1h);
       },
       1h, Kind::open, "2024-01-15T01:00:00.000Z is ready and waits for a free place"},
      {"running",
       [](const Scene& scene) { run_until(scene.scheduler, scene.clock, midnight + 1h); }, 1h,
       Kind::open, "2024-01-15T01:00:00.000Z is running; started 0 ms after it was due on NODE"},
      {"run", [](const Scene& scene) { scene.pass(1h); }, 1h, Kind::answered,
       "2024-01-15T01:00:00.000Z ran: success JOB_COMPLETED, \"all is well\"; started 0 ms after "
       "it "
       "was due on NODE, took 0 ms"},
      {"run late",
       [](const Scene& scene) {
         scene.clock.advance_to(midnight + 3h + 5min);
         scene.pass(3h + 5min);
       },
       3h, Kind::answered,
       "2024-01-15T03:00:00.000Z ran: success JOB_COMPLETED, \"all is well\"; started 5 min after "
       "it was due on NODE, took 0 ms"},
      {"missed as the first of several",
       [](const Scene& scene) {
         scene.clock.advance_to(midnight + 3h + 5min);
         scene.pass(3h + 5min);
       },
       1h, Kind::answered,
       "2024-01-15T01:00:00.000Z did not run: 2 due instants passed while no scheduler was there "
       "(JOB_MISSED)"},
      {"missed within several",
       [](const Scene& scene) {
         scene.clock.advance_to(midnight + 3h + 5min);
         scene.pass(3h + 5min);
       },
       2h, Kind::answered,
       "2024-01-15T02:00:00.000Z did not run: 2 due instants passed while no scheduler was there "
       "(JOB_MISSED), this one among them, from 2024-01-15T01:00:00.000Z to "
       "2024-01-15T02:00:00.000Z"},
      {"failed, and to be tried again", [](const Scene& scene) { scene.pass(4h); }, 4h, Kind::open,
       "2024-01-15T04:00:00.000Z runs in 10 min; attempt 2"},
      {"failed for good", [](const Scene& scene) { scene.pass(4h + 30min); }, 4h, Kind::answered,
       "2024-01-15T04:00:00.000Z ran: failed NO_ANSWER, \"no route\", error NO_ANSWER: no route; "
       "started 10 min after it was due on NODE, took 0 ms; attempt 2"},
      {"forgotten",
       [](const Scene& scene) {
         scene.pass(5h);
         scene.storage.prune(100, scene.clock.now());
       },
       1h, Kind::forgotten,
       "2024-01-15T01:00:00.000Z was answered, but the history does not reach back so far"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 30min};
    Storage storage;
    ManualExecutor executor;
    SchedulerT scheduler{clock, storage, executor};
    JobConfig config = hourly();
    config.retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(10min)};
    config.retention = {.period = 1h, .keep_last = 1};
    scheduler.register_job(config, [](JobContext& job) {
      return job.due_at() == midnight + 4h ? job.failure("NO_ANSWER", "no route")
                                           : job.success("JOB_COMPLETED", "all is well");
    });
    row.happens({clock, storage, executor, scheduler});
    const Explanation explanation = scheduler.explain("hourly", midnight + row.instant);
    std::string text = row.text;
    const auto node = text.find("NODE");
    if (node != std::string::npos) text.replace(node, 4, scheduler.node());
    CHECK(explanation.text == text);
    CHECK(explanation.kind == row.kind);
    const bool has_row = row.kind == Kind::answered || row.kind == Kind::open;
    CHECK(explanation.run_id.has_value() == has_row);
  }
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  const auto error = error_of([&] { (void)scheduler.explain("hourly", midnight); });
  REQUIRE(error);
  CHECK(error->code() == "JOB_NOT_FOUND");
}

}  // namespace instant_policies_test
