// SPDX-License-Identifier: MIT
//
// What the scripts of the queue do: runs handed in, kept, ended, handed back, taken over. Each
// checks first what would refuse it, for what a script has written is not undone.

#pragma once

namespace punctual::redis::detail {

/// ARGV: new runs. Answers two texts for each: what became of it, and an id.
inline constexpr const char* lua_enqueue = R"lua(
local rows = {}
for i = 2, #ARGV do rows[i - 1] = read_new_run(ARGV[i]) end
local taken = find_taken_id(rows, {})
if taken then return refuse_id(taken) end
local answers = {}
for i, row in ipairs(rows) do answers[2 * i - 1], answers[2 * i] = store_run(row) end
settle()
flush()
return answers
)lua";

/// Finds a run that is running under a fence.
inline constexpr const char* lua_held = R"lua(
local function find_held(id, fence)
  local run = find_run(id)
  if run and run.status == 'running' and run.fence == fence then return run end
end
)lua";

/// ARGV: the lease, then renewals: id, fence, and fields. Answers a number for each: 0 lost,
/// 1 kept, 2 cancel requested.
inline constexpr const char* lua_renew = R"lua(
local until_text = text_of(clamp(now + ARGV[2]))
local answers = {}
for i = 3, #ARGV do
  local all = texts(ARGV[i])
  local run = find_held(all[1], all[2])
  answers[i - 2] = not run and 0 or run.cancel_requested and 2 or 1
  if run then
    set_lease(run, until_text)
    call('HSET', run_key(run.id), 'lease_until_at', until_text, unpack(all, 3))
  end
end
flush()
return answers
)lua";

/// ARGV: completions: id, fence, status, new runs that follow, and fields. Answers 1 for each that
/// was recorded, else 0.
inline constexpr const char* lua_finish = R"lua(
local completions, seen_runs, seen_ids = {}, {}, {}
for i = 2, #ARGV do
  local all = texts(ARGV[i])
  local completion = {id = all[1], fence = all[2], status = all[3], all = all,
    rows = read_new_runs(all[4])}
  completions[i - 1] = completion
  if completion.rows[1] and not seen_runs[completion.id] and
    find_held(completion.id, completion.fence) then
    local taken = find_taken_id(completion.rows, seen_ids)
    if taken then return refuse_id(taken) end
    seen_runs[completion.id] = true
  end
end
local answers = {}
for i, completion in ipairs(completions) do
  local run = find_held(completion.id, completion.fence)
  answers[i] = run and 1 or 0
  if run then
    end_run(run, completion.status, max(now, tonumber(run.started_at) or now),
      unpack(completion.all, 5))
    store_runs(completion.rows)
    settle()
  end
end
flush()
return answers
)lua";

/// ARGV: leases: id, fence. Answers 1 for each that was handed back, else 0.
inline constexpr const char* lua_release = R"lua(
local answers = {}
for i = 2, #ARGV do
  local all = texts(ARGV[i])
  local run = find_held(all[1], all[2])
  answers[i - 1] = run and 1 or 0
  if run then
    remove_running(run)
    set_status(run, 'pending')
    local key = run_key(run.id)
    call('HDEL', key, 'node', 'lease_until_at', 'started_at', 'progress', 'progress_note')
    call('HSET', key, 'status', 'pending', 'message_code', 'JOB_INTERRUPTED')
    add_pending(run)
    is_woken = true
  end
end
flush()
return answers
)lua";

/// ARGV: the lease, the limit, the names of jobs. Answers the runs, the longest expired first.
inline constexpr const char* lua_take_expired = R"lua(
local until_at, known = clamp(now + ARGV[2]), set_of(texts(ARGV[4]))
local limit = min(tonumber(ARGV[3]), 1000000)  -- it goes to a command, which takes no more
local expired = {}
walk(P .. 'leases', function(name, first_at)
  if first_at > now then return true end
  if not known[name] then return false end
  local part = call('ZRANGEBYSCORE', P .. 'leases:' .. name, '-inf', now, 'WITHSCORES',
    'LIMIT', 0, limit)
  for i = 1, #part, 2 do
    expired[#expired + 1] = {id = part[i], at = tonumber(part[i + 1]), job_name = name}
  end
end)
table.sort(expired, function(a, b) return a.at < b.at or (a.at == b.at and a.id < b.id) end)
local answers = {}
for i = 1, min(#expired, limit) do
  local run = expired[i]
  local key = run_key(run.id)
  set_lease(run, until_at)
  call('HINCRBY', key, 'fence', 1)
  call('HSET', key, 'lease_until_at', until_at)
  answers[i] = {run.id, call('HGETALL', key)}
end
flush()
return answers
)lua";

/// ARGV: the run, the actor. Answers what came of it.
inline constexpr const char* lua_request_cancel = R"lua(
local run = find_run(ARGV[2])
if not run then return 'not_found' end
if not is_pending_or_running(run.status) then return 'ended' end
if run.status == 'running' then
  call('HSET', run_key(run.id), 'cancel_requested', 1, 'cancel_actor', ARGV[3])
  return 'requested'
end
run.message_code = 'JOB_CANCELLED'
end_run(run, 'skipped', now, 'cancel_requested', 1, 'cancel_actor', ARGV[3],
  'message_code', run.message_code, 'summary', 'cancelled before it started')
settle()
flush()
return 'cancelled'
)lua";

/// ARGV: the age, the limit, the names of jobs. Answers how many runs were ended.
inline constexpr const char* lua_expire_unknown = R"lua(
local age, limit, names = tonumber(ARGV[2]), tonumber(ARGV[3]), texts(ARGV[4])
for _, name in ipairs(names) do
  local row = call('HMGET', job_key(name), 'version', 'seen_at')
  local seen_at = tonumber(row[2])
  if row[1] and (not seen_at or now < seen_at or now - seen_at >= 600000) then
    call('HSET', job_key(name), 'seen_at', now)
  end
end
local known, before, unknown = set_of(names), clamp(now - age), {}
for _, key in ipairs({'pending', 'pending_paused'}) do
  walk(P .. key, function(name, first_at)
    if first_at > before then return true end
    if known[name] then return false end
    local seen_at = tonumber(call('HGET', job_key(name), 'seen_at'))
    if not seen_at or seen_at <= before then unknown[#unknown + 1] = name end
  end)
end
local count = 0
for _, name in ipairs(unknown) do
  while count < limit do
    local lane, first_at = first_lane(name)
    if not lane or first_at > before then break end
    local run = find_run(call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1])
    run.message_code = 'JOB_NOT_FOUND'
    end_run(run, 'failed', now, 'message_code', run.message_code, 'summary', 'no node knew the job',
      'error_code', 'JOB_NOT_FOUND', 'error_message', 'no node that knows job "' .. name ..
      '" was there for ' .. ARGV[2] .. ' ms')
    count = count + 1
  end
end
settle()
flush()
return count
)lua";

/// ARGV: the names of jobs. Answers three instants, each 'none' if there is none.
inline constexpr const char* lua_next_wake = R"lua(
local known = set_of(texts(ARGV[2]))
local answers = {}
for i, key in ipairs({'due', 'pending', 'leases'}) do
  answers[i] = 'none'
  walk(P .. key, function(name, first_at)
    if known[name] then answers[i] = first_at end
    return known[name]
  end)
end
return answers
)lua";

}  // namespace punctual::redis::detail
