// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_work_end.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_work_end_test {

using namespace punctual;
using namespace punctual::testing;

TEST_CASE("work_end_checks pass on a storage that carries ends on") {
  CHECK(failed_checks<InMemoryStorage>(work_end_checks).empty());
}

TEST_CASE("Each of work_end_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresAfter, WaitsForEver, EndsUnderAnyFence, IgnoresKeys>(
            work_end_checks) == CheckNames{});
}

}  // namespace conformance_work_end_test
