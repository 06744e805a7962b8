// SPDX-License-Identifier: MIT
//
// The migrator: brings a schema's tables to the version that this library knows.
//
// All steps are one transaction that passes the gate alone and then looks at the version again, so
// several nodes may start at once: one makes the steps, the others find them made.
//
// A step may build an index of a history of any length. So the limits of time that other statements
// have are lifted for the steps: they run on a connection of their own, which has more patience.
//
// Thread-safety: as the Connections.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/base/time.hpp"
#include "punctual/postgres/connection.hpp"
#include "punctual/postgres/connections.hpp"
#include "punctual/postgres/options.hpp"
#include "punctual/postgres/query.hpp"
#include "punctual/postgres/schema.hpp"

namespace punctual::postgres::detail {

/// How long a statement of a migration may take, at least.
inline constexpr Duration migration_timeout = std::chrono::hours{1};

/// Returns the version of the tables in the schema, 0 if there are none.
[[nodiscard]] inline int read_schema_version(Connection& connection) {
  Query table{connection, "SELECT to_regclass(?::text) IS NOT NULL"};
  const std::string name = connection.expanded("{}schema_version");
  if (!table.bind(name).step() || !table.boolean()) return 0;
  Query version{connection, "SELECT coalesce(max(version), 0) FROM {}schema_version"};
  return version.step() ? version.number<int>() : 0;
}

/// Errors: SCHEMA_TOO_NEW -> a newer release of this library has been at the tables.
inline void require_known_schema(int version) {
  if (version <= schema_version_latest) return;
  throw Error{"SCHEMA_TOO_NEW",
              "the PostgreSQL tables have schema version " + std::to_string(version) +
                  ", this library knows versions up to " + std::to_string(schema_version_latest) +
                  "; use the newer library, or another schema or table_prefix"};
}

/// Errors: SCHEMA_TOO_NEW -> see `require_known_schema`.
[[nodiscard]] inline bool is_up_to_date(Connection& connection) {
  const int version = read_schema_version(connection);
  require_known_schema(version);
  return version == schema_version_latest;
}

/// Applies what is missing. Requires: inside a transaction that passed the gate alone.
inline void apply_migrations(Connection& connection) {
  if (is_up_to_date(connection)) return;  // another node was first
  Query schema{connection, "SELECT 1 FROM pg_namespace WHERE nspname = ?"};
  if (!schema.bind(connection.schema()).step()) {
    connection.exec("CREATE SCHEMA " + connection.schema());
  }
  connection.exec(
      "CREATE TABLE IF NOT EXISTS {}schema_version (version bigint PRIMARY KEY,"
      " name text NOT NULL, probe_count bigint NOT NULL DEFAULT 0)");
  for (auto version = static_cast<std::size_t>(read_schema_version(connection));
       version < migrations.size(); ++version) {
    for (const char* sql : migrations[version].up) {
      if (sql != nullptr) connection.exec(sql);
    }
    Query{connection, "INSERT INTO {}schema_version (version, name) VALUES (?, ?)"}
        .bind(std::uint64_t{version + 1}, migrations[version].name)
        .run();
  }
}

/// Makes or updates the tables. Of tables that are up to date it only reads the version.
///
/// Errors: SCHEMA_TOO_NEW -> see `require_known_schema`.
/// Blocks: of tables that are not up to date, up to `migration_timeout` a statement.
inline void migrate(Connections& connections) {
  if (connections.read(is_up_to_date)) return;
  Options patient = connections.options();
  patient.statement_timeout = std::max(patient.statement_timeout, migration_timeout);
  Connections{patient}.write(
      Gate::alone, [](Connection& connection, TimePoint) { apply_migrations(connection); });
}

/// Undoes migrations until the tables have `version`. Requires: as `apply_migrations`.
inline void undo_migrations(Connection& connection, int version) {
  const int from = read_schema_version(connection);
  require_known_schema(from);
  for (int applied = from; applied > version; --applied) {
    connection.exec(migrations[static_cast<std::size_t>(applied - 1)].down);
    Query{connection, "DELETE FROM {}schema_version WHERE version = ?"}.bind(applied).run();
  }
}

/// Writes a row. For health checks: what is written means nothing.
inline void probe_write(Connection& connection, TimePoint) {
  Query{connection, "UPDATE {}schema_version SET probe_count = probe_count + 1 WHERE version = ?"}
      .bind(schema_version_latest)
      .run();
}

}  // namespace punctual::postgres::detail
