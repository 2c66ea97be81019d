"""Generations and fences, as scripts that Redis runs without interruption.

A generation is the number of a tag. An entry keeps the generations that its tags had *before* it was loaded, and is current
while they are the same. A number starts and moves at the server's time in microseconds, always forward: after an eviction, an
expiry or a FLUSHALL a tag gets a number that it never had. A tag without a number is a miss for readers and a refusal for fills,
so nothing has to be kept for entries that nobody reads: an invalidation moves numbers that are there, and need not make any.

They are sent as text, not as hashes: a server that was started again then knows them, too, and hashing costs it a microsecond.
"""

from __future__ import annotations

from typing import Final

_NOW = "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\nlocal stamp = string.format('%.0f', now)\n"

# KEYS: tags. ARGV: milliseconds that a load may take. Gives the time, then the generations; those that are missing begin now.
# It runs before the load: a generation that began after it could not tell whether an invalidation came in between.
TOKEN: Final = (
    _NOW
    + """
local answer = {stamp}
for i, tag in ipairs(KEYS) do
  local generation = redis.call('GET', tag)
  if generation then
    redis.call('PEXPIRE', tag, ARGV[1], 'GT')
  else
    generation = stamp
    redis.call('SET', tag, generation, 'PX', ARGV[1])
  end
  answer[i + 1] = generation
end
return answer
"""
)

# KEYS: the entry, the tags of its token, the tags that it shows. ARGV: value, its life and that of tags (ms), the token's
# time, then its generations. Gives 0 and keeps nothing when a tag of the token has moved or is gone, or a shown one may have
# moved since.
FILL: Final = (
    _NOW
    + """
local known = #ARGV - 4
local under, shown, current = {}, {}, now >= tonumber(ARGV[4])
for i = 1, known do
  if redis.call('GET', KEYS[i + 1]) ~= ARGV[i + 4] then return 0 end
  redis.call('PEXPIRE', KEYS[i + 1], ARGV[3], 'GT')
  under[i] = ARGV[i + 4]
end
for i = known + 2, #KEYS do
  local generation = redis.call('GET', KEYS[i])
  if generation then
    redis.call('PEXPIRE', KEYS[i], ARGV[3], 'GT')
    current = current and tonumber(generation) <= tonumber(ARGV[4])
  else
    generation = stamp
    redis.call('SET', KEYS[i], generation, 'PX', ARGV[3])
    current = false
  end
  shown[#shown + 1] = KEYS[i] .. ' ' .. generation
end
if not current then return 0 end
local entry = '1 ' .. table.concat(under, ' ') .. '\\n' .. table.concat(shown, ' ') .. '\\n' .. ARGV[1]
redis.call('SET', KEYS[1], entry, 'PX', ARGV[2])
return 1
"""
)

_MOVE = (
    _NOW
    + """
local function move(tag)
  local generation = tonumber(redis.call('GET', tag) or '')
  if generation then
    redis.call('SET', tag, string.format('%.0f', math.max(now, generation + 1)), 'KEEPTTL')
  end
end
"""
)

# KEYS: tags. Moves each that has a generation: O(1) a tag, whatever carries it.
BUMP: Final = (
    _MOVE
    + """
for _, tag in ipairs(KEYS) do move(tag) end
return #KEYS
"""
)

# KEYS: where the server's id is kept, then the complete tags. ARGV: the id of this run of the server, and the one that the caller
# knew before ('' for none). A server that was started again, or a replica that took over, may have lost its last writes:
# generations would be back at old numbers, and stale entries current. Whoever connects first makes everything stale (1), once.
GREET: Final = (
    _MOVE
    + """
local known = redis.call('GET', KEYS[1]) or ARGV[2]
if known == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
if known == '' then return 0 end
for i = 2, #KEYS do move(KEYS[i]) end
return 1
"""
)
