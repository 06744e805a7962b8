// SPDX-License-Identifier: MIT

#include "punctual/self_check/check_result.hpp"

#include <string>

#include "support/catch.hpp"

namespace check_result_test {

using punctual::CheckResult;
using punctual::CheckStatus;

TEST_CASE("CheckResult is made with its status, message and details") {
  struct Row {
    std::string name;
    CheckResult result;
    CheckStatus status;
    std::string wire;
  };
  const Row rows[] = {
      {"passed", CheckResult::passed("m", {{"k", 1}}), CheckStatus::passed, "passed"},
      {"failed", CheckResult::failed("m", {{"k", 1}}), CheckStatus::failed, "failed"},
      {"skipped", CheckResult::skipped("m", {{"k", 1}}), CheckStatus::skipped, "skipped"},
      {"an error shows as failed", CheckResult::error("m", {{"k", 1}}), CheckStatus::error,
       "failed"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(row.result.status == row.status);
    CHECK(row.result.message == "m");
    CHECK(row.result.details == punctual::Json{{"k", 1}});
    CHECK(punctual::wire_name(row.result.status) == row.wire);
  }
}

TEST_CASE("CheckResult needs no message to pass") {
  const CheckResult result = CheckResult::passed();
  CHECK(result.message.empty());
  CHECK(result.details.is_null());
}

}  // namespace check_result_test
