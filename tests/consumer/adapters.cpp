// A program with three adapters.
#include <punctual/http/health_check.hpp>
#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>
#include <punctual/tz/zone.hpp>

int main() {
  punctual::sqlite::Storage storage{":memory:"};
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::InlineExecutor{}};
  const auto nightly = punctual::cron("0 2 * * *", punctual::tz::zone("Europe/Berlin"));
  scheduler.register_job({.name = "job", .schedule = nightly},
                         [](punctual::JobContext& job) { return job.success(); });
  scheduler.trigger("job");
  return storage.runs({}).size() == 1 ? 0 : 1;
}
