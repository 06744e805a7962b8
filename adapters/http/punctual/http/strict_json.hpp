// SPDX-License-Identifier: MIT
//
// Reads the JSON of a request's body: an object of a few known members, and nothing doubtful.
//
// What two readers might understand differently is refused: a member that comes twice, invalid
// UTF-8, comments, anything after the end. Depth is bounded while reading, before anything is
// built.
//
// Thread-safety: pure functions.

#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/json.hpp"
#include "punctual/http/api_error.hpp"

namespace punctual::http {

inline constexpr std::size_t body_depth_max = 32;

/// Returns the JSON that `text` spells.
///
/// Errors: INVALID_JSON (400) -> it is none, is nested more than 32 deep, or names a member twice.
[[nodiscard]] inline Json parse_strict(std::string_view text) {
  std::vector<std::set<std::string>> seen;
  std::string refusal;
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (static_cast<std::size_t>(depth) >= body_depth_max) {
        throw bad_request("INVALID_JSON", "the body may be nested 32 deep at most");
      }
      if (event == Event::object_start) seen.emplace_back();
    } else if (event == Event::object_end) {
      seen.pop_back();
    } else if (event == Event::key && !seen.back().insert(parsed.get<std::string>()).second) {
      throw bad_request("INVALID_JSON", "the body names a member of an object twice");
    }
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), check, false);
  if (json.is_discarded())
    throw bad_request("INVALID_JSON", "the body must be valid JSON in UTF-8");
  return json;
}

/// Returns the object that a body spells; an empty body is an empty object.
///
/// Errors: INVALID_JSON (400); INVALID_BODY (400) -> no object, or a member that is not known.
[[nodiscard]] inline Json parse_body(std::string_view text,
                                     std::initializer_list<std::string_view> members) {
  if (text.empty()) return Json::object();
  Json json = parse_strict(text);
  if (!json.is_object()) throw bad_request("INVALID_BODY", "the body must be a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (std::find(members.begin(), members.end(), name) != members.end()) continue;
    std::string expected;
    for (const auto member : members) {
      expected += (expected.empty() ? "" : ", ") + std::string{member};
    }
    throw bad_request("INVALID_BODY", "the body may have these members: " + expected);
  }
  return json;
}

/// Returns a text of the body; empty if it is not there or null.
///
/// Errors: INVALID_BODY (400) -> no text, or longer than `bytes_max`.
[[nodiscard]] inline std::string text_of(const Json& body, const char* member,
                                         std::size_t bytes_max) {
  const auto found = body.find(member);
  if (found == body.end() || found->is_null()) return {};
  if (found->is_string() && found->get_ref<const std::string&>().size() <= bytes_max) {
    return found->get<std::string>();
  }
  throw bad_request("INVALID_BODY", "\"" + std::string{member} + "\" must be a text of at most " +
                                        std::to_string(bytes_max) + " bytes");
}

}  // namespace punctual::http
