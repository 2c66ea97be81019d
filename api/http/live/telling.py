"""The life of a web socket: who it is, whether it still may, what it is told, and why it ends."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.websockets import WebSocketDisconnect

from api.http.live.hub import Ended
from api.http.live.traced import delivering
from api.http.problems import TooMany, Unauthenticated, Unavailable, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import WebSocket
    from fastapi_problem.error import Problem

    from api.http.live.hub import Channel, Listener
    from api.http.ports import Edge
    from api.http.security.permissions import Need
    from api.http.security.principals import Asker

FIRST_S = 5.0  # within which a socket says who it is
AGAIN_S = 60.0  # after which it is asked whether it still may
LONGEST_REASON = 123  # bytes, by RFC 6455


async def websocket(socket: WebSocket, edge: Edge, need: Need, channel: Callable[[Asker], Channel]) -> None:
    """Tell the socket all that comes on its channel, until it leaves, its token runs out, or the process ends.

    It says who it is with its first message, {"token": ...}. It is always closed with a code (4000 and the status of the problem)
    and a reason.
    """
    await socket.accept()
    try:
        with edge.hub.introducing():
            async with asyncio.timeout(FIRST_S):
                token = await _introduced(socket)
            asker = await edge.gate.admit(token, need)
        if (why := edge.unready()) is not None:
            raise Unavailable(why)
    except WebSocketDisconnect:
        return
    except TimeoutError:
        await _close(socket, 4408, 'Send {"token": ...} within 5 s.')
    except Exception as error:
        problem = problem_of(error, socket.app.state.failures)
        if problem is None:
            raise
        await _refuse(socket, problem)
    else:
        await _serve(socket, edge, Pass(asker.user_id, token, need, asker.principal.expires_at), channel(asker))


class Pass(NamedTuple):
    """Who was let in, and with what."""

    user_id: str
    token: str | None
    need: Need
    expires_at: float | None


async def _introduced(socket: WebSocket) -> str | None:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    try:
        token = json.loads(message.get("text") or "")["token"]
    except (ValueError, TypeError, KeyError, RecursionError):
        token = None
    return token if isinstance(token, str) else None


async def _serve(socket: WebSocket, edge: Edge, shown: Pass, channel: Channel) -> None:
    try:
        with edge.hub.listen(shown.user_id, channel) as listener:
            code, reason = await _until_it_ends(socket, listener, edge, shown)
    except Ended as end:
        code, reason = 1012, str(end)
    except (Unavailable, TooMany) as full:
        await _refuse(socket, full)
        return
    if code:
        await _close(socket, code, reason)


async def _until_it_ends(socket: WebSocket, listener: Listener, edge: Edge, shown: Pass) -> tuple[int, str]:
    """Why: 0 when the client has left, so that nobody is there to be told."""
    left = asyncio.create_task(_left(socket))
    told = asyncio.create_task(_tell(socket, listener))
    try:
        while not (done := await _first(left, told, until=shown.expires_at)):
            if (problem := await _refused(socket, edge, shown)) is not None:
                return 4000 + problem.status, problem.detail or problem.title
        return (0, "") if left in done else await told
    finally:
        for task in (left, told):
            task.cancel()
        await asyncio.gather(left, told, return_exceptions=True)


async def _first(*tasks: asyncio.Task[Any], until: float | None) -> set[asyncio.Task[Any]]:
    """Those that are done; none when AGAIN_S are over, or it is so late (seconds since 1970)."""
    limit = AGAIN_S if until is None else min(AGAIN_S, max(0.0, until - time.time()))
    return (await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED))[0]


async def _refused(socket: WebSocket, edge: Edge, shown: Pass) -> Problem | None:
    """Why it may no longer be told: its token has run out or was revoked, its key was taken out, a role is gone."""
    if shown.expires_at is not None and time.time() >= shown.expires_at:
        return Unauthenticated("The token has run out: get a new one and come again.")
    try:
        await edge.gate.admit(shown.token, shown.need)
    except Exception as error:
        problem = problem_of(error, socket.app.state.failures)
        if problem is None:
            raise
        return problem if problem.status in {401, 403} else None  # what cannot be judged now is judged a little later
    return None


async def _left(socket: WebSocket) -> None:
    """What a client says after its first message is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _tell(socket: WebSocket, listener: Listener) -> tuple[int, str]:
    in_its_span = delivering()
    await socket.send_text('{"type":"ready"}')
    try:
        while True:
            dropped, texts = await listener.take()
            if dropped:
                await socket.send_text(json.dumps({"type": "dropped", "dropped": dropped}))
            for text in texts:
                with in_its_span(text):
                    await socket.send_text(text)
    except Ended as end:
        return 1012, str(end)
    except (WebSocketDisconnect, RuntimeError):  # it left while it was told something
        return 0, ""


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    await _close(socket, 4000 + problem.status, problem.detail or problem.title)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))
    except (WebSocketDisconnect, RuntimeError):
        return  # it is gone already
