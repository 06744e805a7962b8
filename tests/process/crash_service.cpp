// SPDX-License-Identifier: MIT
//
// A service to be killed: crash_service <SQLite file> [enqueue]. It says on standard output what
// its bodies do, and stops when its standard input ends.

#include <punctual/punctual.hpp>
#include <punctual/sqlite/storage.hpp>

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>

using namespace std::chrono_literals;

namespace {

void say(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock{mutex};
  std::cout << line << std::endl;
}

/// Waits for ever, or until the scheduler asks the body to stop.
void hang(punctual::JobContext& job) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait(lock, job.stop_token(), [] { return false; });
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc < 2) return 2;
  punctual::sqlite::Storage storage{argv[1]};
  punctual::SchedulerOptions options;
  options.lease = 1s;
  punctual::Scheduler scheduler{punctual::SystemClock{}, storage, punctual::ThreadPoolExecutor{2},
                                options};
  punctual::JobConfig victim{.name = "victim"};
  victim.retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(0ms)};
  scheduler.register_job(victim, [](punctual::JobContext& job) {
    say("victim " + std::to_string(job.attempt()));
    if (job.attempt() == 1) hang(job);
    return job.success("SURVIVED");
  });
  scheduler.register_job({.name = "bystander"}, [](punctual::JobContext& job) {
    say("bystander " + std::to_string(job.payload<int>()));
  });
  if (argc > 2) {
    scheduler.enqueue("bystander", 1);
    scheduler.enqueue("victim");
    for (int i = 2; i <= 5; ++i) {
      scheduler.enqueue("bystander", i, {.run_at = punctual::SystemClock{}.now() + 24h});
    }
  }
  scheduler.start();
  std::cin.get();
  scheduler.stop();
}
