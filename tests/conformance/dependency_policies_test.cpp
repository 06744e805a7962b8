// SPDX-License-Identifier: MIT
//
// Jobs that run after others: the exact rows, on a fake clock. Compiled for each storage, which
// must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace dependency_policies_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobOutcome;
using punctual::ManualExecutor;
using punctual::Scheduler;
using punctual::testing::run_until;
using punctual::tests::ends_of;
using punctual::tests::error_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using Storage = punctual::tests::PolicyStorage;

namespace {

using Body = JobOutcome (*)(JobContext&);

const Body works = [](JobContext& job) { return job.success(); };
const Body fails = [](JobContext& job) { return job.failure("NO_ANSWER"); };
const Body finds_nothing = [](JobContext& job) { return job.skipped("NOTHING_NEW"); };

struct Job {
  JobConfig config;
  Body body = works;
};

JobConfig after(std::string name, std::vector<std::string> names) {
  JobConfig config{.name = std::move(name)};
  config.depends_on = std::move(names);
  return config;
}

JobConfig at_one(std::string name) {
  return {.name = std::move(name), .schedule = punctual::at(midnight + 1h)};
}

JobConfig every(std::string name, punctual::Duration period) {
  return {.name = std::move(name), .schedule = punctual::every(period)};
}

JobConfig tried(JobConfig config, std::uint32_t max_attempts) {
  config.retry = {.max_attempts = max_attempts, .backoff = Backoff::fixed(5min)};
  return config;
}

}  // namespace

TEST_CASE("A job runs after those it depends on have ended well, once each round") {
  struct Row {
    const char* subject;
    std::vector<Job> jobs;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"after one",
       {{at_one("a")}, {after("b", {"a"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 success JOB_COMPLETED"}},
      {"after one that found nothing to do",
       {{at_one("a"), finds_nothing}, {after("b", {"a"})}},
       {"a 01:00 skipped NOTHING_NEW", "b 01:00 success JOB_COMPLETED"}},
      {"one after the other",
       {{at_one("a")}, {after("b", {"a"})}, {after("c", {"b"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 success JOB_COMPLETED",
        "c 01:00 success JOB_COMPLETED"}},
      {"several after one",
       {{at_one("a")}, {after("b", {"a"})}, {after("c", {"a"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 success JOB_COMPLETED",
        "c 01:00 success JOB_COMPLETED"}},
      {"after both of two, once a round of the slower",
       {{every("a", 1h)}, {every("b", 2h)}, {after("c", {"a", "b"})}},
       {"a 01:00 success JOB_COMPLETED", "a 02:00 success JOB_COMPLETED",
        "b 02:00 success JOB_COMPLETED", "c 02:00 success JOB_COMPLETED",
        "a 03:00 success JOB_COMPLETED", "a 04:00 success JOB_COMPLETED",
        "b 04:00 success JOB_COMPLETED", "c 04:00 success JOB_COMPLETED"}},
      {"after one that is named twice",
       {{at_one("a")}, {after("b", {"a", "a"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 success JOB_COMPLETED"}},
      {"not while one of two has not run",
       {{at_one("a")}, {{.name = "b"}}, {after("c", {"a", "b"})}},
       {"a 01:00 success JOB_COMPLETED"}},
      {"not after a job that nobody knows",
       {{at_one("a")}, {after("c", {"a", "unknown"})}},
       {"a 01:00 success JOB_COMPLETED"}},
      {"a failure for good goes all the way",
       {{at_one("a"), fails}, {after("b", {"a"})}, {after("c", {"b"})}},
       {"a 01:00 failed NO_ANSWER", "b 01:00 skipped JOB_DEPENDENCY_FAILED",
        "c 01:00 skipped JOB_DEPENDENCY_FAILED"}},
      {"a failure in the middle goes on from there",
       {{at_one("a")}, {after("b", {"a"}), fails}, {after("c", {"b"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 failed NO_ANSWER",
        "c 01:00 skipped JOB_DEPENDENCY_FAILED"}},
      {"a failure is final when no attempt is left",
       {{tried(at_one("a"), 2), fails}, {after("b", {"a"})}},
       {"a 01:00 failed NO_ANSWER", "a #2 01:05 failed NO_ANSWER",
        "b 01:05 skipped JOB_DEPENDENCY_FAILED"}},
      {"a retry that succeeds is waited for",
       {{tried(at_one("a"), 3),
         [](JobContext& job) {
           return job.attempt() < 3 ? job.failure("NO_ANSWER") : job.success();
         }},
        {after("b", {"a"})}},
       {"a 01:00 failed NO_ANSWER", "a #2 01:05 failed NO_ANSWER",
        "a #3 01:10 success JOB_COMPLETED", "b 01:10 success JOB_COMPLETED"}},
      {"one of two that fails answers for both",
       {{at_one("a")}, {at_one("b"), fails}, {after("c", {"a", "b"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 failed NO_ANSWER",
        "c 01:00 skipped JOB_DEPENDENCY_FAILED"}},
      {"a retry of the dependent is its own",
       {{at_one("a")},
        {tried(after("b", {"a"}), 2),
         [](JobContext& job) {
           return job.attempt() < 2 ? job.failure("NO_ANSWER") : job.success();
         }},
        {after("c", {"b"})}},
       {"a 01:00 success JOB_COMPLETED", "b 01:00 failed NO_ANSWER",
        "b #2 01:05 success JOB_COMPLETED", "c 01:05 success JOB_COMPLETED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    for (const auto& job : row.jobs) scheduler.register_job(job.config, job.body);
    run_until(scheduler, clock, midnight + 4h + 30min);
    CHECK(ends_of(storage) == row.rows);
  }
}

TEST_CASE("A run of a dependent says what made it and why it was skipped") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  bool works_now = false;
  scheduler.register_job(
      every("a", 1h), [&](JobContext& job) { return works_now ? job.success() : job.failure(); });
  scheduler.register_job(after("b", {"a"}), works);
  scheduler.register_job(after("c", {"b"}), works);
  run_until(scheduler, clock, midnight + 1h);
  const auto skipped = [&](const char* job) { return storage.runs({.job_name = job}).at(0); };
  CHECK(skipped("b").summary == "job \"a\" failed");
  CHECK(skipped("c").summary == "job \"b\" failed");
  CHECK(skipped("b").trigger == punctual::RunTrigger::dependency);
  CHECK(skipped("b").due_at == midnight + 1h);
  works_now = true;
  run_until(scheduler, clock, midnight + 2h);
  CHECK(skipped("b").status == punctual::JobStatus::success);
  CHECK(skipped("b").trigger == punctual::RunTrigger::dependency);
  CHECK(skipped("b").due_at == midnight + 2h);
  CHECK(skipped("c").due_at == midnight + 2h);
  CHECK(scheduler.status().registered_jobs.at(1).depends_on == std::vector<std::string>{"a"});
}

TEST_CASE("A prerequisite that did not run has no effect on what depends on it") {
  using SchedulerT = Scheduler<FakeClock&, Storage&, ManualExecutor&>;
  struct Row {
    const char* subject;
    std::function<void(SchedulerT&, FakeClock&)> happens;
    Rows rows;
  };
  const std::vector<Row> table = {
      {"it overlapped",
       [](SchedulerT& scheduler, FakeClock& clock) { run_until(scheduler, clock, midnight + 2h); },
       {"a 02:00 skipped JOB_OVERLAPPED", "a never running"}},
      {"it was missed",
       [](SchedulerT& scheduler, FakeClock& clock) {
         clock.advance_to(midnight + 3h + 30min);
         scheduler.tick();
       },
       {"a x3 03:30 skipped JOB_MISSED"}},
      {"it was disabled",
       [](SchedulerT& scheduler, FakeClock&) {
         scheduler.disable("a");
         scheduler.trigger("a");
       },
       {"a 00:00 skipped JOB_DISABLED"}},
      {"it was paused",
       [](SchedulerT& scheduler, FakeClock& clock) {
         scheduler.pause("a");
         scheduler.trigger("a");
         clock.advance_to(midnight + 2h);
         scheduler.resume("a");
       },
       {"a 00:00 skipped JOB_PAUSED", "a x2 02:00 skipped JOB_PAUSED"}},
      {"it was cancelled before it started",
       [](SchedulerT& scheduler, FakeClock&) {
         scheduler.cancel(scheduler.enqueue("a", 1, {.run_at = midnight + 10h}));
       },
       {"a 00:00 skipped JOB_CANCELLED"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor;
    SchedulerT scheduler{clock, storage, executor};
    JobConfig config = every("a", 1h);
    config.timeout = punctual::no_timeout;
    config.missed = punctual::MissedPolicy::skip;
    scheduler.register_job(config, works);
    scheduler.register_job(after("b", {"a"}), works);
    row.happens(scheduler, clock);
    scheduler.run_due();
    CHECK(storage.runs({.job_name = "b"}).empty());
    Rows rows = ends_of(storage);
    std::erase(rows, "a 01:00 running");
    Rows expected = row.rows;
    std::erase(expected, "a never running");
    CHECK(rows == expected);
  }
}

TEST_CASE("A dependent that is paused is answered once when it is resumed") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(every("a", 1h), works);
  scheduler.register_job(after("b", {"a"}), works);
  scheduler.pause("b", "ops", "repair");
  run_until(scheduler, clock, midnight + 2h);
  CHECK(storage.runs({.job_name = "b"}).empty());
  scheduler.resume("b");
  run_until(scheduler, clock, midnight + 3h);
  CHECK(ends_of(storage, {.job_name = "b"}) ==
        Rows{"b x1 02:00 skipped JOB_PAUSED", "b 03:00 success JOB_COMPLETED"});
}

TEST_CASE("A dependent that is disabled starts anew when it is enabled") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  scheduler.register_job(every("a", 1h), works);
  scheduler.register_job(after("b", {"a"}), works);
  scheduler.disable("b");
  run_until(scheduler, clock, midnight + 2h);
  scheduler.enable("b");
  run_until(scheduler, clock, midnight + 2h + 30min);
  CHECK(storage.runs({.job_name = "b"}).empty());
  run_until(scheduler, clock, midnight + 3h);
  CHECK(ends_of(storage, {.job_name = "b"}) == Rows{"b 03:00 success JOB_COMPLETED"});
}

TEST_CASE("A dependent runs for a prerequisite that is triggered or enqueued by hand") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler node_1{clock, storage, InlineExecutor{}};
  Scheduler node_2{clock, storage, InlineExecutor{}};
  node_1.register_job({.name = "a"}, works);
  node_2.register_job(after("b", {"a"}), works);
  node_1.trigger("a");
  node_1.enqueue("a");
  node_1.run_due();
  CHECK(storage.runs({.job_name = "b"}).empty());  // that node does not know it
  node_2.run_due();
  CHECK(ends_of(storage, {.job_name = "b"}) == Rows{"b 00:00 success JOB_COMPLETED"});
  node_1.trigger("a");  // at an instant that is answered: it is the next one's
  clock.advance(1ms);
  node_2.run_due();
  CHECK(ends_of(storage, {.job_name = "b"}) ==
        Rows{"b 00:00 success JOB_COMPLETED", "b 00:00:00.001 success JOB_COMPLETED"});
}

TEST_CASE("A dependency is refused when it could never be answered") {
  struct Row {
    const char* subject;
    std::vector<JobConfig> jobs;  ///< of which the last may be refused
    const char* code;
    const char* message;
  };
  JobConfig both = after("b", {"a"});
  both.schedule = punctual::every(1h);
  JobConfig many = after("b", {});
  for (int i = 0; i < 100; ++i) many.depends_on.push_back("job-" + std::to_string(i));
  JobConfig too_many = many;
  too_many.depends_on.emplace_back("one-more");
  const std::vector<Row> table = {
      {"a line", {after("a", {"b"}), after("b", {"c"})}, "", ""},
      {"two ways to one", {after("a", {"b", "c"}), after("b", {"d"}), after("c", {"d"})}, "", ""},
      {"a hundred", {many}, "", ""},
      {"more",
       {too_many},
       "INVALID_CONFIG",
       "job \"b\": depends_on and aliases may each name 100 jobs, got 101"},
      {"a schedule too",
       {both},
       "INVALID_CONFIG",
       "job \"b\": a job runs by a schedule or after others, got both: `schedule` and "
       "`depends_on`"},
      {"a name that is none", {after("b", {"No Name"})}, "INVALID_JOB_NAME", nullptr},
      {"itself",
       {after("a", {"a"})},
       "DEPENDENCY_CYCLE",
       "job \"a\" would wait for itself: a -> a"},
      {"two in a circle",
       {after("a", {"b"}), after("b", {"a"})},
       "DEPENDENCY_CYCLE",
       "job \"b\" would wait for itself: a -> b -> a"},
      {"three in a circle",
       {after("a", {"b"}), after("b", {"x", "c"}), after("c", {"a"})},
       "DEPENDENCY_CYCLE",
       "job \"c\" would wait for itself: a -> b -> c -> a"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    for (std::size_t i = 0; i + 1 < row.jobs.size(); ++i) {
      scheduler.register_job(row.jobs[i], works);
    }
    const auto error = error_of([&] { scheduler.register_job(row.jobs.back(), works); });
    CHECK((error ? error->code() : "") == row.code);
    if (error && row.message != nullptr) {
      CHECK(std::string{error->what()} == row.code + std::string{": "} + row.message);
    }
    CHECK(scheduler.status().total_jobs == row.jobs.size() - (error ? 1 : 0));
  }
}

}  // namespace dependency_policies_test
