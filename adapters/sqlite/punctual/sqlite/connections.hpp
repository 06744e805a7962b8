// SPDX-License-Identifier: MIT
//
// Connections: one to write and one to read the history, each used by one thread at a time.
//
// SQLite lets one connection write at a time, so more of them would only wait for each other. In
// WAL mode a reader waits for no writer, and a long page of history does not hold up a claim.
//
// A transaction that writes takes the write lock when it begins. One that reads first and then
// wants to write is refused by SQLite whatever the busy timeout, if somebody else wrote in between.
//
// Thread-safety: all members, from any thread. No member holds both locks.

#pragma once

#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/sqlite/connection.hpp"
#include "punctual/sqlite/native_error.hpp"
#include "punctual/sqlite/options.hpp"
#include "punctual/sqlite/query.hpp"

namespace punctual::sqlite::detail {

/// A transaction that holds the write lock from its beginning; rolled back unless committed.
class WriteTransaction {
 public:
  /// Blocks: until the lock is free, at most the connection's busy timeout.
  explicit WriteTransaction(Connection& connection) : connection_(connection) {
    Query{connection_, "BEGIN IMMEDIATE"}.run();
  }

  ~WriteTransaction() { connection_.roll_back(); }

  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;

  /// Errors: those of `make_error` for a commit. Unless in doubt, nothing has happened then.
  void commit() {
    try {
      Query{connection_, "COMMIT"}.run();
    } catch (const SQLite::Exception& error) {
      // SQLite leaves the transaction open after some errors, so that COMMIT can be repeated.
      connection_.roll_back();
      throw make_error(error, Phase::commit);
    }
  }

 private:
  Connection& connection_;
};

class Connections {
 public:
  /// Opens the file; `prepare(writer)` is called before the reading connection is opened.
  template <class Prepare>
  Connections(const Options& options, Prepare&& prepare) : writer_(options, Access::write) {
    prepare(writer_);
    // Every connection to `:memory:` is a database of its own: there the writer reads, too.
    if (!is_in_memory(options)) reader_ = std::make_unique<Connection>(options, Access::read);
  }

  /// Calls `operation(connection)` on the reading connection.
  template <class Operation>
  auto read(Operation&& operation) {
    if (!reader_) return peek(operation);
    const std::lock_guard lock{reader_mutex_};
    return guarded([&] { return operation(*reader_); });
  }

  /// Calls `operation(connection)` on the writing connection, outside a transaction.
  ///
  /// For a look at whether there is anything to write: it takes no lock that others wait for, and
  /// does not stand behind a long read.
  template <class Operation>
  auto peek(Operation&& operation) {
    const std::lock_guard lock{writer_mutex_};
    return guarded([&] { return operation(writer_); });
  }

  /// Calls `operation(connection)` in a transaction of its own, and commits what it did.
  template <class Operation>
  auto write(Operation&& operation) {
    const std::lock_guard lock{writer_mutex_};
    return guarded([&] {
      WriteTransaction transaction{writer_};
      if constexpr (std::is_void_v<decltype(operation(writer_))>) {
        operation(writer_);
        transaction.commit();
      } else {
        auto answer = operation(writer_);
        transaction.commit();
        return answer;
      }
    });
  }

  /// Calls `operation(connection, item)` for each item, all in one transaction; without items there
  /// is none.
  template <class Item, class Operation>
  auto write_each(const std::vector<Item>& items, Operation&& operation) {
    std::vector<std::invoke_result_t<Operation&, Connection&, const Item&>> answers;
    if (items.empty()) return answers;
    answers.reserve(items.size());
    write([&](Connection& connection) {
      for (const auto& item : items) answers.push_back(operation(connection, item));
    });
    return answers;
  }

 private:
  std::mutex writer_mutex_;
  Connection writer_;
  std::mutex reader_mutex_;
  std::unique_ptr<Connection> reader_;
};

}  // namespace punctual::sqlite::detail
