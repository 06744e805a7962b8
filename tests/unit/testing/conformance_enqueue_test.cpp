// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_enqueue.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_enqueue_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class IgnoresOverlap : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) row.skip_if_open = false;
    return InMemoryStorage::enqueue(rows, now);
  }
};

class IgnoresTheQueue : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) row.skip_if_waiting = false;
    return InMemoryStorage::enqueue(rows, now);
  }
};

/// Takes a run whose instant is ahead for one that is open already.
class SkipsBesideLaterRuns : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    auto answers = InMemoryStorage::enqueue(rows, now + std::chrono::hours{2});
    return answers;
  }
};

}  // namespace

TEST_CASE("enqueue_checks pass on a storage that stores what it accepts") {
  CHECK(failed_checks<InMemoryStorage>(enqueue_checks).empty());
}

TEST_CASE("enqueue_checks fail on a storage that lets exclusive runs overlap") {
  CHECK(failed_checks<IgnoresOverlap>(enqueue_checks) ==
        CheckNames{"enqueue answers in the order of the rows when several are given",
                   "enqueue stores a row as overlapped when an exclusive run is running",
                   "enqueue stores a row as overlapped when an exclusive run is ready",
                   "enqueue stores a row as overlapped when an exclusive run has been handed back",
                   "enqueue stores the second of two as overlapped when both come in one batch"});
}

TEST_CASE("enqueue_checks fail on a storage that lets any number of exclusive runs wait") {
  CHECK(failed_checks<IgnoresTheQueue>(enqueue_checks) ==
        CheckNames{
            "enqueue lets one run wait behind a running one when it asks not to be the second to "
            "wait",
            "enqueue stores a second to wait as overlapped when none is running"});
}

TEST_CASE("enqueue_checks fail on a storage whose clock is ahead of the caller's") {
  CHECK(failed_checks<SkipsBesideLaterRuns>(enqueue_checks) ==
        CheckNames{"enqueue stores a pending run when nothing speaks against it",
                   "enqueue stores and counts a row when it comes as skipped",
                   "enqueue stores a row as overlapped when an exclusive run is running",
                   "enqueue stores a pending run when the other exclusive run is not ready yet",
                   "enqueue lets a run wait when the other one that waits is not ready, or not "
                   "exclusive"});
}

}  // namespace conformance_enqueue_test
