// Runs that wait for one another, handed in together; one branch fails.

#include <punctual/punctual.hpp>

#include <iostream>

int main() {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};

  const auto works = [](punctual::JobContext& job) { return job.success(); };
  for (const char* name : {"extract", "check", "load", "archive", "report"}) {
    scheduler.register_job({.name = name}, works);
  }
  scheduler.register_job({.name = "translate"}, [](punctual::JobContext& job) {
    return job.failure("NO_RATE", "no rate for " + job.payload<std::string>());
  });

  const auto flow = scheduler.enqueue_workflow(
      {.steps = {{.name = "extract"},
                 {.name = "check", .after = {"extract"}},
                 {.name = "archive", .after = {"check"}},
                 {.name = "translate", .payload = "CHF", .after = {"extract"}},
                 {.name = "load", .after = {"check", "translate"}},
                 {.name = "report", .after = {"load"}}},
       .actor = "month-end"});
  scheduler.run_due();

  for (const auto id : flow.steps) {
    const auto run = *scheduler.run(id);
    std::cout << run.step << ": " << to_string(run.status) << " " << run.message_code << "\n";
  }
  std::cout << "rows of the workflow: " << scheduler.runs({.workflow_id = flow.id}).size() << "\n";

  try {
    scheduler.enqueue_workflow({.steps = {{.name = "load", .after = {"report"}},
                                          {.name = "check", .after = {"load"}},
                                          {.name = "report", .after = {"check"}}}});
  } catch (const punctual::Error& error) {
    std::cout << error.what() << "\n";
  }
}
