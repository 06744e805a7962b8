// SPDX-License-Identifier: MIT
//
// Connections: a pool of them, and the scripts that run on it.
//
// Idle connections that the server closed are noticed before they are used. After a connection
// could not be made, the next attempt waits, longer each time and never the same as others; until
// then operations are refused at once, so that a server that comes back is not run down.
//
// Thread-safety: all members, from any thread.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "punctual/base/error.hpp"
#include "punctual/base/random.hpp"
#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/native_error.hpp"
#include "punctual/redis/options.hpp"
#include "punctual/redis/packed.hpp"
#include "punctual/redis/reply.hpp"
#include "punctual/redis/server_check.hpp"
#include "punctual/schedule/backoff.hpp"

namespace punctual::redis::detail {

using Arguments = std::vector<std::string>;

class Connections {
 public:
  explicit Connections(const Options& options) : options_(options) {}

  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Runs a script that changes nothing; it is run again where the answer was lost.
  OwnedReply read(const Script& script, const Arguments& arguments) {
    return read_with(
        [&](Connection& connection) { return connection.run(script, terms(), arguments); });
  }

  /// Runs a script that may change something. Where the answer was lost, that is in doubt.
  OwnedReply write(const Script& script, const Arguments& arguments) {
    return repeating(
        true, [&](Connection& connection) { return connection.run(script, terms(), arguments); });
  }

  /// Returns what `operation(connection)` does, which changes nothing.
  template <class Operation>
  OwnedReply read_with(Operation&& operation) {
    try {
      return repeating(false, operation);
    } catch (const NativeError& error) {
      if (!error.in_doubt()) throw;
      throw make_lost_error(false, error.is_timeout());
    }
  }

  /// Returns the server's clock, as scripts read it.
  [[nodiscard]] TimePoint server_now() {
    const OwnedReply reply =
        read_with([](Connection& connection) { return connection.command({"TIME"}); });
    const Duration since_epoch =
        std::chrono::seconds{Reply{reply}[0].number()} + Duration{Reply{reply}[1].number() / 1000};
    return add_clamped(TimePoint{since_epoch}, clock_shift());
  }

  /// The name under which scripts publish what they change.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// What tests add to the server's clock.
  [[nodiscard]] Duration clock_shift() const noexcept {
    return Duration{options_.clock_shift_ms ? options_.clock_shift_ms->load() : 0};
  }

 private:
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

  /// Calls `operation(connection)`, once more if the connection broke and nothing came of it.
  template <class Operation>
  OwnedReply repeating(bool changes, Operation&& operation) {
    try {
      Lent connection{*this};
      return operation(*connection);
    } catch (const NativeError& error) {
      if (!error.is_connection_lost() || (changes && error.in_doubt())) throw;
    }
    Lent connection{*this};
    return operation(*connection);
  }

  /// What lua_base.hpp calls ARGV[1].
  [[nodiscard]] std::string terms() const {
    const std::string clock = options_.clock ? '=' + instant_text(options_.clock->load())
                                             : number_text(clock_shift().count());
    return clock + ' ' + name_;
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
        if (connection->is_alive()) return connection;
      }
    }
    try {
      return connect();
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }

  void give_back(std::unique_ptr<Connection> connection) noexcept {
    {
      const std::lock_guard lock{mutex_};
      --lent_count_;
      if (connection && !connection->is_broken()) {
        try {
          idle_.push_back(std::move(connection));
        } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; it is closed instead
        }
      }
    }
    given_back_.notify_one();
  }

  [[nodiscard]] std::unique_ptr<Connection> connect() {
    require_attempt();
    try {
      auto connection = std::make_unique<Connection>(options_);
      require_fit_server(*connection);
      connection->set_timeout(options_.command_timeout);
      const std::lock_guard lock{mutex_};
      failed_count_ = 0;
      return connection;
    } catch (const NativeError& error) {
      note_failure();
      if (!error.in_doubt()) throw;
      throw make_connect_error("");  // nothing was asked of it yet that changes anything
    } catch (const Error&) {
      note_failure();
      throw;
    }
  }

  /// Errors: STORAGE_UNAVAILABLE -> it is too early for another attempt.
  void require_attempt() {
    const std::lock_guard lock{mutex_};
    if (failed_count_ == 0) return;
    const Duration wait = next_attempt_ - SystemClock{}.steady_now();
    if (wait <= Duration{0}) return;
    throw Error{"STORAGE_UNAVAILABLE",
                "the last " + std::to_string(failed_count_) +
                    " attempts to connect to Redis failed; the next one is made in " +
                    std::to_string(wait.count()) + " ms",
                ErrorKind::retryable};
  }

  void note_failure() {
    static const Backoff backoff =
        Backoff::exponential(std::chrono::milliseconds{50}, std::chrono::seconds{5}, false);
    const std::lock_guard lock{mutex_};
    ++failed_count_;
    const auto half = static_cast<std::uint64_t>(backoff.ceiling(failed_count_).count()) / 2;
    next_attempt_ = SystemClock{}.steady_now() +
                    Duration{static_cast<std::int64_t>(half + random_.up_to(half))};
  }

  Options options_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t lent_count_ = 0;
  std::uint32_t failed_count_ = 0;
  Duration next_attempt_{};  ///< on the monotonic clock
  Random random_ = Random::from_entropy();
  std::string name_ = number_text(random_());
};

}  // namespace punctual::redis::detail
