// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_rescue.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_rescue_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Forgets which node ran what it takes over.
class ForgetsTheNode : public InMemoryStorage {
 public:
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    auto runs = InMemoryStorage::take_expired(request, now);
    for (auto& run : runs) run.node.clear();
    return runs;
  }
};

class TakesLiveRuns : public InMemoryStorage {
 public:
  std::vector<JobRun> take_expired(const RescueRequest& request, TimePoint now) {
    return InMemoryStorage::take_expired(request, now + std::chrono::hours{1});
  }
};

}  // namespace

TEST_CASE("rescue_checks pass on a storage that takes over what has expired") {
  CHECK(failed_checks<InMemoryStorage>(rescue_checks).empty());
}

TEST_CASE("rescue_checks fail on a storage that hides who lost a run") {
  CHECK(failed_checks<ForgetsTheNode>(rescue_checks) ==
        CheckNames{"take_expired returns the run as it is stored when it takes it",
                   "take_expired takes a run again when the lease of its taker has expired too"});
}

TEST_CASE("rescue_checks fail on a storage that takes runs from living nodes") {
  const auto failed = failed_checks<TakesLiveRuns>(rescue_checks);
  REQUIRE_FALSE(failed.empty());
  CHECK(failed.front() == "take_expired takes nothing when no lease has expired");
}

}  // namespace conformance_rescue_test
