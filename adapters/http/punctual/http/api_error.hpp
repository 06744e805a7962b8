// SPDX-License-Identifier: MIT
//
// ApiError: a request that is refused, with the status and the code that the client sees.
//
// Messages say what was expected. They never repeat what came: it may be a secret, or text made to
// look like something else where it is shown.
//
// Thread-safety: a value.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/http/message.hpp"

namespace punctual::http {

class ApiError : public std::runtime_error {
 public:
  ApiError(int status, std::string code, const std::string& message, Headers headers = {})
      : std::runtime_error(message),
        status_(status),
        code_(std::move(code)),
        headers_(std::move(headers)) {}

  [[nodiscard]] int status() const noexcept { return status_; }
  /// Stable, upper case with underscores.
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  /// Headers of the answer besides those that every answer has.
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

 private:
  int status_;
  std::string code_;
  Headers headers_;
};

/// 400, for what the client can only mend by asking for something else.
[[nodiscard]] inline ApiError bad_request(std::string code, const std::string& message) {
  return ApiError{400, std::move(code), message};
}

[[nodiscard]] inline ApiError job_not_found() {
  return ApiError{404, "JOB_NOT_FOUND", "there is no such job"};
}
[[nodiscard]] inline ApiError run_not_found() {
  return ApiError{404, "RUN_NOT_FOUND", "there is no such run"};
}

[[nodiscard]] inline ApiError storage_unavailable() {
  return ApiError{
      503, "STORAGE_UNAVAILABLE", "the storage does not answer for now", {{"Retry-After", "5"}}};
}

/// Errors: METHOD_NOT_ALLOWED (405) -> the method is neither GET nor HEAD.
inline void require_get(std::string_view method) {
  if (method == "GET" || method == "HEAD") return;
  throw ApiError{
      405, "METHOD_NOT_ALLOWED", "the methods here are: GET, HEAD", {{"Allow", "GET, HEAD"}}};
}

}  // namespace punctual::http
