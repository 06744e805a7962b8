// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_run_fields.hpp"

#include <vector>

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_run_fields_test {

namespace {

using namespace punctual;
using namespace punctual::testing;

struct DropFields {
  void operator()(InMemoryStorage&, NewRun& row, TimePoint) const {
    row.abandon_count = 0;
    row.payload_version = 0;
    row.workflow_id.reset();
    row.step.clear();
    row.after.clear();
  }
};
using ForgetsFields = ChangesRows<DropFields>;

class LosesLogs : public InMemoryStorage {
 public:
  std::vector<RenewAnswer> renew(std::vector<Renewal> renewals, Duration lease, TimePoint now) {
    for (auto& renewal : renewals) renewal.log = nullptr;
    return InMemoryStorage::renew(renewals, lease, now);
  }
  std::vector<FinishAnswer> finish(std::vector<Completion> completions, TimePoint now) {
    for (auto& completion : completions) completion.log = nullptr;
    return InMemoryStorage::finish(completions, now);
  }
};

class RenewsUnderAnyFence : public InMemoryStorage {
 public:
  std::vector<RenewAnswer> renew(std::vector<Renewal> renewals, Duration lease, TimePoint now) {
    for (auto& renewal : renewals) renewal.lease.fence = 1;
    return InMemoryStorage::renew(renewals, lease, now);
  }
};

}  // namespace

TEST_CASE("run_field_checks pass on a storage that keeps the fields of a run") {
  CHECK(failed_checks<InMemoryStorage>(run_field_checks).empty());
}

TEST_CASE("Each of run_field_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<ForgetsFields, LosesLogs, RenewsUnderAnyFence>(run_field_checks) ==
        CheckNames{});
}

}  // namespace conformance_run_fields_test
