"""What a read, an invalidation and a stampede cost, beside the bare command where there is one."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from bench.samples import percentile
from bookly.cache import Caches
from bookly.cache.invalidator import Invalidator
from bookly.cache.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STATUS = TYPES["resource_status"]
PAYLOAD = b'{"status":"AVAILABLE"}'
READS = 3_000
STAMPEDE = 1_000
TAGS = 50_000


async def costs(redis: str, runs: int) -> dict[str, Any]:
    """Ratio of the 99th percentiles of a cached read and of a bare GET, tags moved a second, loads of a key that 1,000 want."""
    async with Caches(redis, limit_s=10.0) as caches:
        client: Redis = Redis.from_url(redis)
        try:
            return {
                **await _reads(caches, client, runs),
                "invalidations_per_s": await _invalidations(redis, client, runs),
                "loader_calls_per_stampede": await _stampede(caches),
            }
        finally:
            await client.aclose()


async def _reads(caches: Caches, client: Redis, runs: int) -> dict[str, float]:
    entries = caches.of(STATUS)

    async def load() -> dict[str, str]:
        return {"status": "AVAILABLE"}

    await entries.get_or_load("read", loader=load)
    await client.set("bench:plain", PAYLOAD)
    ours, plain = [], []
    for _ in range(runs):
        plain.append(await _p99(lambda: client.get("bench:plain")))
        ours.append(await _p99(lambda: entries.get("read")))
    ratios = [mine / bare for mine, bare in zip(ours, plain, strict=True)]
    return {
        "read_p99_ratio_to_plain_get": round(statistics.median(ratios), 2),
        "read_p99_us": round(1e6 * statistics.median(ours), 1),
    }


async def _p99(read: Callable[[], Awaitable[object]]) -> float:
    waits = []
    for _ in range(READS):
        began = time.perf_counter()
        assert await read() is not None, "what is measured is a hit"  # noqa: S101  # a miss would be another thing
        waits.append(time.perf_counter() - began)
    return percentile(waits, 0.99)


async def _invalidations(redis: str, client: Redis, runs: int) -> int:
    """Tags that have a generation, as those of entries that are read."""
    tags = [STATUS.tags_of(f"room-{number}")[0] for number in range(TAGS)]
    await client.mset(dict.fromkeys(tags, 1))
    rates = []
    for _ in range(runs):
        invalidator = Invalidator(redis, limit_s=30.0)
        began = time.perf_counter()
        invalidator.add(tags)
        await invalidator.send()
        rates.append(TAGS / (time.perf_counter() - began))
        await invalidator.close()
    return round(statistics.median(rates))


async def _stampede(caches: Caches) -> int:
    calls = 0

    async def load() -> dict[str, str]:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        return {"status": "AVAILABLE"}

    entries = caches.of(STATUS)
    await asyncio.gather(*(entries.get_or_load("stampede", loader=load) for _ in range(STAMPEDE)))
    return calls
