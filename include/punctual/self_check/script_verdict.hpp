// SPDX-License-Identifier: MIT
//
// ScriptVerdict: what a script says of itself in JSON, if it does.
//
// A script may end its output with a JSON object, alone or as the last line. Where that has a
// member `success`, an exit code of 0 does not do: a script whose last command succeeds, such as
// the one that prints the report, exits with 0 whatever it found.
//
// Thread-safety: pure functions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/json.hpp"

namespace punctual {

struct ScriptVerdict {
  enum class Kind : std::uint8_t {
    none,     ///< no JSON object, or one without `success`
    success,  ///< `success` is true
    failure,  ///< `success` is false
    unclear,  ///< `success` is neither true nor false
  };
  Kind kind = Kind::none;
  Json json = nullptr;    ///< the object, null if there is none
  std::string message{};  ///< its member `message`, if that is a text
};

/// Reads the verdict at the end of `output`: the whole of it if that is an object, else its last
/// line that is not blank.
///
/// An object nested deeper than 32 levels is not one: recursing into it could exhaust the stack.
[[nodiscard]] ScriptVerdict read_verdict(std::string_view output);

namespace detail {

inline constexpr int verdict_depth_max = 32;

[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
  static constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

[[nodiscard]] inline std::string_view last_line(std::string_view text) noexcept {
  text = trimmed(text);
  const auto newline = text.rfind('\n');
  return newline == text.npos ? text : trimmed(text.substr(newline + 1));
}

/// Returns the object that `text` is, or nullopt.
[[nodiscard]] inline std::optional<Json> parse_object(std::string_view text) {
  if (text.empty() || text.front() != '{' || text.back() != '}') return std::nullopt;
  bool is_too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > verdict_depth_max) is_too_deep = true;
    return !is_too_deep;
  };
  Json json = Json::parse(text, watch_depth, false);
  if (is_too_deep || !json.is_object()) return std::nullopt;
  return json;
}

}  // namespace detail

inline ScriptVerdict read_verdict(std::string_view output) {
  auto object = detail::parse_object(detail::trimmed(output));
  if (!object) object = detail::parse_object(detail::last_line(output));
  ScriptVerdict verdict;
  if (!object) return verdict;
  if (const auto success = object->find("success"); success != object->end()) {
    verdict.kind = !success->is_boolean() ? ScriptVerdict::Kind::unclear
                   : success->get<bool>() ? ScriptVerdict::Kind::success
                                          : ScriptVerdict::Kind::failure;
  }
  if (const auto message = object->find("message");
      message != object->end() && message->is_string()) {
    verdict.message = message->get<std::string>();
  }
  verdict.json = std::move(*object);
  return verdict;
}

}  // namespace punctual
