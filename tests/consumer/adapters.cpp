// A program with two adapters.
#include <punctual/http/health_check.hpp>
#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>

int main() {
  punctual::sqlite::Storage storage{":memory:"};
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "job"}, [](punctual::JobContext& job) { return job.success(); });
  scheduler.trigger("job");
  return storage.runs({}).size() == 1 ? 0 : 1;
}
