// A job with a schedule, started once by hand.

#include <punctual/punctual.hpp>

#include <iostream>

using namespace std::chrono_literals;

int main() {
  punctual::Scheduler scheduler;
  scheduler.register_job(
      {.name = "tidy-uploads",
       .description = "Deletes uploads that nobody finished",
       .schedule = punctual::every(1h)},
      [](punctual::JobContext& job) {
        return job.success("UPLOADS_TIDIED", "3 uploads removed", {{"removed", 3}});
      });
  scheduler.start();

  const punctual::JobResult result = scheduler.trigger("tidy-uploads");
  std::cout << result.message_code << ": " << result.summary << "\n"
            << "details: " << result.details << "\n";
  return result.status == punctual::JobStatus::success ? 0 : 1;
}
