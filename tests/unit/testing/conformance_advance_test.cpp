// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_advance.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_advance_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Stores the rows in another transaction than the one that moves the schedule.
class StoresRowsAnyway : public InMemoryStorage {
 public:
  std::vector<AdvanceAnswer> advance(std::vector<Advance> advances, TimePoint now) {
    for (auto& advance : advances) {
      if (!advance.rows.empty()) InMemoryStorage::enqueue(advance.rows, now);
      advance.rows.clear();
    }
    return InMemoryStorage::advance(advances, now);
  }
};

/// Gives up on the whole batch when one of it is stale.
class AllOrNothing : public InMemoryStorage {
 public:
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    std::vector<AdvanceAnswer> answers;
    for (const auto& advance : advances) {
      answers.push_back(InMemoryStorage::advance({advance}, now).front());
      if (!answers.back().advanced) break;
    }
    answers.resize(advances.size());
    return answers;
  }
};

}  // namespace

TEST_CASE("advance_checks pass on a storage that answers each instant once") {
  CHECK(failed_checks<InMemoryStorage>(advance_checks).empty());
}

TEST_CASE("advance_checks fail on a storage that stores rows whatever the version") {
  CHECK(failed_checks<StoresRowsAnyway>(advance_checks) ==
        CheckNames{
            "advance stores nothing when another node was first",
            "advance stores nothing when the version is ahead of the stored one",
            "advance stores nothing when the job was never loaded",
            "advance answers each schedule by itself when one of several is stale",
            "advance leaves out and counts a row when its instant was answered before",
            "advance leaves out a row when a skipped one answered its instant",
            "advance leaves out a row when its instant was answered by an enqueued run",
            "advance leaves out the second of two rows when one advance answers an instant twice"});
}

TEST_CASE("advance_checks fail on a storage that stops at the first stale one") {
  CHECK(failed_checks<AllOrNothing>(advance_checks) ==
        CheckNames{"advance answers each schedule by itself when one of several is stale"});
}

}  // namespace conformance_advance_test
