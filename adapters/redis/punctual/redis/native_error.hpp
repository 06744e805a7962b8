// SPDX-License-Identifier: MIT
//
// What Redis refused, or the way to it lost, as a punctual::Error that remembers the kind of reply.
//
// A script that is refused has changed nothing: Redis checks what could refuse it before its first
// write. Where the answer to a command that was sent is lost, it may have been obeyed all the same.
//
// Thread-safety: values and pure functions.
// Source: Redis, "RESP protocol description" and src/server.c (shared objects).

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"

namespace punctual::redis::detail {

class NativeError : public Error {
 public:
  NativeError(std::string code, const std::string& message, ErrorKind kind, std::string reply)
      : Error(std::move(code), message, kind),
        reply_(std::move(reply)) {}

  /// The first word of the server's error, e.g. "LOADING"; empty if the connection broke.
  [[nodiscard]] const std::string& reply() const noexcept { return reply_; }

  /// True if the connection broke, so that the same may go through on another. Not if the server
  /// took too long: it is likely to do so again.
  [[nodiscard]] bool is_connection_lost() const noexcept { return reply_.empty(); }

  /// True if the server took too long.
  [[nodiscard]] bool is_timeout() const noexcept { return reply_ == "TIMEOUT"; }

  /// True if another connection is likely to lead to another server than this one.
  [[nodiscard]] bool is_wrong_server() const noexcept {
    return reply_ == "READONLY" || reply_ == "MASTERDOWN";
  }

 private:
  std::string reply_;
};

/// Returns the first word of a server's error.
[[nodiscard]] inline std::string_view first_word(std::string_view message) noexcept {
  return message.substr(0, message.find(' '));
}

/// Returns the error for an error that the server answered with.
///
/// Its words are the server's own, cut short: they name commands and keys, never a value.
[[nodiscard]] inline NativeError make_error(std::string_view message) {
  struct Row {
    std::string_view reply;
    const char* code;
    ErrorKind kind;
    const char* text;  ///< null: the server's own words
  };
  static constexpr auto permanent = ErrorKind::permanent;
  static constexpr auto retryable = ErrorKind::retryable;
  static constexpr Row rows[] = {
      {"LOADING", "STORAGE_UNAVAILABLE", retryable, "the server loads its data"},
      {"READONLY", "STORAGE_UNAVAILABLE", retryable, "the server is a replica"},
      {"MASTERDOWN", "STORAGE_UNAVAILABLE", retryable, "the server is a replica without a master"},
      {"MISCONF", "STORAGE_UNAVAILABLE", retryable, "the server cannot write its data to disk"},
      {"OOM", "STORAGE_UNAVAILABLE", retryable, "the server has no memory left (maxmemory)"},
      {"NOREPLICAS", "STORAGE_UNAVAILABLE", retryable, "too few replicas follow the server"},
      {"CLUSTERDOWN", "STORAGE_UNAVAILABLE", retryable, "the cluster is down"},
      {"TRYAGAIN", "STORAGE_UNAVAILABLE", retryable, "the cluster moves the keys"},
      {"ASK", "STORAGE_UNAVAILABLE", retryable, "the cluster moves the keys"},
      {"BUSY", "STORAGE_BUSY", retryable, "the server runs another script for long"},
      {"MOVED", "STORAGE_ERROR", permanent, "the keys are on another node of the cluster"},
      {"NOAUTH", "STORAGE_UNAVAILABLE", permanent, "a password is needed"},
      {"WRONGPASS", "STORAGE_UNAVAILABLE", permanent, "authentication failed"},
      {"NOPERM", "STORAGE_UNAVAILABLE", permanent, nullptr},
      {"WRONGTYPE", "STORAGE_CORRUPT", permanent, "a key holds what this library did not store"},
      {"NODATA", "STORAGE_CORRUPT", permanent,
       "the server has lost the jobs and runs that it had; start the schedulers anew"},
      {"SCHEMA_TOO_NEW", "SCHEMA_TOO_NEW", permanent,
       "a newer release of the library has changed the Redis keys"},
      {"DUPLICATE_RUN_ID", "DUPLICATE_RUN_ID", permanent,
       "a new run expects an id that no other run has"},
  };
  const std::string reply{first_word(message)};
  for (const auto& row : rows) {
    if (row.reply != reply) continue;
    std::string text = row.text == nullptr ? clamp_text(message, 200) : row.text;
    if (row.code != reply) text.insert(0, "Redis " + reply + ": ");
    return {row.code, text, row.kind, reply};
  }
  if (message.find("max number of clients") != std::string_view::npos) {
    return {"STORAGE_UNAVAILABLE", "Redis: too many connections", retryable, reply};
  }
  if (message.find("without any password configured") != std::string_view::npos ||
      message.find("invalid password") != std::string_view::npos) {
    return {"STORAGE_UNAVAILABLE", "Redis: authentication failed", permanent, reply};
  }
  if (message.find("Script killed") != std::string_view::npos) {
    return {"STORAGE_BUSY", "Redis: somebody ended the script", retryable, reply};
  }
  return {"STORAGE_ERROR", "Redis " + clamp_text(message, 200), permanent, reply};
}

/// Returns the error for a connection that broke.
///
/// `was_sent` says that all of a command had been sent, so that the server may have obeyed it.
[[nodiscard]] inline NativeError make_lost_error(bool was_sent, bool is_timeout) {
  return {"STORAGE_UNAVAILABLE",
          is_timeout ? "Redis did not answer in time" : "the connection to Redis broke",
          was_sent ? ErrorKind::in_doubt : ErrorKind::retryable, is_timeout ? "TIMEOUT" : ""};
}

/// Returns the error for a connection that could not be made. `message` is the system's; it may
/// name the server, so only what it is about is passed on.
[[nodiscard]] inline NativeError make_connect_error(std::string_view message) {
  struct Row {
    std::string_view part;
    const char* text;
  };
  static constexpr Row rows[] = {
      {"timed out", "no answer in time"},
      {"in progress", "no answer in time"},
      {"temporarily unavailable", "no answer in time"},
      {"refused", "nobody listens at the address"},
      {"No such file", "nobody listens at the socket"},
      {"Permission denied", "the socket may not be used"},
      {"resolve", "the host's name is not known"},
      {"not known", "the host's name is not known"},
      {"resolution", "the host's name is not known"},
      {"unreachable", "no way leads to the host"},
  };
  const char* text = "the connection failed";
  for (const auto& row : rows) {
    if (message.find(row.part) == std::string_view::npos) continue;
    text = row.text;
    break;
  }
  return {"STORAGE_UNAVAILABLE", std::string{"cannot connect to Redis: "} + text,
          ErrorKind::retryable, "CONNECT"};
}

}  // namespace punctual::redis::detail
