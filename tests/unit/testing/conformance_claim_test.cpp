// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_claim.hpp"

#include <algorithm>
#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_claim_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class IgnoresPriority : public InMemoryStorage {
 public:
  std::vector<EnqueueAnswer> enqueue(std::vector<NewRun> rows, TimePoint now) {
    for (auto& row : rows) row.priority = 0;
    return InMemoryStorage::enqueue(rows, now);
  }
};

/// Returns the right runs in no order, as a bare UPDATE ... RETURNING does.
class ReturnsInNoOrder : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    auto runs = InMemoryStorage::claim(request, now);
    std::reverse(runs.begin(), runs.end());
    return runs;
  }
};

class ClaimsBeforeTheInstant : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(const ClaimRequest& request, TimePoint now) {
    return InMemoryStorage::claim(request, now + std::chrono::hours{2});
  }
};

/// Takes the next run in the order when it was asked for a named one.
class ForgetsTheName : public InMemoryStorage {
 public:
  std::vector<JobRun> claim(ClaimRequest request, TimePoint now) {
    request.only.reset();
    return InMemoryStorage::claim(request, now);
  }
};

}  // namespace

TEST_CASE("claim_checks pass on a storage that claims in order") {
  CHECK(failed_checks<InMemoryStorage>(claim_checks).empty());
  CHECK(failed_checks<InMemoryStorage>(claim_only_checks).empty());
}

TEST_CASE("claim_checks fail on a storage that ignores priority") {
  CHECK(failed_checks<IgnoresPriority>(claim_checks) ==
        CheckNames{"claim takes a run a minute earlier for each step of priority when it has one",
                   "claim takes runs by id when they are equal in order"});
}

TEST_CASE("claim_checks fail on a storage that returns a batch in no order") {
  CHECK(failed_checks<ReturnsInNoOrder>(claim_checks) ==
        CheckNames{"claim takes runs by id when they are equal in order",
                   "claim returns a batch in order when it takes runs of several jobs",
                   "claim takes no more than the limit when more are ready"});
}

TEST_CASE("claim_checks fail on a storage that claims before the instant") {
  CHECK(failed_checks<ClaimsBeforeTheInstant>(claim_checks) ==
        CheckNames{
            "claim gives the node a lease when it takes a run",
            "claim leaves a run when its instant is ahead, and takes it when that has come",
            "claim takes a ready run when one that is not ready comes before it in the order"});
}

TEST_CASE("claim_only_checks fail on a storage that takes another run than the named one") {
  CHECK(failed_checks<ForgetsTheName>(claim_only_checks) ==
        CheckNames{"claim takes just the named run when others come before it",
                   "claim takes nothing when the named run is not ready yet"});
}

}  // namespace conformance_claim_test
