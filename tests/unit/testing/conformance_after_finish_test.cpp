// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_after_finish.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_after_finish_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Forgets the delay that follows the end of a run.
class NeverArms : public InMemoryStorage {
 public:
  std::vector<ScheduleState> sync_jobs(std::vector<JobDefinition> definitions, TimePoint now) {
    for (auto& definition : definitions) definition.after_finish_delay.reset();
    return InMemoryStorage::sync_jobs(definitions, now);
  }
};

/// Arms at every end, without looking whether another run is open.
class ArmsBesideOpenRuns : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    std::vector<FinishAnswer> answers;
    for (auto& completion : completions) {
      std::vector<NewRun> follow_ups;
      follow_ups.swap(completion.follow_ups);
      answers.push_back(InMemoryStorage::finish({completion}, now).front());
      if (!follow_ups.empty()) InMemoryStorage::enqueue(follow_ups, now);
    }
    return answers;
  }
};

}  // namespace

TEST_CASE("after_finish_checks pass on a storage that arms with the end") {
  CHECK(failed_checks<InMemoryStorage>(after_finish_checks).empty());
}

TEST_CASE("after_finish_checks fail on a storage that never arms") {
  const auto failed = failed_checks<NeverArms>(after_finish_checks);
  CHECK(failed.size() == 9);
  CHECK(failed.front() == "finish arms the delay after the end when a run succeeds");
}

TEST_CASE("after_finish_checks fail on a storage that stores what follows after it has armed") {
  CHECK(failed_checks<ArmsBesideOpenRuns>(after_finish_checks) ==
        CheckNames{"finish arms nothing when a retry follows, and arms the delay when the retry "
                   "ends",
                   "finish and advance arm nothing when a row they store stays open beside a "
                   "skipped one"});
}

}  // namespace conformance_after_finish_test
