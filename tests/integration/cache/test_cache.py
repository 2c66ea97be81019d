"""Reading through a real Redis."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bookly.cache import TYPES, Cache, Hit, Invalidator, Loaded, complete
from bookly.cache.types import CALENDAR, CATEGORY, RESERVATION
from tests.integration.cache.sources import Source
from tests.unit import facts

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from stack.server import Server

STATUS, RESOURCE, MINE, SLOTS = TYPES["resource_status"], TYPES["resource"], TYPES["user_reservations"], TYPES["availability"]


async def test_the_second_read_comes_from_redis(cache: Cache, redis: Redis) -> None:
    source = Source({"status": "AVAILABLE"})
    values = [await cache.get_or_load(STATUS, "r-1", loader=source) for _ in range(2)]
    assert values == [{"status": "AVAILABLE"}] * 2
    assert source.loads == 1
    assert dict(cache.counts) == {("resource_status", "miss"): 1, ("resource_status", "kept"): 1, ("resource_status", "hit"): 1}
    assert 59_000 < await redis.pttl("res:status:r-1") <= 60_000


async def test_that_there_is_nothing_is_kept_too(cache: Cache) -> None:
    source = Source(None)
    assert [await cache.get_or_load(STATUS, "r-1", loader=source) for _ in range(2)] == [None, None]
    assert source.loads == 1
    assert await cache.get(STATUS, "r-1") == Hit(None)


async def test_a_value_has_the_same_form_loaded_or_kept(cache: Cache) -> None:
    source = Source({"at": datetime(2026, 11, 24, tzinfo=UTC), "places": (1, 2), "name": "Ä\n"})
    loaded, kept = [await cache.get_or_load(STATUS, "r-1", loader=source) for _ in range(2)]
    assert loaded == kept == {"at": "2026-11-24T00:00:00Z", "places": [1, 2], "name": "Ä\n"}


@pytest.mark.parametrize("tag", [SLOTS.tags_of("r-1", "2026-11-24")[0], CALENDAR.tag("r-1"), complete("avail")])
async def test_granular_cascade_and_complete_make_an_entry_stale(cache: Cache, tag: str) -> None:
    source = Source("old")
    await cache.get_or_load(SLOTS, "r-1", "2026-11-24", loader=source)
    source.value = "new"
    await cache.invalidate(tag)
    assert await cache.get_or_load(SLOTS, "r-1", "2026-11-24", loader=source) == "new"


@pytest.mark.parametrize("tag", [SLOTS.tags_of("r-1", "2026-11-25")[0], CALENDAR.tag("r-2"), complete("res")])
async def test_what_carries_other_tags_stays(cache: Cache, tag: str) -> None:
    source = Source("kept")
    await cache.get_or_load(SLOTS, "r-1", "2026-11-24", loader=source)
    await cache.invalidate(tag)
    assert await cache.get(SLOTS, "r-1", "2026-11-24") == Hit("kept")


async def test_a_list_goes_stale_with_an_entity_that_only_its_loader_knows(cache: Cache) -> None:
    source = Source(Loaded(["r-1", "r-2"], shows={RESERVATION: ["r-1", "r-2"]}))
    await cache.get_or_load(MINE, "ann", loader=source)  # refused: the entities had no generations yet
    await cache.get_or_load(MINE, "ann", loader=source)
    assert await cache.get(MINE, "ann") == Hit(["r-1", "r-2"])
    await cache.invalidate(RESERVATION.tag("r-3"))
    assert await cache.get(MINE, "ann") == Hit(["r-1", "r-2"])
    await cache.invalidate(RESERVATION.tag("r-2"))
    assert await cache.get(MINE, "ann") is None


async def test_an_approval_that_names_no_user_makes_the_users_list_stale(cache: Cache, server: Server) -> None:
    source = Source(Loaded("PENDING", shows={RESERVATION: ["r-1"]}))
    for _ in range(2):
        await cache.get_or_load(MINE, "ann", loader=source)
    invalidator = Invalidator(str(server), limit_s=5.0)
    invalidator.add(invalidator.tags("availability", [facts.granted("r-1")]))
    await invalidator.send()
    await invalidator.close()
    assert await cache.get(MINE, "ann") is None


async def test_a_loader_that_does_not_say_what_the_entry_shows_is_refused(cache: Cache) -> None:
    with pytest.raises(TypeError, match="resource shows res:category"):
        await cache.get_or_load(RESOURCE, "r-1", loader=Source("bare"))
    with pytest.raises(TypeError, match="resource_status shows nothing"):
        await cache.get_or_load(STATUS, "r-1", loader=Source(Loaded(1, shows={CATEGORY: ["c"]})))


async def test_a_revoked_token_is_kept_until_it_expires(cache: Cache, redis: Redis) -> None:
    revoked = TYPES["revoked"]
    await cache.get_or_load(revoked, "j-1", loader=Source(Loaded(value=True, ttl=3_600.0)))
    assert 3_590_000 < await redis.pttl("auth:revoked:j-1") <= 3_600_000
    assert min([await redis.pttl(tag) for tag in revoked.tags_of("j-1")]) > 3_600_000
    assert await cache.get_or_load(revoked, "j-2", loader=Source(Loaded(value=True, ttl=0.0))) is True
    assert await cache.get(revoked, "j-2") is None
    with pytest.raises(ValueError, match="no time to live of its own"):
        await cache.get_or_load(revoked, "j-3", loader=Source(value=True))


async def test_the_generations_of_an_entry_outlive_it(cache: Cache, redis: Redis) -> None:
    await cache.get_or_load(STATUS, "r-1", loader=Source(1))
    await cache.get_or_load(TYPES["categories"], loader=Source([]))
    await cache.get_or_load(STATUS, "r-2", loader=Source(2))
    for entry, tags in (("res:status:r-1", STATUS.tags_of("r-1")), ("res:categories", TYPES["categories"].tags_of())):
        assert min([await redis.pttl(tag) for tag in tags]) > await redis.pttl(entry)
    await cache.invalidate("res:all")
    assert await redis.pttl("res:all") > await redis.pttl("res:categories")


async def test_an_invalidation_makes_no_keys_for_what_nobody_reads(cache: Cache, redis: Redis) -> None:
    await cache.invalidate(*(RESERVATION.tag(f"r-{number}") for number in range(100)))
    assert await redis.keys("*") == [b"bookly:server"]


async def test_what_is_not_ours_is_a_miss(cache: Cache, redis: Redis) -> None:
    await cache.get_or_load(STATUS, "r-1", loader=Source("ours"))
    for entry in (b"", b"hello", (await redis.get("res:status:r-1") or b"")[:-1]):
        await redis.set("res:status:r-1", entry)
        assert await cache.get(STATUS, "r-1") is None


async def test_what_a_loader_raises_is_raised_and_nothing_is_kept(cache: Cache) -> None:
    async def broken() -> None:
        raise RuntimeError("source")

    with pytest.raises(RuntimeError, match="source"):
        await cache.get_or_load(STATUS, "r-1", loader=broken)
    assert await cache.get(STATUS, "r-1") is None


async def test_ten_thousand_tags_go_in_one_send_each_once(cache: Cache, server: Server) -> None:
    await cache.get_or_load(STATUS, "r-9999", loader=Source("old"))
    invalidator = Invalidator(str(server), limit_s=5.0)
    for _ in range(2):
        invalidator.add(STATUS.tags_of(f"r-{number}")[0] for number in range(10_000))
    assert invalidator.pending == 10_000
    await invalidator.send()
    assert (invalidator.pending, invalidator.healthy) == (0, True)
    assert await cache.get(STATUS, "r-9999") is None
    await invalidator.close()


async def test_a_takeover_makes_all_that_the_group_writes_about_stale(cache: Cache, server: Server) -> None:
    await cache.get_or_load(STATUS, "r-1", loader=Source("res"))
    await cache.get_or_load(TYPES["user_permissions"], "ann", loader=Source("avail"))
    invalidator = Invalidator(str(server), limit_s=5.0)
    await invalidator.took_over("resources")
    await invalidator.took_over("reports")
    await invalidator.close()
    assert await cache.get(STATUS, "r-1") is None
    assert await cache.get(TYPES["user_permissions"], "ann") == Hit("avail")


async def test_many_readers_at_once_each_get_their_own_entry(cache: Cache) -> None:
    for number in range(50):
        await cache.get_or_load(STATUS, f"r-{number}", loader=Source(number))
    hits = await asyncio.gather(*(cache.get(STATUS, f"r-{number}") for number in range(50)))
    assert hits == [Hit(number) for number in range(50)]
