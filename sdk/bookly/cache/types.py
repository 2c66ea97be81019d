"""The 22 types of cache entries, declared once. Everything else follows from here: keys, tags, operations, documents.

No Redis in sight. Keys are those of the catalogue; the part that stands in braces in Redis, too, says in which slot of a cluster
an entry lies: the id of the entity that it carries, else its last part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from string import Formatter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from bookly.cache import values
from bookly.cache.tags import Entity, complete, own, part, slot

MINUTE, HOUR = 60, 3_600


class Names(NamedTuple):
    """What one entry is called in Redis: its key, and the tags that follow from it (its own, its entities', its service's)."""

    key: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CacheType:
    """One kind of entry. `ttl` is in seconds and only the last line: an entry goes stale by its tags; None = the loader says.

    `model`: its values, or None where there is nothing. `carries`: entities whose ids are in the key. `shows`: entities that
    only the loader knows, so it must name them.
    """

    name: str
    service: str
    key: str
    ttl: int | None
    model: Any
    carries: tuple[Entity, ...] = ()
    shows: tuple[Entity, ...] = ()
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(name for _, name, _, _ in Formatter().parse(self.key) if name))

    @property
    def stem(self) -> str:
        """What the own tags of its entries begin with, before the slot."""
        return own(self.key).partition("{")[0]

    def key_of(self, *parts: str) -> str:
        """The key of one entry. Raises ValueError for a missing, surplus or empty part: nobody's entry would be everybody's."""
        return _names(self, parts).key

    def tags_of(self, *parts: str) -> tuple[str, ...]:
        """The tags that follow from the key: its own, its entities', its service's."""
        return _names(self, parts).tags

    def names_of(self, *parts: str) -> Names:
        """The key and the tags of one entry; ValueError as for the key."""
        return _names(self, parts)


@lru_cache(maxsize=1 << 14)
def _names(of: CacheType, parts: tuple[str, ...]) -> Names:
    if len(parts) != len(of.parts) or not all(parts):
        raise ValueError(f"{of.name} is kept by ({', '.join(of.parts)}), not by {parts!r}")
    named = dict(zip(of.parts, parts, strict=True))
    lies_by = next((entity.by for entity in of.carries if entity.by), of.parts[-1] if of.parts else "")
    key = of.key.format_map({name: (slot if name == lies_by else part)(value) for name, value in named.items()})
    entities = (entity.tag(named[entity.by]) if entity.by else entity.tag() for entity in of.carries)
    return Names(key, (own(key), *entities, complete(of.service)))


USER = Entity("auth", "user", by="user")
SESSIONS = Entity("auth", "sessions", by="user")
ROLES = Entity("auth", "roles")
RESOURCE = Entity("res", "resource", by="id")
CATEGORY = Entity("res", "category", by="id")
LISTS = Entity("res", "lists")
CALENDAR = Entity("avail", "calendar", by="resource")
RESERVATION = Entity("avail", "reservation", by="id")
BOOKING_ROLES = Entity("avail", "roles")

_NAMES, _SLOTS = frozenset[str], tuple[values.Slot, ...]
_ALL = (
    CacheType("session", "auth", "auth:session:{id}", 8 * HOUR, values.Session, shows=(SESSIONS,)),
    CacheType("user_sessions", "auth", "auth:sessions:{user}", 8 * HOUR, tuple[values.Session, ...], (SESSIONS,)),
    CacheType("token", "auth", "auth:token:{jti}", 15 * MINUTE, values.AccessToken, shows=(SESSIONS,)),
    CacheType("revoked", "auth", "auth:revoked:{jti}", None, values.Revocation),
    CacheType("permissions", "auth", "auth:perms:{user}", 5 * MINUTE, _NAMES, (USER, ROLES)),
    CacheType("roles", "auth", "auth:roles:{user}", 10 * MINUTE, _NAMES, (USER, ROLES)),
    CacheType("user", "auth", "auth:user:{user}", 15 * MINUTE, values.User, (USER,)),
    CacheType("two_factor", "auth", "auth:2fa:{user}", 5 * MINUTE, values.TwoFactor, (USER,)),
    CacheType("rate_limit", "auth", "auth:rate:{scope}:{id}", MINUTE, values.RateLimit),
    CacheType("resource", "res", "res:resource:{id}", 30 * MINUTE, values.Resource, (RESOURCE,), shows=(CATEGORY,)),
    CacheType("resource_status", "res", "res:status:{id}", MINUTE, values.ResourceStatus, (RESOURCE,)),
    CacheType("category", "res", "res:category:{id}", 6 * HOUR, values.Category, (CATEGORY,)),
    CacheType("categories", "res", "res:categories", 6 * HOUR, tuple[values.Category, ...]),
    CacheType("list", "res", "res:list:{filter}", 5 * MINUTE, tuple[values.Resource, ...], (LISTS,)),
    CacheType("search", "res", "res:search:{query}", 2 * MINUTE, tuple[values.Resource, ...], (LISTS,)),
    CacheType("usage", "res", "res:usage:{id}", 5 * MINUTE, values.Usage, (RESOURCE,)),
    CacheType("availability", "avail", "avail:slots:{resource}:{date}", 2 * MINUTE, _SLOTS, (CALENDAR,)),
    CacheType("reservation", "avail", "avail:reservation:{id}", 10 * MINUTE, values.Reservation, (RESERVATION,)),
    CacheType(
        "user_reservations", "avail", "avail:user:{user}", 5 * MINUTE, tuple[values.Reservation, ...], shows=(RESERVATION,)
    ),
    CacheType("schedule", "avail", "avail:schedule:{resource}:{week}", 30 * MINUTE, _SLOTS, (CALENDAR,)),
    CacheType("waitlist", "avail", "avail:waitlist:{resource}", MINUTE, tuple[values.Waiting, ...], (CALENDAR,)),
    CacheType("user_permissions", "avail", "avail:perms:{user}", 10 * MINUTE, _NAMES, (BOOKING_ROLES,)),
)
TYPES: Final = MappingProxyType({each.name: each for each in _ALL})
