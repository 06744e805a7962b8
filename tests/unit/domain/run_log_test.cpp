// SPDX-License-Identifier: MIT
//
// RunLog: what a log holds when it grows.

#include "punctual/domain/run_log.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "punctual/base/json.hpp"
#include "support/catch.hpp"

namespace run_log_test {

using punctual::Json;
using punctual::log_line_bytes_max;
using punctual::log_lines_max;
using punctual::RunLog;

namespace {

constexpr punctual::TimePoint two{punctual::Duration{1'705'284'000'000}};  // 2024-01-15T02:00:00Z

}  // namespace

TEST_CASE("RunLog is null as long as nothing was written") {
  CHECK(RunLog{}.to_json<Json>().is_null());
}

TEST_CASE("RunLog has its lines with their instants when something was written") {
  RunLog log;
  log.add(two, "opened");
  log.add(two + punctual::Duration{1}, "");
  log.add(two + punctual::Duration{2},
          "a\x1e"
          "b\nc");
  CHECK(log.to_json<Json>() ==
        Json::parse(R"({"lines": [{"at": "2024-01-15T02:00:00.000Z", "text": "opened"},
                                  {"at": "2024-01-15T02:00:00.001Z", "text": ""},
                                  {"at": "2024-01-15T02:00:00.002Z", "text": "a b\nc"}],
                        "dropped": 0})"));
}

TEST_CASE("RunLog cuts a line that is too long") {
  RunLog log;
  log.add(two, std::string(2 * log_line_bytes_max, 'x'));
  const auto text = log.to_json<Json>()["lines"][0]["text"].get<std::string>();
  CHECK(text.size() <= log_line_bytes_max);
  CHECK(text.size() > log_line_bytes_max - 10);
}

TEST_CASE("RunLog drops the oldest line when there are a hundred, and counts it") {
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
    RunLog log;
    for (std::size_t i = 0; i < row.count; ++i) log.add(two, std::to_string(i));
    const Json json = log.to_json<Json>();
    CHECK(json["lines"].size() == row.kept_count);
    CHECK(json["dropped"] == row.dropped_count);
    CHECK(json["lines"].front()["text"] == std::to_string(row.dropped_count));
    CHECK(json["lines"].back()["text"] == std::to_string(row.count - 1));
  }
}

}  // namespace run_log_test
