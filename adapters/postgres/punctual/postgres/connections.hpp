// SPDX-License-Identifier: MIT
//
// Connections: a pool of them, and the transactions that run on it.
//
// A transaction that writes first passes the Gate: an advisory lock that ends with it, shared or
// alone.
//
// The instant that a transaction goes by is the server's, read behind the gate.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/connection.hpp"
#include "punctual/postgres/gate.hpp"
#include "punctual/postgres/native_error.hpp"
#include "punctual/postgres/options.hpp"
#include "punctual/postgres/reconnect_pause.hpp"

namespace punctual::postgres::detail {

/// Returns the number of the gate's lock: one for each set of tables.
[[nodiscard]] inline std::int64_t gate_key(const Options& options) {
  return static_cast<std::int64_t>(
      text_hash("punctual:" + options.schema + '.' + options.table_prefix));
}

class Connections {
 public:
  explicit Connections(const Options& options) : options_(options), gate_key_(gate_key(options)) {}

  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Calls `operation(connection)` outside a transaction: each statement is one of its own.
  template <class Operation>
  auto read(Operation&& operation) {
    for (int attempt = 1;; ++attempt) {
      try {
        Lent connection{*this};
        return operation(*connection);
      } catch (const NativeError& error) {
        if (attempt == attempts_max || !repeats(error)) throw;
      }
    }
  }

  /// Calls `operation(connection)`, which runs one statement that is a transaction of its own and
  /// writes. It is called again where others were in the way.
  ///
  /// Errors: in doubt if the connection broke before the answer.
  template <class Operation>
  auto call(Operation&& operation) {
    for (int attempt = 1;; ++attempt) {
      try {
        Lent connection{*this};
        return operation(*connection);
      } catch (const NativeError& error) {
        if (attempt == attempts_max || error.in_doubt() || !repeats(error)) throw;
      }
    }
  }

  /// How functions on the server pass the gate.
  [[nodiscard]] Passage passage() const noexcept {
    return {gate_key_, options_.busy_timeout, clock_shift(), fixed_now()};
  }

  /// Calls `operation(connection, now)` in a transaction of its own, and commits what it did.
  ///
  /// It is called again where others were in the way; of a transaction that is given up nothing
  /// is left.
  template <class Operation>
  auto write(Gate gate, Operation&& operation) {
    for (int attempt = 1;; ++attempt) {
      try {
        return write_once(gate, operation);
      } catch (const NativeError& error) {
        if (attempt >= attempts_max || !repeats(error)) throw;
        if (error.is_collision()) gate = Gate::alone;
      }
    }
  }

  /// Calls `operation(connection, item, now)` for each item, all in one transaction; without items
  /// there is none.
  template <class Item, class Operation>
  auto write_each(Gate gate, const std::vector<Item>& items, Operation&& operation) {
    std::vector<std::invoke_result_t<Operation&, Connection&, const Item&, TimePoint>> answers;
    if (items.empty()) return answers;
    write(gate, [&](Connection& connection, TimePoint now) {
      answers.clear();
      answers.reserve(items.size());
      for (const auto& item : items) answers.push_back(operation(connection, item, now));
    });
    return answers;
  }

  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// Returns the server's clock, as transactions read it.
  [[nodiscard]] TimePoint server_now() {
    return read([&](Connection& connection) { return instant_of(connection.exec(clock_sql)); });
  }

  /// What tests add to the server's clock.
  [[nodiscard]] Duration clock_shift() const noexcept {
    return Duration{options_.clock_shift_ms ? options_.clock_shift_ms->load() : 0};
  }

 private:
  static constexpr int attempts_max = 5;
  /// A process that is stopped, or cut off, inside of a transaction holds up the others no longer.
  static constexpr Duration pause_in_transaction_max = std::chrono::milliseconds{500};
  static constexpr const char* clock_sql =
      "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

  /// A connection of the pool, given back at the end unless it broke.
  class Lent {
   public:
    explicit Lent(Connections& pool) : pool_(pool), connection_(pool.take()) {}
    ~Lent() { pool_.give_back(std::move(connection_)); }

    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    [[nodiscard]] Connection& operator*() const noexcept { return *connection_; }

   private:
    Connections& pool_;
    std::unique_ptr<Connection> connection_;
  };

  template <class Operation>
  auto write_once(Gate gate, Operation& operation) {
    Lent lent{*this};
    Connection& connection = *lent;
    const TimePoint now = begin(connection, gate);
    if constexpr (std::is_void_v<decltype(operation(connection, now))>) {
      operation(connection, now);
      connection.exec("COMMIT", Phase::commit);
    } else {
      auto answer = operation(connection, now);
      connection.exec("COMMIT", Phase::commit);
      return answer;
    }
  }

  /// Begins a transaction behind the gate, in one round trip; returns its instant.
  TimePoint begin(Connection& connection, Gate gate) const {
    const char* lock =
        gate == Gate::shared ? "pg_advisory_xact_lock_shared(" : "pg_advisory_xact_lock(";
    return instant_of(connection.exec(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = " +
        std::to_string(options_.busy_timeout.count()) +
        "; SET LOCAL statement_timeout = " + std::to_string(options_.statement_timeout.count()) +
        "; SET LOCAL idle_in_transaction_session_timeout = " +
        std::to_string(pause_in_transaction_max.count()) +
        "; SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SELECT " + lock +
        std::to_string(gate_key_) + "); " + clock_sql));
  }

  [[nodiscard]] std::optional<TimePoint> fixed_now() const noexcept {
    return options_.clock ? std::optional{options_.clock->load()} : std::nullopt;
  }

  [[nodiscard]] TimePoint instant_of(const Result& result) const {
    if (const auto now = fixed_now()) return *now;
    const std::int64_t ms = std::strtoll(PQgetvalue(result.get(), 0, 0), nullptr, 10);
    return add_clamped(TimePoint{Duration{ms}}, clock_shift());
  }

  /// True if the same may be tried again at once.
  [[nodiscard]] bool repeats(const NativeError& error) {
    if (error.is_connection_lost() && error.retryable() && error.state() != "08001") {
      const std::lock_guard lock{mutex_};
      idle_.clear();  // the server went away: the others are likely to be broken, too
      return error.state() != no_answer_state;
    }
    return error.is_collision() || error.is_statement_lost();
  }

  [[nodiscard]] std::unique_ptr<Connection> take() {
    {
      std::unique_lock lock{mutex_};
      const bool has_one = given_back_.wait_for(
          lock, options_.busy_timeout, [&] { return lent_count_ < options_.connections_max; });
      if (!has_one) {
        throw Error{"STORAGE_BUSY",
                    "all " + std::to_string(options_.connections_max) +
                        " connections were in use for longer than busy_timeout",
                    ErrorKind::retryable};
      }
      ++lent_count_;
      while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (!connection->was_closed()) return connection;
      }
    }
    try {
      return connect();
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }

  [[nodiscard]] std::unique_ptr<Connection> connect() {
    {
      const std::lock_guard lock{mutex_};
      pause_.require_over(SystemClock{}.steady_now());
    }
    try {
      auto connection = std::make_unique<Connection>(options_, prepares_);
      const std::lock_guard lock{mutex_};
      pause_.succeeded();
      return connection;
    } catch (const NativeError& error) {
      const std::lock_guard lock{mutex_};
      pause_.failed(error, SystemClock{}.steady_now());
      throw;
    }
  }

  void give_back(std::unique_ptr<Connection> connection) noexcept {
    if (connection) connection->roll_back();
    {
      const std::lock_guard lock{mutex_};
      --lent_count_;
      if (connection && !connection->is_broken() && connection->is_idle()) {
        try {
          idle_.push_back(std::move(connection));
        } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; it is closed instead
        }
      }
    }
    given_back_.notify_one();
  }

  Options options_;
  std::int64_t gate_key_;
  std::shared_ptr<std::atomic<bool>> prepares_ = std::make_shared<std::atomic<bool>>(true);
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t lent_count_ = 0;
  ReconnectPause pause_{Random::from_entropy()};
};

}  // namespace punctual::postgres::detail
