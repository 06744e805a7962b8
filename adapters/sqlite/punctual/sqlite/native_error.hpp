// SPDX-License-Identifier: MIT
//
// What SQLite refused, as a punctual::Error.
//
// SQLite rolls back what it does not commit, so nearly every failure means that nothing happened.
// The exception is an I/O error at COMMIT: the commit may lie complete in the log although its
// flush failed, and the next process to recover the file would find it there.
//
// Thread-safety: pure functions.
// Source: SQLite, "Result and Error Codes"; "Write-Ahead Logging".

#pragma once

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "punctual/base/error.hpp"

namespace punctual::sqlite::detail {

/// What was being done when SQLite refused.
enum class Phase : std::uint8_t {
  statement,  ///< anything but a commit
  commit,
};

/// Returns the error for SQLite's extended result code `native`.
///
/// `message` is SQLite's own; it names tables and columns, never a value.
[[nodiscard]] inline Error make_error(int native, const std::string& message, Phase phase) {
  const std::string text = "SQLite " + std::to_string(native) + ": " + message;
  switch (native & 0xFF) {  // the primary code is the low byte
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {"STORAGE_BUSY",
              text + "; another connection kept the lock for longer than busy_timeout",
              ErrorKind::retryable};
    case SQLITE_IOERR:
      return {"STORAGE_UNAVAILABLE", text,
              phase == Phase::commit ? ErrorKind::in_doubt : ErrorKind::retryable};
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      return {"STORAGE_UNAVAILABLE", text, ErrorKind::retryable};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {"STORAGE_CORRUPT", text + "; restore the file from a backup"};
    default:
      return {"STORAGE_ERROR", text};
  }
}

[[nodiscard]] inline Error make_error(const SQLite::Exception& error, Phase phase) {
  // Errors that SQLiteCpp raises itself carry no extended code.
  const int extended = error.getExtendedErrorCode();
  return make_error(extended > 0 ? extended : error.getErrorCode(), error.what(), phase);
}

/// Calls `operation()`; what SQLite throws becomes a punctual::Error.
template <class Operation>
decltype(auto) guarded(Operation&& operation) {
  try {
    return operation();
  } catch (const SQLite::Exception& error) {
    throw make_error(error, Phase::statement);
  }
}

}  // namespace punctual::sqlite::detail
