// SPDX-License-Identifier: MIT
//
// Job names: what is one and what is not.

#include "punctual/domain/job_name.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace job_name_test {

using punctual::is_job_name;
using punctual::require_job_name;
using punctual::tests::code_of;
using punctual::tests::error_of;

TEST_CASE(
    "is_job_name takes lower case, digits, points and dashes when the first is alphanumeric") {
  struct Row {
    const char* subject;
    std::string name;
    bool is_valid;
  };
  const Row rows[] = {
      {"a letter", "a", true},
      {"a digit", "7", true},
      {"the seed's", "platform-self-check", true},
      {"every kind of character", "az09._-", true},
      {"ends in a dash", "a-", true},
      {"100 characters", std::string(100, 'x'), true},
      {"nothing", "", false},
      {"101 characters", std::string(101, 'x'), false},
      {"a leading dash", "-a", false},
      {"a leading point", ".hidden", false},
      {"a leading underscore", "_a", false},
      {"upper case", "Nightly", false},
      {"upper case inside", "nightlY", false},
      {"a space", "tidy uploads", false},
      {"a space at the end", "tidy ", false},
      {"a slash", "a/b", false},
      {"two points as a path", "..", false},
      {"a percent sign", "a%2f", false},
      {"a line end at the end", "a\n", false},
      {"a zero byte", std::string{"a\0b", 3}, false},
      {"a letter beyond ASCII", "caf\xC3\xA9", false},
      {"a byte beyond ASCII", "a\xFF", false},
      {"the neighbours of the ranges", "a`", false},
      {"the neighbour of z", "a{", false},
      {"the neighbour of 0", "a/", false},
      {"the neighbour of 9", "a:", false},
      {"a quote", "a\"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    CHECK(is_job_name(row.name) == row.is_valid);
    CHECK(code_of([&] { require_job_name(row.name); }) == (row.is_valid ? "" : "INVALID_JOB_NAME"));
  }
}

TEST_CASE("require_job_name shows a clean and short form of the name when it refuses it") {
  const auto error = error_of([] { require_job_name("\x1B[2J" + std::string(5000, 'x')); });
  REQUIRE(error);
  const std::string text = error->what();
  CHECK(text.find('\x1B') == std::string::npos);
  CHECK(text.find("got \" [2Jxxx") != std::string::npos);
  CHECK(text.size() < 400);
}

}  // namespace job_name_test
