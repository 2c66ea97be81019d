"""Who is told what, over the whole app, without a network."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from api.http.live import hub, telling
from api.http.live.hub import ROOM, Ended, Hub, Listener
from api.http.problems import Unavailable
from api.http.security.keys import new_key
from tests.unit.api.http.conftest import World
from tests.unit.api.http.sockets import Socket
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

READY = {"type": "ready"}
OWN = "notifications:read:own"


@asynccontextmanager
async def running(world: World) -> AsyncIterator[FastAPI]:
    app = world.app()
    async with app.router.lifespan_context(app):
        yield app


async def test_a_thousand_sockets_each_get_their_own_users_notifications_and_nobody_elses(world: World) -> None:
    users = [f"u-{number}" for number in range(1_000)]
    async with running(world) as app:
        sockets = {user: Socket(app, "/ws/notifications") for user in users}
        opened = await asyncio.gather(*(socket.open(token(user, OWN)) for user, socket in sockets.items()))
        assert opened == [READY] * len(users)
        for round_ in range(3):
            world.hub.tell((("user", user), f'{{"for": "{user}", "round": {round_}}}') for user in users)
        for round_ in range(3):
            told = await asyncio.gather(*(sockets[user].read() for user in users))
            assert told == [{"for": user, "round": round_} for user in users]
        assert world.hub.listeners == len(users)
        await asyncio.gather(*(socket.leave() for socket in sockets.values()))
        assert (world.hub.listeners, world.hub.dropped) == (0, 0)


async def test_a_slow_client_loses_the_oldest_and_is_told_how_many_while_a_fast_one_gets_all(world: World) -> None:
    async with running(world) as app:
        slow, fast = Socket(app, "/ws/notifications"), Socket(app, "/ws/notifications")
        for socket in (slow, fast):
            await socket.open(token("u-1", OWN))
        count = 5 * ROOM
        got: list[int] = []
        for number in range(count):
            world.hub.tell([(("user", "u-1"), f'{{"n": {number}}}')])
            got.append((await fast.read())["n"])
        assert got == list(range(count))
        late: list[int] = []
        dropped = 0
        while not late or late[-1] != count - 1:
            message = await slow.read()
            dropped += message.get("dropped", 0)
            if "n" in message:
                late.append(message["n"])
        assert late == sorted(late)
        assert dropped == count - len(late) > 0
        assert late[-ROOM:] == list(range(count - ROOM, count))


async def test_demand_is_watched_for_one_resource_or_for_all(world: World) -> None:
    async with running(world) as app:
        one, all_of_it = Socket(app, "/ws/demand", "resource_id=room-1"), Socket(app, "/ws/demand")
        for socket in (one, all_of_it):
            assert await socket.open(token("u-1", "demand:read")) == READY
        for room in ("room-2", "room-1"):
            world.hub.tell([(("demand", room), f'{{"room": "{room}"}}'), (("demand", "*"), f'{{"room": "{room}"}}')])
        assert (await one.read())["room"] == "room-1"
        assert [(await all_of_it.read())["room"] for _ in range(2)] == ["room-2", "room-1"]


async def test_a_socket_that_does_not_say_who_it_is_is_closed_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "FIRST_S", 0.05)
    async with running(world) as app:
        silent = Socket(app, "/ws/notifications")
        await silent.accepted()
        assert await silent.read() == {"code": 4408, "reason": 'Send {"token": ...} within 5 s.'}


@pytest.mark.parametrize("first", [None, 7, "", ["a"], {"token": "x"}])
async def test_a_first_message_without_a_token_is_refused(world: World, first: object) -> None:
    async with running(world) as app:
        closed = await Socket(app, "/ws/notifications").open(first)
        assert closed["code"] == 4401
        assert closed["reason"].startswith("Send a token")


async def test_a_socket_is_refused_as_a_request_is(world: World) -> None:
    async with running(world) as app:
        assert (await Socket(app, "/ws/notifications").open(token("u-1", "demand:read")))["code"] == 4403
        world.caches.auth.away = True
        assert (await Socket(app, "/ws/notifications").open(token("u-1", OWN)))["code"] == 4503


async def test_a_socket_that_could_be_told_nothing_is_refused(world: World) -> None:
    world.why = "The live feed does not run: no broker."
    async with running(world) as app:
        assert await Socket(app, "/ws/notifications").open(token("u-1", OWN)) == {"code": 4503, "reason": world.why}


async def test_a_socket_ends_with_its_token(world: World) -> None:
    async with running(world) as app:
        socket = Socket(app, "/ws/notifications")
        assert await socket.open(token("u-1", OWN, exp=int(time.time()) + 1)) == READY
        assert (await socket.read())["code"] == 4401
        assert world.hub.listeners == 0


async def test_a_socket_ends_soon_after_its_token_is_revoked_or_its_key_taken_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AGAIN_S", 0.05)
    async with running(world) as app:
        by_token, by_key = Socket(app, "/ws/notifications"), Socket(app, "/ws/demand")
        assert await by_token.open(token("u-1", OWN, jti="t-1")) == READY
        assert await by_key.open(new_key(world.key_file, "screen", ["demand:read"])) == READY
        world.caches.auth.away = True
        await asyncio.sleep(0.2)
        assert world.hub.listeners == 2, "what cannot be judged is judged later"
        world.caches.auth.away = False
        world.caches.auth.revoked.add("t-1")
        world.key_file.write_text("{}")
        assert ((await by_token.read())["code"], (await by_key.read())["code"]) == (4401, 4401)


async def test_one_user_or_strangers_take_no_more_than_their_share_of_the_sockets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_EACH", 2)
    async with running(world) as app:
        mine = [Socket(app, "/ws/notifications") for _ in range(3)]
        assert [(await socket.open(token("u-1", OWN))).get("code") for socket in mine] == [None, None, 4429]
        assert await Socket(app, "/ws/notifications").open(token("u-2", OWN)) == READY
        monkeypatch.setattr(hub, "MOST_NEW", 1)
        silent = Socket(app, "/ws/notifications")
        await silent.accepted()
        another = Socket(app, "/ws/notifications")
        await another.accepted()
        assert (await another.read())["code"] == 4503
        for leaving in (silent, mine[0]):
            await leaving.leave()
            await leaving.task
        assert await Socket(app, "/ws/notifications").open(token("u-1", OWN)) == READY


async def test_when_the_process_ends_every_socket_is_told_why_and_no_other_is_taken(world: World) -> None:
    async with running(world) as app:
        sockets = [Socket(app, "/ws/notifications") for _ in range(10)]
        for socket in sockets:
            await socket.open(token("u-1", OWN))
        ending = asyncio.create_task(world.hub.close("The process ends."))
        closed = await asyncio.gather(*(socket.read() for socket in sockets))
        await ending
        assert closed == [{"code": 1012, "reason": "The process ends."}] * 10
        assert (await Socket(app, "/ws/notifications").open(token("u-1", OWN)))["code"] == 1012


async def test_more_sockets_than_a_process_takes_are_sent_away(world: World) -> None:
    world.hub = Hub(most=1)
    async with running(world) as app:
        first = Socket(app, "/ws/notifications")
        assert await first.open(token("u-1", OWN)) == READY
        assert (await Socket(app, "/ws/notifications").open(token("u-2", OWN)))["code"] == 4503
        await first.leave()
        assert await Socket(app, "/ws/notifications").open(token("u-2", OWN)) == READY


async def test_a_listener_keeps_the_newest(world: World) -> None:
    listener = Listener(3)
    assert [listener.put(str(number)) for number in range(5)] == [0, 0, 0, 1, 1]
    assert await listener.take() == (2, ["2", "3", "4"])
    listener.end("over")
    with pytest.raises(Ended, match="over"):
        await listener.take()


async def test_a_hub_forgets_who_has_left() -> None:
    hub = Hub(most=1)
    with hub.listen("u-1", ("user", "u-1")), pytest.raises(Unavailable), hub.listen("u-2", ("user", "u-2")):
        pass
    hub.tell([(("user", "u-1"), "nobody hears it")])
    assert (hub.listeners, hub.told) == (0, 0)
