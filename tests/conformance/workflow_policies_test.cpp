// SPDX-License-Identifier: MIT
//
// Runs that wait for other runs: workflows, and `EnqueueOptions::after`. The exact rows, on a fake
// clock. Compiled for each storage, which must make no difference.

#include <punctual/punctual.hpp>
#include <punctual/testing/run_until.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/policy_rows.hpp"

namespace workflow_policies_test {

using namespace std::chrono_literals;
using punctual::Backoff;
using punctual::FakeClock;
using punctual::InlineExecutor;
using punctual::JobConfig;
using punctual::JobContext;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::RunId;
using punctual::Scheduler;
using punctual::Workflow;
using punctual::WorkflowStep;
using punctual::testing::run_until;
using punctual::tests::code_of;
using punctual::tests::ends_of;
using punctual::tests::error_of;
using punctual::tests::midnight;
using punctual::tests::Rows;
using Storage = punctual::tests::PolicyStorage;

namespace {

WorkflowStep step(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .job = "any", .after = std::move(after)};
}

/// Registers the job that all steps run: it fails in the steps that are named, at their first
/// `failing_attempts` attempts.
template <class SchedulerT>
void register_any(SchedulerT& scheduler, std::set<std::string> failing = {},
                  std::uint32_t failing_attempts = 100, std::uint32_t max_attempts = 1) {
  JobConfig config{.name = "any"};
  config.retry = {.max_attempts = max_attempts, .backoff = Backoff::fixed(5min)};
  scheduler.register_job(config, [=](JobContext& job) {
    const bool fails = failing.contains(job.run().step) && job.attempt() <= failing_attempts;
    return fails ? job.failure("NO_ANSWER") : job.success("DONE");
  });
}

}  // namespace

TEST_CASE("A workflow's steps start when those before them have ended well") {
  struct Row {
    const char* subject;
    std::vector<WorkflowStep> steps;
    std::set<std::string> failing;
    std::uint32_t failing_attempts;
    Rows rows;
  };
  const std::vector<WorkflowStep> diamond = {step("a"), step("b", {"a"}), step("c", {"a"}),
                                             step("d", {"b", "c"})};
  const std::vector<Row> table = {
      {"one", {step("a")}, {}, 0, {"a 00:00 success DONE"}},
      {"a diamond",
       diamond,
       {},
       0,
       {"a 00:00 success DONE", "b 00:00 success DONE", "c 00:00 success DONE",
        "d 00:00 success DONE"}},
      {"a diamond upside down",
       {diamond[3], diamond[2], diamond[1], diamond[0]},
       {},
       0,
       {"a 00:00 success DONE", "b 00:00 success DONE", "c 00:00 success DONE",
        "d 00:00 success DONE"}},
      {"a failure at the head skips all",
       diamond,
       {"a"},
       100,
       {"a #2 00:05 failed NO_ANSWER", "a 00:00 failed NO_ANSWER",
        "b 00:05 skipped JOB_DEPENDENCY_FAILED", "c 00:05 skipped JOB_DEPENDENCY_FAILED",
        "d 00:05 skipped JOB_DEPENDENCY_FAILED"}},
      {"a failing branch skips what is behind it, and only that",
       {step("a"), step("b", {"a"}), step("c", {"a"}), step("d", {"b"}), step("e", {"c"}),
        step("f", {"d", "e"})},
       {"b"},
       100,
       {"a 00:00 success DONE", "b 00:00 failed NO_ANSWER", "c 00:00 success DONE",
        "e 00:00 success DONE", "b #2 00:05 failed NO_ANSWER",
        "d 00:05 skipped JOB_DEPENDENCY_FAILED", "f 00:05 skipped JOB_DEPENDENCY_FAILED"}},
      {"a retry that succeeds is waited for",
       diamond,
       {"b"},
       1,
       {"a 00:00 success DONE", "b 00:00 failed NO_ANSWER", "c 00:00 success DONE",
        "b #2 00:05 success DONE", "d 00:05 success DONE"}},
      {"a step that is named twice counts once",
       {step("a"), step("b", {"a", "a"})},
       {},
       0,
       {"a 00:00 success DONE", "b 00:00 success DONE"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    register_any(scheduler, row.failing, row.failing_attempts, 2);
    const auto made = scheduler.enqueue_workflow({.steps = row.steps});
    run_until(scheduler, clock, midnight + 1h);
    Rows expected = row.rows;
    Rows rows = ends_of(storage, {.workflow_id = made.id});
    std::sort(expected.begin(), expected.end());
    std::sort(rows.begin(), rows.end());
    CHECK(rows == expected);
    REQUIRE(made.steps.size() == row.steps.size());
    for (std::size_t i = 0; i < made.steps.size(); ++i) {
      CHECK(scheduler.run(made.steps[i])->step == row.steps[i].name);
    }
  }
}

TEST_CASE("A workflow's steps wait in plain sight when it starts later, over all nodes") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler node_1{clock, storage, InlineExecutor{}};
  Scheduler node_2{clock, storage, InlineExecutor{}};
  node_1.register_job({.name = "load"}, [](JobContext& job) { return job.success("LOADED"); });
  node_2.register_job({.name = "report"}, [](JobContext& job) {
    return job.success("REPORTED", job.payload<std::string>());
  });
  const auto made = node_1.enqueue_workflow(
      {.steps = {{.name = "print", .job = "report", .payload = "of load", .after = {"load"}},
                 {.name = "load"}},
       .run_at = midnight + 2h,
       .actor = "ops",
       .reason = "monthly"});
  CHECK(ends_of(storage) == Rows{"load 02:00 pending", "print never pending"});
  const punctual::Json waiting = *node_1.run(made.steps[0]);
  CHECK(waiting["workflowId"] == made.id.to_string());
  CHECK(waiting["step"] == "print");
  CHECK(waiting["after"] == punctual::Json::array({made.steps[1].to_string()}));
  CHECK(waiting["waitsFor"] == 1);
  CHECK(waiting["runAt"] == nullptr);
  CHECK(waiting["actor"] == "ops");
  CHECK(waiting["reason"] == "monthly");
  const punctual::Json first = *node_1.run(made.steps[1]);
  CHECK(first["waitsFor"] == 0);
  CHECK(first["after"] == punctual::Json::array());
  CHECK(first["runAt"] == "2024-01-15T02:00:00.000Z");

  run_until(node_1, clock, midnight + 2h);
  CHECK(ends_of(storage) == Rows{"load 02:00 success LOADED", "print 02:00 pending"});
  run_until(node_1, clock, midnight + 3h);
  run_until(node_2, clock, midnight + 3h);
  CHECK(ends_of(storage) == Rows{"load 02:00 success LOADED", "print 03:00 success REPORTED"});
  const auto print = node_1.run(made.steps[0]);
  CHECK(print->node == node_2.node());
  CHECK(print->summary == "of load");
  CHECK(print->waits_for == 0);
  CHECK(print->after == std::vector{made.steps[1]});
}

TEST_CASE("A step that is cancelled while it waits takes with it what is behind it") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  register_any(scheduler);
  const auto made = scheduler.enqueue_workflow(
      {.steps = {step("a"), step("b", {"a"}), step("c", {"b"}), step("d", {"a"})}});
  CHECK(scheduler.cancel(made.steps[1], "ops") == punctual::CancelAnswer::cancelled);
  CHECK(ends_of(storage) == Rows{"a 00:00 pending", "b 00:00 skipped JOB_CANCELLED",
                                 "c 00:00 skipped JOB_DEPENDENCY_FAILED", "d never pending"});
  scheduler.run_due();
  CHECK(ends_of(storage) == Rows{"a 00:00 success DONE", "b 00:00 skipped JOB_CANCELLED",
                                 "c 00:00 skipped JOB_DEPENDENCY_FAILED", "d 00:00 success DONE"});
}

TEST_CASE("A chain of a thousand steps is skipped whole when its head fails") {
  FakeClock clock{midnight};
  Storage storage;
  Scheduler scheduler{clock, storage, InlineExecutor{}};
  register_any(scheduler, {"0"});
  Workflow workflow;
  workflow.steps.push_back(step("0"));
  for (int i = 1; i < 1000; ++i) {
    workflow.steps.push_back(step(std::to_string(i), {std::to_string(i - 1)}));
  }
  std::reverse(workflow.steps.begin(), workflow.steps.end());
  scheduler.enqueue_workflow(workflow);
  scheduler.run_due();
  CHECK(storage.runs({.status = JobStatus::failed}).size() == 1);
  CHECK(storage
            .runs({.status = JobStatus::skipped,
                   .message_code = "JOB_DEPENDENCY_FAILED",
                   .limit = 1000})
            .size() == 999);
  CHECK(scheduler.status().registered_jobs.at(0).skipped_count == 999);
}

TEST_CASE("A workflow that cannot be done is refused and nothing of it is stored") {
  struct Row {
    const char* subject;
    std::vector<WorkflowStep> steps;
    const char* error;
  };
  const std::string long_name(201, 'n');
  std::vector<WorkflowStep> many(1001);
  WorkflowStep stranger = step("b");
  stranger.job = "ani";
  WorkflowStep urgent = step("b");
  urgent.priority = 101;
  WorkflowStep heavy = step("b");
  heavy.payload = std::string(70'000, 'x');
  const std::vector<Row> table = {
      {"no step", {}, "INVALID_WORKFLOW: a workflow expects 1 to 1000 steps, got 0"},
      {"too many", many, "INVALID_WORKFLOW: a workflow expects 1 to 1000 steps, got 1001"},
      {"no name",
       {step("a"), step("")},
       "INVALID_WORKFLOW: a workflow expects a name for each step, got none for step 1"},
      {"one name twice",
       {step("a"), step("b"), step("a")},
       "INVALID_WORKFLOW: a workflow expects a step \"a\" once, got two"},
      {"after a step that is not there",
       {step("load"), step("print", {"laod"})},
       "INVALID_WORKFLOW: a workflow expects step \"print\" after steps of its own, got \"laod\";"
       " did you mean \"load\"?"},
      {"after itself",
       {step("a"), step("b", {"b"})},
       "DEPENDENCY_CYCLE: steps wait for themselves: b -> b"},
      {"in a circle",
       {step("x"), step("a", {"x", "c"}), step("b", {"a"}), step("c", {"b"})},
       "DEPENDENCY_CYCLE: steps wait for themselves: a -> c -> b -> a"},
      {"a job that nobody knows",
       {step("a"), stranger},
       "JOB_NOT_FOUND: no job named \"ani\" is registered; did you mean \"any\"?"},
      {"a name that is too long", {step("a"), step(long_name)}, "INVALID_KEY"},
      {"a name of two lines", {step("a"), step("b\nc")}, "INVALID_KEY"},
      {"a priority out of its range", {step("a"), urgent}, "INVALID_CONFIG"},
      {"a payload that is too large", {step("a"), heavy}, "INVALID_PAYLOAD"},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    register_any(scheduler);
    const auto error = error_of([&] { scheduler.enqueue_workflow({.steps = row.steps}); });
    REQUIRE(error);
    const std::string expected = row.error;
    CHECK((expected.find(':') == std::string::npos ? error->code() : error->what()) == expected);
    CHECK(storage.runs({}).empty());
  }
}

TEST_CASE("A run that comes after others starts, waits or is skipped as those ended or will") {
  struct Row {
    const char* subject;
    const char* before;  ///< how the work that it comes after ends: named by its first attempt
    Rows at_first;
    Rows at_last;
  };
  const std::vector<Row> table = {
      {"it has ended well", "success", {"late 00:00 pending"}, {"late 00:00 success DONE"}},
      {"it has failed for good",
       "failed",
       {"late 00:00 skipped JOB_DEPENDENCY_FAILED"},
       {"late 00:00 skipped JOB_DEPENDENCY_FAILED"}},
      {"it was cancelled",
       "cancelled",
       {"late 00:00 skipped JOB_DEPENDENCY_FAILED"},
       {"late 00:00 skipped JOB_DEPENDENCY_FAILED"}},
      {"it is pending", "pending", {"late never pending"}, {"late 00:30 success DONE"}},
      {"its retry is pending", "retry", {"late never pending"}, {"late 00:05 success DONE"}},
  };
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    JobConfig early{.name = "early"};
    early.retry = {.max_attempts = 2, .backoff = Backoff::fixed(5min)};
    const std::string before = row.before;
    scheduler.register_job(early, [&](JobContext& job) {
      if (before == "failed") return job.discard();
      return before == "retry" && job.attempt() == 1 ? job.failure() : job.success();
    });
    scheduler.register_job({.name = "late"}, [](JobContext& job) { return job.success("DONE"); });
    punctual::EnqueueOptions options;
    if (before == "pending" || before == "cancelled") options.run_at = midnight + 30min;
    const RunId id = scheduler.enqueue("early", 1, options);
    if (before == "cancelled") scheduler.cancel(id);
    scheduler.run_due();
    scheduler.enqueue("late", 1, {.after = {id, id}});
    CHECK(ends_of(storage, {.job_name = "late"}) == row.at_first);
    run_until(scheduler, clock, midnight + 1h);
    CHECK(ends_of(storage, {.job_name = "late"}) == row.at_last);
  }
}

TEST_CASE("A run that comes after unknown runs, too many, or at an instant too, is refused") {
  struct Row {
    const char* subject;
    std::size_t known_count;
    bool has_unknown;
    std::optional<punctual::TimePoint> run_at;
    const char* code;
  };
  const std::vector<Row> table = {{"none", 0, false, {}, ""},
                                  {"none, at an instant", 0, false, midnight + 1h, ""},
                                  {"one, at an instant", 1, false, midnight + 1h, "INVALID_CONFIG"},
                                  {"a hundred", 100, false, {}, ""},
                                  {"more", 101, false, {}, "INVALID_CONFIG"},
                                  {"one that is not there", 0, true, {}, "RUN_NOT_FOUND"},
                                  {"one of two that is not there", 1, true, {}, "RUN_NOT_FOUND"}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    FakeClock clock{midnight};
    Storage storage;
    Scheduler scheduler{clock, storage, InlineExecutor{}};
    register_any(scheduler);
    auto ids = scheduler.enqueue_all("any", std::vector<punctual::EnqueueItem>(row.known_count));
    if (row.has_unknown) ids.emplace_back();
    const auto before = storage.runs({.limit = 1000}).size();
    CHECK(code_of([&] { scheduler.enqueue("any", 1, {.run_at = row.run_at, .after = ids}); }) ==
          row.code);
    CHECK(storage.runs({.limit = 1000}).size() == before + (*row.code == '\0' ? 1 : 0));
  }
}

}  // namespace workflow_policies_test
