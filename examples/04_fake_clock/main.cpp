// A test of a schedule: three days in no time, with no thread and no sleep.

#include <punctual/punctual.hpp>

#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;
using namespace date::literals;

void require(bool condition, const char* what) {
  std::cout << (condition ? "ok   " : "FAIL ") << what << "\n";
  if (!condition) std::exit(1);
}

int main() {
  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 15} + 2h};
  punctual::InMemoryStorage storage;
  int reports = 0;
  const auto body = [&](punctual::JobContext& job) {
    ++reports;
    return job.success();
  };
  {
    punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
    scheduler.register_job({.name = "nightly", .schedule = punctual::cron("0 2 * * *")}, body);
    clock.advance(24h - 1ms);
    scheduler.run_due();
    require(reports == 0, "not before its time");
    clock.advance(1ms);
    scheduler.run_due();
    require(reports == 1, "at its time");
  }

  clock.advance(48h);  // the service is down for two nights
  punctual::Scheduler restarted{clock, storage, punctual::InlineExecutor{}};
  restarted.register_job({.name = "nightly", .schedule = punctual::cron("0 2 * * *")}, body);
  restarted.run_due();
  require(reports == 2, "once after the downtime");
  const auto missed = restarted.runs({.message_code = "JOB_MISSED"});
  require(missed.size() == 1 && missed[0].details.at("count") == 1,
          "the missed night is on record");
}
