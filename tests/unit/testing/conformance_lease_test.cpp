// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_lease.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_lease_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Takes a lease that has expired for lost, though nobody took the run.
class LosesExpiredLeases : public InMemoryStorage {
 public:
  std::vector<RenewAnswer> renew(const std::vector<Renewal>& renewals, Duration lease,
                                 TimePoint now) {
    std::vector<RenewAnswer> answers;
    for (const auto& renewal : renewals) {
      const auto run = InMemoryStorage::run(renewal.lease.run_id);
      const bool is_expired = run && run->lease_until_at && *run->lease_until_at < now;
      answers.push_back(is_expired ? RenewAnswer::lost
                                   : InMemoryStorage::renew({renewal}, lease, now).front());
    }
    return answers;
  }
};

/// Ends a run that was interrupted.
class EndsInsteadOfReleasing : public InMemoryStorage {
 public:
  std::vector<FinishAnswer> release(const std::vector<LeaseRef>& leases, TimePoint now) {
    std::vector<Completion> completions;
    for (const auto& lease : leases) {
      completions.push_back({.lease = lease, .status = JobStatus::failed});
    }
    return InMemoryStorage::finish(completions, now);
  }
};

}  // namespace

TEST_CASE("Lease checks pass on a storage that keeps leases") {
  CHECK(failed_checks<InMemoryStorage>(renew_checks).empty());
  CHECK(failed_checks<InMemoryStorage>(release_checks).empty());
}

TEST_CASE("renew_checks fail on a storage that gives up an expired lease") {
  CHECK(failed_checks<LosesExpiredLeases>(renew_checks) ==
        CheckNames{"renew keeps a lease when it has expired but nobody took the run"});
}

TEST_CASE("release_checks fail on a storage that ends an interrupted run") {
  CHECK(failed_checks<EndsInsteadOfReleasing>(release_checks) ==
        CheckNames{"release makes the run pending again when the fence is the run's",
                   "release lets the run be claimed under the next fence when it was handed back",
                   "release leaves counters and history as they were when it hands back a run",
                   "release answers lost and changes nothing when the fence is not the run's",
                   "release answers each by itself when held and lost ones come in one batch"});
}

}  // namespace conformance_lease_test
