// SPDX-License-Identifier: MIT
//
// A pending run in memory takes at most 400 bytes and a schedule at most 300, also when all of the
// schedules have fired. Optimized builds only, where nothing but malloc hands out memory.

#include <malloc.h>

#include <punctual/punctual.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace memory_test {

using namespace std::chrono_literals;
using punctual::Duration;
using punctual::JobNames;
using punctual::TimePoint;

namespace {

constexpr std::size_t item_count = 100'000;
constexpr std::size_t batch_size = 1000;
constexpr TimePoint start{Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

/// Bytes that malloc has handed out, its own overhead included.
std::size_t bytes_in_use() {
  return mallinfo2().uordblks;
}

/// The same since `before`, for each of the items, rounded up.
std::size_t bytes_each(std::size_t before) {
  return (bytes_in_use() - before + item_count - 1) / item_count;
}

/// Has as many runs as there are items claimed and finished.
void claim_and_finish(punctual::InMemoryStorage& storage, const JobNames& jobs, TimePoint now) {
  for (std::size_t count = 0; count < item_count;) {
    const auto runs = storage.claim(
        {.node = "node-1", .jobs = &jobs, .limit = batch_size, .lease = Duration{30s}}, now);
    REQUIRE(runs.size() == batch_size);
    std::vector<punctual::Completion> completions;
    for (const auto& run : runs) completions.push_back({.lease = {run.id, run.fence}});
    storage.finish(completions, now);
    count += runs.size();
  }
}

}  // namespace

TEST_CASE("InMemoryStorage takes at most 400 bytes a run when many are pending") {
  const JobNames jobs = {"send-mail"};
  punctual::UuidGenerator ids{punctual::Random{1}};
  const std::size_t before = bytes_in_use();
  punctual::InMemoryStorage storage;
  for (std::size_t count = 0; count < item_count; count += batch_size) {
    std::vector<punctual::NewRun> rows;
    for (std::size_t i = 0; i < batch_size; ++i) {
      rows.push_back({.id = ids.next(start), .job_name = jobs[0], .run_at = start});
    }
    storage.enqueue(rows, start);
  }
  CHECK(bytes_each(before) <= 400);
  claim_and_finish(storage, jobs, start);
  CHECK(storage.summaries().empty());  // never synced
}

TEST_CASE("InMemoryStorage takes at most 300 bytes a schedule, and 400 more when it has fired") {
  const punctual::JobConfig config{.schedule = punctual::every(1h)};
  const punctual::Json schedule = config.schedule.to_json();
  const TimePoint due_at = start + 1h;
  JobNames jobs;
  for (std::size_t i = 0; i < item_count; ++i) {
    jobs.push_back("report-of-customer-" + std::to_string(item_count + i));
  }
  punctual::UuidGenerator ids{punctual::Random{1}};
  const std::size_t before = bytes_in_use();
  punctual::InMemoryStorage storage;
  for (std::size_t count = 0; count < item_count;) {
    std::vector<punctual::JobDefinition> definitions(batch_size);
    for (auto& definition : definitions) {
      definition.name = jobs[count++];
      definition.schedule = schedule;
      definition.anchor_at = start;
      definition.next_due_at = due_at;
    }
    storage.sync_jobs(definitions, start);
  }
  CHECK(bytes_each(before) <= 300);
  for (std::size_t count = 0; count < item_count;) {
    std::vector<punctual::Advance> advances;
    for (const auto& state : storage.due_schedules(jobs, batch_size, due_at)) {
      advances.push_back(punctual::planner::plan_due(state, config, due_at, ids));
      for (auto& row : advances.back().rows) row.job_name = state.job_name;
    }
    REQUIRE(advances.size() == batch_size);
    storage.advance(advances, due_at);
    count += advances.size();
  }
  CHECK(bytes_each(before) <= 700);
  claim_and_finish(storage, jobs, due_at);
  CHECK(storage.summaries().back().success_count == 1);
}

}  // namespace memory_test
