"""Read-through caches that never show a value older than its last invalidation. The only part of the SDK that knows Redis.

    async with Caches(redis) as caches:
        room = await caches.resources.resource.get_or_load("r-101", loader=load_room)

types, values, stale   the 22 types, what they hold, and the one map from events to what they make stale: data
tags, spans            how tags, days and weeks are named; staling turns a committed event into tags
caches                 all of it for a service: auth, resources, availability (a group each), over one link
entries, flights       the operations of a type, and one load at a time for a key
guards                 rate limits and revocations, which Redis decides
fence, scripts, reads  what is current, and what may be kept
addresses, link        from a URL to the servers where keys lie: one server, or a cluster
invalidator            making stale after a commit, also while Redis was away; staleness measures it
documents              the types and the map as tables (docs/caching.md)

Importing this package does no work: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.cache.auth import Allowance, AuthCache
    from bookly.cache.availability import AvailabilityCache
    from bookly.cache.caches import OPERATIONS, Caches
    from bookly.cache.entries import Entries, Hit, Loaded
    from bookly.cache.fence import Token
    from bookly.cache.invalidator import Invalidator
    from bookly.cache.resources import ResourcesCache
    from bookly.cache.staling import stale_tags
    from bookly.cache.tags import complete
    from bookly.cache.types import TYPES, CacheType

__all__ = [
    "OPERATIONS",
    "TYPES",
    "Allowance",
    "AuthCache",
    "AvailabilityCache",
    "CacheType",
    "Caches",
    "Entries",
    "Hit",
    "Invalidator",
    "Loaded",
    "ResourcesCache",
    "Token",
    "complete",
    "stale_tags",
]

_HOMES = {
    "OPERATIONS": "caches",
    "TYPES": "types",
    "Allowance": "auth",
    "AuthCache": "auth",
    "AvailabilityCache": "availability",
    "CacheType": "types",
    "Caches": "caches",
    "Entries": "entries",
    "Hit": "entries",
    "Invalidator": "invalidator",
    "Loaded": "entries",
    "ResourcesCache": "resources",
    "Token": "fence",
    "complete": "tags",
    "stale_tags": "staling",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(f"bookly.cache.{home}"), name)
    raise AttributeError(f"module 'bookly.cache' has no attribute {name!r}")
