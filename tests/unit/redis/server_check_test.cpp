// SPDX-License-Identifier: MIT

#include "punctual/redis/server_check.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/redis/own_server.hpp"

namespace redis_server_check_test {

using namespace punctual;
using namespace punctual::redis::detail;
using redis::Options;
using redis::test::OwnServer;

TEST_CASE("redis: info_value finds a line by its name") {
  const char* info = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nempty:\r\n";
  CHECK(info_value(info, "redis_version") == "7.0.15");
  CHECK(info_value(info, "redis_mode") == "standalone");
  CHECK(info_value(info, "empty").empty());
  CHECK(info_value(info, "redis").empty());
  CHECK(info_value("", "redis").empty());
  CHECK(info_value("redis_mode:last", "redis_mode") == "last");
}

TEST_CASE("redis: require_version refuses a release when it is too old") {
  for (const char* version : {"6.2.0", "6.10", "7.0.15", "8", "255.255.255", "", "unknown"}) {
    INFO(version);
    CHECK_NOTHROW(require_version(version));
  }
  for (const char* version : {"2.8.24", "5.0.14", "6.0.20", "6", "6.1.240"}) {
    INFO(version);
    CHECK(tests::code_of([&] { require_version(version); }) == "INVALID_CONFIG");
  }
}

TEST_CASE("redis: require_no_eviction refuses every policy but one") {
  CHECK_NOTHROW(require_no_eviction("noeviction"));
  for (const char* policy : {"allkeys-lru", "volatile-ttl", "", "NOEVICTION"}) {
    const Error error = tests::error_of([&] { require_no_eviction(policy); }).value();
    CHECK(error.code() == "INVALID_CONFIG");
    CHECK_FALSE(error.retryable());
    CHECK(std::string{error.what()}.find("noeviction") != std::string::npos);
  }
}

TEST_CASE("redis: require_fit_server asks another way when CONFIG is not allowed") {
  for (const char* policy : {"noeviction", "allkeys-lru"}) {
    INFO(policy);
    OwnServer server{{"--maxmemory-policy", policy, "--user", "service", "on", "+@all", "-config",
                      "~*", "&*", ">secret", "--user", "blind", "on", "+@all", "-config", "-info",
                      "~*", "&*", ">secret"}};
    Options options = server.options();
    options.username = "service";
    options.password = "secret";
    Connection connection{options};
    const bool is_fit = policy == std::string{"noeviction"};
    CHECK(tests::code_of([&] { require_fit_server(connection); }) ==
          (is_fit ? "" : "INVALID_CONFIG"));
    options.username = "blind";
    Connection blind{options};
    CHECK(tests::code_of([&] { require_fit_server(blind); }) == "INVALID_CONFIG");
  }
}

}  // namespace redis_server_check_test
