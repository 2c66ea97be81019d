"""Read-through caches that never show a value older than its last invalidation. The only part of the SDK that knows Redis.

    async with Cache(redis) as cache:
        room = await cache.get_or_load(TYPES["resource"], "r-101", loader=load_room)

types, stale      the 22 types and the one map from events to what they make stale: data
tags, spans       how tags, days and weeks are named; staling turns a committed event into tags
scripts, link     the fence, and the way to one Redis within limits
cache             reading through
invalidator       making stale after a commit, also while Redis was away
documents         the types and the map as tables (docs/caching.md)

Importing this package does no work: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.cache.cache import Cache, Hit, Loaded, Token
    from bookly.cache.invalidator import Invalidator
    from bookly.cache.staling import stale_tags
    from bookly.cache.tags import complete
    from bookly.cache.types import TYPES, CacheType

__all__ = ["TYPES", "Cache", "CacheType", "Hit", "Invalidator", "Loaded", "Token", "complete", "stale_tags"]

_HOMES = {
    "TYPES": "bookly.cache.types",
    "Cache": "bookly.cache.cache",
    "CacheType": "bookly.cache.types",
    "Hit": "bookly.cache.cache",
    "Invalidator": "bookly.cache.invalidator",
    "Loaded": "bookly.cache.cache",
    "Token": "bookly.cache.cache",
    "complete": "bookly.cache.tags",
    "stale_tags": "bookly.cache.staling",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(home), name)
    raise AttributeError(f"module 'bookly.cache' has no attribute {name!r}")
