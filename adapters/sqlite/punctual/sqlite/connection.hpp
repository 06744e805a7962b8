// SPDX-License-Identifier: MIT
//
// Connection: one connection to the file, set up for our use, with its prepared statements.
//
// In SQL handed to it, `{}` stands for the table prefix, and `knows_job(name)` asks for the jobs
// that the caller knows. Each statement is prepared once and kept.
//
// Thread-safety: one thread at a time; Connections guards it.

#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "punctual/base/error.hpp"
#include "punctual/domain/ledger.hpp"
#include "punctual/sqlite/known_jobs.hpp"
#include "punctual/sqlite/options.hpp"

namespace punctual::sqlite::detail {

/// What a connection is for.
enum class Access : std::uint8_t {
  write,
  read,  ///< every write is refused
};

class Connection {
 public:
  /// Opens the file; a writing connection makes it if it does not exist.
  ///
  /// Errors: STORAGE_UNAVAILABLE -> the directory does not exist.
  /// Blocks: while other processes switch the same new file to WAL, at most `busy_timeout` each.
  Connection(const Options& options, Access access)
      : database_(checked_file(options), flags(access),
                  static_cast<int>(options.busy_timeout.count())),
        prefix_(options.table_prefix) {
    database_.createFunction("knows_job", 1, false, &known_jobs_, knows_job);
    if (!is_in_memory(options)) switch_to_wal();
    exec(options.synchronous == Synchronous::full ? "PRAGMA synchronous = FULL"
                                                  : "PRAGMA synchronous = NORMAL");
    exec("PRAGMA foreign_keys = ON");
    if (access == Access::read) exec("PRAGMA query_only = ON");
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements that answer nothing, without keeping them.
  void exec(std::string_view sql) { database_.exec(expanded(sql)); }

  /// Returns the statement, prepared at its first use and reset.
  [[nodiscard]] SQLite::Statement& prepared(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      found = statements_.emplace(sql, SQLite::Statement{database_, expanded(sql)}).first;
    }
    return found->second;
  }

  /// Returns `sql` with the table prefix in place of every `{}`.
  [[nodiscard]] std::string expanded(std::string_view sql) const {
    std::string text;
    text.reserve(sql.size() + 64);
    for (std::size_t i = 0; i < sql.size(); ++i) {
      if (sql.substr(i, 2) == "{}") {
        text += prefix_;
        ++i;
      } else {
        text += sql[i];
      }
    }
    return text;
  }

  /// Returns how many rows the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] int change_count() const noexcept { return database_.getChanges(); }

  [[nodiscard]] bool is_in_transaction() const noexcept {
    return sqlite3_get_autocommit(database_.getHandle()) == 0;
  }

  /// By what `knows_job` answers; see KnownJobs.
  [[nodiscard]] const JobNames*& known_jobs() noexcept { return known_jobs_; }

  [[nodiscard]] SQLite::Database& database() noexcept { return database_; }

  /// Gives up the transaction, if one is open.
  void roll_back() noexcept {
    if (is_in_transaction()) database_.tryExec("ROLLBACK");
  }

 private:
  /// Lets a string_view find what is kept under a string.
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] static int flags(Access access) {
    const int create = access == Access::write ? SQLite::OPEN_CREATE : 0;
    return SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX | create;
  }

  [[nodiscard]] static const std::string& checked_file(const Options& options) {
    const auto directory = std::filesystem::path{options.file}.parent_path();
    std::error_code ignored;
    if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return options.file;
    throw Error{"STORAGE_UNAVAILABLE", "there is no directory \"" + directory.string() +
                                           "\" for the SQLite file; make it first"};
  }

  void switch_to_wal() {
    // Of two processes that switch a new file at once, SQLite refuses one without waiting, because
    // both hold what the other needs. Asking for the write lock does wait until the other is done.
    static constexpr int attempts_max = 100;
    for (int attempt = 1;; ++attempt) {
      try {
        const std::string mode = database_.execAndGet("PRAGMA journal_mode = WAL").getString();
        if (mode == "wal") return;
        throw Error{"STORAGE_ERROR", "SQLite answered journal mode \"" + mode +
                                         "\" instead of \"wal\"; keep the file on a local disk"};
      } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() != SQLITE_BUSY || attempt == attempts_max) throw;
      }
      exec("BEGIN IMMEDIATE");
      exec("ROLLBACK");
    }
  }

  const JobNames* known_jobs_ = nullptr;
  SQLite::Database database_;
  std::string prefix_;
  // After the database: a connection can be closed only when its statements are gone.
  std::unordered_map<std::string, SQLite::Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace punctual::sqlite::detail
