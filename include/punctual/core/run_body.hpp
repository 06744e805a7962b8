// SPDX-License-Identifier: MIT
//
// run_body: calls a body and turns whatever comes out of it into an outcome.
//
// The border between user code and the library: nothing that a body throws, whatever its type,
// passes it.

#pragma once

#include <exception>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/domain/job_outcome.hpp"
#include "punctual/domain/message_code.hpp"

namespace punctual::detail {

struct BodyAnswer {
  JobOutcome outcome{};
  bool threw = false;
};

/// `call()` calls the body and returns its outcome.
template <class Call>
[[nodiscard]] BodyAnswer run_body(Call&& call) noexcept {
  BodyAnswer answer;
  try {
    answer.outcome = call();
    return answer;
  } catch (const Error& error) {
    answer.outcome.error = RunError{error.code(), error.what()};
  } catch (const std::exception& error) {
    answer.outcome.error = RunError{"EXECUTION_ERROR", what_of(error)};
  } catch (...) {
    answer.outcome.error =
        RunError{"EXECUTION_ERROR", "the body threw something that is not a std::exception"};
  }
  answer.threw = true;
  answer.outcome.status = JobStatus::failed;
  answer.outcome.message_code = std::string{message_code::job_execution_error};
  answer.outcome.summary = answer.outcome.error->message;
  return answer;
}

}  // namespace punctual::detail
