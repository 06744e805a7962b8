// SPDX-License-Identifier: MIT
//
// What the scripts of the ledger do: the jobs' schedules, moved on by compare and set.

#pragma once

namespace punctual::redis::detail {

/// ARGV: definitions: the name, `1` if it only reads, then fields by name. Answers the states.
inline constexpr const char* lua_sync_jobs = R"lua(
local stored_fields = {'description', 'schedule', 'after_finish_delay', 'retention_period',
  'retention_keep_last', 'depends_on'}

local function set_dependencies(name, names)
  for _, before in ipairs(texts(call('HGET', job_key(name), 'depends_names') or '')) do
    call('SREM', P .. 'dependents:' .. before, name)
  end
  for _, prerequisite in ipairs(texts(names)) do
    call('SADD', P .. 'dependents:' .. prerequisite, name)
  end
  call('HSET', job_key(name), 'depends_names', names, 'depends_count', #texts(names))
  call('DEL', P .. 'done:' .. name)
end

local function sync(name, definition)
  local job, key = job_of(name), job_key(name)
  local stored = call('HMGET', key, unpack(stored_fields))
  local rearms = job.version == 0 or stored[2] ~= definition.schedule or
    (stored[6] or '[]') ~= definition.depends_on or (definition.enabled == '1' and not job.enabled)
  for i, field in ipairs(stored_fields) do
    if stored[i] ~= definition[field] then call('HSET', key, field, definition[field]) end
  end
  if (stored[6] or '[]') ~= definition.depends_on then
    set_dependencies(name, definition.depends_names)
  end
  job.delay = tonumber(definition.after_finish_delay)
  local seen_at = tonumber(call('HGET', key, 'seen_at'))
  if not seen_at or now < seen_at or now - seen_at >= 600000 then
    call('HSET', key, 'seen_at', now)
  end
  if not rearms and job.enabled == (definition.enabled == '1') then return end
  job.enabled = definition.enabled == '1'
  if not rearms then return write_state(job) end
  call('DEL', P .. 'done:' .. name)
  job.next_due_at = tonumber(definition.next_due_at)
  job.failed_dependency = ''
  write_state(job, 'anchor_at', definition.anchor_at, 'epoch_at', now)
end

local answers = {}
for i = 2, #ARGV do
  local all = texts(ARGV[i])
  if all[2] ~= '1' then sync(all[1], read_fields({}, all, 3)) end
  answers[i - 1] = state_of(all[1])
end
if is_woken then call('PUBLISH', P .. 'wake', sender) end
return answers
)lua";

/// ARGV: the limit, the names of jobs. Answers names and states.
inline constexpr const char* lua_due_schedules = R"lua(
local limit, known = tonumber(ARGV[2]), set_of(texts(ARGV[3]))
local answers = {}
walk(P .. 'due', function(name, due_at)
  if due_at > now or #answers >= limit then return true end
  if known[name] then answers[#answers + 1] = {name, state_of(name)} end
end)
return answers
)lua";

/// ARGV: advances: the job, its version as read, what is armed, the epoch, new runs. Answers two
/// numbers for each: 1 if it moved on, and how many rows were left out.
inline constexpr const char* lua_advance = R"lua(
local advances, seen_jobs, seen_ids = {}, {}, {}
for i = 2, #ARGV do
  local all = texts(ARGV[i])
  local advance = {name = all[1], version = tonumber(all[2]), next_due_at = tonumber(all[3]),
    epoch_at = tonumber(all[4]), rows = read_new_runs(all[5])}
  advances[i - 1] = advance
  local job = find_job(advance.name)
  if job and job.version == advance.version and not seen_jobs[advance.name] then
    seen_jobs[advance.name] = true
    local taken = find_taken_id(advance.rows, seen_ids)
    if taken then return refuse_id(taken) end
  end
end

local function move_on(job, advance)
  job.next_due_at, job.failed_dependency = advance.next_due_at, ''
  if advance.epoch_at then
    write_state(job, 'epoch_at', advance.epoch_at)
  else
    write_state(job)
  end
  local left_out = 0
  for _, row in ipairs(advance.rows) do
    if answer_of(row) then left_out = left_out + 1 end
    store_run(row)
  end
  arm_after_finish(job.name, now)
  settle()
  return left_out
end

local answers = {}
for i, advance in ipairs(advances) do
  local job = find_job(advance.name)
  local is_current = job and job.version == advance.version
  answers[2 * i - 1] = is_current and 1 or 0
  answers[2 * i] = is_current and move_on(job, advance) or 0
end
flush()
return answers
)lua";

/// ARGV: the job, its version as read, `1` to pause, the actor, the reason, what is armed, then new
/// runs. Answers 1, or 0 if the version had moved on.
inline constexpr const char* lua_set_paused = R"lua(
local job, pauses, next_due_at = find_job(ARGV[2]), ARGV[4] == '1', tonumber(ARGV[7])
if not job or job.version ~= tonumber(ARGV[3]) then return 0 end
local rows = {}
for i = 8, #ARGV do rows[i - 7] = read_new_run(ARGV[i]) end
local taken = find_taken_id(rows, {})
if taken then return refuse_id(taken) end

job.paused = pauses
if not pauses and job.next_due_at ~= next_due_at then
  job.next_due_at, job.failed_dependency = next_due_at, ''
end
write_state(job, 'paused_at', pauses and now or '', 'paused_by', pauses and ARGV[5] or '',
  'paused_reason', pauses and ARGV[6] or '')
for _, mark in ipairs({'n', 'x'}) do
  for _, lane in ipairs(call('ZRANGE', P .. 'lanes:' .. mark .. ':' .. job.name, 0, -1)) do
    touched_lanes[lane] = true
  end
end
is_woken = is_woken or not pauses
store_runs(rows)
settle()
flush()
return 1
)lua";

}  // namespace punctual::redis::detail
