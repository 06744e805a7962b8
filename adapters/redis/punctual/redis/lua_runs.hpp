// SPDX-License-Identifier: MIT
//
// The part of the scripts that knows runs: their rows and the indexes over them.
//
// run:<id>             hash  a run; a field that it has not is the default
// status:<status>      zset  the runs of a status, by id
// open:<job>           zset  a job's pending and running runs, by id
// lane:<lane>          zset  pending runs of one kind, by run_at
// lanes:n|x:<job>      zset  a job's lanes of plain and of exclusive runs, by their first run_at
// ready                zset  lanes of jobs that are not paused whose first run is ready, by its
//                            claim order
// waiting              zset  the other lanes of those jobs, by their first run_at
// pending              zset  jobs by their first pending run; paused ones in pending_paused
// leases:<job>         zset  a job's running runs, by the end of their leases
// leases               zset  jobs by the first of those
// exclusive:<job>      set   a job's exclusive runs that are running
// running              hash  how many runs are running under each concurrency key with a limit
// unique               hash  the open run that has a unique key
//
// A lane is what the same limits hold back: if its first run cannot start, none can. Runs that wait
// for others are in no lane.
//
// What concerns lanes and jobs as a whole is written once, at the end: `flush` has to be called.

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_runs = R"lua(
local run_fields = {'status', 'fence', 'job_name', 'run_at', 'priority', 'exclusive',
  'concurrency_max', 'concurrency_key', 'unique_key', 'retry_of', 'attempt', 'waits_for',
  'started_at', 'cancel_requested', 'message_code'}

-- Returns what decides about a run, nil if it is not there.
local function find_run(id)
  local row = call('HMGET', run_key(id), unpack(run_fields))
  if not row[1] then return nil end
  local run = {id = id}
  for i, name in ipairs(run_fields) do run[name] = row[i] or nil end
  return run
end

local function is_pending_or_running(status) return status == 'pending' or status == 'running' end

local function limit_of(run) return tonumber(run.concurrency_max) or 0 end
local function claim_order(run_at, priority) return clamp(run_at - priority * 60000) end

-- --- Lanes

local lane_ends = {}
local function lane_of(run)
  local name, most = run.job_name, run.concurrency_max or '0'
  local lane_end = lane_ends[name]
  if not lane_end then
    lane_end = '|' .. #name .. '|' .. name
    lane_ends[name] = lane_end
  end
  return (run.exclusive and 'x|' or 'n|') .. (run.priority or '0') .. '|' .. most .. lane_end ..
    (most ~= '0' and run.concurrency_key or '')
end

local known_lanes = {}
local function kind_of(lane)
  local kind = known_lanes[lane]
  if kind then return kind end
  local mark, priority, most, length, at = lane:match('^([nx])|(-?%d+)|(%d+)|(%d+)|()')
  kind = {mark = mark, exclusive = mark == 'x', priority = tonumber(priority),
    most = tonumber(most), job_name = lane:sub(at, at + length - 1), key = lane:sub(at + length)}
  known_lanes[lane] = kind
  return kind
end

local touched_lanes, touched_jobs, touched_leases = {}, {}, {}

local function add_pending(run)
  local lane = lane_of(run)
  zadd(P .. 'lane:' .. lane, run.run_at, run.id)
  touched_lanes[lane] = true
end

local function remove_pending(run)
  local lane = lane_of(run)
  zrem(P .. 'lane:' .. lane, run.id)
  touched_lanes[lane] = true
end

local function refresh_lane(lane)
  local kind = kind_of(lane)
  local first = call('ZRANGE', apply(P .. 'lane:' .. lane), '0', '0', 'WITHSCORES')
  local run_at = tonumber(first[2])
  local lanes = P .. 'lanes:' .. kind.mark .. ':' .. kind.job_name
  touched_jobs[kind.job_name] = true
  if run_at then call('ZADD', lanes, run_at, lane) else call('ZREM', lanes, lane) end
  local ready, waiting = P .. 'ready', P .. 'waiting'
  local job = find_job(kind.job_name)
  if not run_at or job.paused then
    call('ZREM', ready, lane)
    call('ZREM', waiting, lane)
  elseif run_at <= now then
    call('ZADD', ready, claim_order(run_at, kind.priority), lane)
    call('ZREM', waiting, lane)
  else
    call('ZADD', waiting, run_at, lane)
    call('ZREM', ready, lane)
  end
end

local function flush_lanes()
  for lane in pairs(touched_lanes) do refresh_lane(lane) end
  touched_lanes = {}
end

-- Returns the first lane of a job, of one mark or of both, and the instant of its first run.
local function first_lane(job_name, mark)
  flush_lanes()
  local first, first_at
  for _, m in ipairs(mark and {mark} or {'n', 'x'}) do
    local lane = call('ZRANGE', P .. 'lanes:' .. m .. ':' .. job_name, 0, 0, 'WITHSCORES')
    local run_at = tonumber(lane[2])
    if run_at and (not first_at or run_at < first_at) then first, first_at = lane[1], run_at end
  end
  return first, first_at
end

-- --- Leases

local function set_lease(run, until_at)
  zadd(P .. 'leases:' .. run.job_name, until_at, run.id)
  touched_leases[run.job_name] = true
end

local function add_running(run, until_at)
  set_lease(run, until_at)
  if run.exclusive then call('SADD', P .. 'exclusive:' .. run.job_name, run.id) end
  if limit_of(run) > 0 then call('HINCRBY', P .. 'running', run.concurrency_key or '', 1) end
end

local function remove_running(run)
  zrem(P .. 'leases:' .. run.job_name, run.id)
  touched_leases[run.job_name] = true
  if run.exclusive then call('SREM', P .. 'exclusive:' .. run.job_name, run.id) end
  if limit_of(run) == 0 then return end
  local key = run.concurrency_key or ''
  if call('HINCRBY', P .. 'running', key, -1) <= 0 then call('HDEL', P .. 'running', key) end
end

local function has_running_exclusive(job_name)
  return call('SCARD', P .. 'exclusive:' .. job_name) > 0
end

local function running_count(key)
  return tonumber(call('HGET', P .. 'running', key)) or 0
end

-- --- What is written at the end

local counters = {}   -- job -> status -> count
local last_runs = {}  -- job -> the newest run of those that ended

local function flush_job(name)
  local _, first_at = first_lane(name)
  local here, there = P .. 'pending', P .. 'pending_paused'
  if find_job(name).paused then here, there = there, here end
  if first_at then call('ZADD', here, first_at, name) else call('ZREM', here, name) end
  call('ZREM', there, name)
end

local function flush_leases(name)
  local first = call('ZRANGE', apply(P .. 'leases:' .. name), 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', P .. 'leases', first[2], name)
  else
    call('ZREM', P .. 'leases', name)
  end
end

local function flush()
  flush_lanes()
  for name in pairs(touched_jobs) do flush_job(name) end
  for name in pairs(touched_leases) do flush_leases(name) end
  for name, counts in pairs(counters) do
    for status, count in pairs(counts) do
      call('HINCRBY', job_key(name), status .. '_count', count)
    end
  end
  for name, id in pairs(last_runs) do
    local last = call('HGET', job_key(name), 'last_run')
    if not last or last < id then call('HSET', job_key(name), 'last_run', id) end
  end
  apply_all()
  if is_woken then call('PUBLISH', P .. 'wake', sender) end
end
)lua";

}  // namespace punctual::redis::detail
