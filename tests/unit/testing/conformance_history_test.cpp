// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_history.hpp"

#include <algorithm>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_history_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Accepts any limit.
class AcceptsAnyLimit : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(RunQuery query) {
    query.limit = std::clamp<std::size_t>(query.limit, 1, 1000);
    return InMemoryStorage::runs(query);
  }
};

/// Filters a page after it has cut it.
class FiltersAfterTheCut : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(const RunQuery& query) {
    auto page = InMemoryStorage::runs(
        {.before = query.before, .limit = query.limit, .with_details = query.with_details});
    std::erase_if(page, [&](const JobRun& run) { return !matches(query, run); });
    return page;
  }
};

class AlwaysWithDetails : public InMemoryStorage {
 public:
  std::vector<JobRun> runs(RunQuery query) {
    query.with_details = true;
    return InMemoryStorage::runs(query);
  }
};

}  // namespace

TEST_CASE("history_checks pass on a storage that pages by key") {
  CHECK(failed_checks<InMemoryStorage>(history_checks).empty());
}

TEST_CASE("history_checks fail on a storage that accepts any limit") {
  CHECK(failed_checks<AcceptsAnyLimit>(history_checks) ==
        CheckNames{"runs refuses a limit when it is 0 or above 1000"});
}

TEST_CASE("history_checks fail on a storage that filters pages after it has cut them") {
  CHECK(failed_checks<FiltersAfterTheCut>(history_checks) ==
        CheckNames{"runs applies all filters when several are given",
                   "runs pages by the last id when a filter leaves most rows out"});
}

TEST_CASE("history_checks fail on a storage that always brings details") {
  CHECK(failed_checks<AlwaysWithDetails>(history_checks) ==
        CheckNames{"runs leaves details and payload out when it is told to"});
}

}  // namespace conformance_history_test
