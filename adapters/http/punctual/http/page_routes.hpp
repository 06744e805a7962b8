// SPDX-License-Identifier: MIT
//
// The Background Jobs page and its files. They hold nothing that is not in the library itself, so
// nobody need sign in to load them; what the page shows, it asks for with the reader's credentials.
//
// Thread-safety: pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "punctual/http/api_error.hpp"
#include "punctual/http/message.hpp"
#include "punctual/http/page_files.hpp"

namespace punctual::http {

/// Returns the file of that name; nullptr if there is none.
[[nodiscard]] inline const PageFile* find_page_file(std::string_view name) noexcept {
  for (const auto& file : page_files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

/// Returns `text` with every "%BASE%" replaced by `prefix`, which needs no escaping.
[[nodiscard]] inline std::string with_base(std::string_view text, std::string_view prefix) {
  static constexpr std::string_view mark = "%BASE%";
  std::string result;
  while (true) {
    const std::size_t found = text.find(mark);
    result += text.substr(0, found);
    if (found == std::string_view::npos) return result;
    result += prefix;
    text.remove_prefix(found + mark.size());
  }
}

/// Answers with the page or one of its files; nullopt if the path, below the prefix, is neither.
///
/// Errors: METHOD_NOT_ALLOWED (405).
[[nodiscard]] inline std::optional<Response> page_answer(std::string_view method,
                                                         std::string_view prefix,
                                                         const std::vector<std::string>& segments) {
  static constexpr std::string_view page = "page.html";
  const bool is_page = segments.empty();
  const bool is_asset = segments.size() == 2 && segments[0] == "assets" && segments[1] != page;
  if (!is_page && !is_asset) return std::nullopt;
  const PageFile* file = find_page_file(is_page ? page : std::string_view{segments[1]});
  if (file == nullptr) return std::nullopt;
  require_get(method);
  Response response;
  response.set("Content-Type", std::string{file->type});
  response.body = is_page ? with_base(file->content, prefix) : std::string{file->content};
  return response;
}

}  // namespace punctual::http
