"""How often who may ask, by Redis' count and without it."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from api.http.security.keys import new_key
from api.http.security.rates import Limiter, Rate
from tests.unit.api.http.conftest import World, bearing
from tests.unit.api.http.stand_ins import Cache


def test_who_asks_too_often_is_told_when_to_come_again(world: World) -> None:
    world.rate = Rate(3)
    with TestClient(world.app()) as client:
        asked = [client.get("/users/u-1", headers=bearing("u-1", "users:read")) for _ in range(4)]
        assert [each.status_code for each in asked] == [200, 200, 200, 429]
        assert asked[-1].headers["retry-after"] == "17"
        assert client.get("/users/u-1", headers=bearing("u-2", "users:read")).status_code == 200


def test_without_redis_keys_go_on_within_their_limit_and_tokens_do_not(world: World) -> None:
    world.rate, world.caches.auth.away = Rate(3), True
    key = {"X-API-Key": new_key(world.key_file, "desk", ["users:read"])}
    with TestClient(world.app()) as client:
        asked = [client.get("/users/u-1", headers=key) for _ in range(4)]
        assert [each.status_code for each in asked] == [200, 200, 200, 429]
        assert 0 < int(asked[-1].headers["retry-after"]) <= 60
        assert client.get("/users/u-1", headers=bearing("u-1", "users:read")).status_code == 503


async def test_a_process_counts_for_itself_window_by_window() -> None:
    now, auth = 0.0, Cache()
    auth.away = True
    redis_away: Any = auth
    limiter = Limiter(redis_away, Rate(1, window_s=10), clock=lambda: now)
    assert await limiter.hit("ann") is None
    now = 4.0
    assert await limiter.hit("ann") == 6.0
    assert await limiter.hit("bob") is None
    now = 10.0
    assert await limiter.hit("ann") is None
