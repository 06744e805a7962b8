// SPDX-License-Identifier: MIT
//
// What PostgreSQL refused, as a punctual::Error that remembers the SQLSTATE.
//
// A transaction that is not committed is undone, whatever happened, so a failure before COMMIT
// means that nothing happened. At COMMIT the answer may be lost although the server has committed.
//
// Thread-safety: values and pure functions.
// Source: PostgreSQL, "PostgreSQL Error Codes".

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"

namespace punctual::postgres::detail {

/// What was being done when the server refused.
enum class Phase : std::uint8_t {
  statement,  ///< anything but a commit
  commit,
};

/// The state that stands for a connection that broke.
inline constexpr const char* connection_lost_state = "08006";

/// The state that stands for an answer that was waited for too long: the same again would take as
/// long again.
inline constexpr const char* no_answer_state = "08X01";

class NativeError : public Error {
 public:
  NativeError(std::string code, const std::string& message, ErrorKind kind, std::string state)
      : Error(std::move(code), message, kind),
        state_(std::move(state)) {}

  /// The SQLSTATE: five characters.
  [[nodiscard]] const std::string& state() const noexcept { return state_; }

  [[nodiscard]] bool is_connection_lost() const noexcept {
    return state_.starts_with("08") || state_.starts_with("57P") || state_ == "25P03";
  }
  /// True if it was refused because of what others did at the same time: the same transaction is
  /// likely to succeed at once.
  [[nodiscard]] bool is_collision() const noexcept {
    return !in_doubt() && (state_ == "40001" || state_ == "40P01" || state_ == "23505");
  }
  /// True if the session does not have the statement that was prepared, or another one under its
  /// name: a pooler changed the session.
  [[nodiscard]] bool is_statement_lost() const noexcept {
    return state_ == "26000" || state_ == "42P05";
  }

 private:
  std::string state_;
};

/// Returns the error for an SQLSTATE.
///
/// `message` is the server's primary one. It names tables and columns; where it would quote a value
/// (class 22) it is left out.
[[nodiscard]] inline NativeError make_error(const std::string& state, const std::string& message,
                                            Phase phase) {
  const auto is_class = [&](std::string_view prefix) { return state.starts_with(prefix); };
  const std::string text =
      "PostgreSQL " + state + (is_class("22") ? ": a value that a column refuses" : ": " + message);
  const auto make = [&](const char* code, ErrorKind kind) {
    return NativeError{code, text, kind, state};
  };
  if (is_class("08") || is_class("57P")) {  // the connection broke, or the server shuts down
    return make("STORAGE_UNAVAILABLE",
                phase == Phase::commit ? ErrorKind::in_doubt : ErrorKind::retryable);
  }
  if (is_class("25P03")) {  // we paused too long inside of a transaction, which is undone
    return make("STORAGE_UNAVAILABLE", ErrorKind::retryable);
  }
  if (is_class("40") || is_class("55P03") || is_class("57014") || is_class("26000") ||
      is_class("42P05")) {
    return make("STORAGE_BUSY", ErrorKind::retryable);
  }
  if (is_class("53") || is_class("58") || is_class("25006")) {  // resources, I/O, read-only standby
    return make("STORAGE_UNAVAILABLE", ErrorKind::retryable);
  }
  if (is_class("XX001") || is_class("XX002")) return make("STORAGE_CORRUPT", ErrorKind::permanent);
  return make("STORAGE_ERROR", ErrorKind::permanent);
}

/// Returns the error for a connection that could not be made.
///
/// `message` is libpq's, which names host, user and database: only what it is about is passed on.
[[nodiscard]] inline NativeError make_connect_error(std::string_view message) {
  struct Row {
    std::string_view part;
    const char* text;
    ErrorKind kind;
  };
  static constexpr Row rows[] = {
      {"authentication failed", "authentication failed", ErrorKind::permanent},
      {"no password supplied", "a password is needed", ErrorKind::permanent},
      {"no pg_hba.conf entry", "the server's pg_hba.conf lets us not in", ErrorKind::permanent},
      {"does not exist", "no such role or database", ErrorKind::permanent},
      {"too many", "too many connections", ErrorKind::retryable},
      {"connection slots", "too many connections", ErrorKind::retryable},
      {"starting up", "the server starts up", ErrorKind::retryable},
      {"shutting down", "the server shuts down", ErrorKind::retryable},
      {"recovery", "the server recovers", ErrorKind::retryable},
      {"timeout", "no answer in time", ErrorKind::retryable},
      {"refused", "nobody listens at the address", ErrorKind::retryable},
      {"No such file", "nobody listens at the socket", ErrorKind::retryable},
      {"host name", "the host's name is not known", ErrorKind::retryable},
  };
  const char* text = "the connection failed";
  ErrorKind kind = ErrorKind::retryable;
  for (const auto& row : rows) {
    if (message.find(row.part) == std::string_view::npos) continue;
    text = row.text;
    kind = row.kind;
    break;
  }
  return {"STORAGE_UNAVAILABLE", std::string{"cannot connect to the PostgreSQL server: "} + text,
          kind, "08001"};
}

}  // namespace punctual::postgres::detail
