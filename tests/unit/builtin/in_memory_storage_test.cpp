// SPDX-License-Identifier: MIT
//
// InMemoryStorage: what it adds to the contract that the conformance suite checks.

#include "punctual/builtin/in_memory_storage.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace in_memory_storage_test {

using punctual::Advance;
using punctual::ClaimRequest;
using punctual::Completion;
using punctual::Duration;
using punctual::EnqueueAnswer;
using punctual::FinishAnswer;
using punctual::InMemoryStorage;
using punctual::InMemoryStorageOptions;
using punctual::JobDefinition;
using punctual::JobNames;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::NewRun;
using punctual::RunQuery;
using punctual::TimePoint;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::number_of;

namespace {

const JobNames jobs = {"a", "b"};

NewRun new_run(std::uint32_t number, const std::string& job = "a",
               JobStatus status = JobStatus::pending) {
  return {.id = id_of(number), .job_name = job, .status = status, .run_at = memory_start};
}

ClaimRequest request(std::size_t limit = 100) {
  return {.node = "n1", .jobs = &jobs, .limit = limit, .lease = Duration{30'000}};
}

/// Stores, claims and finishes a run.
void execute(InMemoryStorage& storage, std::uint32_t number, const std::string& job = "a",
             JobStatus status = JobStatus::success) {
  storage.enqueue({new_run(number, job)}, memory_start);
  ClaimRequest only = request();
  only.only = id_of(number);
  REQUIRE(storage.claim(only, memory_start).size() == 1);
  Completion completion;
  completion.lease = {id_of(number), 1};
  completion.status = status;
  REQUIRE(storage.finish({completion}, memory_start).at(0) == FinishAnswer::done);
}

std::vector<std::uint32_t> numbers_in(InMemoryStorage& storage) {
  std::vector<std::uint32_t> numbers;
  for (const auto& run : storage.runs({})) numbers.push_back(number_of(run.id));
  return numbers;
}

}  // namespace

TEST_CASE("InMemoryStorage goes by the caller's clock and needs no polling when it is asked") {
  const InMemoryStorage storage;
  CHECK(storage.now(memory_start) == memory_start);
  CHECK(storage.now(TimePoint::min()) == TimePoint::min());
  CHECK_FALSE(storage.poll_period());
}

TEST_CASE("InMemoryStorage is well and has no migrations when its health is asked for") {
  const auto health = InMemoryStorage{}.health();
  CHECK(health.kind == "memory");
  CHECK(health.writable);
  CHECK(health.problem.empty());
  CHECK(health.schema_version == 0);
  CHECK(health.schema_expected == 0);
}

TEST_CASE("InMemoryStorage forgets the oldest ended runs of all jobs when there are too many") {
  InMemoryStorage storage{InMemoryStorageOptions{.history_max = 3}};
  storage.sync_jobs({JobDefinition{.name = "a"}, JobDefinition{.name = "b"}}, memory_start);
  for (const std::uint32_t number : {1U, 2U, 3U}) execute(storage, number, "a");
  CHECK(numbers_in(storage) == std::vector<std::uint32_t>{3, 2, 1});
  SECTION("as runs finish") {
    execute(storage, 4, "b");
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{4, 3, 2});
    execute(storage, 5, "b");
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{5, 4, 3});
  }
  SECTION("as skipped rows are enqueued") {
    storage.enqueue({new_run(4, "a", JobStatus::skipped), new_run(5, "b", JobStatus::skipped)},
                    memory_start);
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{5, 4, 3});
  }
  SECTION("as instants are answered by skipped rows") {
    const auto state = storage.sync_jobs({JobDefinition{.name = "a"}}, memory_start).at(0);
    const Advance advance{
        .job_name = "a", .version = state.version, .rows = {new_run(4, "a", JobStatus::skipped)}};
    REQUIRE(storage.advance({advance}, memory_start).at(0).advanced);
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{4, 3, 2});
  }
  SECTION("as pending runs are cancelled") {
    storage.enqueue({new_run(4)}, memory_start);
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{4, 3, 2, 1});
    storage.request_cancel(id_of(4), "jane", memory_start);
    CHECK(numbers_in(storage) == std::vector<std::uint32_t>{4, 3, 2});
  }
  CHECK_FALSE(storage.run(id_of(1)));
}

TEST_CASE("InMemoryStorage keeps open runs however old when it bounds its history") {
  InMemoryStorage storage{InMemoryStorageOptions{.history_max = 1}};
  storage.enqueue({new_run(1), new_run(2)}, memory_start);
  ClaimRequest only = request();
  only.only = id_of(1);
  REQUIRE(storage.claim(only, memory_start).size() == 1);
  for (const std::uint32_t number : {3U, 4U, 5U}) execute(storage, number, "b");
  CHECK(numbers_in(storage) == std::vector<std::uint32_t>{5, 2, 1});
  CHECK(storage.run(id_of(1))->status == JobStatus::running);
  CHECK(storage.run(id_of(2))->status == JobStatus::pending);
}

TEST_CASE("InMemoryStorage keeps its counters when it forgets runs") {
  InMemoryStorage storage{InMemoryStorageOptions{.history_max = 2}};
  storage.sync_jobs({JobDefinition{.name = "a"}}, memory_start);
  for (std::uint32_t number = 1; number <= 10; ++number) execute(storage, number);
  const auto summary = storage.summaries().at(0);
  CHECK(summary.run_count == 10);
  CHECK(summary.success_count == 10);
  REQUIRE(summary.last_run);
  CHECK(number_of(summary.last_run->id) == 10);
}

TEST_CASE("InMemoryStorage answers and counts a run all the same when it keeps no history") {
  InMemoryStorage storage{InMemoryStorageOptions{.history_max = 0}};
  storage.sync_jobs({JobDefinition{.name = "a", .after_finish_delay = Duration{1000}}},
                    memory_start);
  execute(storage, 1);
  const auto answers = storage.enqueue({new_run(2, "a", JobStatus::skipped)}, memory_start);
  CHECK(answers.at(0).kind == EnqueueAnswer::Kind::stored);
  CHECK(storage.runs({}).empty());
  const auto summary = storage.summaries().at(0);
  CHECK(summary.run_count == 2);
  CHECK_FALSE(summary.last_run);
  CHECK(summary.next_run_at == memory_start + Duration{1000});
}

TEST_CASE("InMemoryStorage takes all it has along when it is moved") {
  InMemoryStorage from{InMemoryStorageOptions{.history_max = 2}};
  JobDefinition definition{.name = "a", .next_due_at = memory_start};
  definition.schedule = {{"kind", "interval"}, {"periodMs", 1000}};
  const auto state = from.sync_jobs({definition}, memory_start).at(0);
  execute(from, 1);
  NewRun keyed = new_run(2);
  keyed.unique_key = "report";
  from.enqueue({keyed, new_run(3)}, memory_start);
  REQUIRE(from.claim(request(1), memory_start).size() == 1);

  InMemoryStorage to{std::move(from)};
  CHECK(numbers_in(to) == std::vector<std::uint32_t>{3, 2, 1});
  CHECK(to.due_schedules(jobs, 10, memory_start).size() == 1);
  CHECK(to.sync_jobs({definition}, memory_start).at(0).version == state.version);
  CHECK(to.summaries().at(0).run_count == 1);
  keyed.id = id_of(9);
  CHECK(to.enqueue({keyed}, memory_start).at(0).kind == EnqueueAnswer::Kind::duplicate);
  const auto wake = to.next_wake(jobs, memory_start);
  CHECK(wake.run_at == memory_start);
  CHECK(wake.expires_at == memory_start + Duration{30'000});
  Completion completion;
  completion.lease = {id_of(2), 1};
  CHECK(to.finish({completion}, memory_start).at(0) == FinishAnswer::done);
  CHECK(to.claim(request(), memory_start).size() == 1);
  execute(to, 10);
  CHECK(numbers_in(to) == std::vector<std::uint32_t>{10, 3, 2});  // the bound came along
}

TEST_CASE("InMemoryStorage shares nothing with another one when both are filled") {
  InMemoryStorage first;
  InMemoryStorage second;
  first.enqueue({new_run(1)}, memory_start);
  CHECK(second.runs({}).empty());
  CHECK(second.claim(request(), memory_start).empty());
  CHECK(second.summaries().empty());
}

TEST_CASE("InMemoryStorage begins a job's epoch only when its instants are armed afresh") {
  struct Row {
    const char* subject;
    void (*change)(JobDefinition&);
    bool rearms;
  };
  const Row rows[] = {
      {"nothing", [](JobDefinition&) {}, false},
      {"the description", [](JobDefinition& job) { job.description = "other"; }, false},
      {"disabled", [](JobDefinition& job) { job.enabled = false; }, false},
      {"the schedule", [](JobDefinition& job) { job.schedule = "other"; }, true},
      {"what it depends on", [](JobDefinition& job) { job.depends_on = {"b"}; }, true},
      {"on nothing any more", [](JobDefinition& job) { job.depends_on.clear(); }, true},
  };
  const TimePoint later = memory_start + Duration{1000};
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    InMemoryStorage storage;
    JobDefinition definition{.name = "a", .next_due_at = memory_start, .depends_on = {"b", "c"}};
    const auto before = storage.sync_jobs({definition}, memory_start).at(0);
    CHECK(before.epoch_at == memory_start);
    row.change(definition);
    definition.next_due_at = later;
    const auto after = storage.sync_jobs({definition}, later).at(0);
    CHECK(after.epoch_at == (row.rearms ? later : memory_start));
    CHECK(after.next_due_at == (row.rearms ? later : memory_start));
    CHECK(storage.summaries().at(0).depends_on == definition.depends_on);
  }
}

TEST_CASE("InMemoryStorage arms a dependent job for a failure until that is answered") {
  InMemoryStorage storage;
  JobDefinition dependent{.name = "b", .depends_on = {"a"}};
  storage.sync_jobs({dependent, JobDefinition{.name = "c", .depends_on = {"b"}}}, memory_start);
  execute(storage, 1, "a", JobStatus::failed);
  const auto armed = storage.due_schedules(jobs, 10, memory_start);
  REQUIRE(armed.size() == 1);
  CHECK(armed[0].failed_dependency == "a");
  SECTION("by a skipped row, which is a failure to the jobs that depend on it") {
    NewRun row = new_run(2, "b", JobStatus::skipped);
    row.message_code = "JOB_DEPENDENCY_FAILED";
    row.due_at = memory_start;
    const Advance advance{
        .job_name = "b", .version = armed[0].version, .rows = {row}, .epoch_at = memory_start};
    REQUIRE(storage.advance({advance}, memory_start).at(0).advanced);
    const auto next = storage.due_schedules({"b", "c"}, 10, memory_start);
    REQUIRE(next.size() == 1);
    CHECK(next[0].job_name == "c");
    CHECK(next[0].failed_dependency == "b");
  }
  SECTION("by arming the job afresh") {
    dependent.schedule = "other";
    dependent.next_due_at = memory_start;
    CHECK(storage.sync_jobs({dependent}, memory_start).at(0).failed_dependency.empty());
  }
  SECTION("by pausing and resuming it") {
    REQUIRE(storage.set_paused({.job_name = "b", .version = armed[0].version}, memory_start));
    REQUIRE(storage.set_paused({.job_name = "b", .version = armed[0].version + 1, .paused = false},
                               memory_start));
    CHECK(storage.sync_jobs({dependent}, memory_start).at(0).failed_dependency.empty());
  }
}

TEST_CASE("InMemoryStorage stores the epoch of an advance only when it has one") {
  InMemoryStorage storage;
  const JobDefinition definition{.name = "a"};
  Advance advance{.job_name = "a",
                  .version = storage.sync_jobs({definition}, memory_start).at(0).version};
  REQUIRE(storage.advance({advance}, memory_start).at(0).advanced);
  CHECK(storage.sync_jobs({definition}, memory_start).at(0).epoch_at == memory_start);
  ++advance.version;
  advance.epoch_at = memory_start + Duration{7};
  REQUIRE(storage.advance({advance}, memory_start).at(0).advanced);
  CHECK(storage.sync_jobs({definition}, memory_start).at(0).epoch_at == advance.epoch_at);
}

TEST_CASE("InMemoryStorage lets runs of one call wait for one another, the later for the earlier") {
  InMemoryStorage storage;
  NewRun second = new_run(2);
  second.after = {id_of(1)};
  NewRun third = new_run(3);
  third.after = {id_of(1), id_of(2)};
  const auto answers = storage.enqueue({new_run(1), second, third}, memory_start);
  for (const auto& answer : answers) CHECK(answer.kind == EnqueueAnswer::Kind::stored);
  CHECK(storage.next_wake(jobs, memory_start).run_at == memory_start);
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    const auto claimed = storage.claim(request(), memory_start);
    REQUIRE(claimed.size() == 1);
    CHECK(number_of(claimed[0].id) == number);
    CHECK_FALSE(storage.next_wake(jobs, memory_start).run_at);
    Completion completion;
    completion.lease = {id_of(number), 1};
    completion.log = "done";
    storage.finish({completion}, memory_start);
  }
  CHECK(storage.run(id_of(3))->status == JobStatus::success);
  CHECK(storage.run(id_of(3))->log == "done");
}

TEST_CASE("InMemoryStorage skips what waits for a run when that is given up or replaced") {
  InMemoryStorage storage;
  NewRun first = new_run(1);
  first.exclusive = true;
  NewRun second = new_run(2, "b");
  second.after = {id_of(1)};
  storage.enqueue({first, second}, memory_start);
  SECTION("for no node knows its job") {
    const JobNames known = {"b"};
    CHECK(storage.expire_unknown({.jobs = &known, .limit = 10, .age = Duration{1}},
                                 memory_start + Duration{1}) == 1);
    CHECK(storage.run(id_of(1))->message_code == "JOB_NOT_FOUND");
  }
  SECTION("by the next run of its job") {
    REQUIRE(storage.claim(request(), memory_start).size() == 1);
    NewRun next = new_run(3);
    next.exclusive = true;
    next.replaces_running = true;
    storage.enqueue({next}, memory_start);
    CHECK(storage.run(id_of(1))->message_code == "JOB_CANCELLED");
    CHECK(storage.claim(request(), memory_start).size() == 1);
  }
  CHECK(storage.run(id_of(2))->message_code == "JOB_DEPENDENCY_FAILED");
}

TEST_CASE("InMemoryStorage leaves a job's runs alone when it was synced lately") {
  InMemoryStorage storage;
  storage.enqueue({new_run(1)}, memory_start);
  const TimePoint later = memory_start + Duration{1000};
  storage.sync_jobs({JobDefinition{.name = "a"}}, later);
  const JobNames none;
  const auto expired_at = [&](TimePoint now) {
    return storage.expire_unknown({.jobs = &none, .limit = 10, .age = Duration{1000}}, now);
  };
  CHECK(expired_at(later) == 0);
  CHECK(expired_at(later + Duration{999}) == 0);
  CHECK(expired_at(later + Duration{1000}) == 1);
  CHECK(storage.summaries().at(0).failure_count == 1);
}

TEST_CASE("InMemoryStorage takes runs of a job before it is synced, and shows the job after") {
  InMemoryStorage storage;
  storage.enqueue({new_run(1)}, memory_start);
  CHECK(storage.summaries().empty());
  CHECK(storage.claim(request(), memory_start).size() == 1);
  storage.sync_jobs({JobDefinition{.name = "a"}}, memory_start);
  CHECK(storage.summaries().size() == 1);
}

}  // namespace in_memory_storage_test
