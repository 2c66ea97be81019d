"""Generations: one number a tag. An entry is current while the numbers that it was filled under are still those of its tags.

A number never goes back, even after an eviction or a FLUSHALL: a new one starts at the server's time in microseconds, which is more
than any number before it. A tag without a number is a miss for readers, and gets one from the next fill.
"""

from __future__ import annotations

from typing import Final

# KEYS: generations to move. Moving is all that an invalidation does: O(1) a tag, no key is searched for.
BUMP: Final = """
local now = redis.call('TIME')
local micros = now[1] * 1000000 + now[2]
for _, key in ipairs(KEYS) do
  local old = tonumber(redis.call('GET', key) or '0')
  redis.call('SET', key, string.format('%.0f', math.max(micros, old + 1)))
end
return #KEYS
"""

# KEYS: the entry, then its generations. ARGV: milliseconds to live, the value, then the generations as they were read ('' for none).
# Refuses (0) when one has moved since: what was loaded in between may be older than the event that moved it.
FILL: Final = """
local now = redis.call('TIME')
local micros = string.format('%.0f', now[1] * 1000000 + now[2])
local found = redis.call('MGET', unpack(KEYS, 2))
for i, seen in ipairs(found) do
  if (seen or '') ~= ARGV[i + 2] then return 0 end
end
for i, seen in ipairs(found) do
  if not seen then redis.call('SET', KEYS[i + 1], micros); found[i] = micros end
end
redis.call('SET', KEYS[1], table.concat(found, ',') .. '|' .. ARGV[2], 'PX', ARGV[1])
return 1
"""


def generation_key(tag: str) -> str:
    """Where the number of a tag is kept."""
    return f"gen:{tag}"
