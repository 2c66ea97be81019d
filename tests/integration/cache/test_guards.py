"""Rate limits and revocations: one decision for everybody, and none without Redis."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bookly.cache import Caches, complete
from bookly.cache.auth import LEEWAY_S
from bookly.errors import CacheUnavailable, RevocationsForgotten

if TYPE_CHECKING:
    from stack.server import Server
    from tests.integration.cache.world import Client


async def test_of_a_hundred_hits_at_once_from_two_processes_exactly_the_limit_is_allowed(caches: Caches, url: str) -> None:
    async with Caches(url, limit_s=5.0) as others:
        hits = await asyncio.gather(
            *(each.auth.hit_rate_limit("login", "u-1", limit=7, window_s=60) for each in (caches, others) for _ in range(50))
        )
    assert sum(hit.allowed for hit in hits) == 7
    assert sorted(hit.remaining for hit in hits if hit.allowed) == [0, 1, 2, 3, 4, 5, 6]
    assert all(0 < hit.retry_after_s <= 60 for hit in hits if not hit.allowed)


async def test_the_window_begins_with_the_first_hit_and_ends_by_itself(caches: Caches, client: Client) -> None:
    assert (await caches.auth.hit_rate_limit("login", "u-1", limit=2, window_s=60)).retry_after_s == 0
    assert 59 < (await caches.auth.hit_rate_limit("login", "u-1", limit=2, window_s=60)).retry_after_s <= 60
    assert not (await caches.auth.hit_rate_limit("login", "u-1", limit=2, window_s=60)).allowed
    await client.pexpire("auth:hits:login:{u-1}", 1)  # the window is over
    while await client.exists("auth:hits:login:{u-1}"):  # noqa: ASYNC110  # a server's clock can only be asked
        await asyncio.sleep(0.001)
    assert await caches.auth.hit_rate_limit("login", "u-1", limit=2, window_s=60) == (True, 1, 0.0)


async def test_scopes_and_ids_are_counted_apart_and_invalidations_do_not_reset_them(caches: Caches) -> None:
    for scope, identity in (("login", "u-1"), ("login", "u-2"), ("api", "u-1"), ("a:b", "c"), ("a", "b:c")):
        assert (await caches.auth.hit_rate_limit(scope, identity, limit=1, window_s=60)).allowed
    await caches.invalidate(complete("auth"))
    assert not (await caches.auth.hit_rate_limit("login", "u-1", limit=1, window_s=60)).allowed


@pytest.mark.parametrize(("limit", "window_s"), [(0, 60), (-1, 60), (1, 0), (1, -1)])
async def test_a_limit_that_allows_nothing_is_refused(limit: int, window_s: float, caches: Caches) -> None:
    with pytest.raises(ValueError, match="allows nothing"):
        await caches.auth.hit_rate_limit("login", "u-1", limit=limit, window_s=window_s)


async def test_a_revocation_is_seen_at_once_by_everybody_and_outlives_every_invalidation(caches: Caches, url: str) -> None:
    async with Caches(url, limit_s=5.0) as others:
        assert not await others.auth.is_token_revoked("j-1")
        await caches.auth.revoke_token("j-1", time.time() + 3_600)
        await caches.invalidate(complete("auth"))
        assert await others.auth.is_token_revoked("j-1")
        assert not await others.auth.is_token_revoked("j-2")


@pytest.mark.parametrize("time_", [float("nan"), float("inf"), -1, 1_795_597_200_000, "soon", datetime.now(UTC), True, None])
async def test_what_is_no_time_of_a_token_is_refused_and_redis_is_not_blamed(caches: Caches, time_: Any) -> None:
    with pytest.raises(ValueError, match="give seconds since 1970"):
        await caches.auth.revoke_token("j-1", time_)
    assert not await caches.auth.is_token_revoked("j-1")


async def test_what_is_no_id_of_a_token_is_refused(caches: Caches) -> None:
    wrong: Any
    for wrong in ("", None, 5):
        with pytest.raises(ValueError, match="the token's id"):
            await caches.auth.is_token_revoked(wrong)
        with pytest.raises(ValueError, match="the token's id"):
            await caches.auth.revoke_token(wrong, time.time() + 60)


async def test_a_revocation_is_forgotten_when_its_token_has_expired_and_not_before(caches: Caches, client: Client) -> None:
    now = time.time()
    await caches.auth.revoke_token("long", now + 3_600)
    await caches.auth.revoke_token("short", now + 1 - LEEWAY_S)
    await caches.auth.revoke_token("long", now + 2 - LEEWAY_S)
    await caches.auth.revoke_token("gone", now - 1 - LEEWAY_S)
    assert await caches.auth.is_token_revoked("short")
    assert not await caches.auth.is_token_revoked("gone")
    while await caches.auth.is_token_revoked("short"):
        assert time.time() < now + 5
        await asyncio.sleep(0.01)
    await caches.auth.revoke_token("another", now + 3_600)
    assert await client.zscore("auth:revocations", "short") is None
    assert await client.zscore("auth:revocations", "long") == pytest.approx(now + 3_600 + LEEWAY_S), (
        "revoked for as long as anybody said"
    )


async def test_an_emptied_redis_does_not_vouch_for_tokens_that_are_older(caches: Caches, client: Client) -> None:
    await caches.auth.revoke_token("j-1", time.time() + 3_600)
    issued_at = time.time()
    await client.flushall()
    with pytest.raises(RevocationsForgotten, match="emptied after the token was issued"):
        await caches.auth.is_token_revoked("j-1", issued_at=issued_at)
    assert not await caches.auth.is_token_revoked("j-2", issued_at=time.time() + 1)


async def test_without_redis_nothing_is_allowed(server: Server) -> None:
    async with Caches(str(server), limit_s=0.2) as caches:
        server.kill()
        try:
            for call in (
                caches.auth.hit_rate_limit("login", "u-1", limit=5, window_s=60),
                caches.auth.reset_rate_limit("login", "u-1"),
                caches.auth.is_token_revoked("j-1"),
                caches.auth.revoke_token("j-1", time.time() + 60),
            ):
                with pytest.raises(CacheUnavailable, match="Nothing is allowed without its answer"):
                    await call
        finally:
            server.start()


async def test_revocations_survive_a_restart(server: Server) -> None:
    async with Caches(str(server), limit_s=5.0) as caches:
        await caches.auth.revoke_token("j-1", time.time() + 3_600)
        server.stop()
        server.start()
        async with asyncio.timeout(20):
            while True:
                try:
                    assert await caches.auth.is_token_revoked("j-1")
                    break
                except CacheUnavailable:
                    await asyncio.sleep(0.01)
