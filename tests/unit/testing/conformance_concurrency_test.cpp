// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_concurrency.hpp"

#include <mutex>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_concurrency_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Says of every advance that it won.
class LetsEveryoneWin : public InMemoryStorage {
 public:
  std::vector<AdvanceAnswer> advance(const std::vector<Advance>& advances, TimePoint now) {
    auto answers = InMemoryStorage::advance(advances, now);
    for (auto& answer : answers) answer.advanced = true;
    return answers;
  }
};

/// Refuses every other enqueue for now.
class RefusesNowAndThen : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    {
      const std::lock_guard lock{mutex_};
      refuses_ = !refuses_;
      if (refuses_ && is_busy_) throw Error{"BUSY", "locked", ErrorKind::retryable};
    }
    return InMemoryStorage::enqueue(rows, now);
  }
  std::vector<ScheduleState> sync_jobs(const std::vector<JobDefinition>& definitions,
                                       TimePoint now) {
    is_busy_ = true;
    return InMemoryStorage::sync_jobs(definitions, now);
  }

 private:
  std::mutex mutex_;
  bool refuses_ = false;
  bool is_busy_ = false;
};

}  // namespace

TEST_CASE("concurrency_checks pass on a storage that is atomic") {
  CHECK(failed_checks<InMemoryStorage>(concurrency_checks).empty());
}

TEST_CASE("concurrency_checks fail on a storage that lets everyone win") {
  CHECK(failed_checks<LetsEveryoneWin>(concurrency_checks) ==
        CheckNames{"advance lets one of eight threads win when all read the same version"});
}

TEST_CASE("concurrency_checks retry when a storage refuses something for now") {
  EmbeddedHarness<RefusesNowAndThen> harness;
  CHECK(run_storage_check(harness, concurrency_checks[0]).message.empty());
}

}  // namespace conformance_concurrency_test
