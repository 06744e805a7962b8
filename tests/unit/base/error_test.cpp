// SPDX-License-Identifier: MIT
//
// Error: its code, its text, and what a caller may do about it.

#include "punctual/base/error.hpp"

#include <stdexcept>
#include <string>

#include "support/catch.hpp"

namespace error_test {

using punctual::Error;
using punctual::ErrorKind;

TEST_CASE("Error says code and message when it is shown") {
  const Error error{"JOB_NOT_FOUND", "no job is named \"x\""};
  CHECK(error.code() == "JOB_NOT_FOUND");
  CHECK(std::string{error.what()} == "JOB_NOT_FOUND: no job is named \"x\"");
}

TEST_CASE("Error is neither retryable nor in doubt when no kind is given") {
  const Error error{"INVALID_CONFIG", "wrong"};
  CHECK_FALSE(error.retryable());
  CHECK_FALSE(error.in_doubt());
}

TEST_CASE("Error is never both retryable and in doubt when its kind is given") {
  struct Row {
    const char* subject;
    ErrorKind kind;
    bool retryable;
    bool in_doubt;
  };
  const Row rows[] = {
      {"permanent", ErrorKind::permanent, false, false},
      {"retryable", ErrorKind::retryable, true, false},
      {"in doubt", ErrorKind::in_doubt, false, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.subject);
    const Error error{"STORAGE_ERROR", "the backend said no", row.kind};
    CHECK(error.retryable() == row.retryable);
    CHECK(error.in_doubt() == row.in_doubt);
  }
}

TEST_CASE("Error keeps its properties when it is caught as a standard exception") {
  try {
    throw Error{"STORAGE_ERROR", "busy", ErrorKind::retryable};
  } catch (const std::runtime_error& caught) {
    const auto* error = dynamic_cast<const Error*>(&caught);
    REQUIRE(error != nullptr);
    CHECK(error->code() == "STORAGE_ERROR");
    CHECK(error->retryable());
  }
}

}  // namespace error_test
