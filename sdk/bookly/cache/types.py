"""The 22 cache types, declared once: key, time to live, and the tags that make an entry stale together with others.

Every entry carries its own tag (its key: granular), the tags declared here (cascade: all that shows the same thing) and the tag
of its service (complete). All tags follow from the key, so that a reader knows them before it has the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SECOND, MINUTE, HOUR = 1, 60, 3_600


@dataclass(frozen=True, slots=True)
class CacheType:
    """`key` is the template of the entries' keys, `ttl` seconds: the fallback when an invalidation was lost."""

    name: str
    service: str
    key: str
    ttl: int
    tags: tuple[str, ...] = ()

    def key_of(self, **parts: str) -> str:
        """The key of one entry. Raises KeyError when a part is missing."""
        return self.key.format_map(parts)

    def tags_of(self, **parts: str) -> tuple[str, ...]:
        """The entry's tags: its own, the declared ones, its service's."""
        return (self.key_of(**parts), *(tag.format_map(parts) for tag in self.tags), service_tag(self.service))


def service_tag(service: str) -> str:
    """The tag that every entry of a service carries."""
    return f"{service}:@all"


USER, PERMISSIONS, SESSIONS = "auth:@user:{user}", "auth:@permissions", "auth:@sessions"
RESOURCE, CATEGORY, LISTS = "res:@resource:{id}", "res:@category:{id}", "res:@lists"
CALENDAR, BOOKING_PERMISSIONS = "avail:@resource:{resource}", "avail:@permissions"

_TYPES = (
    CacheType("session", "auth", "auth:session:{id}", 8 * HOUR, (SESSIONS,)),
    CacheType("user_sessions", "auth", "auth:sessions:{user}", 8 * HOUR, (USER, SESSIONS)),
    CacheType("token", "auth", "auth:token:{jti}", 15 * MINUTE, (SESSIONS,)),
    CacheType("revoked", "auth", "auth:revoked:{jti}", 15 * MINUTE),
    CacheType("permissions", "auth", "auth:perms:{user}", 5 * MINUTE, (USER, PERMISSIONS)),
    CacheType("roles", "auth", "auth:roles:{user}", 10 * MINUTE, (USER,)),
    CacheType("user", "auth", "auth:user:{user}", 15 * MINUTE, (USER,)),
    CacheType("two_factor", "auth", "auth:2fa:{user}", 5 * MINUTE, (USER,)),
    CacheType("rate_limit", "auth", "auth:rate:{scope}:{id}", MINUTE),
    CacheType("resource", "res", "res:resource:{id}", 30 * MINUTE, (RESOURCE,)),
    CacheType("resource_status", "res", "res:status:{id}", MINUTE, (RESOURCE,)),
    CacheType("category", "res", "res:category:{id}", 6 * HOUR, (CATEGORY,)),
    CacheType("categories", "res", "res:categories", 6 * HOUR),
    CacheType("list", "res", "res:list:{filter}", 5 * MINUTE, (LISTS,)),
    CacheType("search", "res", "res:search:{query}", 2 * MINUTE, (LISTS,)),
    CacheType("usage", "res", "res:usage:{id}", 5 * MINUTE, (RESOURCE,)),
    CacheType("availability", "avail", "avail:slots:{resource}:{date}", 2 * MINUTE, (CALENDAR,)),
    CacheType("reservation", "avail", "avail:reservation:{id}", 10 * MINUTE),
    CacheType("user_reservations", "avail", "avail:user:{user}", 5 * MINUTE),
    CacheType("schedule", "avail", "avail:schedule:{resource}:{week}", 30 * MINUTE, (CALENDAR,)),
    CacheType("waitlist", "avail", "avail:waitlist:{resource}", MINUTE, (CALENDAR,)),
    CacheType("user_permissions", "avail", "avail:perms:{user}", 10 * MINUTE, (BOOKING_PERMISSIONS,)),
)
TYPES: Final = MappingProxyType({cache_type.name: cache_type for cache_type in _TYPES})
SERVICE_OF_GROUP: Final = MappingProxyType({"auth": "auth", "stockpile": "auth", "resources": "res", "availability": "avail"})
