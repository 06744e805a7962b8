// SPDX-License-Identifier: MIT
//
// What the scripts of the history do: finding, summing up and pruning runs. Each does a bounded
// piece of work and says where to go on, so that no search holds the server up.

#pragma once

namespace punctual::redis::detail {

/// Reads a run as it is answered: its id, then names and values.
inline constexpr const char* lua_read_run = R"lua(
local large_fields = set_of({'details', 'payload', 'log'})

local function read_run(id, with_details)
  local all = call('HGETALL', run_key(id))
  if with_details then return {id, all} end
  local slim = {}
  for i = 1, #all, 2 do
    if not large_fields[all[i]] then
      slim[#slim + 1] = all[i]
      slim[#slim + 1] = all[i + 1]
    end
  end
  return {id, slim}
end
)lua";

/// ARGV: the run. Answers it, or nothing.
inline constexpr const char* lua_run = R"lua(
if call('EXISTS', run_key(ARGV[2])) == 0 then return {} end
return read_run(ARGV[2], true)
)lua";

/// ARGV: the limit, `1` for details, the id to go on below, the runs to look at, then what is asked
/// for, by name. Answers the id to go on below (empty: there are no more), then the runs.
inline constexpr const char* lua_find_runs = R"lua(
local limit, with_details, before, budget = tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4],
  tonumber(ARGV[5])
local asked = read_fields({}, texts(ARGV[6]), 1)
local first_at, last_at = tonumber(asked.created_from), tonumber(asked.created_before)
local due_from, due_before = tonumber(asked.due_from), tonumber(asked.due_before)

local all_statuses = {'pending', 'running', 'success', 'failed', 'skipped'}

-- Returns the indexes in which all runs stand that could match; the fewest of those that serve.
local function indexes()
  if asked.workflow_id then return {P .. 'workflow:' .. asked.workflow_id} end
  local status = asked.dead and 'failed' or asked.status
  local of_status, of_job = {}, {}
  for i, name in ipairs(status and {status} or all_statuses) do
    of_status[i] = P .. 'status:' .. name
  end
  if not asked.job_name then return of_status end
  if not status or is_pending_or_running(status) then
    of_job[#of_job + 1] = P .. 'open:' .. asked.job_name
  end
  if not status or not is_pending_or_running(status) then
    of_job[#of_job + 1] = P .. 'ended_ids:' .. asked.job_name
  end
  local is_smaller = status and call('ZCARD', of_status[1]) < call('ZCARD', of_job[1])
  return is_smaller and of_status or of_job
end

local compared = {'status', 'job_name', 'trigger', 'message_code', 'created_at', 'due_at',
  'attempt', 'retry_of'}

local function matches(id)
  local row = call('HMGET', run_key(id), unpack(compared))
  local created_at, due_at = tonumber(row[5]), tonumber(row[6])
  if not row[1] or (asked.status and asked.status ~= row[1]) then return false end
  if asked.job_name and asked.job_name ~= row[2] then return false end
  if asked.trigger and asked.trigger ~= (row[3] or 'manual') then return false end
  if asked.message_code and asked.message_code ~= (row[4] or '') then return false end
  if first_at and created_at < first_at or last_at and created_at >= last_at then return false end
  if due_from and not (due_at and due_at >= due_from) then return false end
  if due_before and not (due_at and due_at < due_before) then return false end
  if not asked.dead then return true end
  local attempt = '(' .. (row[7] or '1')
  return row[1] == 'failed' and
    call('ZCOUNT', P .. 'attempts:' .. (row[8] or id), attempt, '+inf') == 0
end

local function refill(stream)
  local below = stream.below == '' and '+' or '(' .. stream.below
  stream.ids = call('ZREVRANGEBYLEX', stream.key, below, '-', 'LIMIT', 0, min(limit, 100))
  stream.at = 1
  stream.below = stream.ids[#stream.ids]
end

local streams = {}
for i, key in ipairs(indexes()) do
  streams[i] = {key = key, below = before}
  refill(streams[i])
end

local function next_id()
  local newest
  for _, stream in ipairs(streams) do
    local id = stream.ids[stream.at]
    if id and (not newest or id > newest.ids[newest.at]) then newest = stream end
  end
  if not newest then return nil end
  local id = newest.ids[newest.at]
  newest.at = newest.at + 1
  if newest.at > #newest.ids then refill(newest) end
  return id
end

local answers, last = {''}, nil
while #answers <= limit do
  if budget == 0 then
    answers[1] = last
    break
  end
  budget = budget - 1
  last = next_id()
  if not last then break end
  if matches(last) then answers[#answers + 1] = read_run(last, with_details) end
end
return answers
)lua";

/// ARGV: the name to go on behind, how many jobs to look at. Answers the name to go on behind
/// (empty: there are no more), then a name, a row and its last run for each job.
inline constexpr const char* lua_summaries = R"lua(
local names = call('ZRANGEBYLEX', P .. 'jobs', ARGV[2] == '' and '-' or '(' .. ARGV[2], '+',
  'LIMIT', 0, ARGV[3])
local answers = {#names == tonumber(ARGV[3]) and names[#names] or ''}
for _, name in ipairs(names) do
  if call('HGET', job_key(name), 'version') ~= '0' then
    local last = call('HGET', job_key(name), 'last_run')
    answers[#answers + 1] = {name, call('HGETALL', job_key(name)),
      last and read_run(last, false) or {}}
  end
end
return answers
)lua";

/// ARGV: the limit, the name to go on behind, how many jobs to look at. Answers the name to go on
/// behind (empty: there are no more), and how many runs were removed.
inline constexpr const char* lua_prune = R"lua(
local limit, count = tonumber(ARGV[2]), 0

local function forget(id, name)
  local row = call('HMGET', run_key(id), 'status', 'due_at', 'attempt', 'retry_of', 'workflow_id')
  zrem(P .. 'status:' .. row[1], id)
  zrem(P .. 'ended:' .. name, id)
  zrem(P .. 'ended_ids:' .. name, id)
  if row[2] then call('ZREM', P .. 'answers:' .. name, id) end
  if row[4] then call('ZREM', P .. 'attempts:' .. row[4], id) end
  if row[5] then call('ZREM', P .. 'workflow:' .. row[5], id) end
  call('DEL', run_key(id))
end

-- Finds the newest run that was executed, should it have been removed.
local function refresh_last_run(name)
  local last = call('HGET', job_key(name), 'last_run')
  if not last or call('EXISTS', run_key(last)) == 1 then return end
  while true do
    local ids = call('ZREVRANGEBYLEX', P .. 'ended_ids:' .. name, '(' .. last, '-',
      'LIMIT', 0, 100)
    for _, id in ipairs(ids) do
      if call('HEXISTS', run_key(id), 'started_at') == 1 then
        return call('HSET', job_key(name), 'last_run', id)
      end
    end
    if #ids < 100 then return call('HDEL', job_key(name), 'last_run') end
    last = ids[100]
  end
end

-- Returns up to `most` runs that ended before the job's retention and are none of the newest.
local function find_old(name, most)
  local row = call('HMGET', job_key(name), 'retention_period', 'retention_keep_last')
  local kept_from = clamp(now - (tonumber(row[1]) or 7776000000))
  local ended, by_id = P .. 'ended:' .. name, P .. 'ended_ids:' .. name
  local keep_last, ended_count = tonumber(row[2]) or 100, call('ZCARD', by_id)
  if ended_count <= keep_last then return {} end
  -- From this id on runs are among the newest. Not the end of the walk: a run that was stored
  -- early may have ended late.
  local first_kept = keep_last > 0 and call('ZRANGE', by_id, -keep_last, -keep_last)[1]
  local old = {}
  walk(ended, function(id, ended_at)
    if ended_at >= kept_from or #old >= most then return true end
    if not first_kept or id < first_kept then old[#old + 1] = id end
  end)
  return old
end

call('ZREMRANGEBYSCORE', P .. 'buckets', '-inf', now * 1000)
local names = call('ZRANGEBYLEX', P .. 'jobs', ARGV[3] == '' and '-' or '(' .. ARGV[3], '+',
  'LIMIT', 0, ARGV[4])
for _, name in ipairs(names) do
  if count < limit then
    local old = find_old(name, limit - count)
    for _, id in ipairs(old) do forget(id, name) end
    apply_all()
    if old[1] then refresh_last_run(name) end
    count = count + #old
  end
end
return {#names == tonumber(ARGV[4]) and names[#names] or '', count}
)lua";

}  // namespace punctual::redis::detail
