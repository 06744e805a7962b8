// SPDX-License-Identifier: MIT

#include "punctual/redis/native_error.hpp"

#include <string>

#include "support/catch.hpp"

namespace redis_native_error_test {

using namespace punctual;
using namespace punctual::redis::detail;

TEST_CASE("redis: make_error says what may be done about an answer") {
  struct Row {
    const char* message;
    const char* code;
    bool retryable;
  };
  const Row rows[] = {
      {"LOADING Redis is loading the dataset in memory", "STORAGE_UNAVAILABLE", true},
      {"READONLY You can't write against a read only replica.", "STORAGE_UNAVAILABLE", true},
      {"MASTERDOWN Link with MASTER is down", "STORAGE_UNAVAILABLE", true},
      {"MISCONF Redis is configured to save RDB snapshots", "STORAGE_UNAVAILABLE", true},
      {"OOM command not allowed when used memory > 'maxmemory'.", "STORAGE_UNAVAILABLE", true},
      {"NOREPLICAS Not enough good replicas to write.", "STORAGE_UNAVAILABLE", true},
      {"CLUSTERDOWN The cluster is down", "STORAGE_UNAVAILABLE", true},
      {"TRYAGAIN Multiple keys request during rehashing of slot", "STORAGE_UNAVAILABLE", true},
      {"ASK 3999 10.0.0.1:6381", "STORAGE_UNAVAILABLE", true},
      {"MOVED 3999 10.0.0.1:6381", "STORAGE_ERROR", false},
      {"BUSY Redis is busy running a script.", "STORAGE_BUSY", true},
      {"ERR Error running script: Script killed by user with SCRIPT KILL.", "STORAGE_BUSY", true},
      {"ERR max number of clients reached", "STORAGE_UNAVAILABLE", true},
      {"NOAUTH Authentication required.", "STORAGE_UNAVAILABLE", false},
      {"WRONGPASS invalid username-password pair", "STORAGE_UNAVAILABLE", false},
      {"ERR AUTH <password> called without any password configured", "STORAGE_UNAVAILABLE", false},
      {"NOPERM this user has no permissions to run the 'time' command", "STORAGE_UNAVAILABLE",
       false},
      {"WRONGTYPE Operation against a key", "STORAGE_CORRUPT", false},
      {"DUPLICATE_RUN_ID 01", "DUPLICATE_RUN_ID", false},
      {"NODATA the keys are gone", "STORAGE_CORRUPT", false},
      {"SCHEMA_TOO_NEW 2", "SCHEMA_TOO_NEW", false},
      {"ERR unknown command", "STORAGE_ERROR", false},
      {"", "STORAGE_ERROR", false},
  };
  for (const auto& row : rows) {
    INFO(row.message);
    const auto error = make_error(row.message);
    CHECK(error.code() == row.code);
    CHECK(error.retryable() == row.retryable);
    CHECK_FALSE(error.in_doubt());
    CHECK(error.reply() == first_word(row.message));
    CHECK(std::string{error.what()}.find("10.0.0.1") == std::string::npos);
  }
}

TEST_CASE("redis: make_error tells a server that is the wrong one") {
  CHECK(make_error("READONLY replica").is_wrong_server());
  CHECK_FALSE(make_error("LOADING data").is_wrong_server());
}

TEST_CASE("redis: make_lost_error is in doubt when all of a command was sent") {
  for (const bool is_timeout : {false, true}) {
    const auto sent = make_lost_error(true, is_timeout);
    CHECK(sent.in_doubt());
    CHECK_FALSE(sent.retryable());
    CHECK(sent.is_connection_lost() != is_timeout);
    const auto unsent = make_lost_error(false, is_timeout);
    CHECK(unsent.retryable());
    CHECK_FALSE(unsent.in_doubt());
    CHECK(unsent.code() == "STORAGE_UNAVAILABLE");
  }
}

TEST_CASE("redis: make_connect_error passes on what it is about, and no name") {
  struct Row {
    const char* message;
    const char* part;
  };
  const Row rows[] = {
      {"Connection refused", "nobody listens"},
      {"No such file or directory", "nobody listens"},
      {"Connection timed out", "no answer in time"},
      {"Operation now in progress", "no answer in time"},
      {"Name or service not known: db.internal", "name is not known"},
      {"Network is unreachable", "no way"},
      {"", "failed"},
  };
  for (const auto& row : rows) {
    INFO(row.message);
    const auto error = make_connect_error(row.message);
    CHECK(error.code() == "STORAGE_UNAVAILABLE");
    CHECK(error.retryable());
    CHECK_FALSE(error.is_connection_lost());
    CHECK(std::string{error.what()}.find(row.part) != std::string::npos);
    CHECK(std::string{error.what()}.find("internal") == std::string::npos);
  }
}

}  // namespace redis_native_error_test
