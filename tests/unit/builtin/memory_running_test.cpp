// SPDX-License-Identifier: MIT
//
// Running runs in memory: their leases, and what they keep from starting.

#include "punctual/builtin/memory_running.hpp"

#include <cstdint>

#include "memory_rows.hpp"
#include "support/catch.hpp"

namespace memory_running_test {

using punctual::Duration;
using punctual::JobRun;
using punctual::detail::MemoryJob;
using punctual::detail::MemoryRun;
using punctual::detail::to_row;
using punctual::tests::memory_start;
using punctual::tests::pending_row;
using MemoryRunning = decltype(punctual::detail::MemoryRunning{});

namespace {

MemoryRun row_of(std::uint32_t number, MemoryJob& job, bool exclusive = false,
                 std::uint32_t max = 0) {
  JobRun run = pending_row(number, job.name);
  run.exclusive = exclusive;
  run.concurrency_max = max;
  run.concurrency_key = "k";
  run.lease_until_at = memory_start + Duration{static_cast<int>(number)};
  return to_row(run, job);
}

}  // namespace

TEST_CASE("MemoryRunning let a run start when neither exclusiveness nor its key holds it back") {
  MemoryJob a{"a", 0};
  MemoryJob b{"b", 1};
  MemoryRunning running;
  MemoryRun exclusive = row_of(1, a, true);
  const MemoryRun next_exclusive = row_of(2, a, true);
  const MemoryRun exclusive_elsewhere = row_of(3, b, true);
  const MemoryRun limited = row_of(4, a, false, 2);
  CHECK(running.may_start(next_exclusive));
  running.add(exclusive);
  CHECK_FALSE(running.may_start(next_exclusive));
  CHECK(running.may_start(exclusive_elsewhere));
  CHECK(running.has_exclusive(a));
  CHECK_FALSE(running.has_exclusive(b));
  CHECK(running.exclusive_of(a) == std::vector<MemoryRun*>{&exclusive});
  CHECK(running.exclusive_of(b).empty());
  MemoryRun first = row_of(5, b, false, 2);  // the key is shared by jobs
  MemoryRun second = row_of(6, b, false, 2);
  running.add(first);
  CHECK(running.may_start(limited));
  running.add(second);
  CHECK(running.count_with_key("k") == 2);
  CHECK_FALSE(running.may_start(limited));
  running.remove(first);
  CHECK(running.may_start(limited));
  running.remove(second);
  running.remove(exclusive);
  CHECK(running.may_start(next_exclusive));
  CHECK(running.count_with_key("k") == 0);
  CHECK(running.leases().empty());
}

TEST_CASE("MemoryRunning order runs by the end of their leases as these move") {
  MemoryJob a{"a", 0};
  MemoryRunning running;
  MemoryRun first = row_of(1, a);
  MemoryRun second = row_of(2, a);
  running.add(second);
  running.add(first);
  CHECK(*running.leases().begin() == &first);
  running.set_lease(first, memory_start + Duration{3});
  CHECK(*running.leases().begin() == &second);
  CHECK(first.course->lease_until_at == std::optional{memory_start + Duration{3}});
}

}  // namespace memory_running_test
