// SPDX-License-Identifier: MIT
//
// Message codes: what happened to a run, as a stable word that programs compare and translate.
//
// A body may use codes of its own of the same form. Those below are the library's; the README lists
// them with their meanings.

#pragma once

#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"

namespace punctual {

namespace message_code {

inline constexpr std::string_view job_not_found = "JOB_NOT_FOUND";
inline constexpr std::string_view job_disabled = "JOB_DISABLED";
inline constexpr std::string_view job_execution_error = "JOB_EXECUTION_ERROR";
inline constexpr std::string_view job_completed = "JOB_COMPLETED";
inline constexpr std::string_view job_failed = "JOB_FAILED";
inline constexpr std::string_view job_skipped = "JOB_SKIPPED";
inline constexpr std::string_view job_timeout = "JOB_TIMEOUT";
inline constexpr std::string_view job_cancelled = "JOB_CANCELLED";
inline constexpr std::string_view job_abandoned = "JOB_ABANDONED";
inline constexpr std::string_view job_interrupted = "JOB_INTERRUPTED";
inline constexpr std::string_view job_overlapped = "JOB_OVERLAPPED";
inline constexpr std::string_view job_missed = "JOB_MISSED";
inline constexpr std::string_view job_paused = "JOB_PAUSED";
inline constexpr std::string_view job_dependency_failed = "JOB_DEPENDENCY_FAILED";
inline constexpr std::string_view platform_validation_passed = "PLATFORM_VALIDATION_PASSED";
inline constexpr std::string_view platform_validation_failed = "PLATFORM_VALIDATION_FAILED";
inline constexpr std::string_view platform_validation_error = "PLATFORM_VALIDATION_ERROR";

}  // namespace message_code

/// True for 1 to 64 characters of A-Z, 0-9 and `_`, the first of them a letter.
[[nodiscard]] constexpr bool is_message_code(std::string_view code) noexcept {
  if (code.empty() || code.size() > 64 || code.front() < 'A' || code.front() > 'Z') return false;
  for (const char c : code) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

/// Returns `code`.
///
/// Errors: INVALID_MESSAGE_CODE -> it is not a message code.
[[nodiscard]] inline std::string checked_message_code(std::string code) {
  if (is_message_code(code)) return code;
  throw Error{"INVALID_MESSAGE_CODE",
              "a message code is 1 to 64 characters of A-Z, 0-9 and _, a letter first, got \"" +
                  clamp_text(code, 64) + "\""};
}

}  // namespace punctual
