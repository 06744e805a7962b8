// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_expiry.hpp"

#include <cstddef>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_expiry_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

class ExpiresAtOnce : public InMemoryStorage {
 public:
  std::size_t expire_unknown(ExpiryRequest request, TimePoint now) {
    request.age = Duration{0};
    return InMemoryStorage::expire_unknown(request, now);
  }
};

/// Forgets which jobs the asking node knows.
class ForgetsWhoAsks : public InMemoryStorage {
 public:
  std::size_t expire_unknown(ExpiryRequest request, TimePoint now) {
    const JobNames nothing;
    request.jobs = &nothing;
    return InMemoryStorage::expire_unknown(request, now);
  }
};

}  // namespace

TEST_CASE("expiry_checks pass on a storage that gives up what nobody can run") {
  CHECK(failed_checks<InMemoryStorage>(expiry_checks).empty());
}

TEST_CASE("Each of expiry_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<ExpiresNothing, ExpiresAtOnce, ForgetsWhoAsks>(expiry_checks) ==
        CheckNames{});
}

TEST_CASE("expiry_checks fail on a storage that forgets who asks") {
  CHECK(
      failed_checks<ForgetsWhoAsks>(expiry_checks) ==
      CheckNames{
          "expire_unknown ends no run when the asking node knows its job",
          "expire_unknown keeps the runs of a job when a node that knows it has asked meanwhile"});
}

}  // namespace conformance_expiry_test
