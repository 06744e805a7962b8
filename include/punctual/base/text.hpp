// SPDX-License-Identifier: MIT
//
// Text that comes from jobs and users, made fit to store: valid UTF-8, bounded, printable.
//
// An exception's message may hold anything. What is stored is shown to auditors and sent as JSON,
// so invalid bytes become U+FFFD and lengths are cut at a character's border, never inside one.
//
// Thread-safety: pure functions.
// Source: The Unicode Standard, section 3.9, table 3-7 (well-formed UTF-8).

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace punctual {

/// Returns `text` as valid UTF-8 of at most `max_bytes` bytes, ending in "…" where it was cut.
///
/// Control characters other than tab and newline become spaces, so that a log line stays one line's
/// worth of terminal and no escape sequence survives.
///
/// Requires: `max_bytes` >= 3.
[[nodiscard]] std::string clamp_text(std::string_view text, std::size_t max_bytes);

/// Returns the edit distance of two texts (insert, delete, replace cost 1 each).
///
/// Complexity: product of the lengths.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns up to `count_max` of `candidates` that resemble `wanted`, the nearest first.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view wanted,
                                                     const std::vector<std::string>& candidates,
                                                     std::size_t count_max = 3);

namespace detail {

/// Returns the length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
inline std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80U) return text.empty() ? 0 : 1;
  if (lead >= 0xC2U && lead <= 0xDFU) return tail(1) ? 2 : 0;
  if (lead >= 0xE0U && lead <= 0xEFU) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0U && byte(1) < 0xA0U) return 0;  // overlong
    if (lead == 0xEDU && byte(1) > 0x9FU) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0U && byte(1) < 0x90U) return 0;  // overlong
    if (lead == 0xF4U && byte(1) > 0x8FU) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

/// C0 controls but tab and newline, DEL, and C1 controls (U+0080..U+009F, which are two bytes).
inline bool is_control(std::string_view character) noexcept {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) {
    return (lead < 0x20U && lead != '\t' && lead != '\n') || lead == 0x7FU;
  }
  return character.size() == 2 && lead == 0xC2U && static_cast<unsigned char>(character[1]) < 0xA0U;
}

/// A text made fit to store, and whether some of it was left out for that.
struct FitText {
  std::string text{};
  bool is_cut = false;
};

/// As `clamp_text`, for callers that say so where something was cut.
[[nodiscard]] inline FitText fit_text(std::string_view text, std::size_t max_bytes) {
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  static constexpr std::string_view ellipsis = "\xE2\x80\xA6";
  std::string clean;
  clean.reserve(std::min(text.size(), max_bytes));
  std::size_t cut_at = 0;  // the longest prefix that leaves room for the ellipsis
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view source = text.substr(0, std::max<std::size_t>(length, 1));
    const std::string_view piece =
        length == 0 ? replacement : (is_control(source) ? std::string_view{" "} : source);
    if (clean.size() + piece.size() > max_bytes) {
      clean.resize(cut_at);
      clean += ellipsis;
      return {std::move(clean), true};
    }
    clean += piece;
    if (clean.size() + ellipsis.size() <= max_bytes) cut_at = clean.size();
    text.remove_prefix(source.size());
  }
  return {std::move(clean), false};
}

}  // namespace detail

inline std::string clamp_text(std::string_view text, std::size_t max_bytes) {
  return detail::fit_text(text, max_bytes).text;
}

inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

inline std::vector<std::string> nearest_names(std::string_view wanted,
                                              const std::vector<std::string>& candidates,
                                              std::size_t count_max) {
  wanted = wanted.substr(0, 100);  // longer than any valid name; keeps the cost bounded
  std::vector<std::size_t> distances;
  for (const auto& name : candidates) {
    const bool contains =
        wanted.size() >= 3 && name.size() > wanted.size() && name.find(wanted) != std::string::npos;
    distances.push_back(contains ? 1 : edit_distance(wanted, name));
  }
  const std::size_t distance_max = std::max<std::size_t>(2, wanted.size() / 3);
  std::vector<std::string> names;
  for (std::size_t distance = 0; distance <= distance_max; ++distance) {
    for (std::size_t i = 0; i < candidates.size() && names.size() < count_max; ++i) {
      if (distances[i] == distance) names.push_back(candidates[i]);
    }
  }
  return names;
}

}  // namespace punctual
