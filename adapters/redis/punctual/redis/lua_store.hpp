// SPDX-License-Identifier: MIT
//
// The part of the scripts that stores new runs: what speaks against one, what it takes the place
// of, what it has to wait for.
//
// A new run comes as texts: its id; what it asks for, of the letters `o` (skip if open), `w` (skip
// if one waits) and `r` (replace what is running); the key, the tokens and the microseconds a token
// of its pace; then names and values of the fields of its row.
//
// buckets  zset  token buckets, by when they are full again, in microseconds

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_buckets = R"lua(
local function bucket_level(key)
  return tonumber(call('ZSCORE', P .. 'buckets', key)) or T_MIN * 1000
end

-- The earliest instant from `at` on with a token in a bucket that is full at `level`.
local function next_token_at(level, most, token_us, at)
  return max(at, ceil((level - (most - 1) * token_us) / 1000))
end

local function level_after(level, token_us, at) return max(level, at * 1000) + token_us end
local function set_level(key, level) call('ZADD', P .. 'buckets', level, key) end
)lua";

inline constexpr const char* lua_store = R"lua(
local function read_new_run(packed)
  local all = texts(packed)
  local row = {id = all[1], asks = all[2], pace_key = all[3], pace_max = tonumber(all[4]),
    pace_token_us = tonumber(all[5]), all = all}
  return read_fields(row, all, 6)
end

local function read_new_runs(packed)
  local rows = texts(packed)
  for i, row in ipairs(rows) do rows[i] = read_new_run(row) end
  return rows
end

-- Returns the first id of `rows` that is taken, by a run or by one of `seen`, which it adds to.
local function find_taken_id(rows, seen)
  local keys = {}
  for i, row in ipairs(rows) do
    if seen[row.id] then return row.id end
    seen[row.id] = true
    keys[i] = run_key(row.id)
  end
  for i = 1, #keys, 1000 do
    local last = min(i + 999, #keys)
    if call('EXISTS', unpack(keys, i, last)) > 0 then
      for n = i, last do
        if call('EXISTS', keys[n]) == 1 then return rows[n].id end
      end
    end
  end
end

local function refuse_id(id) return redis.error_reply('DUPLICATE_RUN_ID ' .. id) end

local function asks_for(row, letter) return row.asks:find(letter, 1, true) ~= nil end

local function is_first_answer(row) return row.due_at and (row.attempt or '1') == '1' end

-- Returns the first attempt that answers the due instant of the row.
local function answer_of(row)
  if not is_first_answer(row) then return nil end
  return call('ZRANGEBYSCORE', P .. 'answers:' .. row.job_name, row.due_at, row.due_at,
    'LIMIT', 0, 1)[1]
end

-- Sets a field of a row that is about to be stored.
local function set(row, name, value)
  row[name] = value
  local all = row.all
  all[#all + 1] = name
  all[#all + 1] = value
end

local function skip_at_once(row, code, summary)
  set(row, 'status', 'skipped')
  set(row, 'message_code', code)
  set(row, 'summary', summary)
end

-- Returns the open pieces of work that the row waits for; nil if one has ended otherwise than well
-- or is not there.
local function open_works(row)
  local works, seen = {}, {}
  for id in (row.after or ''):gmatch('%S+') do
    local work = call('HGET', run_key(id), 'retry_of') or id
    if is_open(work) then
      if not seen[work] then works[#works + 1] = work end
      seen[work] = true
    else
      local last = find_run(last_attempt(work))
      if not last or not ended_well(last) then return nil end
    end
  end
  return works
end

-- Ends the exclusive runs of the job that are running: another one takes their place.
local function end_replaced(job_name)
  local ids = call('SMEMBERS', P .. 'exclusive:' .. job_name)
  table.sort(ids)
  for _, id in ipairs(ids) do
    local run = find_run(id)
    local started_at = tonumber(run.started_at) or now
    local ended_at = max(now, started_at)
    call('HINCRBY', run_key(id), 'fence', 1)
    run.message_code = 'JOB_CANCELLED'
    end_run(run, 'failed', ended_at, 'message_code', run.message_code,
      'summary', 'replaced by the next run of the job', 'error_code', 'CANCELLED',
      'error_message', 'another run took its place', 'duration', ended_at - started_at)
  end
end

-- True if the row asked to be skipped beside what is open.
local function overlaps(row)
  if not row.exclusive then return false end
  local skips = asks_for(row, 'o')
  if skips and has_running_exclusive(row.job_name) then return true end
  if not skips and not asks_for(row, 'w') then return false end
  local _, first_at = first_lane(row.job_name, 'x')
  return first_at ~= nil and first_at <= now
end

local function take_token(row)
  local level, at = bucket_level(row.pace_key), tonumber(row.run_at)
  local taken_at = next_token_at(level, row.pace_max, row.pace_token_us, at)
  set_level(row.pace_key, level_after(level, row.pace_token_us, taken_at))
  return taken_at
end

-- Decides how a pending row is stored: skipped, waiting, or for when.
local function place(row)
  local works = open_works(row)
  if not works then
    skip_at_once(row, 'JOB_DEPENDENCY_FAILED', 'a run that it waits for did not end well')
    return 'stored'
  end
  if asks_for(row, 'r') then end_replaced(row.job_name) end
  if overlaps(row) then
    skip_at_once(row, 'JOB_OVERLAPPED', asks_for(row, 'o') and
      'another run of the job is still open' or 'another run of the job is waiting already')
    return 'overlapped'
  end
  if #works > 0 then
    set(row, 'waits_for', #works)
    set(row, 'run_at', T_MAX)
    for _, work in ipairs(works) do call('ZADD', P .. 'waiters:' .. work, 0, row.id) end
  elseif row.pace_max > 0 then
    set(row, 'run_at', take_token(row))
  end
  return 'stored'
end

local function index_new_run(row)
  local id, name = row.id, row.job_name
  zadd(P .. 'status:' .. row.status, '0', id)
  if is_first_answer(row) then call('ZADD', P .. 'answers:' .. name, row.due_at, id) end
  if row.retry_of then
    call('ZADD', P .. 'attempts:' .. row.retry_of, row.attempt or 1, id)
  end
  if row.workflow_id then zadd(P .. 'workflow:' .. row.workflow_id, '0', id) end
  if row.status ~= 'pending' then return note_ended(row, now) end
  zadd(P .. 'open:' .. name, '0', id)
  if row.unique_key then call('HSET', P .. 'unique', row.unique_key, id) end
  if row.waits_for then return end
  add_pending(row)
  is_woken = true
end

-- Stores a row, unless its due instant is answered or an open run has its unique key. Returns what
-- became of it, and the run's id. The caller settles afterwards.
local function store_run(row)
  local first = answer_of(row)
  if first then return 'duplicate', first end
  local is_pending = row.status == 'pending'
  if is_pending and row.unique_key then
    local open = call('HGET', P .. 'unique', row.unique_key)
    if open then return 'duplicate', open end
  end
  job_of(row.job_name)
  local kind = is_pending and place(row) or 'stored'
  set(row, 'created_at', now_text)
  if row.status ~= 'pending' then set(row, 'completed_at', now_text) end
  call('HSET', run_key(row.id), unpack(row.all, 6))
  index_new_run(row)
  return kind, row.id
end

local function store_runs(rows) for _, row in ipairs(rows) do store_run(row) end end
)lua";

}  // namespace punctual::redis::detail
