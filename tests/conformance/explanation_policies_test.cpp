// SPDX-License-Identifier: MIT
//
// Why a due instant ran, did not run, or when it will: the exact sentences, on a fake clock.
// Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace explanation_policies_test {

using namespace std::chrono_literals;
using punctual::Explanation;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::ManualExecutor;
using punctual::Scheduler;
using punctual::TimePoint;
using punctual::testing::run_until;
using punctual::tests::code_of;
using punctual::tests::midnight;
using Storage = punctual::tests::PolicyStorage;

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
      {"between two that were missed",
       [](const Scene& scene) {
         scene.clock.advance_to(midnight + 3h + 5min);
         scene.pass(3h + 5min);
       },
       2h - 1ms, Kind::no_instant,
       "2024-01-15T01:59:59.999Z is no due instant of the job, which runs every 1 hour, counted "
       "from 2024-01-15T00:00:00.000Z; the last one before is 2024-01-15T01:00:00.000Z, the next "
       "one 2024-01-15T02:00:00.000Z"},
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
    JobConfig config{.name = "hourly", .schedule = punctual::every(1h, midnight)};
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
}

TEST_CASE(
    "An instant of a job that runs after others, or that nobody knows, is explained as such") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "late"};
  config.depends_on = {"a", "b"};
  scheduler.register_job(config, [](JobContext&) {});
  const Explanation explanation = scheduler.explain("late", midnight);
  CHECK(explanation.kind == Explanation::Kind::no_instant);
  CHECK(explanation.text ==
        "2024-01-15T00:00:00.000Z is no due instant of the job, which runs after a and b");
  CHECK(code_of([&] { (void)scheduler.explain("hourly", midnight); }) == "JOB_NOT_FOUND");
}

}  // namespace explanation_policies_test
