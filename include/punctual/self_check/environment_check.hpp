// SPDX-License-Identifier: MIT
//
// environment_check: are the variables set that the program cannot do without?
//
// It names variables and never shows what is in them, because its answer is stored and displayed.

#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/json.hpp"
#include "punctual/base/text.hpp"
#include "punctual/self_check/check.hpp"
#include "punctual/self_check/environment.hpp"

namespace punctual {

/// Returns the check "validate-env": fails if a variable of `names` is not set, or is empty.
///
/// Wire:   details `{"missing": [names], "empty": [names]}`.
/// Errors: INVALID_CONFIG -> a name is empty or contains `=` or a NUL byte.
[[nodiscard]] Check environment_check(std::vector<std::string> names,
                                      EnvironmentReader read = read_environment);

namespace detail {

/// Returns "missing: A, B; empty: C", leaving out what there is none of.
inline std::string describe_variables(const std::vector<std::string>& missing,
                                      const std::vector<std::string>& empty) {
  std::string text;
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    if (!text.empty()) text += "; ";
    text += what;
    for (const auto& name : names) text += (&name == &names.front() ? ": " : ", ") + name;
  };
  add("missing", missing);
  add("empty", empty);
  return text;
}

}  // namespace detail

inline Check environment_check(std::vector<std::string> names, EnvironmentReader read) {
  for (const auto& name : names) {
    if (is_variable_name(name)) continue;
    throw Error{"INVALID_CONFIG",
                "check \"validate-env\": expected the name of a variable, got \"" +
                    clamp_text(name, 120) + "\""};
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return {
      "validate-env", [names = std::move(names), read = std::move(read)](CheckContext&) {
        std::vector<std::string> missing;
        std::vector<std::string> empty;
        for (const auto& name : names) {
          const auto value = read(name);
          if (!value) missing.push_back(name);
          if (value && value->empty()) empty.push_back(name);
        }
        if (!missing.empty() || !empty.empty()) {
          return CheckResult::failed(detail::describe_variables(missing, empty),
                                     {{"missing", missing}, {"empty", empty}});
        }
        return CheckResult::passed(std::to_string(names.size()) +
                                   (names.size() == 1 ? " variable is set" : " variables are set"));
      }};
}

}  // namespace punctual
