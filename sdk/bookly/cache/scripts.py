"""Generations and fences, as scripts that Redis runs without interruption.

A generation is the number of a tag. An entry keeps the generations that its tags had *before* it was loaded, and is current
while they are the same. A number starts and moves at the server's time in microseconds, always forward: after an eviction, an
expiry or a FLUSHALL a tag gets a number that it never had. A tag without a number is a miss for readers and a refusal for fills,
so nothing has to be kept for entries that nobody reads: an invalidation moves numbers that are there, and need not make any.

They are sent as text, not as hashes: a server that was started again then knows them, too, and hashing costs it a microsecond.
In a cluster each run of a script has the keys of one slot.
"""

from __future__ import annotations

from typing import Final

NOW: Final = (
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\nlocal stamp = string.format('%.0f', now)\n"
)

# KEYS: tags. ARGV: milliseconds that a load may take. Gives the time, then the generations; those that are missing begin now.
# It runs before the load: a generation that began after it could not tell whether an invalidation came in between.
TOKEN: Final = (
    NOW
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

# Nil when a tag of the token has moved or is gone, or a shown one may have moved since its time; else the shown ones with their
# generations, as the entry keeps them. All live as long as the entry at least.
_HELD = (
    NOW
    + """
local function held(first, generations, life, taken_at, run)
  for i, generation in ipairs(generations) do
    local tag = KEYS[first + i - 1]
    if redis.call('GET', tag) ~= generation then return nil end
    redis.call('PEXPIRE', tag, life, 'GT')
  end
  local shown, current = {}, now >= tonumber(taken_at)
  for i = first + #generations, #KEYS do
    local generation = redis.call('GET', KEYS[i])
    if generation then
      redis.call('PEXPIRE', KEYS[i], life, 'GT')
      current = current and tonumber(generation) <= tonumber(taken_at)
    else
      generation = stamp
      redis.call('SET', KEYS[i], generation, 'PX', life)
      current = false
    end
    shown[#shown + 1] = KEYS[i] .. ' ' .. run .. ':' .. generation
  end
  return current and table.concat(shown, ' ') or nil
end
"""
)

# KEYS: tags of the token, then tags that the entry shows. ARGV: the tags' life (ms), the token's time, the run of the server,
# then the token's generations. Gives the shown generations, or nothing.
HOLD: Final = _HELD + "return held(1, {unpack(ARGV, 4)}, ARGV[1], ARGV[2], ARGV[3])\n"

# KEYS: the entry, then as for HOLD. ARGV: as for HOLD up to the run; then the value, its life (ms), what it is loaded under, what
# HOLD gave in other slots, and the token's generations. Gives 0, and keeps nothing, when it is refused.
FILL: Final = (
    _HELD
    + """
local shown = held(2, {unpack(ARGV, 8)}, ARGV[1], ARGV[2], ARGV[3])
if not shown then return 0 end
if shown ~= '' and ARGV[7] ~= '' then shown = shown .. ' ' end
redis.call('SET', KEYS[1], '2 ' .. ARGV[6] .. '\\n' .. shown .. ARGV[7] .. '\\n' .. ARGV[4], 'PX', ARGV[5])
return 1
"""
)

# KEYS: tags. Moves each that has a generation: O(1) a tag, whatever carries it.
BUMP: Final = (
    NOW
    + """
for _, tag in ipairs(KEYS) do
  local generation = tonumber(redis.call('GET', tag) or '')
  if generation then
    redis.call('SET', tag, string.format('%.0f', math.max(now, generation + 1)), 'KEEPTTL')
  end
end
return #KEYS
"""
)
