// SPDX-License-Identifier: MIT
//
// The log of a run: the lines that its body wrote, the newest hundred of them.
//
// Wire: `{"lines": [{"at": "2024-01-15T02:00:00.000Z", "text": "…"}], "dropped": 0}`, where
// `dropped` counts older lines that had to make room; null if nothing was written.
//
// Thread-safety: pure functions.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace punctual {

inline constexpr std::size_t log_lines_max = 100;
inline constexpr std::size_t log_line_bytes_max = 500;

/// Appends a line to a log, which may be null.
template <class BasicJson>
void append_log_line(BasicJson& log, std::string at, std::string text) {
  if (log.is_null()) log = {{"lines", BasicJson::array()}, {"dropped", 0}};
  BasicJson& lines = log["lines"];
  BasicJson line = BasicJson::object();
  line["at"] = std::move(at);
  line["text"] = std::move(text);
  lines.push_back(std::move(line));
  if (lines.size() <= log_lines_max) return;
  lines.erase(lines.begin());
  log["dropped"] = log["dropped"].template get<std::size_t>() + 1;
}

}  // namespace punctual
