// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_policy_races.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_policy_races_test {

using namespace punctual;
using namespace punctual::testing;

TEST_CASE("policy_race_checks pass on a storage that is atomic") {
  CHECK(failed_checks<InMemoryStorage>(policy_race_checks).empty());
}

TEST_CASE("Each of policy_race_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresRates, IgnoresPace, IgnoresAfter, WaitsForEver, IgnoresDependsOn,
                        ReplacesNothing, ExpiresNothing>(policy_race_checks) == CheckNames{});
}

}  // namespace conformance_policy_races_test
