// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_sync.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_sync_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Takes the proposals at every start, as if each schedule were new.
class RearmsAtEveryStart : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(std::vector<JobDefinition> definitions, TimePoint now) {
    for (auto& definition : definitions) {
      definition.schedule = {{"start", ++start_count_}, {"of", definition.schedule}};
    }
    return InMemoryStorage::sync_jobs(definitions, now);
  }

 private:
  int start_count_ = 0;
};

class AnswersBackwards : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    const auto states = InMemoryStorage::sync_jobs(definitions, now);
    return {states.rbegin(), states.rend()};
  }
};

}  // namespace

TEST_CASE("sync_checks pass on a storage that keeps its schedules") {
  CHECK(failed_checks<InMemoryStorage>(sync_checks).empty());
}

TEST_CASE("sync_checks fail on a storage that arms anew at every start") {
  CHECK(failed_checks<RearmsAtEveryStart>(sync_checks) ==
        CheckNames{
            "sync_jobs changes nothing when the same definitions are loaded again",
            "sync_jobs keeps the armed instant and the anchor when the schedule is unchanged",
            "sync_jobs keeps where the schedule has come to when it had been advanced",
            "sync_jobs keeps a schedule that has run out when it is unchanged",
            "sync_jobs keeps the armed instant and raises the version when a job becomes disabled",
            "sync_jobs moves no schedule when only the description changed",
            "sync_jobs leaves other jobs as they are when they are not named"});
}

TEST_CASE("sync_checks fail on a storage that answers in another order") {
  CHECK(failed_checks<AnswersBackwards>(sync_checks) ==
        CheckNames{"sync_jobs answers in the order of the definitions when several are loaded"});
}

}  // namespace conformance_sync_test
