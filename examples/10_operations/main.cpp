// What an operator does: pause, cancel, ask why, have the past done, and look at what runs.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <iostream>

using namespace std::chrono_literals;
using namespace date::literals;

int main() {
  const punctual::TimePoint midnight = date::sys_days{2024_y / 1 / 15};
  punctual::FakeClock clock{midnight};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "import", .schedule = punctual::cron("0 * * * *")},
                         [](punctual::JobContext& job) {
                           job.log("42 rows read");
                           return job.success("IMPORTED", "42 rows");
                         });
  const auto explain = [&](punctual::Duration since_midnight) {
    std::cout << scheduler.explain("import", midnight + since_midnight).text << "\n\n";
  };
  // Nodes have random suffixes; seconds of this example are exact.
  punctual::testing::run_until(scheduler, clock, midnight + 90min);

  scheduler.pause("import", "jane", "the source is being moved");
  explain(2h);
  punctual::testing::run_until(scheduler, clock, midnight + 4h + 30min);
  explain(4h);
  scheduler.resume("import", "jane");
  explain(3h);
  explain(5h);
  explain(5h + 20min);
  explain(-1h);

  const auto report = scheduler.backfill("import", midnight + 1h, midnight + 4h + 1min,
                                         {.actor = "jane", .reason = "after the move"});
  scheduler.run_due();
  std::cout << "backfill: " << report.runs.size() << " done, " << report.answered_count
            << " had been\n\n";

  const auto id = scheduler.enqueue("import", nullptr, {.run_at = midnight + 9h});
  scheduler.cancel(id, "joe");
  const auto run = *scheduler.run(id);
  std::cout << "cancelled: " << to_string(run.status) << " " << run.message_code << " by "
            << run.cancel_actor << "\n";

  const auto newest = scheduler.runs({.trigger = punctual::RunTrigger::backfill}).front();
  std::cout << "log: " << newest.log.at("lines").at(0).at("text").get<std::string>() << "\n";
}
