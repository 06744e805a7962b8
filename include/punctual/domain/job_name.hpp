// SPDX-License-Identifier: MIT
//
// Job names: the one identifier of a job, on the wire, in storage and in URLs.

#pragma once

#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"

namespace punctual {

/// True if `name` matches `^[a-z0-9][a-z0-9._-]{0,99}$`.
///
/// Narrow, so that a name needs no escaping in a path, a log line or a metric label.
[[nodiscard]] constexpr bool is_job_name(std::string_view name) noexcept {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 100 || !alphanumeric(name.front())) return false;
  for (const char c : name) {
    if (!alphanumeric(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

/// Errors: INVALID_JOB_NAME -> `name` is not a job name.
inline void require_job_name(std::string_view name) {
  if (is_job_name(name)) return;
  throw Error{
      "INVALID_JOB_NAME",
      "a job name is 1 to 100 characters of a-z, 0-9, '.', '_' and '-', the first of them a "
      "letter or digit, got \"" +
          clamp_text(name, 120) + "\""};
}

}  // namespace punctual
