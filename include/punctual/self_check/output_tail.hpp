// SPDX-License-Identifier: MIT
//
// OutputTail: the last bytes of a stream of any length, in bounded memory.
//
// The end of a program's output is what tells how it ended, so the beginning is what is given up.
//
// Thread-safety: distinct objects only.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "punctual/base/text.hpp"

namespace punctual {

class OutputTail {
 public:
  explicit OutputTail(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Complexity: linear in the length of `bytes`, amortised.
  void append(std::string_view bytes) {
    total_ += bytes.size();
    bytes = bytes.substr(bytes.size() - std::min(bytes.size(), bytes_max_));
    if (kept_.size() + bytes.size() > 2 * bytes_max_) {
      kept_.erase(0, kept_.size() - std::min(kept_.size(), bytes_max_));
    }
    kept_.append(bytes);
  }

  /// Returns the last bytes, as they came.
  [[nodiscard]] std::string_view bytes() const {
    const std::string_view all = kept_;
    return all.substr(all.size() - std::min(all.size(), bytes_max_));
  }

  /// Returns how many bytes are in memory: at most twice the bound.
  [[nodiscard]] std::size_t held() const noexcept { return kept_.size(); }

  /// Returns how many bytes went through.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  std::size_t bytes_max_;
  std::string kept_;
  std::uint64_t total_ = 0;
};

/// Returns the end of `bytes` as printable UTF-8 of at most `max_bytes` bytes, beginning with "…"
/// where it was cut.
///
/// Requires: `max_bytes` >= 3.
[[nodiscard]] inline std::string tail_text(std::string_view bytes, std::size_t max_bytes) {
  static constexpr std::string_view ellipsis = "\xE2\x80\xA6";
  const bool has_more = bytes.size() > max_bytes;
  bytes = bytes.substr(bytes.size() - std::min(bytes.size(), max_bytes));
  // An invalid byte becomes three, so cleaning needs room that the caller does not have.
  std::string clean = clamp_text(bytes, 3 * bytes.size() + ellipsis.size());
  if (!has_more && clean.size() <= max_bytes) return clean;
  std::size_t begin = clean.size() - std::min(clean.size(), max_bytes - ellipsis.size());
  while (begin < clean.size() && (static_cast<unsigned char>(clean[begin]) & 0xC0U) == 0x80U) {
    ++begin;  // not inside a character
  }
  return std::string{ellipsis} + clean.substr(begin);
}

}  // namespace punctual
