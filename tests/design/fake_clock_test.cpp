// The second program of the design, in a test.
#include <punctual/punctual.hpp>

#include "support/catch.hpp"
using namespace std::chrono_literals;
using namespace date::literals;

TEST_CASE("The design's program with a fake clock does what it says") {
  const auto body = [](punctual::JobContext& job) { return job.success(); };

  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 15} + 2h};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};  // lvalues borrowed, rvalues owned
  scheduler.register_job({.name = "nightly", .schedule = punctual::cron("0 2 * * *")}, body);
  clock.advance(24h);
  scheduler.run_due();                                 // as many ticks as it takes until nothing is due
  REQUIRE(scheduler.runs({.job_name = "nightly"}).size() == 1);
}
