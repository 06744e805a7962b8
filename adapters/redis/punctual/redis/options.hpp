// SPDX-License-Identifier: MIT
//
// Options of redis::Storage: the server, and how it is used.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"

namespace punctual::redis {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  /// Path of the server's Unix socket; used instead of `host` and `port` unless it is empty.
  std::string unix_socket{};
  /// Empty: the server's default user. Never shown, no more than the password.
  std::string username{};
  std::string password{};  ///< empty: no authentication
  int database = 0;        ///< the number of the database; 0 in a cluster
  /// Put before every key. What stands in its braces alone decides, in a cluster, where the keys
  /// are: `^[A-Za-z0-9._:-]*\{[A-Za-z0-9._:-]+\}[A-Za-z0-9._:-]*$`, at most 64 characters.
  std::string key_prefix = "{punctual}:";
  /// Connections at most; an operation uses one at a time. They are opened as they are needed.
  std::size_t connections_max = 4;
  /// How long an operation waits for one of them.
  Duration busy_timeout = std::chrono::seconds{5};
  Duration connect_timeout = std::chrono::seconds{5};
  /// How long an operation waits for the server's answer.
  Duration command_timeout = std::chrono::seconds{30};
  /// How often to look for what other processes stored; nullopt: no other process uses the keys.
  std::optional<Duration> poll_period = std::chrono::seconds{1};
  /// For tests: milliseconds that are added to the server's clock. Null: none.
  std::shared_ptr<const std::atomic<std::int64_t>> clock_shift_ms{};
  /// For tests: the instant to go by instead of the server's clock. Null: the server's clock.
  std::shared_ptr<const std::atomic<TimePoint>> clock{};
};

/// True if `prefix` may stand before keys.
[[nodiscard]] constexpr bool is_key_prefix(std::string_view prefix) noexcept {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  const std::size_t open = prefix.find('{');
  const std::size_t close = prefix.find('}');
  if (prefix.size() > 64 || open == std::string_view::npos || close == std::string_view::npos ||
      close <= open + 1) {
    return false;
  }
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (i != open && i != close && !is_plain(prefix[i])) return false;
  }
  return true;
}

/// Errors: INVALID_CONFIG -> a value out of its range, which the message names.
inline void require_valid(const Options& options) {
  static constexpr Duration span_max = std::chrono::hours{24};
  const auto refuse = [](const std::string& what) {
    throw Error{"INVALID_CONFIG", "redis::Options." + what};
  };
  const auto require_span = [&](const char* name, Duration span) {
    if (span >= Duration{1} && span <= span_max) return;
    refuse(std::string{name} + " must be 1 ms to 24 h, got " + std::to_string(span.count()) +
           " ms");
  };
  const auto require_text = [&](const char* name, const std::string& text) {
    if (text.find('\0') != std::string::npos) refuse(std::string{name} + " must have no zero byte");
  };
  require_text("host", options.host);
  require_text("unix_socket", options.unix_socket);
  if (options.unix_socket.empty() && (options.host.empty() || options.port == 0)) {
    refuse("host and port, or unix_socket, must name a server");
  }
  if (options.unix_socket.size() > 107) refuse("unix_socket must be at most 107 bytes");
  if (options.password.empty() && !options.username.empty()) {
    refuse("password must be given with a username");
  }
  if (options.database < 0 || options.database > 1'000'000) {
    refuse("database must be 0 to 1000000, got " + std::to_string(options.database));
  }
  if (!is_key_prefix(options.key_prefix)) {
    refuse("key_prefix must be up to 64 letters, digits and ._:-, some of them in braces, got \"" +
           clamp_text(options.key_prefix, 80) + "\"");
  }
  if (options.connections_max < 1 || options.connections_max > 1000) {
    refuse("connections_max must be 1 to 1000, got " + std::to_string(options.connections_max));
  }
  require_span("busy_timeout", options.busy_timeout);
  require_span("connect_timeout", options.connect_timeout);
  require_span("command_timeout", options.command_timeout);
  if (options.poll_period && *options.poll_period <= Duration{0}) {
    refuse("poll_period must be positive, got " + std::to_string(options.poll_period->count()) +
           " ms");
  }
}

}  // namespace punctual::redis
