// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_after.hpp"

#include "punctual/builtin/in_memory_storage.hpp"
#include "support/catch.hpp"
#include "unit/testing/broken_storages.hpp"
#include "unit/testing/failed_checks.hpp"

namespace conformance_after_test {

using namespace punctual;
using namespace punctual::testing;

TEST_CASE("after_checks pass on a storage that lets runs wait") {
  CHECK(failed_checks<InMemoryStorage>(after_checks).empty());
}

TEST_CASE("Each of after_checks fails on a storage that breaks its promise") {
  CHECK(unfailed_checks<IgnoresAfter, WaitsForEver, IgnoresKeys, StoresOneByOne>(after_checks) ==
        CheckNames{});
}

}  // namespace conformance_after_test
