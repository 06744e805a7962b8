// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_replaces_running.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_replaces_running_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Ends whatever is running before it stores a row that takes the place of something.
class ReplacesEverything : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(const std::vector<NewRun>& rows, TimePoint now) {
    for (const auto& row : rows) {
      if (!row.replaces_running) continue;
      for (const auto& run : InMemoryStorage::runs({.status = JobStatus::running})) {
        Completion end;
        end.lease = {run.id, run.fence};
        end.status = JobStatus::failed;
        end.message_code = "JOB_CANCELLED";
        InMemoryStorage::finish({end}, now);
      }
    }
    return InMemoryStorage::enqueue(rows, now);
  }
};

}  // namespace

TEST_CASE("replaces_running_checks pass on a storage that lets runs take the place of others") {
  CHECK(failed_checks<InMemoryStorage>(replaces_running_checks).empty());
}

TEST_CASE("Each of replaces_running_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<ReplacesNothing, ReplacesEverything>(replaces_running_checks) ==
        CheckNames{});
}

}  // namespace conformance_replaces_running_test
