"""Rate limits and revocations, as scripts that Redis runs without interruption, by its own clock.

Their keys are not those of entries, which invalidations may make stale. All revocations lie in one sorted set, by the time at
which they may be forgotten: every check touches it, so it is the last that a full Redis would evict. Its member '' says since
when it remembers everything (negative, so that no expiry reaches it).
"""

from __future__ import annotations

from typing import Final

from bookly.cache.scripts import NOW

HITS: Final = "auth:hits:"
REVOCATIONS: Final = "auth:revocations"

# KEYS: the counter. ARGV: the limit, the window (ms). Gives whether it is allowed, the hits, and what is left of the window (ms).
HIT: Final = """
local hits = tonumber(redis.call('GET', KEYS[1]) or '0')
local allowed = hits < tonumber(ARGV[1])
if allowed then
  hits = redis.call('INCR', KEYS[1])
  if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {allowed and 1 or 0, hits, redis.call('PTTL', KEYS[1])}
"""

_REMEMBERS = (
    NOW
    + """
now = now / 1000000
local begun = redis.call('ZSCORE', KEYS[1], '')
if not begun then
  begun = -now
  redis.call('ZADD', KEYS[1], begun, '')
end
"""
)

# KEYS: the revocations. ARGV: the token, when it expires. A later expiry counts: it is revoked for as long as anybody says.
REVOKE: Final = (
    _REMEMBERS
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
if tonumber(ARGV[2]) > now then redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1]) end
return 1
"""
)

# KEYS: the revocations. ARGV: the token. Gives whether it is revoked, and since when revocations are remembered.
CHECK: Final = (
    _REMEMBERS
    + """
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
return {expires and tonumber(expires) > now and 1 or 0, string.format('%.6f', -begun)}
"""
)
