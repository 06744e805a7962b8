// SPDX-License-Identifier: MIT

#include "punctual/redis/options.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace redis_options_test {

using namespace punctual;
using redis::Options;

TEST_CASE("redis::require_valid takes what can be used") {
  Options options;
  CHECK_NOTHROW(require_valid(options));
  options.unix_socket = "/run/redis.sock";
  options.host = "";
  options.username = "service";
  options.password = "secret";
  options.key_prefix = "jobs:{batch-2}:";
  options.database = 15;
  CHECK_NOTHROW(require_valid(options));
}

TEST_CASE("redis::require_valid refuses a value when it is out of its range") {
  struct Row {
    std::string name;
    Options options;
  };
  const auto make = [](auto&& change) {
    Options options;
    options.password = "secret";
    change(options);
    return options;
  };
  const Row rows[] = {
      {"host", make([](Options& o) { o.host = ""; })},
      {"host", make([](Options& o) { o.port = 0; })},
      {"host", make([](Options& o) { o.host = std::string("a\0b", 3); })},
      {"unix_socket", make([](Options& o) { o.unix_socket = std::string("a\0b", 3); })},
      {"unix_socket", make([](Options& o) { o.unix_socket = std::string(108, 'a'); })},
      {"password", make([](Options& o) {
         o.username = "service";
         o.password = "";
       })},
      {"database", make([](Options& o) { o.database = -1; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = ""; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = "jobs:"; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = "{}:"; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = "}{:"; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = "{a}{b}:"; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = "{a b}:"; })},
      {"key_prefix", make([](Options& o) { o.key_prefix = '{' + std::string(64, 'a') + '}'; })},
      {"connections_max", make([](Options& o) { o.connections_max = 0; })},
      {"connections_max", make([](Options& o) { o.connections_max = 1001; })},
      {"busy_timeout", make([](Options& o) { o.busy_timeout = Duration{0}; })},
      {"connect_timeout", make([](Options& o) { o.connect_timeout = Duration{-1}; })},
      {"command_timeout", make([](Options& o) { o.command_timeout = std::chrono::hours{25}; })},
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

}  // namespace redis_options_test
