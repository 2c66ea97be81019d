"""What tests of the caches are about: a client, and types of entries that hold whatever a test says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from bookly.cache import TYPES

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

Client: TypeAlias = "Redis | RedisCluster"
ANY = {name: replace(each, model=Any) for name, each in TYPES.items()}
