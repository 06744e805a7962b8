// SPDX-License-Identifier: MIT
//
// Options of postgres::Storage: the server, and how it is used.

#pragma once

#include <libpq-fe.h>

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

namespace punctual::postgres {

struct Options {
  /// libpq's connection string or URI, e.g. "host=db dbname=jobs user=service". Never shown.
  std::string conninfo{};
  /// Connections at most; an operation uses one at a time. They are opened as they are needed.
  std::size_t connections_max = 4;
  /// How long an operation waits for one of them, and then for the locks of others, before it is
  /// refused.
  Duration busy_timeout = std::chrono::seconds{5};
  /// How long the server works on one statement of a rare operation before it gives up. Two seconds
  /// later, after any statement, the server or the way to it counts as gone. A statement of a
  /// migration may take an hour.
  Duration statement_timeout = std::chrono::seconds{10};
  /// Where the tables are; made if it does not exist. `^[a-z_][a-z0-9_]{0,30}$`, not "pg_…".
  std::string schema = "public";
  /// Put before every table's and index's name: empty, or `^[a-z_][a-z0-9_]{0,30}$`.
  std::string table_prefix{};
  /// How often to look for what other processes stored; nullopt: no other process uses the tables.
  std::optional<Duration> poll_period = std::chrono::seconds{1};
  /// For tests: milliseconds that are added to the server's clock. Null: none.
  std::shared_ptr<const std::atomic<std::int64_t>> clock_shift_ms{};
  /// For tests: the instant to go by instead of the server's clock. Null: the server's clock.
  std::shared_ptr<const std::atomic<TimePoint>> clock{};
};

/// True if `name` may be a schema or stand before the names of tables.
[[nodiscard]] constexpr bool is_plain_name(std::string_view name) noexcept {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (name.empty() || name.size() > 31 || !starts(name.front())) return false;
  for (const char c : name) {
    if (!starts(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

namespace detail {

[[nodiscard]] inline bool is_conninfo(const std::string& conninfo) {
  if (conninfo.find('\0') != std::string::npos) return false;
  char* problem = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(conninfo.c_str(), &problem);
  const bool is_valid = parsed != nullptr;
  PQconninfoFree(parsed);
  PQfreemem(problem);
  return is_valid;
}

}  // namespace detail

/// Errors: INVALID_CONFIG -> a value out of its range, which the message names.
inline void require_valid(const Options& options) {
  static constexpr Duration span_max = std::chrono::hours{24};
  const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
  const auto require_span = [&](const char* name, Duration span) {
    if (span >= Duration{1} && span <= span_max) return;
    refuse(std::string{"postgres::Options."} + name + " must be 1 ms to 24 h, got " +
           std::to_string(span.count()) + " ms");
  };
  if (!detail::is_conninfo(options.conninfo)) {
    refuse("postgres::Options.conninfo must be a connection string or URI that libpq reads");
  }
  if (options.connections_max < 1 || options.connections_max > 1000) {
    refuse("postgres::Options.connections_max must be 1 to 1000, got " +
           std::to_string(options.connections_max));
  }
  require_span("busy_timeout", options.busy_timeout);
  require_span("statement_timeout", options.statement_timeout);
  if (!is_plain_name(options.schema) || options.schema.starts_with("pg_")) {
    refuse("postgres::Options.schema must be ^[a-z_][a-z0-9_]{0,30}$ but not pg_…, got \"" +
           clamp_text(options.schema, 64) + "\"");
  }
  if (!options.table_prefix.empty() && !is_plain_name(options.table_prefix)) {
    refuse("postgres::Options.table_prefix must be empty or ^[a-z_][a-z0-9_]{0,30}$, got \"" +
           clamp_text(options.table_prefix, 64) + "\"");
  }
  if (options.poll_period && *options.poll_period <= Duration{0}) {
    refuse("postgres::Options.poll_period must be positive, got " +
           std::to_string(options.poll_period->count()) + " ms");
  }
}

}  // namespace punctual::postgres
