// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_due.hpp"

#include <algorithm>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_due_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Cuts at the limit first and leaves unknown jobs out afterwards.
class LimitsBeforeItFilters : public InMemoryStorage {
 public:
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    JobNames all;
    for (const auto& summary : summaries()) all.push_back(summary.name);
    auto states = InMemoryStorage::due_schedules(all, limit, now);
    std::erase_if(states, [&](const ScheduleState& state) {
      return !std::binary_search(jobs.begin(), jobs.end(), state.job_name);
    });
    return states;
  }
};

class ReturnsTheLatestFirst : public InMemoryStorage {
 public:
  std::vector<ScheduleState> due_schedules(const JobNames& jobs, std::size_t limit, TimePoint now) {
    auto states = InMemoryStorage::due_schedules(jobs, 1000, now);
    std::reverse(states.begin(), states.end());
    if (states.size() > limit) states.resize(limit);
    return states;
  }
};

}  // namespace

TEST_CASE("due_checks pass on a storage that knows what is due") {
  CHECK(failed_checks<InMemoryStorage>(due_checks).empty());
}

TEST_CASE("due_checks fail on a storage that lets unknown jobs use up the limit") {
  CHECK(failed_checks<LimitsBeforeItFilters>(due_checks) ==
        CheckNames{"due_schedules returns a known job when many unknown ones were due before it"});
}

TEST_CASE("due_checks fail on a storage that returns the latest first") {
  CHECK(failed_checks<ReturnsTheLatestFirst>(due_checks) ==
        CheckNames{"due_schedules returns the earliest first when several are due",
                   "due_schedules returns the earliest ones when more are due than the limit"});
}

}  // namespace conformance_due_test
