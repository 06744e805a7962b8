// SPDX-License-Identifier: MIT

#include "punctual/postgres/migrator.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include "punctual/base/uuid.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/storage.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "unit/postgres/temporary_schema.hpp"

namespace postgres_migrator_test {

using namespace punctual;
using namespace punctual::postgres::detail;
using punctual::postgres::migrate_down;
using punctual::postgres::test::TemporarySchema;

namespace {

/// Returns how many tables, views, indexes and functions there are besides what `schema_version`
/// needs.
std::int64_t object_count(const TemporarySchema& schema) {
  Connection connection{schema.options()};
  Query query{connection,
              "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid"
              " AND relname NOT LIKE 'schema_version%') + (SELECT count(*) FROM pg_proc"
              " WHERE pronamespace = n.oid) FROM pg_namespace n WHERE nspname = ?"};
  query.bind(schema.options().schema);
  return query.step() ? query.integer() : 0;
}

int version_of(const TemporarySchema& schema) {
  Connection connection{schema.options()};
  return read_schema_version(connection);
}

}  // namespace

TEST_CASE("postgres: read_schema_version is 0 when there are no tables") {
  TemporarySchema schema;
  CHECK(version_of(schema) == 0);
  Connection connection{schema.options()};
  CHECK_FALSE(is_up_to_date(connection));
}

TEST_CASE("postgres: migrate makes the tables once, and again after migrate_down") {
  TemporarySchema schema;
  Connections connections{schema.options()};
  migrate(connections);
  CHECK(version_of(schema) == schema_version_latest);
  const std::int64_t full_count = object_count(schema);
  CHECK(full_count > 20);
  migrate(connections);
  CHECK(object_count(schema) == full_count);
  for (int version = schema_version_latest - 1; version >= 0; --version) {
    INFO("down to " << version << " and up again");
    migrate_down(schema.options(), version);
    CHECK(version_of(schema) == version);
    CHECK((object_count(schema) == 0) == (version == 0));
    migrate(connections);
    CHECK(version_of(schema) == schema_version_latest);
    CHECK(object_count(schema) == full_count);
  }
}

TEST_CASE("postgres: migrate lifts the limits of time for as long as the steps take") {
  TemporarySchema schema;
  auto options = schema.options();
  {
    Connections connections{options};
    migrate(connections);
  }
  migrate_down(options, schema_version_latest - 1);
  // As if a step built an index of a long history: longer than the server's limit, and than an
  // answer is waited for.
  Connection{options}.exec(
      "CREATE FUNCTION {}slow() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN PERFORM pg_sleep(2.3); RETURN NEW; END';"
      " CREATE TRIGGER slow BEFORE INSERT ON {}schema_version EXECUTE FUNCTION {}slow()");
  options.statement_timeout = std::chrono::milliseconds{50};
  Connections connections{options};
  const Duration begun_at = SystemClock{}.steady_now();
  migrate(connections);
  CHECK(SystemClock{}.steady_now() - begun_at >= std::chrono::milliseconds{2300});
  CHECK(version_of(schema) == schema_version_latest);
  const auto wait = [](Connection& connection, TimePoint) {
    connection.exec("SELECT pg_sleep(60)");
  };
  CHECK(tests::code_of([&] { connections.write(Gate::shared, wait); }) == "STORAGE_BUSY");
}

TEST_CASE("postgres: migrate_down does nothing when the tables are as old already") {
  TemporarySchema schema;
  migrate_down(schema.options());
  CHECK(version_of(schema) == 0);
  Connections connections{schema.options()};
  migrate(connections);
  migrate_down(schema.options(), schema_version_latest);
  CHECK(version_of(schema) == schema_version_latest);
}

TEST_CASE("postgres: migrate_down refuses a version below 0 and tables of a newer release") {
  TemporarySchema schema;
  Connections connections{schema.options()};
  migrate(connections);
  CHECK(tests::code_of([&] { migrate_down(schema.options(), -1); }) == "INVALID_CONFIG");
  Connection{schema.options()}.exec("INSERT INTO {}schema_version (version, name) VALUES (99, '')");
  CHECK(tests::code_of([&] { migrate_down(schema.options()); }) == "SCHEMA_TOO_NEW");
  CHECK(tests::code_of([&] { migrate(connections); }) == "SCHEMA_TOO_NEW");
  CHECK(object_count(schema) > 20);
}

TEST_CASE("postgres: require_known_schema takes every version up to its own") {
  CHECK_NOTHROW(require_known_schema(0));
  CHECK_NOTHROW(require_known_schema(schema_version_latest));
  CHECK(tests::code_of([] { require_known_schema(schema_version_latest + 1); }) ==
        "SCHEMA_TOO_NEW");
}

}  // namespace postgres_migrator_test
