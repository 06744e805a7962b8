// SPDX-License-Identifier: MIT
//
// What a server must be like before anything is entrusted to it: recent enough, and one that does
// not drop keys when its memory is full. Each new connection looks again, for it may lead to
// another server than the last one did.
//
// Thread-safety: as the Connection.

#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "punctual/base/error.hpp"
#include "punctual/base/text.hpp"
#include "punctual/redis/connection.hpp"
#include "punctual/redis/reply.hpp"

namespace punctual::redis::detail {

/// Returns the value of `name` in the answer to INFO, empty if it is not there.
[[nodiscard]] inline std::string_view info_value(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    std::string_view line = info.substr(0, info.find('\n'));
    info.remove_prefix(line.size() < info.size() ? line.size() + 1 : info.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

/// True for a release from 6.2 on; the forms of later ones are not known yet and are let pass.
[[nodiscard]] inline bool is_recent_enough(std::string_view version) noexcept {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto [after_major, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc{}) return true;
  if (after_major != end) std::from_chars(after_major + 1, end, minor);
  return major > 6 || (major == 6 && minor >= 2);
}

/// Errors: INVALID_CONFIG -> the release is too old.
inline void require_version(std::string_view version) {
  if (is_recent_enough(version)) return;
  throw Error{"INVALID_CONFIG",
              "redis::Storage expects Redis 6.2 or later, got " + clamp_text(version, 40)};
}

/// Errors: INVALID_CONFIG -> the server drops keys when its memory is full.
inline void require_no_eviction(std::string_view policy) {
  if (policy == "noeviction") return;
  throw Error{"INVALID_CONFIG",
              "redis::Storage expects a server that drops no keys (maxmemory-policy noeviction), "
              "got " +
                  (policy.empty() ? "one that does not tell its policy: let its user run "
                                    "CONFIG GET or INFO"
                                  : '"' + clamp_text(policy, 40) + '"')};
}

/// Returns what `words` answer; nothing if the server does not let us ask that.
[[nodiscard]] inline OwnedReply ask(Connection& connection,
                                    const std::vector<std::string_view>& words) {
  try {
    return connection.command(words);
  } catch (const NativeError& error) {
    if (error.reply() != "NOPERM" && error.reply() != "ERR") throw;
    return {};
  }
}

/// Errors: INVALID_CONFIG -> see `require_version` and `require_no_eviction`.
inline void require_fit_server(Connection& connection) {
  const OwnedReply server = ask(connection, {"INFO", "server"});
  require_version(info_value(Reply{server}.view(), "redis_version"));
  const OwnedReply setting = ask(connection, {"CONFIG", "GET", "maxmemory-policy"});
  if (Reply{setting}.size() == 2) {
    require_no_eviction(Reply{setting}[1].view());
    return;
  }
  const OwnedReply memory = ask(connection, {"INFO", "memory"});
  require_no_eviction(info_value(Reply{memory}.view(), "maxmemory_policy"));
}

}  // namespace punctual::redis::detail
