// SPDX-License-Identifier: MIT

#include "punctual/sqlite/connection.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/sqlite/query.hpp"
#include "support/catch.hpp"
#include "temporary_file.hpp"

namespace connection_test {

namespace {

using punctual::sqlite::Options;
using punctual::sqlite::Synchronous;
using punctual::sqlite::detail::Access;
using punctual::sqlite::detail::Connection;
using punctual::sqlite::detail::Query;
using punctual::sqlite::test::TemporaryFile;

std::string answer(Connection& connection, const char* sql) {
  Query query{connection, sql};
  return query.step() ? query.text() : "nothing";
}

int refusal(const Options& options) {
  try {
    const Connection connection{options, Access::write};
  } catch (const SQLite::Exception& error) {
    return error.getErrorCode();
  }
  return SQLITE_OK;
}

}  // namespace

TEST_CASE("Connection sets up the file for our use when it opens it") {
  const TemporaryFile file;
  Connection writer{{.file = file.path()}, Access::write};
  CHECK(answer(writer, "PRAGMA journal_mode") == "wal");
  CHECK(answer(writer, "PRAGMA foreign_keys") == "1");
  CHECK(answer(writer, "PRAGMA synchronous") == "2");
  CHECK(answer(writer, "PRAGMA busy_timeout") == "5000");
  CHECK(answer(writer, "PRAGMA query_only") == "0");

  Connection reader{file.options(), Access::read};
  CHECK(answer(reader, "PRAGMA journal_mode") == "wal");
  CHECK(answer(reader, "PRAGMA synchronous") == "1");
  CHECK(answer(reader, "PRAGMA query_only") == "1");
  CHECK_THROWS_AS(reader.exec("CREATE TABLE refused (a)"), SQLite::Exception);
}

TEST_CASE("Connection keeps its own database in memory when the file is :memory:") {
  Connection one{{.file = ":memory:"}, Access::write};
  Connection other{{.file = ":memory:"}, Access::write};
  one.exec("CREATE TABLE here (a)");
  CHECK_THROWS_AS(other.exec("SELECT * FROM here"), SQLite::Exception);
}

TEST_CASE("Connection refuses to open when the file or its directory is not to be had") {
  const TemporaryFile file;
  SECTION("the directory does not exist") {
    std::string code;
    std::string message;
    try {
      const Connection connection{{.file = file.path() + "/deeper/jobs.db"}, Access::write};
    } catch (const punctual::Error& error) {
      code = error.code();
      message = error.what();
      CHECK_FALSE(error.retryable());
    }
    CHECK(code == "STORAGE_UNAVAILABLE");
    CHECK(message.find("there is no directory") != std::string::npos);
  }
  SECTION("the file is a directory") {
    CHECK(refusal({.file = std::filesystem::temp_directory_path().string()}) == SQLITE_CANTOPEN);
  }
  SECTION("the file is not a database") {
    file.write(std::string(5000, 'x'));
    CHECK(refusal({.file = file.path()}) == SQLITE_NOTADB);
  }
  SECTION("nobody has made the file, and a reader does not") {
    CHECK_THROWS_AS(Connection(file.options(), Access::read), SQLite::Exception);
  }
}

TEST_CASE("Connection switches a new file to WAL when several open it at once") {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFile file;
    std::atomic<int> wal_count{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        try {
          Connection connection{file.options(), Access::write};
          if (answer(connection, "PRAGMA journal_mode") == "wal") ++wal_count;
        } catch (const SQLite::Exception&) {  // counted as missing
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wal_count == 4);
  }
}

TEST_CASE("Connection puts the table prefix in place of every pair of braces") {
  const Connection connection{{.file = ":memory:", .table_prefix = "app_"}, Access::write};
  CHECK(connection.expanded("") == "");
  CHECK(connection.expanded("{}jobs") == "app_jobs");
  CHECK(connection.expanded("SELECT a FROM {}jobs, {}job_runs") ==
        "SELECT a FROM app_jobs, app_job_runs");
  CHECK(connection.expanded("{ {}") == "{ app_");
  CHECK(connection.expanded("{}{") == "app_{");
}

TEST_CASE("Connection prepares a statement once when it is used again") {
  Connection connection{{.file = ":memory:"}, Access::write};
  const auto* first = &connection.prepared("SELECT 1");
  for (int i = 0; i < 100; ++i) {
    CHECK(connection.prepared("SELECT " + std::to_string(i + 2)).getColumnCount() == 1);
  }
  CHECK(&connection.prepared(std::string{"SELECT 1"}) == first);
}

TEST_CASE("Connection knows its transaction and gives it up when told to") {
  Connection connection{{.file = ":memory:"}, Access::write};
  connection.exec("CREATE TABLE numbers (a)");
  connection.roll_back();
  connection.exec("BEGIN IMMEDIATE");
  CHECK(connection.is_in_transaction());
  connection.exec("INSERT INTO numbers VALUES (1), (2)");
  CHECK(connection.change_count() == 2);
  connection.roll_back();
  CHECK_FALSE(connection.is_in_transaction());
  CHECK(answer(connection, "SELECT count(*) FROM numbers") == "0");
}

}  // namespace connection_test
