// SPDX-License-Identifier: MIT
//
// The script that claims: it picks runs lane by lane in the order of claims, and starts them.
//
// The pick merges the lanes by their first runs and reads from each no more than it may take. A
// lane whose first run cannot start is left whole, however long it is.

#pragma once

namespace punctual::redis::detail {

/// What a claim's pick knows of limits. ARGV: node, lease, limit, only, jobs, rooms, rates.
inline constexpr const char* lua_claim_limits = R"lua(
local node, lease, limit, only = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local known = set_of(texts(ARGV[6]))
local rooms, rates = {}, {}
do
  local all = texts(ARGV[7])
  for i = 1, #all, 2 do rooms[all[i]] = tonumber(all[i + 1]) end
  all = texts(ARGV[8])
  for i = 1, #all, 4 do
    rates[all[i]] = {key = all[i + 1], most = tonumber(all[i + 2]), token_us = tonumber(all[i + 3])}
  end
end

local limits, levels, counts = {}, {}, {}

local function limits_of(name)
  local of = limits[name]
  if of then return of end
  local job = find_job(name)
  of = {is_open = known[name] and not (job and job.paused), room = rooms[name] or limit,
    rate = rates[name], has_exclusive = has_running_exclusive(name)}
  limits[name] = of
  return of
end

-- The level of a bucket after what has been picked. A clock that was set back must not leave it
-- empty for as long as it was ahead.
local function level_of(rate)
  levels[rate.key] = levels[rate.key] or
    min(bucket_level(rate.key), now * 1000 + rate.most * rate.token_us)
  return levels[rate.key]
end

local function count_of(key)
  counts[key] = counts[key] or running_count(key)
  return counts[key]
end

-- True if nothing keeps a run of this kind from starting, with what has been picked already. Once
-- false it stays false: a pick only fills limits up.
local function may_start(kind, ignores_room)
  local of = limits_of(kind.job_name)
  if not of.is_open or (of.room == 0 and not ignores_room) then return false end
  if kind.exclusive and of.has_exclusive then return false end
  if of.rate and next_token_at(level_of(of.rate), of.rate.most, of.rate.token_us, now) > now then
    return false
  end
  return kind.most == 0 or count_of(kind.key) < kind.most
end

local picked = {}

local function pick(id, kind)
  picked[#picked + 1] = id
  local of = limits_of(kind.job_name)
  of.room = of.room - 1
  if kind.exclusive then of.has_exclusive = true end
  if kind.most > 0 then counts[kind.key] = count_of(kind.key) + 1 end
  local rate = of.rate
  if not rate then return end
  levels[rate.key] = level_after(level_of(rate), rate.token_us, now)
  set_level(rate.key, levels[rate.key])
end
)lua";

inline constexpr const char* lua_claim = R"lua(
-- Moves the lanes whose time has come to where they are looked for.
local function promote()
  while true do
    local lanes = call('ZRANGEBYSCORE', P .. 'waiting', '-inf', now, 'LIMIT', 0, 1000)
    if not lanes[1] then return end
    for _, lane in ipairs(lanes) do refresh_lane(lane) end
  end
end

-- A place in a lane: what is read ahead, and how far it has been read.
local function read_ahead(cursor)
  if not cursor.has_more then return false end
  local count = cursor.count == 0 and 1 or min(max(limit - #picked, 32), 500)
  local part = call('ZRANGEBYSCORE', P .. 'lane:' .. cursor.lane, '-inf', now, 'WITHSCORES',
    'LIMIT', cursor.count, count)
  cursor.part, cursor.at = part, 1
  cursor.count = cursor.count + #part / 2
  cursor.has_more = #part == 2 * count
  return part[1] ~= nil
end

local function set_order(cursor)
  cursor.id = cursor.part[cursor.at]
  cursor.order = claim_order(tonumber(cursor.part[cursor.at + 1]), cursor.kind.priority)
end

local function is_before(a, b)
  return a.order < b.order or (a.order == b.order and a.id < b.id)
end

-- The cursors that are open, the last of them first in the order of claims.
local cursors = {}
local function open_cursor(cursor)
  set_order(cursor)
  local low, high = 1, #cursors + 1
  while low < high do
    local middle = floor((low + high) / 2)
    if is_before(cursor, cursors[middle]) then low = middle + 1 else high = middle end
  end
  table.insert(cursors, low, cursor)
end

local ready, ready_at, ready_count = {}, 1, 0
local function next_ready()
  if ready_at > #ready then
    ready = call('ZRANGE', P .. 'ready', ready_count, ready_count + 63, 'WITHSCORES')
    ready_at, ready_count = 1, ready_count + 64
  end
  return ready[ready_at], tonumber(ready[ready_at + 1])
end

-- Opens the lanes that could be next.
local function open_lanes()
  while true do
    local lane, order = next_ready()
    local first = cursors[#cursors]
    if not lane or (first and order > first.order) then return end
    ready_at = ready_at + 2
    local kind = kind_of(lane)
    if may_start(kind) then
      local cursor = {lane = lane, kind = kind, count = 0, has_more = true}
      if read_ahead(cursor) then open_cursor(cursor) end
    end
  end
end

local function pick_all()
  promote()
  while #picked < limit do
    open_lanes()
    local cursor = table.remove(cursors)
    if not cursor then return end
    if may_start(cursor.kind) then
      pick(cursor.id, cursor.kind)
      cursor.at = cursor.at + 2
      if cursor.part[cursor.at] or read_ahead(cursor) then open_cursor(cursor) end
    end
  end
end

local function pick_only()
  local run = find_run(only)
  if not run or run.status ~= 'pending' or (tonumber(run.waits_for) or 0) > 0 then return end
  if tonumber(run.run_at) > now then return end
  local kind = kind_of(lane_of(run))
  if may_start(kind, true) then pick(only, kind) end
end

if only ~= '' then pick_only() else pick_all() end

-- Answers the row as it was and then what changed: of two values of a field the last counts.
local until_text = text_of(clamp(now + lease))
local function start(id)
  local key = run_key(id)
  local all = call('HGETALL', key)
  local run = read_fields({id = id}, all, 1)
  remove_pending(run)
  set_status(run, 'running')
  add_running(run, until_text)
  local changes = {'status', 'running', 'node', node, 'started_at', now_text,
    'lease_until_at', until_text, 'fence', string.format('%.0f', (run.fence or 0) + 1)}
  call('HSET', key, unpack(changes))
  for _, value in ipairs(changes) do all[#all + 1] = value end
  return {id, all}
end

local answers = {}
for i, id in ipairs(picked) do answers[i] = start(id) end
flush()
return answers
)lua";

}  // namespace punctual::redis::detail
