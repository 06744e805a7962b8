// A program with nothing but the core.
#include <punctual/punctual.hpp>

#include <cstdio>

int main() {
  punctual::Scheduler scheduler;
  scheduler.register_job({.name = "job"}, [](punctual::JobContext& job) { return job.success(); });
  const auto result = scheduler.trigger("job");
  std::printf("punctual %s: %s\n", punctual::version, result.message_code.c_str());
  return result.status == punctual::JobStatus::success ? 0 : 1;
}
