// SPDX-License-Identifier: MIT
//
// CheckResult and CheckReport: what a check found, and what the runner adds to it.
//
// "Failed" and "error" are told apart: a failed check has looked and found something wrong, one in
// error could not look at all, and says nothing about the platform.
//
// Thread-safety: values.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/json.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

enum class CheckStatus : std::uint8_t {
  passed,
  failed,   ///< what it looks at is not as it should be
  skipped,  ///< not carried out, because there was no need or a stop was requested
  error,    ///< could not be carried out; `failed` on the wire, with `"error": true`
};

/// Made by `CheckResult::passed(…)` and its sisters.
struct CheckResult {
  CheckStatus status = CheckStatus::passed;
  std::string message{};   ///< one sentence for people, without secrets: it is stored and shown
  Json details = nullptr;  ///< stored where the check did not pass; a few KiB

  [[nodiscard]] static CheckResult passed(std::string message = {}, Json details = nullptr) {
    return {CheckStatus::passed, std::move(message), std::move(details)};
  }
  [[nodiscard]] static CheckResult failed(std::string message, Json details = nullptr) {
    return {CheckStatus::failed, std::move(message), std::move(details)};
  }
  [[nodiscard]] static CheckResult skipped(std::string message, Json details = nullptr) {
    return {CheckStatus::skipped, std::move(message), std::move(details)};
  }
  [[nodiscard]] static CheckResult error(std::string message, Json details = nullptr) {
    return {CheckStatus::error, std::move(message), std::move(details)};
  }
};

/// The result of one check, with its name and how long it took.
struct CheckReport {
  std::string name{};
  CheckResult result{};
  Duration duration{};  ///< by the monotonic clock
};

/// Returns the name on the wire: "passed", "failed" or "skipped". An error shows as failed, because
/// whoever reads the wire format knows three words.
[[nodiscard]] constexpr std::string_view wire_name(CheckStatus status) noexcept {
  constexpr std::array<std::string_view, 4> names{"passed", "failed", "skipped", "failed"};
  return names[static_cast<std::size_t>(status)];
}

}  // namespace punctual
