// SPDX-License-Identifier: MIT
//
// Message codes: the form of a code, and that the library's own have it.

#include "punctual/domain/message_code.hpp"

#include <set>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace message_code_test {

namespace message_code = punctual::message_code;
using punctual::checked_message_code;
using punctual::is_message_code;
using punctual::tests::code_of;

TEST_CASE("is_message_code takes upper case, digits and underscores when a letter comes first") {
  struct Row {
    const char* subject;
    std::string code;
    bool is_valid;
  };
  const Row rows[] = {
      {"a letter", "A", true},
      {"a word", "UPLOADS_TIDIED", true},
      {"digits behind", "HTTP_404", true},
      {"an underscore at the end", "A_", true},
      {"64 characters", std::string(64, 'Z'), true},
      {"nothing", "", false},
      {"65 characters", std::string(65, 'Z'), false},
      {"a digit first", "4XX", false},
      {"an underscore first", "_A", false},
      {"lower case", "done", false},
      {"lower case inside", "DONe", false},
      {"a space", "ALL DONE", false},
      {"a dash", "ALL-DONE", false},
      {"a line end", "DONE\n", false},
      {"a letter beyond ASCII", "\xC3\x84RGER", false},
      {"the neighbour of A", "A@", false},
      {"the neighbour of Z", "A[", false},
      {"markup", "A<B>", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(is_message_code(row.code) == row.is_valid);
    if (row.is_valid) {
      CHECK(checked_message_code(row.code) == row.code);
    } else {
      CHECK(code_of([&] { (void)checked_message_code(row.code); }) == "INVALID_MESSAGE_CODE");
    }
  }
}

TEST_CASE("The library's message codes are distinct message codes when they are listed") {
  const std::string_view codes[] = {
      message_code::job_not_found,
      message_code::job_disabled,
      message_code::job_execution_error,
      message_code::job_completed,
      message_code::job_failed,
      message_code::job_skipped,
      message_code::job_timeout,
      message_code::job_cancelled,
      message_code::job_abandoned,
      message_code::job_interrupted,
      message_code::job_overlapped,
      message_code::job_missed,
      message_code::job_paused,
      message_code::platform_validation_passed,
      message_code::platform_validation_failed,
      message_code::platform_validation_error,
  };
  std::set<std::string_view> seen;
  for (const auto code : codes) {
    CAPTURE(code);
    CHECK(is_message_code(code));
    CHECK(seen.insert(code).second);
  }
}

TEST_CASE("The seed's message codes are spelt as in the seed when they are sent") {
  CHECK(message_code::job_not_found == "JOB_NOT_FOUND");
  CHECK(message_code::job_disabled == "JOB_DISABLED");
  CHECK(message_code::job_execution_error == "JOB_EXECUTION_ERROR");
  CHECK(message_code::platform_validation_passed == "PLATFORM_VALIDATION_PASSED");
  CHECK(message_code::platform_validation_failed == "PLATFORM_VALIDATION_FAILED");
  CHECK(message_code::platform_validation_error == "PLATFORM_VALIDATION_ERROR");
}

}  // namespace message_code_test
