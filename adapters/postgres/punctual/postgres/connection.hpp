// SPDX-License-Identifier: MIT
//
// Connection: one connection to the server; Result: what a statement answered.
//
// Each statement carries the names of its tables with their schema, so a pooler may hand each
// transaction another session. Statements are prepared under names that follow from their text;
// behind a pooler that does not know of them, that is given up for good.
//
// An answer is waited for `statement_timeout` and a little longer. Then the server, or the way to
// it, counts as gone: a network that swallows what is sent must not keep a caller for ever.
//
// In SQL handed to it, `{}` stands for the schema and the table prefix, `{index}` for the prefix
// alone, which names of new indexes begin with, `?` for the next parameter and `?3` for the third.
//
// Thread-safety: one thread at a time; Connections guards it.

#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "punctual/base/time.hpp"
#include "punctual/builtin/system_clock.hpp"
#include "punctual/postgres/native_error.hpp"
#include "punctual/postgres/options.hpp"

namespace punctual::postgres::detail {

struct ResultDeleter {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

/// Returns a hash of a text that is the same in every process (FNV-1a).
[[nodiscard]] constexpr std::uint64_t text_hash(std::string_view text) noexcept {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1'099'511'628'211ULL;
  return hash;
}

/// Parameters, each with its type; 0 leaves the type to the server.
struct Parameters {
  std::vector<Oid> types{};
  std::vector<std::string> values{};
  std::vector<int> formats{};  ///< 0: as text, 1: in the type's binary form
  std::vector<bool> nulls{};
};

/// A statement as the server reads it.
struct Statement {
  std::string text{};
  std::string name{};
  bool is_prepared = false;  ///< in this connection's session
};

class Connection {
 public:
  /// `prepares` may be shared by connections: false once one found out that names do not last.
  ///
  /// Errors: STORAGE_UNAVAILABLE -> no connection.
  /// Blocks: until the server answers, at most `connect_timeout`, 10 s unless the conninfo says.
  explicit Connection(const Options& options, std::shared_ptr<std::atomic<bool>> prepares = nullptr)
      : schema_(options.schema),
        prefix_(options.table_prefix),
        patience_(options.statement_timeout + answer_margin),
        prepares_(std::move(prepares)) {
    const char* names[] = {"connect_timeout", "fallback_application_name", "dbname",
                           "client_encoding", nullptr};
    const char* values[] = {"10", "punctual", options.conninfo.c_str(), "UTF8", nullptr};
    handle_.reset(PQconnectdbParams(names, values, 1));
    if (!handle_ || PQstatus(handle_.get()) != CONNECTION_OK) {
      throw make_connect_error(handle_ ? PQerrorMessage(handle_.get()) : "");
    }
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
  }

  /// Uses a connection of somebody else's, and leaves it open.
  Connection(const Options& options, PGconn* borrowed)
      : schema_(options.schema),
        prefix_(options.table_prefix),
        patience_(options.statement_timeout + answer_margin),
        handle_(borrowed, HandleDeleter{false}) {}

  /// Runs statements without parameters in one round trip; returns the last one's answer, as text.
  Result exec(std::string_view sql, Phase phase = Phase::statement) {
    const std::string text = expanded(sql);
    require_sent(PQsendQuery(handle_.get(), text.c_str()), phase);
    return answer(phase);
  }

  /// Runs one statement; the answer is binary.
  Result exec(Statement& statement, const Parameters& parameters, Phase phase = Phase::statement) {
    if (!prepares_ || !*prepares_ || statement.name.empty()) {
      send(nullptr, statement, parameters, phase);
    } else {
      prepare(statement, parameters);
      send(statement.name.c_str(), statement, parameters, phase);
    }
    Result result = answer(phase);
    change_count_ = std::atoi(PQcmdTuples(result.get()));
    return result;
  }

  /// Returns how many rows the last statement with parameters changed or returned.
  [[nodiscard]] int change_count() const noexcept { return change_count_; }

  [[nodiscard]] bool is_broken() const noexcept {
    return has_lost_patience_ || PQstatus(handle_.get()) != CONNECTION_OK;
  }

  /// True if the server has closed the connection while nobody used it.
  [[nodiscard]] bool was_closed() noexcept {
    pollfd socket{PQsocket(handle_.get()), POLLIN, 0};
    if (poll(&socket, 1, 0) == 0) return false;
    return PQconsumeInput(handle_.get()) == 0 || is_broken();
  }

  [[nodiscard]] bool is_idle() const noexcept {
    return PQtransactionStatus(handle_.get()) == PQTRANS_IDLE;
  }

  [[nodiscard]] const std::string& schema() const noexcept { return schema_; }
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] PGconn* native() const noexcept { return handle_.get(); }

  /// Returns the statement, and keeps it: there are only so many.
  [[nodiscard]] Statement& known(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      Statement statement;
      statement.text = expanded(sql);
      statement.name = "punctual_" + std::to_string(text_hash(statement.text));
      found = statements_.emplace(sql, std::move(statement)).first;
    }
    return found->second;
  }

  /// Gives up the transaction, if one is open.
  void roll_back() noexcept {
    if (is_broken() || is_idle()) return;
    try {
      exec("ROLLBACK");
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it is closed then
    }
  }

  /// Returns `sql` with names and parameters as the server reads them.
  [[nodiscard]] std::string expanded(std::string_view sql) const {
    static constexpr std::string_view index_mark = "{index}";
    std::string text;
    text.reserve(sql.size() + 64);
    int parameter_count = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
      if (sql.substr(i, 2) == "{}") {
        text.append(schema_).append(".").append(prefix_);
        ++i;
      } else if (sql.substr(i).starts_with(index_mark)) {
        text += prefix_;
        i += index_mark.size() - 1;
      } else if (sql[i] == '?') {
        text += '$';
        const bool is_numbered = i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9';
        if (!is_numbered) text += std::to_string(++parameter_count);
      } else {
        text += sql[i];
      }
    }
    return text;
  }

 private:
  /// How much longer than the server's own limit an answer is waited for.
  static constexpr Duration answer_margin = std::chrono::seconds{2};

  class HandleDeleter {
   public:
    HandleDeleter() noexcept = default;
    explicit HandleDeleter(bool is_owner) noexcept : is_owner_(is_owner) {}
    void operator()(PGconn* handle) const noexcept {
      if (is_owner_) PQfinish(handle);
    }

   private:
    bool is_owner_ = true;
  };

  /// Lets a string_view find what is kept under a string.
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  void prepare(Statement& statement, const Parameters& parameters) {
    if (statement.is_prepared) return;
    const int sent =
        PQsendPrepare(handle_.get(), statement.name.c_str(), statement.text.c_str(),
                      static_cast<int>(parameters.types.size()), parameters.types.data());
    require_sent(sent, Phase::statement);
    answer(Phase::statement);
    statement.is_prepared = true;
  }

  void send(const char* name, const Statement& statement, const Parameters& parameters,
            Phase phase) {
    const auto count = static_cast<int>(parameters.values.size());
    values_.assign(parameters.values.size(), nullptr);
    lengths_.assign(parameters.values.size(), 0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (parameters.nulls[i]) continue;
      values_[i] = parameters.values[i].c_str();
      lengths_[i] = static_cast<int>(parameters.values[i].size());
    }
    const int* formats = parameters.formats.data();
    const int sent = name == nullptr
                         ? PQsendQueryParams(handle_.get(), statement.text.c_str(), count,
                                             parameters.types.data(), values_.data(),
                                             lengths_.data(), formats, 1)
                         : PQsendQueryPrepared(handle_.get(), name, count, values_.data(),
                                               lengths_.data(), formats, 1);
    require_sent(sent, phase);
  }

  void require_sent(int sent, Phase phase) const {
    if (sent == 1) return;
    throw make_error(connection_lost_state, "the connection to the server broke", phase);
  }

  /// Waits until the server has answered everything; returns its last answer.
  Result answer(Phase phase) {
    const Duration give_up_at = SystemClock{}.steady_now() + patience_;
    Result last;
    while (PGresult* next = next_result(give_up_at, phase)) {
      Result result{next};
      if (!last || is_well(last.get())) last = std::move(result);
      if (PQstatus(handle_.get()) != CONNECTION_OK) break;
    }
    return checked(std::move(last), phase);
  }

  PGresult* next_result(Duration give_up_at, Phase phase) {
    for (;;) {
      const int unsent = PQflush(handle_.get());
      if (unsent == 0 && PQisBusy(handle_.get()) == 0) return PQgetResult(handle_.get());
      if (unsent < 0) return PQgetResult(handle_.get());
      await(unsent > 0, give_up_at, phase);
      if (PQconsumeInput(handle_.get()) == 0) return PQgetResult(handle_.get());
    }
  }

  /// Waits until the socket has something for us.
  void await(bool wants_to_send, Duration give_up_at, Phase phase) {
    pollfd socket{};
    socket.fd = PQsocket(handle_.get());
    socket.events = static_cast<short>(POLLIN | (wants_to_send ? POLLOUT : 0));
    for (;;) {
      const Duration left = std::max(give_up_at - SystemClock{}.steady_now(), Duration{0});
      const int ready = poll(&socket, 1, static_cast<int>(std::min(left, poll_max).count()));
      if (ready > 0) return;
      if (ready < 0 && errno != EINTR) return;  // reading will tell
      if (ready == 0 && left <= poll_max) break;
    }
    has_lost_patience_ = true;
    throw make_error(no_answer_state, "the server did not answer in time", phase);
  }

  [[nodiscard]] static bool is_well(const PGresult* result) noexcept {
    const auto status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }

  [[nodiscard]] Result checked(Result result, Phase phase) const {
    if (result && is_well(result.get())) return result;
    const char* state = result ? PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) : nullptr;
    if (state == nullptr) {  // libpq's own trouble: the server did not answer
      throw make_error(connection_lost_state, "the connection to the server broke", phase);
    }
    const char* message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    const NativeError error = make_error(state, message == nullptr ? "" : message, phase);
    if (prepares_ && error.is_statement_lost()) *prepares_ = false;
    throw error;
  }

  static constexpr Duration poll_max = std::chrono::hours{1};

  std::string schema_;
  std::string prefix_;
  Duration patience_;
  std::shared_ptr<std::atomic<bool>> prepares_;
  std::unique_ptr<PGconn, HandleDeleter> handle_;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  int change_count_ = 0;
  bool has_lost_patience_ = false;
};

}  // namespace punctual::postgres::detail
