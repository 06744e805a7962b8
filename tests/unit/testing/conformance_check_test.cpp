// SPDX-License-Identifier: MIT

#include "punctual/testing/conformance_check.hpp"

#include <array>

#include "support/catch.hpp"

namespace conformance_check_test {

using namespace punctual::testing;

TEST_CASE("StorageCheck is a constant with a name and code") {
  static constexpr std::array<StorageCheck, 1> checks{
      {{"claim takes a run when it is ready", [](StorageTrial&) {}}}};
  CHECK(checks[0].name == "claim takes a run when it is ready");
  CHECK(checks[0].run != nullptr);
}

TEST_CASE("CheckResult has not passed until somebody says so") {
  CHECK_FALSE(CheckResult{}.passed);
}

}  // namespace conformance_check_test
