// SPDX-License-Identifier: MIT
//
// The first part of every script: the prefix of its keys, the server's clock, requests unpacked.
//
// A script is a chain of such parts and what one operation does, see scripts.hpp. Parts define
// local functions and nothing else, so that one that is not needed costs nothing but its length.
//
// ARGV[1] is what tests add to the clock; the requests begin at ARGV[2].

#pragma once

namespace punctual::redis::detail {

inline constexpr const char* lua_base = R"lua(
local P = KEYS[1]
local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min

-- Instants are numbers of milliseconds. A double holds all of them exactly, but tostring() does
-- not write them: they go to redis.call as numbers.
local T_MIN, T_MAX = -62135596800000, 253402300799999
local function clamp(at) return max(T_MIN, min(T_MAX, at)) end

local clock = call('TIME')
local now = clamp(clock[1] * 1000 + floor(clock[2] / 1000) + ARGV[1])

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
