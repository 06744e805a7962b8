// SPDX-License-Identifier: MIT
//
// What the tables refuse by themselves, whoever writes to them.

#include "punctual/sqlite/schema.hpp"

#include <string>
#include <vector>

#include "scratch.hpp"
#include "support/catch.hpp"

namespace {

using punctual::sqlite::test::Scratch;

const std::string id_a = "018cc251-f400-7000-8000-00000000000a";
const std::string id_b = "018cc251-f400-7000-8000-00000000000b";

/// A row of `job_runs` as SQL, with some columns as the caller wants them.
std::string insert(const std::string& id, const std::string& columns, const std::string& values) {
  return "INSERT INTO {}job_runs (id, job_name, created_at, run_at, trigger, attempt, priority,"
         " claim_order, concurrency_key, concurrency_max, exclusive, " +
         columns + ") VALUES ('" + id + "', 'alpha', 0, 0, 'manual', 1, 0, 0, '', 0, 0, " + values +
         ")";
}

bool is_refused(Scratch& scratch, const std::string& sql) {
  try {
    scratch.connection.exec(sql);
  } catch (const SQLite::Exception& error) {
    return error.getErrorCode() == SQLITE_CONSTRAINT;
  }
  return false;
}

}  // namespace

TEST_CASE("job_runs takes or refuses a row by its own checks") {
  struct Row {
    const char* what;
    std::string columns;
    std::string values;
    bool is_taken;
  };
  const std::vector<Row> rows = {
      {"pending", "status", "'pending'", true},
      {"running with a lease", "status, lease_until_at", "'running', 5", true},
      {"running without one", "status", "'running'", false},
      {"ended", "status, completed_at", "'success', 5", true},
      {"ended at no time", "status", "'failed'", false},
      {"pending but completed", "status, completed_at", "'pending', 5", false},
      {"an unknown status", "status, completed_at", "'done', 5", false},
      {"a number for a status", "status", "1", false},
      {"a text for an instant", "status, due_at", "'pending', '2024-01-01'", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Scratch scratch;
    scratch.connection.exec(
        "INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last) VALUES ('alpha', 1, "
        "1)");
    CHECK(is_refused(scratch, insert(id_a, row.columns, row.values)) != row.is_taken);
  }
}

TEST_CASE("job_runs refuses a second row where only one may be") {
  Scratch scratch;
  CHECK(is_refused(scratch, insert(id_a, "status", "'pending'")));  // no such job
  scratch.connection.exec(
      "INSERT INTO {}jobs (name, retention_period_ms, retention_keep_last) VALUES ('alpha', 1, 1)");
  scratch.connection.exec(insert(id_a, "status, due_at, unique_key", "'pending', 7, 'key'"));
  CHECK(is_refused(scratch, insert(id_a, "status", "'pending'")));
  CHECK(is_refused(scratch, insert("short", "status", "'pending'")));
  CHECK(is_refused(scratch, insert(id_b, "status, due_at", "'pending', 7")));
  CHECK(is_refused(scratch, insert(id_b, "status, unique_key", "'pending', 'key'")));
  CHECK_FALSE(
      is_refused(scratch, insert(id_b, "status, completed_at, unique_key", "'skipped', 5, 'key'")));
}

TEST_CASE("Migrations lead to the latest version, one by one") {
  CHECK(punctual::sqlite::detail::schema_version_latest == 2);
  CHECK(std::string{punctual::sqlite::detail::migrations[0].name} == "jobs");
  CHECK(std::string{punctual::sqlite::detail::migrations[1].name} == "job_runs");
}
