// SPDX-License-Identifier: MIT
//
// RunLog: the lines that a body writes while it runs, the newest hundred of them.
//
// Thread-safety: a value.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "punctual/base/iso8601.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"

namespace punctual {

inline constexpr std::size_t log_lines_max = 100;
inline constexpr std::size_t log_line_bytes_max = 500;

class RunLog {
 public:
  /// Appends a line; the oldest one makes room if there are a hundred.
  void add(TimePoint at, const std::string& text) {
    if (line_count_ == log_lines_max) {
      lines_.erase(0, lines_.find(separator) + 1);
      --line_count_;
      ++dropped_count_;
    }
    lines_ += format_iso8601(at) + clamp_text(text, log_line_bytes_max) + separator;
    ++line_count_;
  }

  /// Returns the log as it is stored; null if nothing was written.
  ///
  /// Wire: `{"lines": [{"at": "2024-01-15T02:00:00.000Z", "text": "…"}], "dropped": 0}`, where
  ///       `dropped` counts the lines that had to make room.
  template <class BasicJson>
  [[nodiscard]] BasicJson to_json() const {
    if (lines_.empty()) return nullptr;
    BasicJson lines = BasicJson::array();
    for (std::size_t from = 0; from < lines_.size();) {
      const std::size_t text_at = from + instant_bytes;
      const std::size_t end = lines_.find(separator, text_at);
      BasicJson entry = BasicJson::object();
      entry["at"] = lines_.substr(from, instant_bytes);
      entry["text"] = lines_.substr(text_at, end - text_at);
      lines.push_back(std::move(entry));
      from = end + 1;
    }
    BasicJson log = BasicJson::object();
    log["lines"] = std::move(lines);
    log["dropped"] = dropped_count_;
    return log;
  }

 private:
  static constexpr std::size_t instant_bytes = 24;  // 2024-01-15T02:00:00.000Z
  static constexpr char separator = '\x1e';         // a control, of which no text has any

  std::string lines_;  // each behind its instant and before a separator
  std::size_t line_count_ = 0;
  std::size_t dropped_count_ = 0;
};

}  // namespace punctual
