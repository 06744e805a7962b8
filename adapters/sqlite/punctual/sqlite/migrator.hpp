// SPDX-License-Identifier: MIT
//
// The migrator: brings a file's tables to the version that this library knows.
//
// Each step is a transaction of its own that takes the write lock and then looks at the version
// again, so several processes may start at once: one makes the step, the others find it made.
//
// Thread-safety: as the Connection.

#pragma once

#include <cstddef>
#include <string>

#include "punctual/base/error.hpp"
#include "punctual/sqlite/connection.hpp"
#include "punctual/sqlite/connections.hpp"
#include "punctual/sqlite/query.hpp"
#include "punctual/sqlite/schema.hpp"

namespace punctual::sqlite::detail {

/// Returns the version of the tables in the file, 0 if there are none.
[[nodiscard]] inline int read_schema_version(Connection& connection) {
  Query table{connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"};
  if (!table.bind(connection.expanded("{}schema_version")).step()) return 0;
  Query version{connection, "SELECT coalesce(max(version), 0) FROM {}schema_version"};
  return version.step() ? version.number<int>() : 0;
}

/// Errors: SCHEMA_TOO_NEW -> a newer release of this library has been at the file.
inline void require_known_schema(int version) {
  if (version <= schema_version_latest) return;
  throw Error{"SCHEMA_TOO_NEW", "the SQLite file has schema version " + std::to_string(version) +
                                    ", this library knows versions up to " +
                                    std::to_string(schema_version_latest) +
                                    "; use the newer library, or another file or table_prefix"};
}

/// Errors: SCHEMA_TOO_NEW -> see `require_known_schema`.
[[nodiscard]] inline bool is_up_to_date(Connection& connection) {
  const int version = read_schema_version(connection);
  require_known_schema(version);
  return version == schema_version_latest;
}

/// Makes or updates the tables.
///
/// An up-to-date file is only read: no lock is taken that a busy process could hold.
///
/// Errors: SCHEMA_TOO_NEW -> see `require_known_schema`.
inline void migrate(Connection& connection) {
  while (true) {
    if (is_up_to_date(connection)) return;
    WriteTransaction transaction{connection};
    if (is_up_to_date(connection)) return;  // another process was first
    const int version = read_schema_version(connection);
    connection.exec(
        "CREATE TABLE IF NOT EXISTS {}schema_version (version INTEGER PRIMARY KEY NOT NULL,"
        " name TEXT NOT NULL, probe_count INTEGER NOT NULL DEFAULT 0) STRICT");
    const Migration& next = migrations[static_cast<std::size_t>(version)];
    connection.exec(next.sql);
    Query{connection, "INSERT INTO {}schema_version (version, name) VALUES (?, ?)"}
        .bind(version + 1, next.name)
        .run();
    transaction.commit();
  }
}

/// Writes to the file and commits. For health checks: what is written means nothing.
inline void probe_write(Connection& connection) {
  Query{connection, "UPDATE {}schema_version SET probe_count = probe_count + 1 WHERE version = ?"}
      .bind(schema_version_latest)
      .run();
}

}  // namespace punctual::sqlite::detail
