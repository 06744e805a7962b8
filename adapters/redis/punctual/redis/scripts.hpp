// SPDX-License-Identifier: MIT
//
// The scripts, each put together of its parts: one for each thing that the storage does. The server
// runs a script as one step, with nothing in between.
//
// Thread-safety: all functions, from any thread.

#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "punctual/redis/connection.hpp"
#include "punctual/redis/lua_base.hpp"
#include "punctual/redis/lua_claim.hpp"
#include "punctual/redis/lua_ends.hpp"
#include "punctual/redis/lua_history.hpp"
#include "punctual/redis/lua_jobs.hpp"
#include "punctual/redis/lua_ledger.hpp"
#include "punctual/redis/lua_queue.hpp"
#include "punctual/redis/lua_runs.hpp"
#include "punctual/redis/lua_store.hpp"

namespace punctual::redis::detail {

/// The version of what is stored that this library writes.
inline constexpr int schema_version_latest = 1;

/// Stands before all scripts but the one that notes the version: a server that has lost its data,
/// or that a newer release has been at, is not written to as if nothing had happened.
inline constexpr const char* lua_guard = R"lua(
local schema = tonumber(call('GET', P .. 'schema'))
if not schema then return redis.error_reply('NODATA the keys are gone') end
if schema > SCHEMA_LATEST then return redis.error_reply('SCHEMA_TOO_NEW ' .. schema) end
)lua";

/// ARGV: the version that the library knows. Notes it where there is none; answers what is there.
inline constexpr const char* lua_schema = R"lua(
call('SETNX', P .. 'schema', ARGV[2])
return call('GET', P .. 'schema')
)lua";

/// Writes a key that means nothing; answers the version of what is stored.
inline constexpr const char* lua_probe = R"lua(
call('INCR', P .. 'probe')
return schema
)lua";

using ScriptParts = std::initializer_list<const char*>;

[[nodiscard]] inline Script make_script(ScriptParts parts, ScriptParts rest = {}) {
  std::string text = "local SCHEMA_LATEST = " + std::to_string(schema_version_latest);
  text.append(lua_base).append(lua_guard);
  for (const char* part : parts) text += part;
  for (const char* part : rest) text += part;
  return Script{std::move(text)};
}

/// Returns a script that ends runs or stores new ones.
[[nodiscard]] inline Script make_storing_script(ScriptParts rest) {
  return make_script({lua_jobs, lua_runs, lua_ends, lua_buckets, lua_store}, rest);
}

struct Scripts {
  Script schema{std::string{lua_base} + lua_schema};
  Script probe = make_script({lua_probe});

  Script sync_jobs = make_script({lua_jobs, lua_sync_jobs});
  Script due_schedules = make_script({lua_jobs, lua_due_schedules});
  Script advance = make_storing_script({lua_advance});
  Script set_paused = make_storing_script({lua_set_paused});

  Script enqueue = make_storing_script({lua_enqueue});
  Script claim =
      make_script({lua_jobs, lua_runs, lua_ends, lua_buckets, lua_claim_limits, lua_claim});
  Script renew = make_script({lua_jobs, lua_runs, lua_held, lua_renew});
  Script finish = make_storing_script({lua_held, lua_finish});
  Script release = make_script({lua_jobs, lua_runs, lua_ends, lua_held, lua_release});
  Script take_expired = make_script({lua_jobs, lua_runs, lua_take_expired});
  Script request_cancel = make_script({lua_jobs, lua_runs, lua_ends, lua_request_cancel});
  Script expire_unknown = make_script({lua_jobs, lua_runs, lua_ends, lua_expire_unknown});
  Script next_wake = make_script({lua_next_wake});

  Script run = make_script({lua_read_run, lua_run});
  Script find_runs = make_script({lua_jobs, lua_runs, lua_read_run, lua_find_runs});
  Script summaries = make_script({lua_jobs, lua_read_run, lua_summaries});
  Script prune = make_script({lua_jobs, lua_prune});
};

[[nodiscard]] inline const Scripts& scripts() {
  static const Scripts all;
  return all;
}

}  // namespace punctual::redis::detail
