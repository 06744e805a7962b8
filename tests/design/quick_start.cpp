#include <punctual/punctual.hpp>
using namespace std::chrono_literals;

int main() {
  punctual::Scheduler scheduler;                     // SystemClock, InMemoryStorage, ThreadPoolExecutor
  scheduler.register_job({.name = "tidy-uploads",
                          .description = "Deletes uploads that nobody finished",
                          .schedule = punctual::every(1h)},
                         [](punctual::JobContext& job) {
                           return job.success("UPLOADS_TIDIED", "3 uploads removed", {{"removed", 3}});
                         });
  scheduler.start();                                 // background loop; stop() or the destructor ends it
  punctual::JobResult result = scheduler.trigger("tidy-uploads");   // runs it now and waits
  return result.status == punctual::JobStatus::success ? 0 : 1;
}
