// SPDX-License-Identifier: MIT
//
// Connection: one connection to the server; Result: what a statement answered.
//
// Nothing of ours is kept in the session: each statement carries its text, its parameters and the
// names of its tables with their schema. A pooler may hand each transaction another session.
//
// In SQL handed to it, `{}` stands for the schema and the table prefix, `{index}` for the prefix
// alone, which names of new indexes begin with, `?` for the next parameter and `?3` for the third.
//
// Thread-safety: one thread at a time; Connections guards it.

#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "punctual/postgres/gate.hpp"
#include "punctual/postgres/native_error.hpp"
#include "punctual/postgres/options.hpp"

namespace punctual::postgres::detail {

struct ResultDeleter {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

/// Parameters as text, each with its type; 0 leaves the type to the server.
struct Parameters {
  std::vector<Oid> types{};
  std::vector<std::string> texts{};
  std::vector<bool> nulls{};
};

class Connection {
 public:
  /// Errors: STORAGE_UNAVAILABLE -> no connection.
  /// Blocks: until the server answers, at most `connect_timeout`, 10 s unless the conninfo says.
  explicit Connection(const Options& options)
      : schema_(options.schema),
        prefix_(options.table_prefix) {
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

  /// Runs statements without parameters in one round trip; returns the last one's answer.
  Result exec(std::string_view sql, Phase phase = Phase::statement) {
    return checked(PQexec(handle_.get(), expanded(sql).c_str()), phase);
  }

  /// Runs one statement, as `known` returned it.
  Result exec(const std::string& statement, const Parameters& parameters) {
    std::vector<const char*> values(parameters.texts.size(), nullptr);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!parameters.nulls[i]) values[i] = parameters.texts[i].c_str();
    }
    Result result =
        checked(PQexecParams(handle_.get(), statement.c_str(), static_cast<int>(values.size()),
                             parameters.types.data(), values.data(), nullptr, nullptr, 0),
                Phase::statement);
    change_count_ = std::atoi(PQcmdTuples(result.get()));
    return result;
  }

  /// Returns how many rows the last statement with parameters changed or returned.
  [[nodiscard]] int change_count() const noexcept { return change_count_; }

  [[nodiscard]] bool is_broken() const noexcept { return PQstatus(handle_.get()) != CONNECTION_OK; }

  [[nodiscard]] bool is_idle() const noexcept {
    return PQtransactionStatus(handle_.get()) == PQTRANS_IDLE;
  }

  [[nodiscard]] const std::string& schema() const noexcept { return schema_; }
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

  /// How the transaction that is open passed the gate.
  [[nodiscard]] Gate gate() const noexcept { return gate_; }
  void set_gate(Gate gate) noexcept { gate_ = gate; }

  /// Returns the expanded statement, and keeps it: there are only so many.
  [[nodiscard]] const std::string& known(std::string_view sql) {
    auto found = expanded_.find(sql);
    if (found == expanded_.end()) found = expanded_.emplace(sql, expanded(sql)).first;
    return found->second;
  }

  /// Gives up the transaction, if one is open.
  void roll_back() noexcept {
    if (!is_broken() && !is_idle()) PQclear(PQexec(handle_.get(), "ROLLBACK"));
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
  struct HandleDeleter {
    void operator()(PGconn* handle) const noexcept { PQfinish(handle); }
  };

  /// Lets a string_view find what is kept under a string.
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] Result checked(PGresult* native, Phase phase) const {
    Result result{native};
    const auto status = PQresultStatus(native);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    const char* state = PQresultErrorField(native, PG_DIAG_SQLSTATE);
    if (state == nullptr) {  // libpq's own trouble: the server did not answer
      throw make_error(connection_lost_state, "the connection to the server broke", phase);
    }
    const char* message = PQresultErrorField(native, PG_DIAG_MESSAGE_PRIMARY);
    throw make_error(state, message == nullptr ? "" : message, phase);
  }

  std::string schema_;
  std::string prefix_;
  std::unique_ptr<PGconn, HandleDeleter> handle_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> expanded_;
  int change_count_ = 0;
  Gate gate_ = Gate::alone;
};

/// Errors: NeedsGate -> the transaction runs beside others.
inline void require_alone(const Connection& connection) {
  if (connection.gate() != Gate::alone) throw NeedsGate{};
}

}  // namespace punctual::postgres::detail
