// SPDX-License-Identifier: MIT
//
// Pending runs in memory: the first of each job, and the first of each lane.

#include "punctual/builtin/memory_pending.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_pending_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::TimePoint;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::detail::to_row;
using punctual::tests::memory_start;
using punctual::tests::number_of;
using punctual::tests::pending_row;
using MemoryPending = decltype(punctual::detail::MemoryPending{});

namespace {

/// Rows of one job, each so many milliseconds after the start.
std::deque<MemoryRun> rows_at(MemoryJob& job, const std::vector<int>& delays) {
  std::deque<MemoryRun> rows;
  std::uint32_t number = 0;
  for (const int delay : delays) {
    rows.push_back(to_row(pending_row(++number, job.name, memory_start + Duration{delay}), job));
  }
  return rows;
}

std::vector<std::uint32_t> heads_of(const MemoryPending& pending) {
  std::vector<std::uint32_t> numbers;
  for (const auto* run : pending.heads()) numbers.push_back(number_of(run->id));
  return numbers;
}

}  // namespace

TEST_CASE("MemoryPending know the first run of a job as runs come and go") {
  MemoryJob job{"a", 0};
  MemoryPending pending;
  auto rows = rows_at(job, {20, 10, 30});
  rows[2].exclusive = true;
  const auto first = [&] { return job.first_pending_at; };
  CHECK_FALSE(first());
  CHECK(pending.first_of(job) == nullptr);
  for (auto& row : rows) pending.add(row);
  CHECK(first() == std::optional{memory_start + Duration{10}});
  CHECK(pending.first_of(job) == &rows[1]);
  CHECK(pending.first_of(job, true) == memory_start + Duration{30});
  CHECK(pending.jobs().size() == 1);
  pending.remove(rows[1]);
  CHECK(first() == std::optional{memory_start + Duration{20}});
  pending.remove(rows[0]);
  CHECK(first() == std::optional{memory_start + Duration{30}});
  CHECK_FALSE(pending.first_of(job, false));
  pending.remove(rows[2]);
  CHECK_FALSE(first());
  CHECK(pending.jobs().empty());
}

TEST_CASE("MemoryPending put a run into its lane when its time has come, and not before") {
  MemoryJob job{"a", 0};
  MemoryPending pending;
  auto rows = rows_at(job, {10, 20});
  for (auto& row : rows) pending.add(row);
  CHECK(pending.lanes().empty());
  pending.promote(memory_start + Duration{19});
  CHECK(pending.lanes().size() == 1);
  pending.promote(memory_start + Duration{20});
  CHECK(pending.lanes().size() == 2);
  CHECK(heads_of(pending) == std::vector<std::uint32_t>{1});
  CHECK(pending.behind(pending.lanes().find(&rows[0])) == &rows[1]);
  CHECK(pending.behind(pending.lanes().find(&rows[1])) == nullptr);
  pending.remove(rows[0]);
  CHECK(heads_of(pending) == std::vector<std::uint32_t>{2});
  pending.remove(rows[1]);
  CHECK(heads_of(pending).empty());
  CHECK(pending.lanes().empty());
}

TEST_CASE("MemoryPending show one head a lane, and none of a paused job") {
  MemoryJob a{"a", 0};
  MemoryJob b{"b", 1};
  MemoryPending pending;
  auto rows = rows_at(a, {40, 10, 20, 30});
  rows[2].exclusive = true;
  rows[3].limit.write() = {.max = 1, .key = "k"};
  auto others = rows_at(b, {0});
  for (auto& row : rows) pending.add(row);
  pending.add(others[0]);
  pending.promote(memory_start + Duration{40});
  using Numbers = std::vector<std::uint32_t>;
  CHECK(heads_of(pending) == Numbers{1, 2, 3, 4});  // the first of these is that of b
  pending.set_paused(a, true);
  CHECK(a.paused);
  CHECK(heads_of(pending) == Numbers{1});
  pending.remove(rows[1]);
  pending.add(rows[1]);
  pending.promote(memory_start + Duration{40});
  CHECK(heads_of(pending) == Numbers{1});
  CHECK((*pending.jobs().begin())->name == "b");
  pending.set_paused(a, false);
  CHECK(heads_of(pending) == Numbers{1, 2, 3, 4});
}

}  // namespace memory_pending_test
