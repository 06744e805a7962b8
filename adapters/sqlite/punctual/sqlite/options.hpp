// SPDX-License-Identifier: MIT
//
// Options of sqlite::Storage: the file, and how it is used.

#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/base/time.hpp"

namespace punctual::sqlite {

/// When a commit reaches the disk.
enum class Synchronous : std::uint8_t {
  normal,  ///< at a checkpoint: a power cut may undo the last commits; a crash of the process none
  full,    ///< before the commit returns
};

struct Options {
  /// Path of the database file, UTF-8; made if it does not exist. `:memory:` keeps all in memory.
  std::string file{};
  Synchronous synchronous = Synchronous::full;
  /// How long to wait for another connection's write lock before the operation is refused.
  Duration busy_timeout = std::chrono::seconds{5};
  /// Put before every table's and index's name, for a file that holds other tables too: empty, or
  /// `^[a-z_][a-z0-9_]{0,30}$`, not beginning with "sqlite_".
  std::string table_prefix{};
  /// How often to look for what other processes stored; nullopt: no other process uses the file.
  std::optional<Duration> poll_period = std::chrono::seconds{1};
};

[[nodiscard]] inline bool is_in_memory(const Options& options) {
  return options.file == ":memory:";
}

/// True if `prefix` may stand before the names of tables.
[[nodiscard]] constexpr bool is_table_prefix(std::string_view prefix) noexcept {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (prefix.empty()) return true;
  if (prefix.size() > 31 || !starts(prefix.front())) return false;
  for (const char c : prefix) {
    if (!starts(c) && !(c >= '0' && c <= '9')) return false;
  }
  return !prefix.starts_with("sqlite_");  // SQLite keeps such names for itself
}

/// Errors: INVALID_CONFIG -> a value out of its range, which the message names.
inline void require_valid(const Options& options) {
  const auto refuse = [](const std::string& what) { throw Error{"INVALID_CONFIG", what}; };
  const auto ms = [](Duration span) { return std::to_string(span.count()) + " ms"; };
  if (options.file.empty() || options.file.find('\0') != std::string::npos) {
    refuse("sqlite::Options.file must be a path without zero bytes, or \":memory:\"");
  }
  if (options.busy_timeout < Duration{0} ||
      options.busy_timeout > Duration{std::numeric_limits<int>::max()}) {
    refuse("sqlite::Options.busy_timeout must be 0 to 2147483647 ms, got " +
           ms(options.busy_timeout));
  }
  if (!is_table_prefix(options.table_prefix)) {
    refuse("sqlite::Options.table_prefix must be ^[a-z_][a-z0-9_]{0,30}$ but not sqlite_…, got \"" +
           clamp_text(options.table_prefix, 64) + "\"");
  }
  if (options.poll_period && *options.poll_period <= Duration{0}) {
    refuse("sqlite::Options.poll_period must be positive, got " + ms(*options.poll_period));
  }
}

}  // namespace punctual::sqlite
