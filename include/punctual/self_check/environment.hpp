// SPDX-License-Identifier: MIT
//
// The environment: how variables are read, and which of them a child process gets to see.
//
// Reading goes through a function, so that tests need not set variables of the real process, which
// no two threads may do at once.
//
// Thread-safety: `read_environment` is safe as long as nobody sets variables meanwhile.

#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace punctual {

/// Returns the value of a variable, or nullopt if it is not set.
using EnvironmentReader = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads the environment of this process.
[[nodiscard]] inline std::optional<std::string> read_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

/// True if `name` can be the name of a variable: not empty, no `=`, no NUL byte.
[[nodiscard]] inline bool is_variable_name(std::string_view name) noexcept {
  return !name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos;
}

/// Returns, as `NAME=value`, the variables that a child process gets: those that say where programs
/// and the home folder are and in which language and time zone to speak, and those in `names`.
///
/// A list of what is let through, not of what is held back: a secret that somebody adds to the
/// environment of the service tomorrow stays out of its scripts.
[[nodiscard]] inline std::vector<std::string> child_environment(
    const std::vector<std::string>& names, const EnvironmentReader& read = read_environment) {
  static constexpr std::array<const char*, 17> always{
      "PATH",           "HOME",        "TZ",
      "LANG",           "LC_ALL",      "LC_ADDRESS",
      "LC_COLLATE",     "LC_CTYPE",    "LC_IDENTIFICATION",
      "LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY",
      "LC_NAME",        "LC_NUMERIC",  "LC_PAPER",
      "LC_TELEPHONE",   "LC_TIME"};
  std::vector<std::string> variables;
  const auto add = [&](const std::string& name) {
    const auto is_same = [&](const std::string& other) { return other.rfind(name + "=", 0) == 0; };
    const bool is_there = std::any_of(variables.begin(), variables.end(), is_same);
    const auto value = is_there ? std::nullopt : read(name);
    if (value) variables.push_back(name + "=" + *value);
  };
  for (const char* name : always) add(name);
  for (const auto& name : names) add(name);
  return variables;
}

}  // namespace punctual
