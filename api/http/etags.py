"""The version of an answer: an ETag of its bytes. Who asks again with If-None-Match gets 304 while nothing has changed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Tagged:
    """An ASGI app whose 200s to GET carry an ETag. Every answer may be kept by its own caller alone, and only to ask again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def tagging(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200 and not _endless(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await _answer(start, bytes(body), Headers(scope=scope).get("if-none-match", ""), send)

        await self._app(scope, receive, tagging)


def _endless(start: Message) -> bool:
    """A stream of events, of which nobody waits for the end."""
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")


async def _answer(start: Message, body: bytes, known: str, send: Send) -> None:
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = MutableHeaders(raw=start["headers"])
    headers["ETag"] = tag
    headers["Cache-Control"] = "private, no-cache"
    if tag in {each.strip().removeprefix("W/") for each in known.split(",")}:
        del headers["content-length"]
        start["status"], body = 304, b""
    await send(start)
    await send({"type": "http.response.body", "body": body})
