// SPDX-License-Identifier: MIT
//
// The orders of rows: by what they say, whatever the addresses.

#include "punctual/builtin/memory_order.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_order_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::TimePoint;
using punctual::tests::id_of;
using punctual::tests::memory_start;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using namespace punctual::detail;

namespace {

MemoryRun lane_row(MemoryJob& job, bool exclusive, std::uint32_t max, const char* key) {
  JobRun run = pending_row(1, job.name);
  run.exclusive = exclusive;
  run.concurrency_max = max;
  run.concurrency_key = key;
  return to_row(run, job);
}

/// The numbers of the rows in the order of an index.
template <class Order>
std::vector<std::uint32_t> numbers_by(std::deque<MemoryRun>& rows) {
  MemoryIndex<MemoryRun, Order> index;
  for (auto& row : rows) index.insert(&row);
  std::vector<std::uint32_t> numbers;
  for (const auto* row : index) numbers.push_back(number_of(row->id));
  return numbers;
}

}  // namespace

TEST_CASE("ByLane puts runs together when the same limits hold them back") {
  MemoryJob job{"a", 0};
  MemoryJob other{"b", 1};
  CHECK(ByLane::lane(lane_row(job, false, 0, "")) ==
        ByLane::lane(lane_row(job, false, 0, "mail")));  // no limit: the key says nothing
  const MemoryRun limited = lane_row(job, false, 2, "mail");
  CHECK(ByLane::lane(limited) == ByLane::lane(lane_row(job, false, 2, "mail")));
  // Each differs from every other in one thing that holds runs back.
  std::vector<MemoryRun> apart;
  apart.push_back(lane_row(job, false, 0, ""));
  apart.push_back(lane_row(other, false, 0, ""));
  apart.push_back(lane_row(job, true, 0, ""));
  apart.push_back(lane_row(job, false, 2, "mail"));
  apart.push_back(lane_row(job, false, 3, "mail"));
  apart.push_back(lane_row(job, false, 2, "disk"));
  apart.push_back(lane_row(job, true, 2, "mail"));
  for (const auto& a : apart) {
    for (const auto& b : apart) CHECK((ByLane::lane(a) == ByLane::lane(b)) == (&a == &b));
  }
}

TEST_CASE("Orders of runs go by their keys when rows are made in any order") {
  MemoryJob a{"a", 1};
  MemoryJob b{"b", 0};
  struct Row {
    std::uint32_t number;
    MemoryJob* job;
    int run_at;
    int priority;
    bool exclusive;
    bool has_ended;
    int completed_at;
  };
  const Row rows[] = {
      {1, &a, 50, 0, true, false, 0},  {2, &b, 40, 0, false, true, 10},
      {3, &a, 30, 0, false, true, 20}, {4, &a, 20, -1, false, true, 10},
      {5, &b, 60, 1, false, false, 0},
  };
  for (const bool is_rising : {true, false}) {
    CAPTURE(is_rising);
    std::deque<MemoryRun> made;
    for (std::size_t i = 0; i < std::size(rows); ++i) {
      const Row& row = rows[is_rising ? i : std::size(rows) - 1 - i];
      JobRun run = pending_row(row.number, row.job->name, memory_start + Duration{row.run_at});
      run.priority = row.priority;
      run.exclusive = row.exclusive;
      if (row.has_ended) run.status = punctual::JobStatus::success;
      run.due_at = memory_start - Duration{row.run_at};
      run.completed_at = memory_start + Duration{row.completed_at};
      run.lease_until_at = memory_start + Duration{row.run_at};
      made.push_back(to_row(run, *row.job));
    }
    using Numbers = std::vector<std::uint32_t>;
    CHECK(numbers_by<ById>(made) == Numbers{1, 2, 3, 4, 5});
    CHECK(numbers_by<ByJobAndId>(made) == Numbers{2, 5, 1, 3, 4});
    CHECK(numbers_by<ByDueInstant>(made) == Numbers{5, 1, 2, 3, 4});
    CHECK(numbers_by<ByRunAt>(made) == Numbers{4, 3, 2, 1, 5});
    CHECK(numbers_by<ByJobAndRunAt>(made) == Numbers{2, 5, 4, 3, 1});
    CHECK(numbers_by<ByClaimOrder>(made) == Numbers{5, 3, 2, 1, 4});
    CHECK(numbers_by<ByLane>(made) == Numbers{5, 2, 3, 4, 1});
    CHECK(numbers_by<ByLeaseEnd>(made) == Numbers{4, 3, 2, 1, 5});
    CHECK(numbers_by<ByEnd>(made) == Numbers{1, 5, 2, 4, 3});
  }
}

TEST_CASE("Orders of jobs go by time and then by name when jobs lie anywhere in memory") {
  for (const bool is_rising : {true, false}) {
    CAPTURE(is_rising);
    std::deque<MemoryJob> jobs;
    for (std::uint32_t i = 0; i < 4; ++i) {
      jobs.emplace_back(std::string(1, is_rising ? "abcd"[i] : "dcba"[i]), i);
      const bool is_first = jobs.back().name == "d";
      jobs.back().next_due_at = memory_start - Duration{is_first ? 1 : 0};
      jobs.back().first_pending_at = memory_start - Duration{is_first ? 1 : 0};
      jobs.back().paused = jobs.back().name == "a";
    }
    MemoryIndex<MemoryJob, ByArmedInstant> armed;
    MemoryIndex<MemoryJob, ByFirstPending> pending;
    MemoryIndex<MemoryJob, ByName> named;
    for (auto& job : jobs) {
      armed.insert(&job);
      pending.insert(&job);
      named.insert(&job);
    }
    const auto names_in = [](const auto& index) {
      std::string names;
      for (const auto* job : index) names += job->name;
      return names;
    };
    CHECK(names_in(armed) == "dabc");
    CHECK(names_in(pending) == "dbca");
    CHECK(names_in(named) == "abcd");
  }
}

TEST_CASE("row_at gives a row that stands in a set to be changed") {
  MemoryJob job{"a", 0};
  MemoryRows<MemoryRun, ById> rows;
  rows.insert(to_row(pending_row(2, "a"), job));
  const auto found = rows.find(id_of(2));
  REQUIRE(found != rows.end());
  row_at(found).priority = 5;
  CHECK(rows.begin()->priority == 5);
  CHECK(rows.find(id_of(1)) == rows.end());
}

}  // namespace memory_order_test
