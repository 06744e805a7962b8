// SPDX-License-Identifier: MIT

#include "punctual/postgres/native_error.hpp"

#include <string>

#include "support/catch.hpp"

namespace postgres_native_error_test {

using namespace punctual;
using namespace punctual::postgres::detail;

TEST_CASE("postgres: make_error says what may be done about an SQLSTATE") {
  struct Row {
    const char* state;
    const char* code;
    bool retryable;
    bool in_doubt_at_commit;
  };
  const Row rows[] = {
      {"40001", "STORAGE_BUSY", true, false},         // serialization failure
      {"40P01", "STORAGE_BUSY", true, false},         // deadlock
      {"55P03", "STORAGE_BUSY", true, false},         // lock_timeout
      {"57014", "STORAGE_BUSY", true, false},         // statement_timeout
      {"08006", "STORAGE_UNAVAILABLE", true, true},   // connection lost
      {"57P01", "STORAGE_UNAVAILABLE", true, true},   // shut down by an administrator
      {"57P03", "STORAGE_UNAVAILABLE", true, true},   // starts up
      {"53300", "STORAGE_UNAVAILABLE", true, false},  // too many connections
      {"53100", "STORAGE_UNAVAILABLE", true, false},  // disk full
      {"25006", "STORAGE_UNAVAILABLE", true, false},  // read-only
      {"25P03", "STORAGE_UNAVAILABLE", true, false},  // paused too long inside of a transaction
      {"26000", "STORAGE_BUSY", true, false},         // no such prepared statement
      {"42P05", "STORAGE_BUSY", true, false},         // another prepared statement of that name
      {"XX001", "STORAGE_CORRUPT", false, false},     // data corrupted
      {"23514", "STORAGE_ERROR", false, false},       // check violation
      {"42P01", "STORAGE_ERROR", false, false},       // no such table
      {"42501", "STORAGE_ERROR", false, false},       // no privilege
  };
  for (const auto& row : rows) {
    INFO(row.state);
    const auto error = make_error(row.state, "said the server", Phase::statement);
    CHECK(error.code() == row.code);
    CHECK(error.retryable() == row.retryable);
    CHECK_FALSE(error.in_doubt());
    CHECK(std::string{error.what()}.find(row.state) != std::string::npos);
    const auto at_commit = make_error(row.state, "said the server", Phase::commit);
    CHECK(at_commit.in_doubt() == row.in_doubt_at_commit);
    CHECK_FALSE((at_commit.in_doubt() && at_commit.retryable()));
    CHECK_FALSE((at_commit.in_doubt() && at_commit.is_collision()));
  }
}

TEST_CASE("postgres: NativeError says what broke by its SQLSTATE") {
  struct Row {
    const char* state;
    bool is_connection_lost;
    bool is_collision;
    bool is_statement_lost;
  };
  const Row rows[] = {
      {"08006", true, false, false},  {"57P01", true, false, false},
      {"25P03", true, false, false},  {"40001", false, true, false},
      {"40P01", false, true, false},  {"23505", false, true, false},
      {"26000", false, false, true},  {"42P05", false, false, true},
      {"25006", false, false, false}, {"57014", false, false, false},
      {"42P01", false, false, false},
  };
  for (const auto& row : rows) {
    INFO(row.state);
    const auto error = make_error(row.state, "", Phase::statement);
    CHECK(error.state() == row.state);
    CHECK(error.is_connection_lost() == row.is_connection_lost);
    CHECK(error.is_collision() == row.is_collision);
    CHECK(error.is_statement_lost() == row.is_statement_lost);
  }
}

TEST_CASE("postgres: make_error quotes no value when the server does") {
  const auto error =
      make_error("22P02", "invalid input syntax for type uuid: \"secret\"", Phase::statement);
  CHECK(std::string{error.what()}.find("secret") == std::string::npos);
}

TEST_CASE("postgres: make_connect_error passes on what it is about, and no name") {
  const auto refused = make_connect_error(
      "connection to server at \"db.internal\", port 5432 failed: Connection refused");
  CHECK(refused.retryable());
  CHECK(std::string{refused.what()}.find("nobody listens") != std::string::npos);
  CHECK(std::string{refused.what()}.find("internal") == std::string::npos);
  const auto unknown =
      make_connect_error("FATAL:  password authentication failed for user \"bob\"");
  CHECK_FALSE(unknown.retryable());
  CHECK(std::string{unknown.what()}.find("bob") == std::string::npos);
  CHECK(make_connect_error("FATAL:  sorry, too many clients already").retryable());
  CHECK(make_connect_error("").retryable());
}

}  // namespace postgres_native_error_test
