// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_summary.hpp"

#include <algorithm>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_summary_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Takes the newest row for the last run, whatever it is.
class ShowsTheNewestRow : public InMemoryStorage {
 public:
  std::vector<JobSummary> summaries() {
    auto summaries = InMemoryStorage::summaries();
    for (auto& summary : summaries) {
      const auto newest = InMemoryStorage::runs({.job_name = summary.name, .limit = 1});
      if (!newest.empty()) summary.last_run = newest.front();
    }
    return summaries;
  }
};

/// Orders names as a dictionary does, which passes over punctuation.
class OrdersAsADictionary : public InMemoryStorage {
 public:
  std::vector<JobSummary> summaries() {
    auto summaries = InMemoryStorage::summaries();
    const auto letters = [](std::string name) {
      std::erase_if(name, [](char c) { return c == '-' || c == '.' || c == '_'; });
      return name;
    };
    std::stable_sort(summaries.begin(), summaries.end(), [&](const auto& a, const auto& b) {
      return letters(a.name) < letters(b.name);
    });
    return summaries;
  }
};

}  // namespace

TEST_CASE("summary_checks pass on a storage that sums up") {
  CHECK(failed_checks<InMemoryStorage>(summary_checks).empty());
}

TEST_CASE("summary_checks fail on a storage that shows the newest row as the last run") {
  CHECK(failed_checks<ShowsTheNewestRow>(summary_checks) ==
        CheckNames{"summaries shows the last run when runs have ended",
                   "summaries shows the last run when rows without a run came after it",
                   "summaries shows no last run when only rows without a run are there"});
}

TEST_CASE("summary_checks fail on a storage that orders names as a dictionary does") {
  CHECK(failed_checks<OrdersAsADictionary>(summary_checks) ==
        CheckNames{"summaries returns jobs by name, byte by byte, when several were loaded"});
}

}  // namespace conformance_summary_test
