// SPDX-License-Identifier: MIT
//
// Instants as text, and lists of what a schedule names: "2024-03-10T07:00:00Z".

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/time.hpp"

namespace punctual::tests {

/// Throws, and so fails the test, if `text` is not one.
[[nodiscard]] inline TimePoint instant(std::string_view text) {
  return parse_iso8601(text).value();
}

/// Without decimals if there are none; "never" for none.
[[nodiscard]] inline std::string shown(std::optional<TimePoint> instant) {
  if (!instant) return "never";
  const std::string text = format_iso8601(*instant);
  return text.substr(20, 3) == "000" ? text.substr(0, 19) + "Z" : text;
}

/// The first `count` instants behind `after`, and "never" where there are no more.
template <class RuleT>
[[nodiscard]] std::vector<std::string> runs_after(const RuleT& rule, std::string_view after,
                                                  std::size_t count) {
  std::vector<std::string> runs;
  std::optional<TimePoint> now = instant(after);
  while (now && runs.size() < count) {
    now = rule.next_after(*now);
    runs.push_back(shown(now));
  }
  return runs;
}

/// As `runs_after`, going back.
template <class RuleT>
[[nodiscard]] std::vector<std::string> runs_before(const RuleT& rule, std::string_view before,
                                                   std::size_t count) {
  std::vector<std::string> runs;
  std::optional<TimePoint> now = instant(before);
  while (now && runs.size() < count) {
    now = rule.previous_before(*now);
    runs.push_back(shown(now));
  }
  return runs;
}

}  // namespace punctual::tests
