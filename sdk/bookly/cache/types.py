"""The 22 types of cache entries, declared once. Everything else follows from here: keys, tags, documents. No Redis in sight.

Keys stay as they are in a cluster. An entry and the tags of the entities that it shows cannot all share a slot, and need not: it
is current while the generations that it was loaded under are still those of its tags, read in any order after the read began.
So a cluster reads with one MGET a slot, and the check inside FILL only saves a write (docs/caching.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import Final

from bookly.cache.tags import Entity, complete, own, part

MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True, slots=True)
class CacheType:
    """One kind of entry. `ttl` is in seconds and only the last line: an entry goes stale by its tags; None = the loader says.

    `carries`: entities whose ids are in the key. `shows`: entities that only the loader knows, so it must name them.
    """

    name: str
    service: str
    key: str
    ttl: int | None
    carries: tuple[Entity, ...] = ()
    shows: tuple[Entity, ...] = ()
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(name for _, name, _, _ in Formatter().parse(self.key) if name))

    def key_of(self, *parts: str) -> str:
        """The key of one entry. Raises ValueError for a missing, surplus or empty part: nobody's entry would be everybody's."""
        if len(parts) != len(self.parts) or not all(parts):
            raise ValueError(f"{self.name} is kept by ({', '.join(self.parts)}), not by {parts!r}")
        return self.key.format_map(dict(zip(self.parts, map(part, parts), strict=True)))

    def tags_of(self, *parts: str) -> tuple[str, ...]:
        """The tags that follow from the key: its own, its entities', its service's."""
        named = dict(zip(self.parts, parts, strict=True))
        entities = (entity.tag(named[entity.by]) if entity.by else entity.tag() for entity in self.carries)
        return (own(self.key_of(*parts)), *entities, complete(self.service))


USER = Entity("auth", "user", by="user")
SESSIONS = Entity("auth", "sessions", by="user")
ROLES = Entity("auth", "roles")
RESOURCE = Entity("res", "resource", by="id")
CATEGORY = Entity("res", "category", by="id")
LISTS = Entity("res", "lists")
CALENDAR = Entity("avail", "calendar", by="resource")
RESERVATION = Entity("avail", "reservation", by="id")
BOOKING_ROLES = Entity("avail", "roles")

_ALL = (
    CacheType("session", "auth", "auth:session:{id}", 8 * HOUR, shows=(SESSIONS,)),
    CacheType("user_sessions", "auth", "auth:sessions:{user}", 8 * HOUR, (SESSIONS,)),
    CacheType("token", "auth", "auth:token:{jti}", 15 * MINUTE, shows=(SESSIONS,)),
    CacheType("revoked", "auth", "auth:revoked:{jti}", None),
    CacheType("permissions", "auth", "auth:perms:{user}", 5 * MINUTE, (USER, ROLES)),
    CacheType("roles", "auth", "auth:roles:{user}", 10 * MINUTE, (USER, ROLES)),
    CacheType("user", "auth", "auth:user:{user}", 15 * MINUTE, (USER,)),
    CacheType("two_factor", "auth", "auth:2fa:{user}", 5 * MINUTE, (USER,)),
    CacheType("rate_limit", "auth", "auth:rate:{scope}:{id}", MINUTE),
    CacheType("resource", "res", "res:resource:{id}", 30 * MINUTE, (RESOURCE,), shows=(CATEGORY,)),
    CacheType("resource_status", "res", "res:status:{id}", MINUTE, (RESOURCE,)),
    CacheType("category", "res", "res:category:{id}", 6 * HOUR, (CATEGORY,)),
    CacheType("categories", "res", "res:categories", 6 * HOUR),
    CacheType("list", "res", "res:list:{filter}", 5 * MINUTE, (LISTS,)),
    CacheType("search", "res", "res:search:{query}", 2 * MINUTE, (LISTS,)),
    CacheType("usage", "res", "res:usage:{id}", 5 * MINUTE, (RESOURCE,)),
    CacheType("availability", "avail", "avail:slots:{resource}:{date}", 2 * MINUTE, (CALENDAR,)),
    CacheType("reservation", "avail", "avail:reservation:{id}", 10 * MINUTE, (RESERVATION,)),
    CacheType("user_reservations", "avail", "avail:user:{user}", 5 * MINUTE, shows=(RESERVATION,)),
    CacheType("schedule", "avail", "avail:schedule:{resource}:{week}", 30 * MINUTE, (CALENDAR,)),
    CacheType("waitlist", "avail", "avail:waitlist:{resource}", MINUTE, (CALENDAR,)),
    CacheType("user_permissions", "avail", "avail:perms:{user}", 10 * MINUTE, (BOOKING_ROLES,)),
)
TYPES: Final = MappingProxyType({each.name: each for each in _ALL})
