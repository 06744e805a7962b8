// SPDX-License-Identifier: MIT
//
// The history in memory: pages against all rows, sums, and what is pruned.

#include "punctual/builtin/memory_history.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "memory_rows.hpp"
#include "punctual/base/random.hpp"
#include "support/catch.hpp"

namespace memory_history_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::JobStatus;
using punctual::JobSummary;
using punctual::Json;
using punctual::Random;
using punctual::RunId;
using punctual::RunQuery;
using punctual::TimePoint;
using punctual::tests::end_run;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::MemoryTables;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using punctual::tests::skipped_row;
using punctual::tests::start_run;
namespace detail = punctual::detail;

namespace {

constexpr Duration hour{3'600'000};

std::vector<std::uint32_t> numbers_of(const std::vector<JobRun>& runs) {
  std::vector<std::uint32_t> numbers;
  for (const auto& run : runs) numbers.push_back(number_of(run.id));
  return numbers;
}

std::vector<std::uint32_t> numbers_in(const MemoryTables& tables) {
  std::vector<std::uint32_t> numbers;
  for (const auto& run : tables.runs()) numbers.push_back(number_of(run.id));
  return numbers;
}

/// Ends a run that had started.
void execute(MemoryTables& tables, std::uint32_t number, JobStatus status, TimePoint completed_at) {
  start_run(tables, number);
  end_run(tables, number, status, completed_at);
}

}  // namespace

TEST_CASE("find_runs returns what all rows hold when queries are drawn at random") {
  constexpr std::uint64_t seed = 91;
  CAPTURE(seed);
  Random random{seed};
  MemoryTables tables;
  for (std::uint32_t number = 1; number <= 200; ++number) {
    const std::string job(1, "abc"[random.up_to(2)]);
    const TimePoint at = memory_start + Duration{static_cast<int>(random.up_to(9))};
    if (random.up_to(2) == 0) {
      tables.insert(skipped_row(number, job, at));
      continue;
    }
    JobRun run = pending_row(number, job, at);
    if (random.up_to(1) == 0) run.due_at = at + Duration{static_cast<int>(number) * 10};
    if (random.up_to(2) == 0)
      run.workflow_id = id_of(1000 + static_cast<std::uint32_t>(random.up_to(2)));
    if (random.up_to(2) == 0) {
      run.retry_of = id_of(1 + static_cast<std::uint32_t>(random.up_to(20)));
      run.attempt = 2;
    }
    tables.insert(run);
    if (random.up_to(2) == 0) continue;
    start_run(tables, number);
    if (random.up_to(2) > 0) end_run(tables, number, JobStatus::failed, at);
  }
  std::vector<JobRun> runs;
  for (const auto& run : tables.runs()) runs.push_back(detail::to_job_run(run));
  for (int i = 0; i < 2000; ++i) {
    CAPTURE(i);
    RunQuery query;
    if (random.up_to(1) == 0) query.job_name = std::string(1, "abcd"[random.up_to(3)]);
    if (random.up_to(2) == 0) query.status = static_cast<JobStatus>(random.up_to(4));
    if (random.up_to(2) == 0) query.created_from = memory_start + Duration{4};
    if (random.up_to(1) == 0) query.before = id_of(static_cast<std::uint32_t>(random.up_to(210)));
    if (random.up_to(3) == 0) query.due_from = memory_start + Duration{500};
    if (random.up_to(3) == 0) query.due_before = memory_start + Duration{1500};
    if (random.up_to(3) == 0)
      query.workflow_id = id_of(1000 + static_cast<std::uint32_t>(random.up_to(3)));
    query.dead = random.up_to(3) == 0;
    query.limit = 1 + random.up_to(20);
    std::vector<std::uint32_t> wanted;
    for (auto it = runs.rbegin(); it != runs.rend(); ++it) {
      if (wanted.size() == query.limit) break;
      const bool is_below = !query.before || it->id < *query.before;
      const bool is_retried = std::any_of(runs.begin(), runs.end(), [&](const JobRun& other) {
        return other.retry_of == work_id(*it) && other.attempt > it->attempt;
      });
      if (query.dead && is_retried) continue;
      if (is_below && matches(query, *it)) wanted.push_back(number_of(it->id));
    }
    REQUIRE(numbers_of(detail::find_runs(tables, query)) == wanted);
  }
}

TEST_CASE("find_runs returns a failed run as dead until a later attempt is stored") {
  MemoryTables tables;
  const auto dead = [&] { return numbers_of(detail::find_runs(tables, {.dead = true})); };
  tables.insert(pending_row(1, "a"));
  execute(tables, 1, JobStatus::failed, memory_start);
  CHECK(dead() == std::vector<std::uint32_t>{1});
  JobRun retry = pending_row(2, "a");
  retry.retry_of = id_of(1);
  retry.attempt = 2;
  tables.insert(retry);
  CHECK(dead().empty());
  execute(tables, 2, JobStatus::failed, memory_start);
  CHECK(dead() == std::vector<std::uint32_t>{2});
  tables.forget(id_of(2));
  CHECK(dead() == std::vector<std::uint32_t>{1});
}

TEST_CASE("find_runs returns the runs of a workflow until they are forgotten") {
  MemoryTables tables;
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    JobRun run = skipped_row(number, number == 3 ? "b" : "a");
    if (number != 2) run.workflow_id = id_of(7);
    tables.insert(run);
  }
  RunQuery query{.workflow_id = id_of(7)};
  CHECK(numbers_of(detail::find_runs(tables, query)) == std::vector<std::uint32_t>{4, 3, 1});
  query.job_name = "a";
  CHECK(numbers_of(detail::find_runs(tables, query)) == std::vector<std::uint32_t>{4, 1});
  query.before = id_of(4);
  CHECK(numbers_of(detail::find_runs(tables, query)) == std::vector<std::uint32_t>{1});
  for (const std::uint32_t number : {1U, 3U, 4U}) tables.forget(id_of(number));
  CHECK(tables.workflows.size() == 0);
}

TEST_CASE("find_runs leaves out details, payload and log when they are not wanted") {
  MemoryTables tables;
  JobRun run = skipped_row(1, "a");
  run.details = {{"count", 3}};
  run.payload = {{"month", 1}};
  run.log = {{"dropped", 0}};
  tables.insert(run);
  const JobRun with = detail::find_runs(tables, {}).at(0);
  CHECK(with.details == run.details);
  CHECK(with.payload == run.payload);
  CHECK(with.log == run.log);
  const JobRun without = detail::find_runs(tables, {.with_details = false}).at(0);
  CHECK(without.details.is_null());
  CHECK(without.payload.is_null());
  CHECK(without.log.is_null());
  CHECK(detail::to_job_run(*tables.find_run(id_of(1))).details == run.details);
}

TEST_CASE("summarize takes counts from counters and the newest executed run when runs have ended") {
  MemoryTables tables;
  auto& job = tables.job_of("a");
  for (const std::uint32_t number : {1U, 2U, 3U, 4U}) {
    JobRun run = pending_row(number, "a");
    run.details = {{"n", number}};
    tables.insert(run);
  }
  execute(tables, 2, JobStatus::success, memory_start + hour);
  execute(tables, 1, JobStatus::failed, memory_start + 2 * hour);  // older, though it ended later
  end_run(tables, 3, JobStatus::skipped);                          // never ran
  const JobSummary summary = detail::summarize(job);
  CHECK(summary.name == "a");
  CHECK(summary.run_count == 3);
  CHECK(summary.success_count == 1);
  CHECK(summary.failure_count == 1);
  CHECK(summary.skipped_count == 1);
  REQUIRE(summary.last_run);
  CHECK(number_of(summary.last_run->id) == 2);
  CHECK(summary.last_run->details.is_null());
  for (const std::uint32_t number : {1U, 2U, 3U}) tables.forget(id_of(number));
  const JobSummary later = detail::summarize(job);
  CHECK(later.run_count == 3);
  CHECK_FALSE(later.last_run);
}

TEST_CASE("summarize shows the next instant only when the job is enabled and not paused") {
  struct Row {
    const char* subject;
    bool enabled;
    bool paused;
    bool is_shown;
  };
  const Row rows[] = {
      {"enabled", true, false, true},
      {"paused", true, true, false},
      {"disabled", false, false, false},
      {"disabled and paused", false, true, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    MemoryTables tables;
    auto& job = tables.job_of("a");
    tables.set_paused(job, row.paused);
    tables.change_state(job, [&](auto& state) {
      state.enabled = row.enabled;
      state.next_due_at = memory_start;
    });
    job.extra.write().paused_by = "jane";
    job.extra.write().paused_reason = "because";
    const JobSummary summary = detail::summarize(job);
    CHECK(summary.next_run_at == (row.is_shown ? std::optional{memory_start} : std::nullopt));
    CHECK(summary.enabled == row.enabled);
    CHECK(summary.paused == row.paused);
    CHECK(summary.paused_by == "jane");
    CHECK(summary.paused_reason == "because");
  }
}

TEST_CASE("summarize shows where the job's instants begin and what it depends on") {
  MemoryTables tables;
  auto& job = tables.job_of("a");
  job.anchor_at = memory_start;
  job.epoch_at = memory_start + hour;
  job.extra.write().depends_on = {"b", "c"};
  const JobSummary summary = detail::summarize(job);
  CHECK(summary.anchor_at == memory_start);
  CHECK(summary.epoch_at == memory_start + hour);
  CHECK(summary.depends_on == std::vector<std::string>{"b", "c"});
}

TEST_CASE("prune_job removes runs that ended too long ago when they are not among the last") {
  MemoryTables tables;
  auto& job = tables.job_of("a");
  const auto keep = [&](std::size_t keep_last, Duration period = hour) {
    tables.set_terms(job, {.retention = {.period = period, .keep_last = keep_last}});
  };
  keep(2);
  for (const std::uint32_t number : {1U, 2U, 3U, 4U, 5U}) tables.insert(pending_row(number, "a"));
  execute(tables, 1, JobStatus::success, memory_start + hour);  // stored first, ended last
  execute(tables, 2, JobStatus::success, memory_start - Duration{1});
  execute(tables, 3, JobStatus::failed, memory_start);
  execute(tables, 4, JobStatus::success, memory_start - Duration{1});
  const TimePoint now = memory_start + hour;
  SECTION("as many as there are") {
    CHECK(detail::prune_job(tables, job, 10, now) == 1);
    CHECK(numbers_in(tables) == std::vector<std::uint32_t>{1, 3, 4, 5});
    CHECK(detail::prune_job(tables, job, 10, now) == 0);
  }
  SECTION("more when fewer of the last are kept") {
    keep(0);
    CHECK(detail::prune_job(tables, job, 10, now) == 2);
    CHECK(numbers_in(tables) == std::vector<std::uint32_t>{1, 3, 5});
  }
  SECTION("up to the limit, the one that ended first") {
    keep(0);
    CHECK(detail::prune_job(tables, job, 1, now) == 1);
    CHECK(numbers_in(tables) == std::vector<std::uint32_t>{1, 3, 4, 5});
  }
  SECTION("none when that is the limit") {
    CHECK(detail::prune_job(tables, job, 0, now) == 0);
  }
  SECTION("none when the period is for ever") {
    keep(0, Duration::max());
    CHECK(detail::prune_job(tables, job, 10, now) == 0);
  }
  SECTION("never an open one") {
    keep(0);
    CHECK(detail::prune_job(tables, job, 10, now + 1000 * hour) == 4);
    CHECK(numbers_in(tables) == std::vector<std::uint32_t>{5});
  }
  CHECK(tables.runs().size() == job.open_count + job.past->ended.size());
}

TEST_CASE("prune_runs forgets rates that are as if they had never been used") {
  MemoryTables tables;
  tables.buckets.take({"k", {.max = 1, .period = hour}}, memory_start);
  detail::prune_runs(tables, 0, memory_start);
  CHECK(tables.buckets.size() == 1);
  detail::prune_runs(tables, 0, memory_start + hour);
  CHECK(tables.buckets.size() == 0);
}

TEST_CASE("prune_runs shares its limit when several jobs have old runs") {
  MemoryTables tables;
  std::uint32_t number = 0;
  for (const std::string name : {"a", "b", "c"}) {
    tables.set_terms(tables.job_of(name), {.retention = {.period = hour, .keep_last = 1}});
    for (int i = 0; i < 4; ++i) tables.insert(skipped_row(++number, name, memory_start - 2 * hour));
  }
  CHECK(detail::prune_runs(tables, 4, memory_start) == 4);
  CHECK(tables.runs().size() == 8);
  CHECK(detail::prune_runs(tables, 100, memory_start) == 5);
  for (const auto& job : tables.jobs()) {
    CAPTURE(job.name);
    CHECK(job.past->ended.size() == 1);
  }
  CHECK(detail::prune_runs(tables, 100, memory_start) == 0);
}

}  // namespace memory_history_test
