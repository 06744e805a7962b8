// SPDX-License-Identifier: MIT
//
// Spans of time as the messages of checks say them: "250 ms", "12.3 s".
//
// Thread-safety: a pure function.

#pragma once

#include <string>

#include "punctual/base/time.hpp"

namespace punctual {

/// Returns `span` in milliseconds below a second and in seconds from there, to the tenth.
///
/// Tenths are rounded up, so that a check which took a millisecond too long is not said to have
/// taken exactly its limit.
[[nodiscard]] inline std::string span_text(Duration span) {
  const auto ms = span.count() > 0 ? span.count() : 0;
  if (ms < 1000) return std::to_string(ms) + " ms";
  const auto tenths = ms / 100 + (ms % 100 == 0 ? 0 : 1);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

}  // namespace punctual
