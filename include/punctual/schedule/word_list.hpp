// SPDX-License-Identifier: MIT
//
// WordList: items in one sentence: "a", "a and b", "a, b and c".
//
// Thread-safety: none; for use within a function.

#pragma once

#include <string>

namespace punctual::detail {

/// Puts items into one text, with commas and a word before the last.
class WordList {
 public:
  explicit WordList(const char* last_joint = " and ") : last_joint_(last_joint) {}

  void add(const std::string& item) {
    if (!pending_.empty()) text_ += (text_.empty() ? "" : ", ") + pending_;
    pending_ = item;
  }

  [[nodiscard]] bool is_empty() const noexcept { return pending_.empty(); }
  [[nodiscard]] std::string text() const {
    return text_.empty() ? pending_ : text_ + last_joint_ + pending_;
  }

 private:
  const char* last_joint_;
  std::string text_;
  std::string pending_;
};

}  // namespace punctual::detail
