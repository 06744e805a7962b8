// SPDX-License-Identifier: MIT

#include "punctual/sqlite/native_error.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace native_error_test {

namespace {

namespace detail = punctual::sqlite::detail;

using detail::Phase;
using punctual::Error;
using punctual::ErrorKind;

ErrorKind kind_of(const Error& error) {
  if (error.in_doubt()) return ErrorKind::in_doubt;
  return error.retryable() ? ErrorKind::retryable : ErrorKind::permanent;
}

}  // namespace

TEST_CASE("make_error says what a caller may do when SQLite refuses") {
  struct Row {
    const char* name;
    int native;
    Phase phase;
    const char* code;
    ErrorKind kind;
  };
  const std::vector<Row> rows = {
      {"busy", SQLITE_BUSY, Phase::statement, "STORAGE_BUSY", ErrorKind::retryable},
      {"busy at commit", SQLITE_BUSY, Phase::commit, "STORAGE_BUSY", ErrorKind::retryable},
      {"snapshot", SQLITE_BUSY_SNAPSHOT, Phase::statement, "STORAGE_BUSY", ErrorKind::retryable},
      {"locked", SQLITE_LOCKED, Phase::statement, "STORAGE_BUSY", ErrorKind::retryable},
      {"full", SQLITE_FULL, Phase::statement, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"full at commit", SQLITE_FULL, Phase::commit, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"read", SQLITE_IOERR_READ, Phase::statement, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"flush", SQLITE_IOERR_FSYNC, Phase::statement, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"flush at commit", SQLITE_IOERR_FSYNC, Phase::commit, "STORAGE_UNAVAILABLE",
       ErrorKind::in_doubt},
      {"cannot open", SQLITE_CANTOPEN, Phase::statement, "STORAGE_UNAVAILABLE",
       ErrorKind::retryable},
      {"read only", SQLITE_READONLY, Phase::statement, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"memory", SQLITE_NOMEM, Phase::statement, "STORAGE_UNAVAILABLE", ErrorKind::retryable},
      {"corrupt", SQLITE_CORRUPT, Phase::statement, "STORAGE_CORRUPT", ErrorKind::permanent},
      {"corrupt at commit", SQLITE_CORRUPT_INDEX, Phase::commit, "STORAGE_CORRUPT",
       ErrorKind::permanent},
      {"not a database", SQLITE_NOTADB, Phase::statement, "STORAGE_CORRUPT", ErrorKind::permanent},
      {"constraint", SQLITE_CONSTRAINT_UNIQUE, Phase::statement, "STORAGE_ERROR",
       ErrorKind::permanent},
      {"misuse", SQLITE_MISUSE, Phase::statement, "STORAGE_ERROR", ErrorKind::permanent},
      {"no such table", SQLITE_ERROR, Phase::statement, "STORAGE_ERROR", ErrorKind::permanent},
      {"too big", SQLITE_TOOBIG, Phase::statement, "STORAGE_ERROR", ErrorKind::permanent},
      {"SQLiteCpp's own", -1, Phase::statement, "STORAGE_ERROR", ErrorKind::permanent},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const Error error = detail::make_error(row.native, "what SQLite said", row.phase);
    CHECK(error.code() == row.code);
    CHECK(kind_of(error) == row.kind);
    const std::string text = error.what();
    CHECK(text.find("SQLite " + std::to_string(row.native) + ": what SQLite said") !=
          std::string::npos);
  }
}

TEST_CASE("guarded turns what SQLite throws into an error and lets all else pass") {
  CHECK(detail::guarded([] { return 7; }) == 7);
  CHECK_THROWS_AS(detail::guarded([] { throw SQLite::Exception{"refused", SQLITE_BUSY}; }), Error);
  CHECK_THROWS_AS(detail::guarded([] { throw std::bad_alloc{}; }), std::bad_alloc);

  std::string code;
  try {
    detail::guarded([] { throw Error{"SCHEMA_TOO_NEW", "as it was"}; });
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == "SCHEMA_TOO_NEW");
}

}  // namespace native_error_test
