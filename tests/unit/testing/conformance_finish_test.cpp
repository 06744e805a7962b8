// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_finish.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_finish_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Stores what follows even if the end it follows from was refused.
class StoresFollowUpsAnyway : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    const auto answers = InMemoryStorage::finish(completions, now);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] == FinishAnswer::done || completions[i].follow_ups.empty()) continue;
      InMemoryStorage::enqueue(completions[i].follow_ups, now);
    }
    return answers;
  }
};

/// Answers that everything was recorded.
class AnswersDone : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> finish(const std::vector<Completion>& completions, TimePoint now) {
    InMemoryStorage::finish(completions, now);
    return std::vector<FinishAnswer>(completions.size(), FinishAnswer::done);
  }
};

}  // namespace

TEST_CASE("finish_checks pass on a storage that records ends under the fence") {
  CHECK(failed_checks<InMemoryStorage>(finish_checks).empty());
}

TEST_CASE("finish_checks fail on a storage that stores what follows from a refused end") {
  const auto failed = failed_checks<StoresFollowUpsAnyway>(finish_checks);
  REQUIRE_FALSE(failed.empty());
  CHECK(failed.front() == "finish writes nothing when the fence is not the run's");
}

TEST_CASE("finish_checks fail on a storage that does not say what was lost") {
  CHECK(failed_checks<AnswersDone>(finish_checks) ==
        CheckNames{
            "finish writes nothing when the fence is not the run's",
            "finish writes nothing when the run has ended",
            "finish writes the first end when one batch ends a run twice",
            "finish answers lost when the run never started, was handed back or does not exist",
            "finish answers each by itself when held and lost ones come in one batch"});
}

}  // namespace conformance_finish_test
