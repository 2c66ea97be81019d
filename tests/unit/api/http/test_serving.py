"""A real server on loopback, with stand-ins behind it: how it ends, and that a client's ping is answered."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.http.server import GOING, Server, config_of
from api.http.serving import serve
from bookly.errors import InvalidSettings
from tests.unit.api.http.conftest import World
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[tuple[Any, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(config_of(world.app(), "127.0.0.1", 0), world.hub)
        running = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0)
        try:
            yield server, listening.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, 10)


async def test_a_server_that_ends_tells_its_sockets_why_and_waits_for_none(world: World) -> None:
    async with serving(world) as (server, port), connect(f"ws://127.0.0.1:{port}/ws/notifications") as client:
        await client.send(json.dumps({"token": token("u-1", "notifications:read:own")}))
        assert json.loads(await client.recv()) == {"type": "ready"}
        await (await client.ping())
        world.hub.tell([(("user", "u-1"), '{"n": 1}')])
        assert json.loads(await client.recv()) == {"n": 1}
        server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), 5)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, GOING)


def test_a_port_in_use_is_a_sentence_before_anything_is_opened() -> None:
    nothing: Any = None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettings, match=f"--host 127.0.0.1 --port {port} cannot be listened on"):
            serve(nothing, "127.0.0.1", port)
    with pytest.raises(InvalidSettings, match="cannot be listened on"):
        serve(nothing, "256.0.0.1", 0)


async def test_a_message_that_is_too_long_closes_its_socket_alone(world: World) -> None:
    async with serving(world) as (_, port):
        url = f"ws://127.0.0.1:{port}/ws/notifications"
        async with connect(url) as long, connect(url) as other:
            await other.send(json.dumps({"token": token("u-1", "notifications:read:own")}))
            await long.send("x" * 100_000)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(long.recv(), 5)
            assert json.loads(await other.recv()) == {"type": "ready"}
