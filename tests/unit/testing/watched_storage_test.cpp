// SPDX-License-Identifier: MIT

#include "punctual/testing/watched_storage.hpp"

#include <punctual/punctual.hpp>

#include <string>
#include <vector>

#include "punctual/testing/faulty_storage.hpp"
#include "support/catch.hpp"

namespace watched_storage_test {

using namespace std::chrono_literals;
using namespace punctual;
using punctual::testing::OperationTag;
using punctual::testing::StorageOperation;
using punctual::testing::StorageWatcher;
using punctual::testing::WatchedStorage;

namespace {

/// Looks at enqueues and reads of one run.
struct Watcher : StorageWatcher {
  using StorageWatcher::answered;
  using StorageWatcher::asked;

  void asked(OperationTag<StorageOperation::enqueue>, const std::vector<NewRun>& rows,
             const TimePoint&) {
    seen.push_back("asked " + std::to_string(rows.size()));
  }
  void answered(OperationTag<StorageOperation::enqueue>, const std::vector<EnqueueAnswer>& answers,
                const std::vector<NewRun>&, const TimePoint&) {
    seen.push_back("answered " + std::to_string(answers.size()));
  }
  void answered(OperationTag<StorageOperation::run>, const std::optional<JobRun>& run,
                const RunId&) {
    seen.push_back(run ? "read " + run->job_name : "not found");
  }

  std::vector<std::string> seen;
};

}  // namespace

static_assert(Storage<WatchedStorage<InMemoryStorage, StorageWatcher>>);
static_assert(Storage<WatchedStorage<InMemoryStorage, Watcher>&>);

TEST_CASE("WatchedStorage shows a call before it happens and its answer after") {
  InMemoryStorage inner;
  Watcher watcher;
  WatchedStorage storage{inner, watcher};
  NewRun row;
  row.job_name = "job";
  storage.enqueue({row}, {});
  CHECK(storage.run(row.id));
  CHECK_FALSE(storage.run(RunId{{9}}));
  CHECK(storage.summaries().empty());
  CHECK(watcher.seen == std::vector<std::string>{"asked 1", "answered 1", "read job", "not found"});
}

TEST_CASE("WatchedStorage shows no answer to a call that failed") {
  InMemoryStorage inner;
  testing::FaultyStorage faulty{inner};
  Watcher watcher;
  WatchedStorage storage{faulty, watcher};
  faulty.fail_next(StorageOperation::enqueue, testing::FaultKind::answer_lost);
  CHECK_THROWS_AS(storage.enqueue({NewRun{}}, {}), Error);
  CHECK(watcher.seen == std::vector<std::string>{"asked 1"});
}

TEST_CASE("WatchedStorage answers for the storage what is not watched") {
  InMemoryStorage inner;
  StorageWatcher watcher;
  WatchedStorage storage{inner, watcher};
  CHECK(storage.now(TimePoint{5s}) == TimePoint{5s});
  CHECK(storage.health().kind == "memory");
  CHECK_FALSE(storage.poll_period());
}

}  // namespace watched_storage_test
