"""One user of the API, over the network."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID, uuid4

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.http.security.permissions import NAMES
from tests.unit.api.http.tokens import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from websockets.asyncio.client import ClientConnection

PATIENCE_S = 30.0
PAUSE_S = 0.1


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
    """Used by `async with`. As clients do, it asks again when it is told to, and with a new token when the old one does not hold:
    on a busy machine Redis may not answer in time, and a Redis that has just begun knows no revocations of before.
    With an API key it uses that instead of tokens.
    """

    def __init__(self, port: int, user: str, key: str | None = None) -> None:
        self.user, self._at, self._key = user, f"127.0.0.1:{port}", key
        self.sign_in()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(f"http://{self._at}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def sign_in(self) -> None:
        """With a new token."""
        self._token = self._key or token(self.user, *NAMES)

    async def look(self, path: str) -> Seen:
        """What is answered the first time."""
        return await self._once("GET", path)

    async def get(self, path: str) -> Seen:
        return await self._patiently("GET", path)

    async def post(self, path: str, body: object = None, key: UUID | None = None) -> Seen:
        return await self._patiently("POST", path, json=body, headers={"Idempotency-Key": str(key or uuid4())})

    async def _patiently(self, method: str, path: str, **what: Any) -> Seen:
        async with asyncio.timeout(PATIENCE_S):
            while (seen := await self._once(method, path, **what)).status in {401, 503}:
                await asyncio.sleep(PAUSE_S)
                self.sign_in()
        return seen

    async def _once(self, method: str, path: str, headers: Mapping[str, str] | None = None, **what: Any) -> Seen:
        bearing = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        async with self._session.request(method, path, headers=bearing, **what) as answer:
            return Seen(answer.status, await answer.json(content_type=None), answer.headers.get("Retry-After"))

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[Socket]:
        """One that is told from now on."""
        async with asyncio.timeout(PATIENCE_S):
            while (connection := await self._connected(path)) is None:
                await asyncio.sleep(PAUSE_S)
                self.sign_in()
        async with connection:
            yield Socket(connection)

    async def _connected(self, path: str) -> ClientConnection | None:
        connection = await connect(f"ws://{self._at}{path}", open_timeout=PATIENCE_S, max_queue=None)
        await connection.send(json.dumps({"token": self._token}))
        try:
            assert json.loads(await connection.recv()) == {"type": "ready"}
        except ConnectionClosed as closed:
            if closed.rcvd is None or closed.rcvd.code not in {4401, 4503}:
                raise
            return None
        return connection
