// SPDX-License-Identifier: MIT
//
// error_of and code_of: the punctual::Error that a call throws. Another exception passes through
// and fails the test.

#pragma once

#include <optional>
#include <string>
#include <utility>

#include "punctual/base/error.hpp"

namespace punctual::tests {

/// Returns the error that `call()` throws, nullopt if it returns.
template <class Call>
[[nodiscard]] std::optional<Error> error_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Returns the code of the error that `call()` throws, "" if it returns.
template <class Call>
[[nodiscard]] std::string code_of(Call&& call) {
  const auto error = error_of(std::forward<Call>(call));
  return error ? error->code() : "";
}

}  // namespace punctual::tests
