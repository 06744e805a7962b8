// What becomes of runs that fail, are told when to come back, can not be helped, or hang.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <iostream>

using namespace std::chrono_literals;
using namespace date::literals;

void print(punctual::Scheduler<punctual::FakeClock&, punctual::InMemoryStorage&,
                               punctual::InlineExecutor>& scheduler,
           const char* job) {
  std::cout << job << "\n";
  auto runs = scheduler.runs({.job_name = job});
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    std::cout << "  attempt " << run->attempt << " at "
              << punctual::format_iso8601(*run->started_at).substr(11, 8) << " "
              << to_string(run->status) << " " << run->message_code << "\n";
  }
}

int main() {
  punctual::FakeClock clock{date::sys_days{2024_y / 1 / 15}};
  punctual::InMemoryStorage storage;
  punctual::Scheduler scheduler{clock, storage, punctual::InlineExecutor{}};

  // Tried again after 1, 2, 4 … minutes; with `exponential(1min, 1h)` at random up to that.
  const punctual::RetryPolicy retry{.max_attempts = 4,
                                    .backoff = punctual::Backoff::exponential(1min, 1h, false)};

  scheduler.register_job({.name = "fetch-rates", .retry = retry}, [](punctual::JobContext& job) {
    if (job.attempt() < 3) return job.failure("BANK_UNREACHABLE", "no answer from the bank");
    return job.success("RATES_FETCHED");
  });
  scheduler.register_job({.name = "post-invoice", .retry = retry}, [](punctual::JobContext& job) {
    if (job.attempt() == 1)
      return job.retry_in(10min, "TOO_MANY_REQUESTS");              // as the other side said
    return job.discard("INVOICE_REJECTED", "the number is taken");  // no attempt would mend that
  });
  scheduler.register_job({.name = "compact", .timeout = 30s}, [&](punctual::JobContext& job) {
    for (int part = 0; part < 100 && !job.stop_requested(); ++part) {
      job.progress(part / 100.0, "part " + std::to_string(part));
      clock.advance(10s);  // the work
    }
    return job.success();
  });

  for (const char* name : {"fetch-rates", "post-invoice", "compact"}) scheduler.enqueue(name);
  punctual::testing::run_until(scheduler, clock, clock.now() + 1h);
  for (const char* name : {"fetch-rates", "post-invoice", "compact"}) print(scheduler, name);

  // What failed for good is listed, and can be done once more by hand.
  for (const auto& run : scheduler.runs({.dead = true})) {
    std::cout << "dead: " << run.job_name << ", " << run.error->message << "\n";
  }
}
