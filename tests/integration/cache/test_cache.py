"""Reading through a real Redis, one server and six."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from bookly.cache import Caches, Hit, Invalidator, Loaded, complete
from bookly.cache.types import CALENDAR, CATEGORY, RESERVATION
from bookly.cache.values import ResourceStatus
from tests.integration.cache.sources import Source
from tests.integration.cache.world import ANY, Client
from tests.unit import facts

STATUS, RESOURCE, MINE, SLOTS = (ANY[name] for name in ("resource_status", "resource", "user_reservations", "availability"))


async def test_the_second_read_comes_from_redis(caches: Caches, client: Client) -> None:
    source = Source({"status": "AVAILABLE"})
    values = [await caches.of(STATUS).get_or_load("r-1", loader=source) for _ in range(2)]
    assert values == [{"status": "AVAILABLE"}] * 2
    assert source.loads == 1
    assert dict(caches.counts) == {("resource_status", each): 1 for each in ("miss", "absent", "load", "kept", "hit")}
    assert 59_000 < await client.pttl("res:status:{r-1}") <= 60_000


async def test_that_there_is_nothing_is_kept_too(caches: Caches) -> None:
    source = Source(None)
    assert [await caches.of(STATUS).get_or_load("r-1", loader=source) for _ in range(2)] == [None, None]
    assert source.loads == 1
    assert await caches.of(STATUS).get("r-1") == Hit(None)


async def test_a_value_has_the_same_form_loaded_or_kept(caches: Caches) -> None:
    source = Source({"status": "IN_USE", "since": 1})
    loaded, kept = [await caches.resources.resource_status.get_or_load("r-1", loader=source) for _ in range(2)]
    assert loaded == kept == ResourceStatus(status="IN_USE")


async def test_a_value_that_does_not_fit_its_model_is_refused_and_one_that_is_kept_so_is_a_miss(caches: Caches) -> None:
    with pytest.raises(ValidationError, match="status"):
        await caches.resources.resource_status.get_or_load("r-1", loader=Source({"state": "IN_USE"}))
    await caches.of(STATUS).get_or_load("r-1", loader=Source({"state": "IN_USE"}))
    assert await caches.of(STATUS).get("r-1") == Hit({"state": "IN_USE"})
    assert await caches.resources.resource_status.get("r-1") is None


@pytest.mark.parametrize("tag", [SLOTS.tags_of("r-1", "2026-11-24")[0], CALENDAR.tag("r-1"), complete("avail")])
async def test_granular_cascade_and_complete_make_an_entry_stale(caches: Caches, tag: str) -> None:
    source = Source("old")
    await caches.of(SLOTS).get_or_load("r-1", "2026-11-24", loader=source)
    source.value = "new"
    await caches.invalidate(tag)
    assert await caches.of(SLOTS).get_or_load("r-1", "2026-11-24", loader=source) == "new"


@pytest.mark.parametrize("tag", [SLOTS.tags_of("r-1", "2026-11-25")[0], CALENDAR.tag("r-2"), complete("res")])
async def test_what_carries_other_tags_stays(caches: Caches, tag: str) -> None:
    source = Source("kept")
    await caches.of(SLOTS).get_or_load("r-1", "2026-11-24", loader=source)
    await caches.invalidate(tag)
    assert await caches.of(SLOTS).get("r-1", "2026-11-24") == Hit("kept")


async def test_a_list_goes_stale_with_an_entity_that_only_its_loader_knows(caches: Caches) -> None:
    source = Source(Loaded(["r-1", "r-2"], shows={RESERVATION: ["r-1", "r-2"]}))
    await caches.of(MINE).get_or_load("ann", loader=source)  # refused: the entities had no generations yet
    await caches.of(MINE).get_or_load("ann", loader=source)
    assert await caches.of(MINE).get("ann") == Hit(["r-1", "r-2"])
    await caches.invalidate(RESERVATION.tag("r-3"))
    assert await caches.of(MINE).get("ann") == Hit(["r-1", "r-2"])
    await caches.invalidate(RESERVATION.tag("r-2"))
    assert await caches.of(MINE).get("ann") is None


async def test_an_approval_that_names_no_user_makes_the_users_list_stale(caches: Caches, url: str) -> None:
    source = Source(Loaded("PENDING", shows={RESERVATION: ["r-1"]}))
    for _ in range(2):
        await caches.of(MINE).get_or_load("ann", loader=source)
    invalidator = Invalidator(url, limit_s=5.0)
    invalidator.add(invalidator.tags("availability", [facts.granted("r-1")]))
    await invalidator.send()
    await invalidator.close()
    assert await caches.of(MINE).get("ann") is None


async def test_a_loader_that_does_not_say_what_the_entry_shows_is_refused(caches: Caches) -> None:
    with pytest.raises(TypeError, match="resource shows res:category"):
        await caches.of(RESOURCE).get_or_load("r-1", loader=Source("bare"))
    with pytest.raises(TypeError, match="resource_status shows nothing"):
        await caches.of(STATUS).get_or_load("r-1", loader=Source(Loaded(1, shows={CATEGORY: ["c"]})))


async def test_a_text_in_place_of_a_list_of_what_is_shown_is_refused(caches: Caches) -> None:
    with pytest.raises(TypeError, match="give a list, a text would be an id for each letter"):
        await caches.of(RESOURCE).get_or_load("r-1", loader=Source(Loaded(None, shows={CATEGORY: "rooms"})))


async def test_a_revoked_token_is_kept_until_it_expires(caches: Caches, client: Client) -> None:
    revoked = ANY["revoked"]
    await caches.of(revoked).get_or_load("j-1", loader=Source(Loaded(value=True, ttl=3_600.0)))
    assert 3_590_000 < await client.pttl("auth:revoked:{j-1}") <= 3_600_000
    assert min([await client.pttl(tag) for tag in revoked.tags_of("j-1")]) > 3_600_000
    assert await caches.of(revoked).get_or_load("j-2", loader=Source(Loaded(value=True, ttl=0.0))) is True
    assert await caches.of(revoked).get("j-2") is None
    with pytest.raises(ValueError, match="no time to live of its own"):
        await caches.of(revoked).get_or_load("j-3", loader=Source(value=True))


async def test_the_generations_of_an_entry_outlive_it(caches: Caches, client: Client) -> None:
    await caches.of(STATUS).get_or_load("r-1", loader=Source(1))
    await caches.of(ANY["categories"]).get_or_load(loader=Source([]))
    await caches.of(STATUS).get_or_load("r-2", loader=Source(2))
    for entry, tags in (("res:status:{r-1}", STATUS.tags_of("r-1")), ("res:categories", ANY["categories"].tags_of())):
        assert min([await client.pttl(tag) for tag in tags]) > await client.pttl(entry)
    await caches.invalidate("res:all")
    assert await client.pttl("res:all") > await client.pttl("res:categories")


async def test_an_invalidation_makes_no_keys_for_what_nobody_reads(caches: Caches, client: Client) -> None:
    await caches.invalidate(*(RESERVATION.tag(f"r-{number}") for number in range(100)))
    assert await client.keys("*") == []


async def test_a_miss_says_whether_the_entry_was_stale_or_expired_or_never_there(caches: Caches, client: Client) -> None:
    statuses, source = caches.of(STATUS), Source(Loaded("AVAILABLE", ttl=0.05))
    await statuses.get_or_load("r-1", loader=source)
    while await client.exists("res:status:{r-1}"):  # noqa: ASYNC110  # Redis tells nobody
        await asyncio.sleep(0.01)
    assert 60_000 < await client.pttl(STATUS.tags_of("r-1")[0]) <= 60_100
    source.value = "AVAILABLE"
    await statuses.get_or_load("r-1", loader=source)
    await caches.invalidate(RESOURCE.tags_of("r-1")[1])
    await statuses.get_or_load("r-1", loader=source)
    await caches.of(SLOTS).get("r-1", "2026-11-24")
    found = {
        (kind, what): number for (kind, what), number in caches.counts.items() if what in {"absent", "expired", "stale", "miss"}
    }
    status = {("resource_status", "absent"): 1, ("resource_status", "expired"): 1, ("resource_status", "stale"): 1}
    assert found == {**status, ("resource_status", "miss"): 3, ("availability", "absent"): 1, ("availability", "miss"): 1}


async def test_a_list_whose_entity_changed_was_stale(caches: Caches) -> None:
    source = Source(Loaded(["r-1"], shows={RESERVATION: ["r-1"]}))
    for _ in range(2):
        await caches.of(MINE).get_or_load("ann", loader=source)
    await caches.invalidate(RESERVATION.tag("r-1"))
    assert await caches.of(MINE).get_many(["ann", "bob"]) == {}
    assert (caches.counts["user_reservations", "stale"], caches.counts["user_reservations", "absent"]) == (1, 2)


async def test_what_is_not_ours_is_a_miss(caches: Caches, client: Client) -> None:
    await caches.of(STATUS).get_or_load("r-1", loader=Source("ours"))
    for entry in (b"", b"hello", (await client.get("res:status:{r-1}") or b"")[:-1]):
        await client.set("res:status:{r-1}", entry)
        assert await caches.of(STATUS).get("r-1") is None


async def test_what_a_loader_raises_is_raised_and_nothing_is_kept(caches: Caches) -> None:
    async def broken() -> None:
        raise RuntimeError("source")

    with pytest.raises(RuntimeError, match="source"):
        await caches.of(STATUS).get_or_load("r-1", loader=broken)
    assert await caches.of(STATUS).get("r-1") is None


async def test_ten_thousand_tags_go_in_one_send_each_once(caches: Caches, url: str) -> None:
    await caches.of(STATUS).get_or_load("r-9999", loader=Source("old"))
    invalidator = Invalidator(url, limit_s=5.0)
    for _ in range(2):
        invalidator.add(STATUS.tags_of(f"r-{number}")[0] for number in range(10_000))
    assert invalidator.pending == 10_000
    await invalidator.send()
    assert (invalidator.pending, invalidator.healthy) == (0, True)
    assert await caches.of(STATUS).get("r-9999") is None
    await invalidator.close()


async def test_a_takeover_makes_all_that_the_group_writes_about_stale(caches: Caches, url: str) -> None:
    await caches.of(STATUS).get_or_load("r-1", loader=Source("res"))
    await caches.of(ANY["user_permissions"]).get_or_load("ann", loader=Source("avail"))
    invalidator = Invalidator(url, limit_s=5.0)
    await invalidator.took_over("resources")
    await invalidator.took_over("reports")
    await invalidator.close()
    assert await caches.of(STATUS).get("r-1") is None
    assert await caches.of(ANY["user_permissions"]).get("ann") == Hit("avail")


async def test_many_readers_at_once_each_get_their_own_entry(caches: Caches) -> None:
    for number in range(50):
        await caches.of(STATUS).get_or_load(f"r-{number}", loader=Source(number))
    hits = await asyncio.gather(*(caches.of(STATUS).get(f"r-{number}") for number in range(50)))
    assert hits == [Hit(number) for number in range(50)]
