// SPDX-License-Identifier: MIT
//
// The part of the scripts that knows jobs: their rows, and which of them are armed.
//
// job:<name>  hash     a job's place in the ledger, its definition, its counters
// jobs        zset     the names of all jobs, in order
// due         zset     the jobs that are armed, enabled and not paused, by what is armed
//
// A job is read once a script; what changes it writes through.

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_jobs = R"lua(
local is_woken = false  -- something became ready, or will: whoever waits should look again

local function job_key(name) return P .. 'job:' .. name end

-- What of a job decides. Its version is a number here; an instant that is none is nil.
local known_jobs = {}
local function find_job(name)
  local job = known_jobs[name]
  if job ~= nil then return job end
  local row = call('HMGET', job_key(name), 'version', 'enabled', 'paused', 'next_due_at',
    'after_finish_delay', 'failed_dependency')
  job = row[1] and {name = name, version = tonumber(row[1]), enabled = row[2] == '1',
    paused = row[3] == '1', next_due_at = tonumber(row[4]), delay = tonumber(row[5]),
    failed_dependency = row[6] or ''}
  known_jobs[name] = job
  return job
end

-- Returns the job, made on first use: runs may arrive before their job is synced.
local function job_of(name)
  local job = find_job(name)
  if job then return job end
  call('HSET', job_key(name), 'version', 0, 'enabled', 1, 'paused', 0)
  call('ZADD', P .. 'jobs', 0, name)
  known_jobs[name] = nil
  return find_job(name)
end

local function refresh_due(job)
  if job.version > 0 and job.enabled and not job.paused and job.next_due_at then
    call('ZADD', P .. 'due', job.next_due_at, job.name)
    is_woken = true
  else
    call('ZREM', P .. 'due', job.name)
  end
end

-- Writes a job's place in the ledger, and further fields as names and values.
local function write_state(job, ...)
  job.version = job.version + 1
  call('HSET', job_key(job.name), 'version', job.version, 'enabled', job.enabled and 1 or 0,
    'paused', job.paused and 1 or 0, 'next_due_at', job.next_due_at or '',
    'failed_dependency', job.failed_dependency, ...)
  refresh_due(job)
end

-- Returns the job's state as sync_jobs and due_schedules answer it.
local function state_of(name)
  return call('HMGET', job_key(name), 'version', 'enabled', 'paused', 'paused_at', 'anchor_at',
    'next_due_at', 'epoch_at', 'failed_dependency')
end
)lua";

}  // namespace punctual::redis::detail
