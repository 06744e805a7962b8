// SPDX-License-Identifier: MIT
//
// RunLog: the lines that a body writes while it runs, the newest hundred of them.
//
// Thread-safety: a value.

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

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
    if (lines_.size() == log_lines_max) {
      lines_.erase(lines_.begin());
      ++dropped_count_;
    }
    lines_.push_back(format_iso8601(at) + clamp_text(text, log_line_bytes_max));
  }

  /// Returns the log as it is stored; null if nothing was written.
  ///
  /// Wire: `{"lines": [{"at": "2024-01-15T02:00:00.000Z", "text": "…"}], "dropped": 0}`, where
  ///       `dropped` counts the lines that had to make room.
  template <class BasicJson>
  [[nodiscard]] BasicJson to_json() const {
    if (lines_.empty()) return nullptr;
    BasicJson lines = BasicJson::array();
    for (const auto& line : lines_) {
      BasicJson entry = BasicJson::object();
      entry["at"] = line.substr(0, instant_bytes);
      entry["text"] = line.substr(instant_bytes);
      lines.push_back(std::move(entry));
    }
    BasicJson log = BasicJson::object();
    log["lines"] = std::move(lines);
    log["dropped"] = dropped_count_;
    return log;
  }

 private:
  static constexpr std::size_t instant_bytes =
      24;  // years of four digits: 2024-01-15T02:00:00.000Z

  std::vector<std::string> lines_;  // each behind its instant
  std::size_t dropped_count_ = 0;
};

}  // namespace punctual
