// SPDX-License-Identifier: MIT
//
// Runs that have ended in memory: the oldest, the last one executed, the first to have ended.

#include "punctual/builtin/memory_ended.hpp"

#include <cstdint>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_ended_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::detail::to_row;
using punctual::tests::memory_start;
using punctual::tests::skipped_row;
using MemoryEnded = decltype(punctual::detail::MemoryEnded{});

namespace {

MemoryRun row_of(std::uint32_t number, MemoryJob& job, bool is_started, int completed_at) {
  JobRun run = skipped_row(number, job.name, memory_start + Duration{completed_at});
  if (is_started) run.started_at = memory_start;
  return to_row(run, job);
}

}  // namespace

TEST_CASE("MemoryEnded know the oldest run of all, and of each job what matters") {
  MemoryJob a{"a", 0};
  MemoryJob b{"b", 1};
  MemoryEnded ended;
  MemoryRun rows[] = {row_of(3, a, true, 10), row_of(1, b, true, 30), row_of(4, a, false, 20),
                      row_of(2, a, true, 5)};
  for (auto& row : rows) ended.add(row);
  CHECK(ended.size() == 4);
  CHECK(&ended.oldest() == &rows[1]);
  CHECK(a.past->ended.size() == 3);
  CHECK(*a.past->executed.rbegin() == &rows[0]);  // the newest had not started
  CHECK(*a.past->by_end.begin() == &rows[3]);
  CHECK(*b.past->executed.rbegin() == &rows[1]);
  ended.remove(rows[3]);
  ended.remove(rows[0]);
  CHECK(a.past->executed.empty());
  CHECK(*a.past->by_end.begin() == &rows[2]);
  ended.remove(rows[2]);
  CHECK_FALSE(a.past.is_written());
  CHECK(ended.by_id().size() == 1);
}

}  // namespace memory_ended_test
