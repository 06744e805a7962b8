// SPDX-License-Identifier: MIT

#include "punctual/postgres/options.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace postgres_options_test {

using namespace punctual;
using postgres::Options;

TEST_CASE("postgres::require_valid takes what can be used") {
  Options options;
  CHECK_NOTHROW(require_valid(options));  // libpq's own defaults
  options.conninfo = "postgresql://service@db:5433/jobs?sslmode=require";
  options.schema = "batch_2";
  options.table_prefix = "p_";
  CHECK_NOTHROW(require_valid(options));
}

TEST_CASE("postgres::require_valid refuses a value when it is out of its range") {
  struct Row {
    std::string name;
    Options options;
  };
  const auto make = [](auto&& change) {
    Options options;
    change(options);
    return options;
  };
  const Row rows[] = {
      {"conninfo", make([](Options& o) { o.conninfo = "host"; })},
      {"conninfo", make([](Options& o) { o.conninfo = "password=secret colour=blue"; })},
      {"conninfo", make([](Options& o) { o.conninfo = std::string("host=a\0b", 8); })},
      {"connections_max", make([](Options& o) { o.connections_max = 0; })},
      {"connections_max", make([](Options& o) { o.connections_max = 1001; })},
      {"busy_timeout", make([](Options& o) { o.busy_timeout = Duration{0}; })},
      {"statement_timeout", make([](Options& o) { o.statement_timeout = Duration{-1}; })},
      {"schema", make([](Options& o) { o.schema = ""; })},
      {"schema", make([](Options& o) { o.schema = "pg_own"; })},
      {"schema", make([](Options& o) { o.schema = "a; DROP TABLE b"; })},
      {"schema", make([](Options& o) { o.schema = std::string(32, 'a'); })},
      {"table_prefix", make([](Options& o) { o.table_prefix = "Upper"; })},
      {"table_prefix", make([](Options& o) { o.table_prefix = "1a"; })},
      {"poll_period", make([](Options& o) { o.poll_period = Duration{0}; })},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const Error error = tests::error_of([&] { require_valid(row.options); }).value();
    CHECK(error.code() == "INVALID_CONFIG");
    CHECK(std::string{error.what()}.find(row.name) != std::string::npos);
    CHECK(std::string{error.what()}.find("secret") == std::string::npos);
  }
}

}  // namespace postgres_options_test
