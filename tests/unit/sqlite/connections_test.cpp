// SPDX-License-Identifier: MIT

#include "punctual/sqlite/connections.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "punctual/base/error.hpp"
#include "support/catch.hpp"
#include "temporary_file.hpp"

namespace connections_test {

namespace {

using punctual::Duration;
using punctual::Error;
using punctual::sqlite::Options;
using punctual::sqlite::detail::Access;
using punctual::sqlite::detail::Connection;
using punctual::sqlite::detail::Connections;
using punctual::sqlite::detail::Query;
using punctual::sqlite::detail::WriteTransaction;
using punctual::sqlite::test::TemporaryFile;

void make_table(Connection& connection) {
  connection.exec("CREATE TABLE numbers (number INTEGER PRIMARY KEY)");
}

void insert(Connection& connection, int number) {
  Query{connection, "INSERT INTO numbers VALUES (?)"}.bind(number).run();
}

int count(Connection& connection) {
  Query query{connection, "SELECT count(*) FROM numbers"};
  return query.step() ? query.number<int>() : -1;
}

/// Short enough that a test does not wait, since nobody is going to let the lock go.
Options impatient(const TemporaryFile& file) {
  Options options = file.options();
  options.busy_timeout = Duration{1};
  return options;
}

template <class Operation>
Error refusal(Operation&& operation) {
  try {
    operation();
  } catch (const Error& error) {
    return error;
  }
  return {"NONE", "nothing was refused"};
}

}  // namespace

TEST_CASE("Connections commits what a write did when it returns") {
  for (const bool is_in_memory : {false, true}) {
    CAPTURE(is_in_memory);
    const TemporaryFile file;
    Connections connections{is_in_memory ? Options{.file = ":memory:"} : file.options(),
                            make_table};
    const int answer = connections.write([](Connection& connection) {
      insert(connection, 1);
      return 7;
    });
    CHECK(answer == 7);
    CHECK(connections.read(count) == 1);
    CHECK(connections.peek(count) == 1);
  }
}

TEST_CASE("Connections undoes what a write did when it throws") {
  const TemporaryFile file;
  Connections connections{file.options(), make_table};
  CHECK_THROWS_AS(connections.write([](Connection& connection) {
    insert(connection, 1);
    throw std::runtime_error{"changed its mind"};
  }),
                  std::runtime_error);
  const Error error = refusal([&] {
    connections.write([](Connection& connection) {
      insert(connection, 2);
      insert(connection, 2);
    });
  });
  CHECK(error.code() == "STORAGE_ERROR");
  CHECK_FALSE(error.retryable());
  CHECK(connections.read(count) == 0);
  connections.write([](Connection& connection) { insert(connection, 3); });
  CHECK(connections.read(count) == 1);
}

TEST_CASE("Connections writes each item in one transaction and opens none for no item") {
  const TemporaryFile file;
  Connections connections{impatient(file), make_table};
  const auto doubled = [](Connection& connection, const int& number) {
    insert(connection, number);
    return 2 * number;
  };
  CHECK(connections.write_each(std::vector{1, 2}, doubled) == std::vector{2, 4});
  CHECK(refusal([&] {
          connections.write_each(std::vector{3, 1}, doubled);
        }).code() == "STORAGE_ERROR");
  CHECK(connections.read(count) == 2);

  Connection other{impatient(file), Access::write};
  const WriteTransaction held{other};
  CHECK(connections.write_each(std::vector<int>{}, doubled).empty());
}

TEST_CASE("Connections answers a retryable STORAGE_BUSY when another connection has the lock") {
  const TemporaryFile file;
  Connections connections{impatient(file), make_table};
  Connection other{impatient(file), Access::write};
  {
    const WriteTransaction held{other};
    insert(other, 1);
    bool was_called = false;
    const Error error =
        refusal([&] { connections.write([&](Connection&) { was_called = true; }); });
    CHECK(error.code() == "STORAGE_BUSY");
    CHECK(error.retryable());
    CHECK_FALSE(error.in_doubt());
    CHECK_FALSE(was_called);
    CHECK(connections.read(count) == 0);
    CHECK(connections.peek(count) == 0);
  }
  connections.write([](Connection& connection) { insert(connection, 1); });
  CHECK(connections.read(count) == 1);
}

TEST_CASE("Connections answers a retryable STORAGE_UNAVAILABLE when the file may not grow") {
  const TemporaryFile file;
  Connections connections{file.options(), make_table};
  connections.peek([](Connection& connection) { connection.exec("PRAGMA max_page_count = 3"); });
  const Error error = refusal([&] {
    connections.write([](Connection& connection) {
      for (int number = 0; number < 100'000; ++number) insert(connection, number);
    });
  });
  CHECK(error.code() == "STORAGE_UNAVAILABLE");
  CHECK(error.retryable());
  CHECK(connections.read(count) == 0);
  connections.write([](Connection& connection) { insert(connection, 1); });
  CHECK(connections.read(count) == 1);
}

TEST_CASE("Connections refuses a write when it was to be a read") {
  const TemporaryFile file;
  Connections connections{file.options(), make_table};
  CHECK_THROWS_AS(connections.read([](Connection& connection) { insert(connection, 1); }), Error);
}

TEST_CASE("WriteTransaction rolls back when it is not committed") {
  const TemporaryFile file;
  Connection connection{file.options(), Access::write};
  make_table(connection);
  {
    const WriteTransaction transaction{connection};
    insert(connection, 1);
  }
  CHECK(count(connection) == 0);
  {
    WriteTransaction transaction{connection};
    insert(connection, 1);
    transaction.commit();
  }
  CHECK(count(connection) == 1);
}

TEST_CASE("WriteTransaction leaves nothing open when its commit is refused") {
  const TemporaryFile file;
  Connection connection{file.options(), Access::write};
  make_table(connection);
  connection.exec(
      "CREATE TABLE notes (number INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)");
  const Error error = refusal([&] {
    WriteTransaction transaction{connection};
    connection.exec("INSERT INTO notes VALUES (1)");  // a number that is not there
    transaction.commit();
  });
  CHECK(error.code() == "STORAGE_ERROR");
  CHECK_FALSE(connection.is_in_transaction());
}

}  // namespace connections_test
