// SPDX-License-Identifier: MIT
//
// Target: what a request asks for, read from its path and query.
//
// Everything is decoded once and then must look as it should: a segment of the path is made of the
// characters of a job's name, and what would mean a path to somebody else ("..", an encoded "/" or
// zero byte) is refused, not resolved.
//
// Thread-safety: values and pure functions.
// Source: RFC 3986, 2.1 and 3.3.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "punctual/base/text.hpp"
#include "punctual/http/api_error.hpp"

namespace punctual::http {

inline constexpr std::size_t target_bytes_max = 2048;

[[nodiscard]] inline ApiError uri_too_long() {
  return ApiError{414, "URI_TOO_LONG", "a path with its query is 2048 bytes long at most"};
}

/// True for letters, digits, '.', '_' and '-': what names are made of, and needs no escaping.
[[nodiscard]] constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

/// Decodes "%41" as "A"; nullopt if a '%' is not followed by two hexadecimal digits.
[[nodiscard]] inline std::optional<std::string> decode_percent(std::string_view text) {
  const auto digit_of = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit_of(text[i + 1]);
    const int low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

/// Returns the segments of a path, decoded.
///
/// Errors: INVALID_PATH (400) -> it does not begin with '/', or a segment is "." or "..", is empty
///         in the middle, or holds something else than letters, digits, '.', '_' and '-'.
[[nodiscard]] inline std::vector<std::string> path_segments(std::string_view path) {
  const auto refuse = [] {
    return bad_request("INVALID_PATH",
                       "a path is made of segments of letters, digits, '.', '_' and '-'");
  };
  if (path.empty() || path.front() != '/') throw refuse();
  path.remove_prefix(1);
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    auto segment = decode_percent(path.substr(0, end));
    if (!segment || segment->empty() || *segment == "." || *segment == ".." ||
        !std::all_of(segment->begin(), segment->end(), is_name_character)) {
      throw refuse();
    }
    segments.push_back(*std::move(segment));
    path.remove_prefix(std::min(path.size(), end + 1));
  }
  return segments;
}

/// Returns the words of a text, which lives longer.
[[nodiscard]] inline std::vector<std::string_view> words_of(std::string_view text,
                                                            char separator = ' ') {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return words;
}

/// The parameters of a query, each at most once.
class QueryParameters {
 public:
  /// Errors: INVALID_QUERY (400) -> a name is not one of `names` or comes twice, or a value is not
  ///         valid UTF-8 without control characters.
  QueryParameters(std::string_view query, const std::vector<std::string_view>& names) {
    while (!query.empty()) {
      const std::size_t end = std::min(query.find('&'), query.size());
      add(query.substr(0, end), names);
      query.remove_prefix(std::min(query.size(), end + 1));
    }
  }

  /// Returns a parameter's value; nullptr if it was not given, or empty.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept {
    for (const auto& [key, value] : values_) {
      if (key == name) return value.empty() ? nullptr : &value;
    }
    return nullptr;
  }

 private:
  void add(std::string_view part, const std::vector<std::string_view>& names) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = decode(part.substr(0, equals));
    const auto value = decode(part.substr(std::min(part.size(), equals + 1)));
    if (!name || std::find(names.begin(), names.end(), *name) == names.end()) {
      std::string expected;
      for (const auto known : names) {
        expected += (expected.empty() ? "" : ", ") + std::string{known};
      }
      throw bad_request("INVALID_QUERY", names.empty() ? "no parameters are expected here"
                                                       : "the parameters may be: " + expected);
    }
    if (!value || clamp_text(*value, value->size()) != *value ||
        value->find_first_of("\t\n") != std::string::npos) {
      throw bad_request("INVALID_QUERY",
                        "the parameter \"" + *name + "\" must be UTF-8 without control characters");
    }
    for (const auto& known : values_) {
      if (known.first == *name) {
        throw bad_request("INVALID_QUERY", "the parameter \"" + *name + "\" was given twice");
      }
    }
    values_.emplace_back(*name, *value);
  }

  /// As forms send it: a '+' is a blank.
  [[nodiscard]] static std::optional<std::string> decode(std::string_view text) {
    std::string blanks{text};
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return decode_percent(blanks);
  }

  std::vector<std::pair<std::string, std::string>> values_{};
};

}  // namespace punctual::http
