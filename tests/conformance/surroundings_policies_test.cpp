// SPDX-License-Identifier: MIT
//
// Observers and middlewares around runs: who is called when, and what they may do. Compiled for
// each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/policy_rows.hpp"

namespace surroundings_policies_test {

using namespace std::chrono_literals;
using punctual::Completion;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::NextBody;
using punctual::Scheduler;
using punctual::tests::elsewhere;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::rows_of;
using Storage = punctual::tests::PolicyStorage;

namespace {

using Middleware = std::function<JobOutcome(JobContext&, const NextBody&)>;

/// Writes down what it is told.
struct Witness {
  std::string name;
  Rows* told;

  void run_started(const JobRun& run) const {
    told->push_back(name + " started " + std::string{to_string(run.status)});
  }
  void run_ended(const JobRun& run, const Completion& end) const {
    told->push_back(name + " ended " + end.message_code + " on attempt " +
                    std::to_string(run.attempt));
  }
};

struct StartWitness {
  Rows* told;
  void run_started(const JobRun&) { told->push_back("start alone"); }
};

struct EndWitness {
  Rows* told;
  void run_ended(const JobRun&, const Completion&) { told->push_back("end alone"); }
};

struct Thrower {
  void run_started(const JobRun&) { throw std::runtime_error{"from the start"}; }
  void run_ended(const JobRun&, const Completion&) { throw 1; }
};

}  // namespace

TEST_CASE("Observers and middlewares are called in the order in which they were added") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  Rows told;
  const auto note = [&](std::string name) -> Middleware {
    return [&told, name](JobContext&, const NextBody& next) {
      told.push_back("into " + name);
      JobOutcome outcome = next();
      told.push_back("out of " + name);
      return outcome;
    };
  };
  scheduler.observe(Witness{"first", &told});
  scheduler.use(note("outer"));
  scheduler.observe(StartWitness{&told});
  scheduler.observe(EndWitness{&told});
  scheduler.use(note("inner"));
  scheduler.register_job({.name = "any"}, [&](JobContext&) { told.emplace_back("body"); });
  scheduler.enqueue("any");
  scheduler.run_due();
  CHECK(told == Rows{"first started running", "start alone", "into outer", "into inner", "body",
                     "out of inner", "out of outer", "first ended JOB_COMPLETED on attempt 1",
                     "end alone"});
}

TEST_CASE("Observers are told of each attempt that is recorded, and of no other row") {
  struct Row {
    const char* subject;
    JobOutcome (*body)(JobContext&);
    Rows told;
  };
  const std::vector<Row> table = {
      {"a success",
       [](JobContext& job) { return job.success("DONE"); },
       {"w started running", "w ended DONE on attempt 1"}},
      {"a failure and its retry",
       [](JobContext& job) { return job.attempt() < 2 ? job.failure("BAD") : job.success("DONE"); },
       {"w started running", "w ended BAD on attempt 1", "w started running",
        "w ended DONE on attempt 2"}},
      {"an exception",
       [](JobContext&) -> JobOutcome { throw 1; },
       {"w started running", "w ended JOB_EXECUTION_ERROR on attempt 1", "w started running",
        "w ended JOB_EXECUTION_ERROR on attempt 2"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    Rows told;
    scheduler.observe(Witness{"w", &told});
    JobConfig config{.name = "any"};
    config.retry = {.max_attempts = 2, .backoff = punctual::Backoff::fixed(0ms)};
    scheduler.register_job(config, row.body);
    scheduler.register_job({.name = "off", .enabled = false}, row.body);
    scheduler.enqueue("any");
    scheduler.enqueue("off");
    scheduler.cancel(scheduler.enqueue("any", 1, {.run_at = midnight + 1h}));
    scheduler.run_due();
    CHECK(told == row.told);
  }
}

TEST_CASE("Observers hear of a run that was given up once, and of a lost one not at all") {
  struct Row {
    const char* subject;
    bool is_lost;
    Rows told;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"given up",
       false,
       {"w started running", "w ended JOB_TIMEOUT on attempt 1"},
       {"00:00 failed JOB_TIMEOUT"}},
      {"lost", true, {"w started running"}, {"00:00 failed JOB_ABANDONED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    Scheduler scheduler{clock, storage, executor};
    Scheduler other{clock, storage, InlineExecutor{}};
    Rows told;
    scheduler.observe(Witness{"w", &told});
    other.register_job({.name = "slow"}, [](JobContext&) {});
    scheduler.register_job({.name = "slow"}, [&](JobContext& job) {
      elsewhere([&] {
        if (row.is_lost) {
          clock.advance(30s);
          other.tick();
        } else {
          punctual::testing::run_until(scheduler, clock, midnight + 1h + 10s);
        }
      });
      return job.success();
    });
    scheduler.enqueue("slow");
    scheduler.tick();
    executor.drain();
    scheduler.tick();
    CHECK(told == row.told);
    CHECK(rows_of(storage) == row.rows);
  }
}

TEST_CASE("An observer that throws harms neither the run nor the other observers") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  Rows told;
  scheduler.observe(Thrower{});
  scheduler.observe(Witness{"w", &told});
  scheduler.register_job({.name = "any"}, [](JobContext&) {});
  scheduler.enqueue("any");
  scheduler.run_due();
  CHECK(told == Rows{"w started running", "w ended JOB_COMPLETED on attempt 1"});
  CHECK(rows_of(storage) == Rows{"00:00 success JOB_COMPLETED"});
}

TEST_CASE("A middleware answers for the body, changes its answer, or fails the run") {
  struct Row {
    const char* subject;
    Middleware middleware;
    int body_count;
    const char* row;
    const char* error;
  };
  const std::vector<Row> table = {
      {"passes it on", [](JobContext&, const NextBody& next) { return next(); }, 1,
       "00:00 success JOB_COMPLETED", ""},
      {"answers instead of the body",
       [](JobContext& job, const NextBody&) { return job.skipped("NOT_TODAY"); }, 0,
       "00:00 skipped NOT_TODAY", ""},
      {"fails it instead of the body",
       [](JobContext& job, const NextBody&) { return job.failure("CLOSED"); }, 0,
       "00:00 failed CLOSED", "CLOSED"},
      {"changes the answer",
       [](JobContext&, const NextBody& next) {
         JobOutcome outcome = next();
         outcome.message_code = "CHANGED";
         return outcome;
       },
       1, "00:00 success CHANGED", ""},
      {"throws before the body",
       [](JobContext&, const NextBody&) -> JobOutcome { throw std::runtime_error{"no"}; }, 0,
       "00:00 failed JOB_EXECUTION_ERROR", "EXECUTION_ERROR"},
      {"throws after the body",
       [](JobContext&, const NextBody& next) -> JobOutcome {
         (void)next();
         throw punctual::Error{"TOO_LATE", "no"};
       },
       1, "00:00 failed JOB_EXECUTION_ERROR", "TOO_LATE"},
      {"throws what is no exception", [](JobContext&, const NextBody&) -> JobOutcome { throw 1; },
       0, "00:00 failed JOB_EXECUTION_ERROR", "EXECUTION_ERROR"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    int body_count = 0;
    scheduler.use(row.middleware);
    scheduler.register_job({.name = "any"}, [&](JobContext&) { ++body_count; });
    scheduler.enqueue("any");
    scheduler.run_due();
    CHECK(body_count == row.body_count);
    CHECK(rows_of(storage) == Rows{row.row});
    const auto run = storage.runs({}).at(0);
    CHECK((run.error ? run.error->code : "") == row.error);
  }
}

TEST_CASE("A middleware sees what the body throws, and may answer to it") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.use([](JobContext& job, const NextBody& next) {
    try {
      return next();
    } catch (const std::out_of_range&) {
      return job.discard("BAD_INPUT");
    }
  });
  scheduler.register_job({.name = "any"},
                         [](JobContext&) { throw std::out_of_range{"nothing there"}; });
  scheduler.enqueue("any");
  scheduler.run_due();
  CHECK(rows_of(storage) == Rows{"00:00 failed BAD_INPUT"});
}

}  // namespace surroundings_policies_test
