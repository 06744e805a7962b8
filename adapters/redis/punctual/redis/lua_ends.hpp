// SPDX-License-Identifier: MIT
//
// The part of the scripts that ends runs, and lets happen what follows from that.
//
// ended:<job>        zset  a job's ended runs, by their end
// ended_ids:<job>    zset  the same, by id
// answers:<job>      zset  first attempts by the due instants that they answer
// attempts:<work>    zset  the further attempts of some work, by their number
// workflow:<id>      zset  a workflow's runs, by id
// waiters:<work>     zset  the runs that wait for some work
// dependents:<job>   set   the jobs that depend on a job
// done:<job>         set   of the jobs that a job depends on: which ended well since the last time
//
// Each run that is skipped in turn stands at the end of the same queue, so a chain of any length is
// gone through without recursion.

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_ends = R"lua(
local ends, settled_count = {}, 0  -- runs that ended in this script, and those gone through

local function set_status(run, status)
  zrem(P .. 'status:' .. run.status, run.id)
  zadd(P .. 'status:' .. status, '0', run.id)
  run.status = status
end

-- Notes a run among those that have ended.
local function note_ended(run, ended_at)
  local name = run.job_name
  run.completed_at = ended_at
  zadd(P .. 'ended:' .. name, text_of(ended_at), run.id)
  zadd(P .. 'ended_ids:' .. name, '0', run.id)
  counters[name] = counters[name] or {}
  counters[name][run.status] = (counters[name][run.status] or 0) + 1
  if run.started_at and (not last_runs[name] or last_runs[name] < run.id) then
    last_runs[name] = run.id
  end
  ends[#ends + 1] = run
end

-- Ends a pending or running run; further fields as names and values.
local function end_run(run, status, ended_at, ...)
  if run.status == 'running' then
    remove_running(run)
  elseif (tonumber(run.waits_for) or 0) == 0 then
    remove_pending(run)
  end
  set_status(run, status)
  call('HSET', run_key(run.id), 'status', status, 'completed_at', text_of(ended_at), ...)
  zrem(P .. 'open:' .. run.job_name, run.id)
  if run.unique_key then call('HDEL', P .. 'unique', run.unique_key) end
  note_ended(run, ended_at)
end

-- --- Work: a run and its retries

local function ended_well(run)
  return run.status == 'success' or (run.status == 'skipped' and run.started_at)
end

local function is_open_run(id) return is_pending_or_running(call('HGET', run_key(id), 'status')) end

local function is_open(work)
  for _, id in ipairs(call('ZREVRANGE', P .. 'attempts:' .. work, 0, -1)) do
    if is_open_run(id) then return true end
  end
  return is_open_run(work)
end

local function last_attempt(work)
  return call('ZREVRANGE', P .. 'attempts:' .. work, 0, 0)[1] or work
end

local function is_open_beside(run)
  if run.retry_of then return is_open(run.retry_of) end
  return call('EXISTS', P .. 'attempts:' .. run.id) == 1 and is_open(run.id)
end

-- Returns the first attempt with the job's latest due instant as a list of id and instant.
local function last_answer(job_name)
  return call('ZREVRANGE', P .. 'answers:' .. job_name, 0, 0, 'WITHSCORES')
end

-- --- What follows

-- Arms a schedule that waits for the end of a run, once none of the job is open.
local function arm_after_finish(job_name, ended_at)
  local job = find_job(job_name)
  if not job.delay or job.next_due_at or job.version == 0 then return end
  if call('EXISTS', apply(P .. 'open:' .. job_name)) == 1 then return end
  job.next_due_at = clamp(ended_at + job.delay)
  write_state(job)
end

-- Arms a job whose prerequisites have ended, unless something is armed. A failure that is armed
-- makes way for an end that is well. An instant is answered once: the next lies behind the last.
local function arm_dependent(job, ended_at, failed)
  call('DEL', P .. 'done:' .. job.name)
  local replaces_failure = failed == '' and job.failed_dependency ~= ''
  if job.next_due_at and not replaces_failure then return end
  local last_at = tonumber(last_answer(job.name)[2])
  job.next_due_at = last_at and max(ended_at, clamp(last_at + 1)) or ended_at
  job.failed_dependency = failed
  write_state(job)
end

local known_dependents = {}
local function dependents_of(job_name)
  local names = known_dependents[job_name]
  if names then return names end
  names = call('SMEMBERS', P .. 'dependents:' .. job_name)
  table.sort(names)
  known_dependents[job_name] = names
  return names
end

local function tell_dependents(run)
  if not run.started_at and
    not (run.status == 'skipped' and run.message_code == 'JOB_DEPENDENCY_FAILED') then return end
  for _, name in ipairs(dependents_of(run.job_name)) do
    local job = find_job(name)
    if job.enabled and not ended_well(run) then
      arm_dependent(job, run.completed_at, run.job_name)
    elseif job.enabled then
      call('SADD', P .. 'done:' .. name, run.job_name)
      local count = tonumber(call('HGET', job_key(name), 'depends_count')) or 0
      if call('SCARD', P .. 'done:' .. name) >= count then
        arm_dependent(job, run.completed_at, '')
      end
    end
  end
end

local function tell_waiter(waiter, run)
  if not ended_well(run) then
    waiter.message_code = 'JOB_DEPENDENCY_FAILED'
    end_run(waiter, 'skipped', run.completed_at, 'message_code', waiter.message_code,
      'summary', 'a run that it waits for did not end well')
  elseif call('HINCRBY', run_key(waiter.id), 'waits_for', -1) <= 0 then
    waiter.run_at = run.completed_at
    call('HSET', run_key(waiter.id), 'run_at', waiter.run_at)
    add_pending(waiter)
    is_woken = true
  end
end

local function tell_waiting(run)
  local key = P .. 'waiters:' .. (run.retry_of or run.id)
  local ids = call('ZRANGE', key, 0, -1)
  if not ids[1] then return end
  call('DEL', key)
  for _, id in ipairs(ids) do
    local waiter = find_run(id)  -- not waiting any more if it was cancelled
    if waiter and waiter.status == 'pending' and (tonumber(waiter.waits_for) or 0) > 0 then
      tell_waiter(waiter, run)
    end
  end
end

-- Lets happen what follows from every end since the last time. After all rows of an operation are
-- stored: a later one may be the open run that an earlier one must not arm beside.
local function settle()
  while settled_count < #ends do
    settled_count = settled_count + 1
    local run = ends[settled_count]
    arm_after_finish(run.job_name, run.completed_at)
    local is_awaited = #dependents_of(run.job_name) > 0 or
      call('EXISTS', P .. 'waiters:' .. (run.retry_of or run.id)) == 1
    if is_awaited and not is_open_beside(run) then
      tell_waiting(run)
      tell_dependents(run)
    end
  end
end
)lua";

}  // namespace punctual::redis::detail
