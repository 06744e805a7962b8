// SPDX-License-Identifier: MIT

#include "punctual/postgres/connection.hpp"

#include <chrono>
#include <string>

#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/query.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_connection_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::test::server_conninfo;
using std::chrono::milliseconds;

TEST_CASE("postgres: Connection gives up when the server does not answer in time") {
  Connection connection{{.conninfo = server_conninfo(), .statement_timeout = milliseconds{1}}};
  connection.exec("SET statement_timeout = 0");
  CHECK_FALSE(connection.is_broken());
  const Duration begun_at = SystemClock{}.steady_now();
  const Error error = tests::error_of([&] { connection.exec("SELECT pg_sleep(60)"); }).value();
  const Duration taken = SystemClock{}.steady_now() - begun_at;
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(taken >= std::chrono::seconds{2});
  CHECK(taken < std::chrono::seconds{30});
  CHECK(connection.is_broken());
  CHECK_NOTHROW(connection.roll_back());  // waits for nobody
}

TEST_CASE("postgres: Connection says in doubt when a commit is not answered in time") {
  Connection connection{{.conninfo = server_conninfo(), .statement_timeout = milliseconds{1}}};
  const Error error =
      tests::error_of([&] { connection.exec("SELECT pg_sleep(60)", Phase::commit); }).value();
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.in_doubt());
  CHECK_FALSE(error.retryable());
}

TEST_CASE("postgres: Connection is of use when the server's own limit ended a statement") {
  Connection connection{{.conninfo = server_conninfo()}};
  connection.exec("SET statement_timeout = 20");
  const Error error = tests::error_of([&] { connection.exec("SELECT pg_sleep(60)"); }).value();
  CHECK(error.code() == "STORAGE_BUSY");
  CHECK(error.retryable());
  CHECK_FALSE(connection.is_broken());
  CHECK_NOTHROW(connection.exec("SELECT 1"));
}

TEST_CASE("postgres: Connection ends a transaction when it rolls back, and only then") {
  Connection connection{{.conninfo = server_conninfo()}};
  CHECK(connection.is_idle());
  connection.roll_back();
  connection.exec("BEGIN");
  CHECK_FALSE(connection.is_idle());
  connection.roll_back();
  CHECK(connection.is_idle());
  connection.exec("BEGIN");
  CHECK(tests::code_of([&] { connection.exec("SELECT 1 / 0"); }) == "STORAGE_ERROR");
  CHECK_FALSE(connection.is_idle());
  connection.roll_back();
  CHECK(connection.is_idle());
}

TEST_CASE("postgres: Connection leaves a borrowed connection open") {
  Connection owner{{.conninfo = server_conninfo()}};
  {
    Connection borrowed{{}, owner.native()};
    borrowed.exec("SELECT 1");
  }
  CHECK_NOTHROW(owner.exec("SELECT 1"));
}

TEST_CASE("postgres: Connection counts the rows that a statement with parameters changed") {
  Connection connection{{.conninfo = server_conninfo(), .schema = "pg_temp"}};
  connection.exec("CREATE TEMPORARY TABLE numbers (n bigint)");
  Query{connection, "INSERT INTO {}numbers SELECT generate_series(1, ?)"}.bind(3).run();
  CHECK(connection.change_count() == 3);
  Query{connection, "DELETE FROM {}numbers WHERE n > ?"}.bind(5).run();
  CHECK(connection.change_count() == 0);
}

}  // namespace postgres_connection_test
