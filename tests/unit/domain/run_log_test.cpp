// SPDX-License-Identifier: MIT
//
// append_log_line: what a log holds when it grows.

#include "punctual/domain/run_log.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "support/catch.hpp"

namespace run_log_test {

using punctual::append_log_line;
using punctual::Json;
using punctual::log_lines_max;

TEST_CASE("append_log_line makes a log of nothing when the first line comes") {
  Json log = nullptr;
  append_log_line(log, "2024-01-15T02:00:00.000Z", "opened");
  CHECK(log == Json::parse(R"({"lines": [{"at": "2024-01-15T02:00:00.000Z", "text": "opened"}],
                               "dropped": 0})"));
}

TEST_CASE("append_log_line drops the oldest line when there are a hundred, and counts it") {
  struct Row {
    const char* subject;
    std::size_t count;
    std::size_t kept_count;
    std::size_t dropped_count;
  };
  const std::vector<Row> table = {
      {"one", 1, 1, 0},
      {"one too few", log_lines_max - 1, log_lines_max - 1, 0},
      {"as many as it keeps", log_lines_max, log_lines_max, 0},
      {"one too many", log_lines_max + 1, log_lines_max, 1},
      {"thrice as many", 3 * log_lines_max, log_lines_max, 2 * log_lines_max}};
  for (const auto& row : table) {
    CAPTURE(row.subject);
    Json log = nullptr;
    for (std::size_t i = 0; i < row.count; ++i) append_log_line(log, "at", std::to_string(i));
    CHECK(log["lines"].size() == row.kept_count);
    CHECK(log["dropped"] == row.dropped_count);
    CHECK(log["lines"].front()["text"] == std::to_string(row.dropped_count));
    CHECK(log["lines"].back()["text"] == std::to_string(row.count - 1));
  }
}

}  // namespace run_log_test
