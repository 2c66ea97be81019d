"""Web sockets without a network: the app's own side of ASGI, so that a thousand of them are a thousand tasks."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from fastapi import FastAPI


class Socket:
    """A client of the app. While it does not `read`, it is a slow one: what is sent to it waits."""

    def __init__(self, app: FastAPI, path: str, query: str = "") -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue(maxsize=1)
        scope: dict[str, Any] = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": query.encode()}
        scope |= {
            "headers": [],
            "subprotocols": [],
            "scheme": "ws",
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "extensions": {},
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app({**scope, "asgi": {"version": "3.0"}}, self._to_app.get, self._from_app.put))

    async def accepted(self) -> None:
        assert (await self._from_app.get())["type"] == "websocket.accept"

    async def open(self, token: object) -> dict[str, Any]:
        """What is answered to the first message."""
        await self.accepted()
        self._to_app.put_nowait({"type": "websocket.receive", "text": json.dumps({"token": token})})
        return await self.read()

    async def read(self) -> dict[str, Any]:
        """The next message, or {"code", "reason"} when it was closed."""
        message = await asyncio.wait_for(self._from_app.get(), 10)
        if message["type"] == "websocket.close":
            return {"code": message["code"], "reason": message["reason"]}
        found: dict[str, Any] = json.loads(message["text"])
        return found

    async def leave(self) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 10)
