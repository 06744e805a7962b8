// A job as a class: it brings its configuration along, keeps what it needs, and reports details.
// A failure is tried again, and each attempt has a row of its own in the history.

#include <punctual/punctual.hpp>

#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;

class ImportControls {
 public:
  explicit ImportControls(std::string source) : source_(std::move(source)) {}

  [[nodiscard]] punctual::JobConfig config() const {
    return {.name = "import-controls",
            .description = "Imports controls from " + source_,
            .schedule = punctual::cron("30 1 * * *"),
            .timeout = 10min,
            .retry = {.max_attempts = 3, .backoff = punctual::Backoff::fixed(30s)}};
  }

  punctual::JobOutcome execute(punctual::JobContext& job) {
    if (job.attempt() == 1) return job.failure("SOURCE_BUSY", source_ + " is being updated");
    job.progress(0.5, "21 of 42");
    return job.success("CONTROLS_IMPORTED", "42 controls imported",
                       {{"source", source_}, {"imported", 42}, {"rejected", 0}});
  }

 private:
  std::string source_;
};

int main() {
  punctual::FakeClock clock;
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};
  scheduler.register_job(ImportControls{"iso-27001"});

  scheduler.trigger("import-controls", {.actor = "alice", .reason = "before the audit"});
  clock.advance(30s);
  scheduler.run_due();

  for (const auto& run : scheduler.runs({.job_name = "import-controls"})) {
    std::cout << "attempt " << run.attempt << ", asked for by " << run.actor << ": "
              << to_string(run.status) << ", " << run.message_code << ", " << run.summary << "\n";
    if (!run.details.is_null()) std::cout << run.details.dump(2) << "\n";
  }
}
