// SPDX-License-Identifier: MIT
//
// The first part of every script: the prefix of its keys, the server's clock, requests unpacked.
//
// A script is a chain of such parts and what one operation does, see scripts.hpp. Parts define
// local functions and nothing else, so that one that is not needed costs nothing but its length.
//
// ARGV[1] is what tests add to the clock, or after `=` what they put in its place, a blank, and the
// name under which changes are published; the requests begin at ARGV[2].

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_base = R"lua(
local P = KEYS[1]
local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min

-- Instants are numbers of milliseconds. A double holds all of them exactly, but tostring() does
-- not write them: they go to redis.call as numbers, or as text_of() writes them.
local T_MIN, T_MAX = -62135596800000, 253402300799999
local function clamp(at) return max(T_MIN, min(T_MAX, at)) end

local fixed, shift, sender = ARGV[1]:match('^(=?)(%S+) ?(.*)$')
local now = tonumber(shift)
if fixed == '' then
  local clock = call('TIME')
  now = now + clock[1] * 1000 + floor(clock[2] / 1000)
end
now = clamp(now)
local now_text = string.format('%.0f', now)
local function text_of(at) return at == now and now_text or string.format('%.0f', at) end

-- Returns the texts that `packed` holds: their number, then each after its length.
local formats = {}
local function texts(packed)
  if packed == '' then return {} end
  local all = {}
  local left, at = struct.unpack('<I4', packed)
  while left > 0 do
    local count = min(left, 128)
    formats[count] = formats[count] or '<' .. string.rep('I4c0', count)
    local part = {struct.unpack(formats[count], packed, at)}
    at = part[count + 1]
    part[count + 1] = nil
    left = left - count
    if #all == 0 and left == 0 then return part end
    for i = 1, count do all[#all + 1] = part[i] end
  end
  return all
end

-- Adds to `fields` those that stand in `all` from `first` on, each as a name and a value.
local function read_fields(fields, all, first)
  for i = first, #all, 2 do fields[all[i]] = all[i + 1] end
  return fields
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

local function run_key(id) return P .. 'run:' .. id end

-- What is written to indexes is gathered, and written by one command for many members: at the end,
-- or by apply(key) before the index is read.
local writes = {}

local function zadd(key, score, member)
  local of = writes[key]
  if not of then
    of = {}
    writes[key] = of
  end
  of[member] = score
end

local function zrem(key, member) zadd(key, false, member) end

local function apply(key)
  local of = writes[key]
  if not of then return key end
  writes[key] = nil
  local added, removed = {}, {}
  local added_count, removed_count = 0, 0
  for member, score in pairs(of) do
    if score then
      added[added_count + 1], added[added_count + 2] = score, member
      added_count = added_count + 2
    else
      removed_count = removed_count + 1
      removed[removed_count] = member
    end
  end
  for i = 1, added_count, 1000 do
    call('ZADD', key, unpack(added, i, min(i + 999, added_count)))
  end
  for i = 1, removed_count, 1000 do
    call('ZREM', key, unpack(removed, i, min(i + 999, removed_count)))
  end
  return key
end

local function apply_all() for key in pairs(writes) do apply(key) end end

-- Calls visit(member, score) for the members of a sorted set in order, until it returns true.
local function walk(key, visit)
  local at, count = 0, 16
  while true do
    local part = call('ZRANGE', key, at, at + count - 1, 'WITHSCORES')
    for i = 1, #part, 2 do
      if visit(part[i], tonumber(part[i + 1])) then return end
    end
    if #part < 2 * count then return end
    at, count = at + count, 256
  end
end
)lua";

}  // namespace punctual::redis::detail
