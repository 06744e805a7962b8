// Runs handed in with a payload: now or later, by priority, and once per key.

#include <punctual/punctual.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

struct SendReport {
  std::string customer;
  int year = 0;
};

// How the payload becomes JSON and back, as nlohmann::json wants it.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SendReport, customer, year)

int main() {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job({.name = "send-report"}, [](punctual::JobContext& job) {
    const auto report = job.payload<SendReport>();
    std::cout << "sending the report of " << report.year << " to " << report.customer << "\n";
    return job.success("REPORT_SENT", report.customer);
  });

  scheduler.enqueue("send-report", SendReport{"acme", 2023});
  scheduler.enqueue("send-report", SendReport{"globex", 2023}, {.priority = 10});
  const auto later = scheduler.enqueue(
      "send-report", SendReport{"initech", 2024},
      {.run_at = clock.now() + 1h, .unique_key = "initech-2024", .actor = "billing"});
  const auto again =
      scheduler.enqueue("send-report", SendReport{"initech", 2024}, {.unique_key = "initech-2024"});
  std::cout << "the same run: " << (later == again ? "yes" : "no") << "\n";

  scheduler.run_due();
  clock.advance(1h);
  std::cout << "an hour later\n";
  scheduler.run_due();
  std::cout << "sent: " << scheduler.runs({.status = punctual::JobStatus::success}).size() << "\n";
}
