// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_wake.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_wake_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

/// Wakes every node for whatever any other one could do.
class WakesForUnknownJobs : public InMemoryStorage {
 public:
  WakeTimes next_wake(const JobNames&, TimePoint now) {
    return InMemoryStorage::next_wake({"alpha", "beta", "delta", "gamma", "zeta"}, now);
  }
};

class ForgetsLeases : public InMemoryStorage {
 public:
  WakeTimes next_wake(const JobNames& jobs, TimePoint now) {
    WakeTimes wake = InMemoryStorage::next_wake(jobs, now);
    wake.expires_at.reset();
    return wake;
  }
};

}  // namespace

TEST_CASE("wake_checks pass on a storage that knows when there is something to do") {
  CHECK(failed_checks<InMemoryStorage>(wake_checks).empty());
}

TEST_CASE("wake_checks fail on a storage that wakes for unknown jobs") {
  CHECK(failed_checks<WakesForUnknownJobs>(wake_checks) ==
        CheckNames{"next_wake leaves out armed jobs when they are unknown, disabled or paused",
                   "next_wake leaves out pending runs when their job is unknown or paused",
                   "next_wake returns the earliest lease end when runs are running"});
}

TEST_CASE("wake_checks fail on a storage that forgets leases") {
  CHECK(failed_checks<ForgetsLeases>(wake_checks) ==
        CheckNames{"next_wake returns the earliest lease end when runs are running"});
}

}  // namespace conformance_wake_test
