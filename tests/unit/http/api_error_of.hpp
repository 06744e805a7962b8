// SPDX-License-Identifier: MIT
//
// api_code_of: the code of the ApiError that a call throws.

#pragma once

#include <string>
#include <utility>

#include "punctual/http/api_error.hpp"

namespace punctual::tests {

/// Returns "" if it returns.
template <class Call>
[[nodiscard]] std::string api_code_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const http::ApiError& error) {
    return error.code();
  }
  return "";
}

}  // namespace punctual::tests
