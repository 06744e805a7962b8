// SPDX-License-Identifier: MIT
//
// In which order runs start, how many at once, and how many in a span of time: the exact instants,
// on a fake clock. Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace queue_policies_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobStatus;
using punctual::ManualExecutor;
using punctual::RateLimit;
using punctual::RunId;
using punctual::Scheduler;
using punctual::testing::run_until;
using punctual::tests::code_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using punctual::tests::shown;
using Storage = punctual::tests::PolicyStorage;

namespace {

/// Says when the runs of a job started, or else how they are, in the order of that.
Rows starts_of(Storage& storage, const std::string& job = {}) {
  punctual::RunQuery query;
  if (!job.empty()) query.job_name = job;
  Rows starts;
  for (const auto& run : storage.runs(query)) {
    starts.push_back(run.started_at ? shown(*run.started_at) : std::string{to_string(run.status)});
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

std::size_t running_count(Storage& storage) {
  return storage.runs({.status = JobStatus::running}).size();
}

}  // namespace

TEST_CASE("Ready runs start by priority until the wait of others outweighs it") {
  struct Item {
    const char* name;
    int priority;
    std::chrono::seconds ready_at;
  };
  struct Row {
    const char* subject;
    std::vector<Item> items;
    Rows order;
  };
  const std::vector<Row> table = {
      {"the higher first", {{"low", 0, 0s}, {"high", 1, 0s}}, {"high", "low"}},
      {"the lowest last", {{"lowest", -100, 0s}, {"none", 0, 0s}}, {"none", "lowest"}},
      {"the one that was ready first, of one priority",
       {{"later", 5, 61s}, {"sooner", 5, 60s}},
       {"sooner", "later"}},
      {"the higher, by a millisecond less than its ten minutes",
       {{"low", 0, 0s}, {"high", 10, 599s}},
       {"high", "low"}},
      {"the one that was handed in first, at its ten minutes",
       {{"low", 0, 0s}, {"high", 10, 600s}},
       {"low", "high"}},
      {"the one that has waited for longer than that",
       {{"low", 0, 0s}, {"high", 10, 601s}},
       {"low", "high"}},
      {"a minute a step, over them all",
       {{"a", 0, 0s}, {"b", 3, 200s}, {"c", 2, 100s}, {"d", -1, 0s}},
       {"c", "a", "b", "d"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    Rows order;
    scheduler.register_job({.name = "any"},
                           [&](JobContext& job) { order.push_back(job.payload<std::string>()); });
    for (const auto& item : row.items) {
      scheduler.enqueue("any", item.name,
                        {.run_at = midnight + item.ready_at, .priority = item.priority});
    }
    clock.advance(1h);
    scheduler.run_due();
    CHECK(order == row.order);
  }
}

TEST_CASE("A priority, a key or an actor is refused when it is out of its range") {
  struct Row {
    const char* subject;
    punctual::EnqueueOptions options;
    const char* code;
  };
  const std::vector<Row> table = {
      {"the highest priority", {.priority = 100}, ""},
      {"the lowest priority", {.priority = -100}, ""},
      {"above the highest", {.priority = 101}, "INVALID_CONFIG"},
      {"below the lowest", {.priority = -101}, "INVALID_CONFIG"},
      {"the longest key", {.unique_key = std::string(200, 'k')}, ""},
      {"a longer key", {.unique_key = std::string(201, 'k')}, "INVALID_KEY"},
      {"a key of two lines", {.unique_key = "a\nb"}, "INVALID_KEY"},
      {"an actor of two lines", {.actor = "a\nb"}, "INVALID_KEY"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    scheduler.register_job({.name = "any"}, [](JobContext&) {});
    CHECK(code_of([&] { scheduler.enqueue("any", 1, row.options); }) == row.code);
    CHECK(storage.runs({}).size() == (*row.code == '\0' ? 1 : 0));
  }
}

TEST_CASE("A unique key has one open run, whichever job and node it is of") {
  FakeClock clock{midnight};
  Storage storage;
  ManualExecutor executor;
  Scheduler one{clock, storage, executor};
  Scheduler other{clock, storage, InlineExecutor{}};
  one.register_job({.name = "report"}, [](JobContext&) {});
  other.register_job({.name = "bill"}, [](JobContext&) {});
  const RunId first = one.enqueue("report", 1, {.unique_key = "january"});
  struct Row {
    const char* subject;
    RunId id;
    bool is_first;
  };
  const std::vector<Row> pending = {
      {"the same key", one.enqueue("report", 2, {.unique_key = "january"}), true},
      {"of another job, on another node", other.enqueue("bill", 3, {.unique_key = "january"}),
       true},
      {"another key", one.enqueue("report", 4, {.unique_key = "February"}), false},
      {"none", one.enqueue("report", 5), false},
  };
  for (const auto& row : pending) {
    CAPTURE(row.subject);
    CHECK((row.id == first) == row.is_first);
  }
  CHECK(storage.runs({}).size() == 3);
  one.tick();
  CHECK(running_count(storage) == 3);
  CHECK(one.enqueue("report", 6, {.unique_key = "january"}) == first);
  executor.drain();
  CHECK(running_count(storage) == 0);
  CHECK(one.enqueue("report", 7, {.unique_key = "january"}) != first);
  CHECK(storage.runs({}).size() == 4);
}

TEST_CASE("As many runs of a concurrency key are running on all nodes as its limit says") {
  struct Row {
    const char* subject;
    punctual::ConcurrencyPolicy a;
    punctual::ConcurrencyPolicy b;
    std::vector<std::size_t> running;  ///< after each round, of 4 runs of each
  };
  const std::vector<Row> table = {
      {"no limit", {}, {}, {8, 0}},
      {"one at a time of each job", {.max = 1}, {.max = 1}, {2, 2, 2, 2, 0}},
      {"three of one, any of the other", {.max = 3}, {}, {7, 1, 0}},
      {"two of both", {.max = 2, .key = "printer"}, {.max = 2, .key = "printer"}, {2, 2, 2, 2, 0}},
      {"three of both", {.max = 3, .key = "printer"}, {.max = 3, .key = "printer"}, {3, 3, 2, 0}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    ManualExecutor executor_1{2};
    ManualExecutor executor_2;
    Scheduler node_1{clock, storage, executor_1};
    Scheduler node_2{clock, storage, executor_2};
    JobConfig a{.name = "a"};
    a.concurrency = row.a;
    JobConfig b{.name = "b"};
    b.concurrency = row.b;
    for (auto* node : {&node_1, &node_2}) {
      node->register_job(a, [](JobContext&) {});
      node->register_job(b, [](JobContext&) {});
    }
    node_1.enqueue_all("a", std::vector<punctual::EnqueueItem>(4));
    node_2.enqueue_all("b", std::vector<punctual::EnqueueItem>(4));
    std::vector<std::size_t> running;
    do {
      node_1.tick();
      node_2.tick();
      running.push_back(running_count(storage));
      executor_1.drain();
      executor_2.drain();
    } while (running.back() > 0);
    CHECK(running == row.running);
    CHECK(storage.runs({.status = JobStatus::success}).size() == 8);
  }
}

TEST_CASE("Runs of a job with a rate start when its bucket has a token") {
  struct Row {
    const char* subject;
    RateLimit limit;
    Rows starts;
  };
  const std::vector<Row> table = {
      {"at once without a limit", {.max = 0, .period = 1min}, {"01:00", "01:00", "01:00", "01:00"}},
      {"two at once, then one each half minute",
       {.max = 2, .period = 1min},
       {"01:00", "01:00", "01:00:30", "01:01"}},
      {"one an hour", {.max = 1, .period = 1h}, {"01:00", "02:00", "03:00", "04:00"}},
      {"as many as the bucket holds",
       {.max = 4, .period = 1h},
       {"01:00", "01:00", "01:00", "01:00"}},
      {"at the next look behind a token's time, a second apart",
       {.max = 1, .period = 2500ms},
       {"01:00", "01:00:03", "01:00:06", "01:00:09"}},
      {"at a token's time, a tenth of a second apart",
       {.max = 1, .period = 100ms},
       {"01:00", "01:00:00.100", "01:00:00.200", "01:00:00.300"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 1h};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig config{.name = "call"};
    config.rate.limit = row.limit;
    scheduler.register_job(config, [](JobContext&) {});
    scheduler.enqueue_all("call", std::vector<punctual::EnqueueItem>(row.starts.size()));
    run_until(scheduler, clock, midnight + 5h);
    CHECK(starts_of(storage) == row.starts);
  }
}

TEST_CASE("Jobs that name one rate key share its bucket on all nodes") {
  struct Row {
    const char* subject;
    std::string key_a;
    std::string key_b;
    Rows starts;
  };
  const std::vector<Row> table = {
      {"each its own", "", "", {"01:00", "01:00", "01:01", "01:01"}},
      {"each its own key", "north", "south", {"01:00", "01:00", "01:01", "01:01"}},
      {"one for both", "mail", "mail", {"01:00", "01:01", "01:02", "01:03"}},
      {"one for both, which is the name of one", "", "a", {"01:00", "01:01", "01:02", "01:03"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight + 1h};
    Storage storage;
    Scheduler node_1{clock, storage, InlineExecutor{}};
    Scheduler node_2{clock, storage, InlineExecutor{}};
    JobConfig a{.name = "a"};
    a.rate = {.limit = {.max = 1, .period = 1min}, .key = row.key_a};
    JobConfig b{.name = "b"};
    b.rate = {.limit = {.max = 1, .period = 1min}, .key = row.key_b};
    node_1.register_job(a, [](JobContext&) {});
    node_2.register_job(b, [](JobContext&) {});
    node_1.enqueue_all("a", std::vector<punctual::EnqueueItem>(2));
    node_2.enqueue_all("b", std::vector<punctual::EnqueueItem>(2));
    for (int minute = 0; minute < 5; ++minute) {
      run_until(node_1, clock, midnight + 1h + minute * 1min);
      run_until(node_2, clock, midnight + 1h + minute * 1min);
    }
    CHECK(starts_of(storage) == row.starts);
  }
}

TEST_CASE("A retry takes a token of the job's rate as every start does") {
  FakeClock clock{midnight + 1h};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "call"};
  config.rate.limit = {.max = 1, .period = 1min};
  config.retry = {.max_attempts = 3, .backoff = Backoff::fixed(10s)};
  scheduler.register_job(config, [](JobContext& job) {
    return job.attempt() < 3 ? job.failure("NO_ANSWER") : job.success();
  });
  scheduler.enqueue("call");
  run_until(scheduler, clock, midnight + 2h);
  CHECK(starts_of(storage) == Rows{"01:00", "01:01", "01:02"});
}

TEST_CASE("A trigger of a job without a token stays pending and starts when there is one") {
  FakeClock clock{midnight + 1h};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "call"};
  config.rate.limit = {.max = 1, .period = 10min};
  scheduler.register_job(config, [](JobContext&) {});
  scheduler.register_job({.name = "free"}, [](JobContext&) {});
  CHECK(scheduler.trigger("call").status == JobStatus::success);
  CHECK(scheduler.trigger("call", {.wait = 0ms}).status == JobStatus::pending);
  CHECK(scheduler.trigger("free").status == JobStatus::success);  // is not held up by it
  run_until(scheduler, clock, midnight + 1h + 10min - 1ms);
  CHECK(starts_of(storage, "call") == Rows{"01:00", "pending"});
  run_until(scheduler, clock, midnight + 1h + 10min);
  CHECK(starts_of(storage, "call") == Rows{"01:00", "01:10"});
}

TEST_CASE("A due instant of a job without a token starts late and is answered once") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  JobConfig config{.name = "call", .schedule = punctual::every(1min)};
  config.rate.limit = {.max = 1, .period = 90s};
  scheduler.register_job(config, [](JobContext&) {});
  run_until(scheduler, clock, midnight + 6min);
  CHECK(starts_of(storage) == Rows{"00:01", "00:02:30", "00:04", "00:05:30", "pending", "skipped"});
  CHECK(punctual::tests::rows_of(storage) ==
        Rows{"00:01 success JOB_COMPLETED", "00:02 success JOB_COMPLETED",
             "00:03 success JOB_COMPLETED", "00:04 skipped JOB_OVERLAPPED",
             "00:05 success JOB_COMPLETED", "00:06 pending"});
}

}  // namespace queue_policies_test
