"""One user of the API, over the network."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID, uuid4

import aiohttp
from websockets.asyncio.client import connect

from api.http.security.permissions import NAMES
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

PATIENCE_S = 30.0


class Seen(NamedTuple):
    status: int
    body: Any
    retry_after: str | None


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def next(self) -> Any:
        """The next message. Raises ConnectionClosed."""
        return json.loads(await asyncio.wait_for(self._connection.recv(), PATIENCE_S))


class Client:
    """Used by `async with`. What is answered is given as it is, whatever its status."""

    def __init__(self, port: int, user: str) -> None:
        self.user, self._at = user, f"127.0.0.1:{port}"
        self._token = token(user, *NAMES)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(f"http://{self._at}", headers={"Authorization": f"Bearer {self._token}"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str) -> Seen:
        async with self._session.get(path) as answer:
            return Seen(answer.status, await answer.json(content_type=None), answer.headers.get("Retry-After"))

    async def post(self, path: str, body: object = None, key: UUID | None = None) -> Seen:
        headers = {"Idempotency-Key": str(key or uuid4())}
        async with self._session.post(path, json=body, headers=headers) as answer:
            return Seen(answer.status, await answer.json(content_type=None), answer.headers.get("Retry-After"))

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[Socket]:
        """One that is told from now on."""
        async with connect(f"ws://{self._at}{path}", open_timeout=PATIENCE_S, max_queue=None) as connection:
            await connection.send(json.dumps({"token": self._token}))
            socket = Socket(connection)
            assert await socket.next() == {"type": "ready"}
            yield socket
