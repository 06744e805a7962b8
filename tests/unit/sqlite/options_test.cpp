// SPDX-License-Identifier: MIT

#include "punctual/sqlite/options.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "punctual/base/error.hpp"
#include "support/catch.hpp"

namespace options_test {

namespace {

using punctual::Duration;
using punctual::Error;
using punctual::sqlite::Options;

}  // namespace

TEST_CASE("is_table_prefix tells the prefixes that are safe in SQL from all others") {
  struct Row {
    std::string prefix;
    bool is_valid;
  };
  const std::vector<Row> rows = {
      {"", true},
      {"a", true},
      {"_", true},
      {"app_", true},
      {"app2_", true},
      {"sqlite", true},
      {std::string(31, 'a'), true},
      {std::string(32, 'a'), false},
      {"2app", false},
      {"App_", false},
      {"app-", false},
      {"app.", false},
      {"app ", false},
      {"app\"", false},
      {"app;", false},
      {"\xC3\xA4_", false},
      {std::string("a\0b", 3), false},
      {"sqlite_", false},
      {"sqlite_app", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.prefix);
    CHECK(punctual::sqlite::is_table_prefix(row.prefix) == row.is_valid);
  }
}

TEST_CASE("require_valid accepts options when every value is in its range") {
  struct Row {
    const char* what;
    Options options;
  };
  const std::vector<Row> rows = {
      {"defaults", {.file = "jobs.db"}},
      {"in memory", {.file = ":memory:"}},
      {"no waiting", {.file = "jobs.db", .busy_timeout = Duration{0}}},
      {"the longest wait",
       {.file = "jobs.db", .busy_timeout = Duration{std::numeric_limits<int>::max()}}},
      {"a prefix", {.file = "jobs.db", .table_prefix = "app_"}},
      {"one process", {.file = "jobs.db", .poll_period = std::nullopt}},
      {"the shortest period", {.file = "jobs.db", .poll_period = Duration{1}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    bool is_refused = false;
    try {
      punctual::sqlite::require_valid(row.options);
    } catch (const Error&) {
      is_refused = true;
    }
    CHECK_FALSE(is_refused);
  }
}

TEST_CASE("require_valid refuses options and names the value when it is out of its range") {
  struct Row {
    const char* named;
    Options options;
  };
  const std::vector<Row> rows = {
      {"file", {}},
      {"file", {.file = std::string("jobs\0.db", 8)}},
      {"busy_timeout", {.file = "jobs.db", .busy_timeout = Duration{-1}}},
      {"busy_timeout", {.file = "jobs.db", .busy_timeout = Duration{2'147'483'648}}},
      {"table_prefix", {.file = "jobs.db", .table_prefix = "DROP TABLE"}},
      {"table_prefix", {.file = "jobs.db", .table_prefix = "sqlite_"}},
      {"poll_period", {.file = "jobs.db", .poll_period = Duration{0}}},
      {"poll_period", {.file = "jobs.db", .poll_period = Duration{-5}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.named);
    std::string code;
    std::string message;
    try {
      punctual::sqlite::require_valid(row.options);
    } catch (const Error& error) {
      code = error.code();
      message = error.what();
    }
    CHECK(code == "INVALID_CONFIG");
    CHECK(message.find(row.named) != std::string::npos);
  }
}

}  // namespace options_test
