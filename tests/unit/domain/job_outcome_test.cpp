// SPDX-License-Identifier: MIT
//
// JobOutcome and RunError: what a body may leave unsaid, and the error on the wire.

#include "punctual/domain/job_outcome.hpp"

#include "support/catch.hpp"

namespace job_outcome_test {

using punctual::JobOutcome;
using punctual::JobStatus;
using punctual::Json;
using punctual::RunError;

TEST_CASE("JobOutcome is a success without details or error when nothing is said") {
  const JobOutcome outcome;
  CHECK(outcome.status == JobStatus::success);
  CHECK(outcome.details.is_null());
  CHECK_FALSE(outcome.error);
}

TEST_CASE("RunError has code and message when it is sent") {
  const RunError error{.code = "EXECUTION_ERROR", .message = "disk full"};
  CHECK(Json(error) == Json::parse(R"({"code": "EXECUTION_ERROR", "message": "disk full"})"));
}

TEST_CASE("RunError equals another when code and message are the same") {
  const RunError error{.code = "A", .message = "b"};
  CHECK(error == RunError{.code = "A", .message = "b"});
  CHECK_FALSE(error == RunError{.code = "A", .message = "c"});
  CHECK_FALSE(error == RunError{.code = "B", .message = "b"});
}

}  // namespace job_outcome_test
