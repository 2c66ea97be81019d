"""uvicorn as we run it: nothing of it is told to callers, and its end does not wait for sockets to leave by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from socket import socket

    from api.http.live.hub import Hub

PING_S = 20.0
DRAIN_S = 10  # for requests under way
LONGEST_MESSAGE = 65_536  # bytes that a socket may send at once
GOING = "This process is ending: come again, another one answers."


class Server(uvicorn.Server):
    """uvicorn waits for open sockets for as long as they are open: so they are ended first, with the reason."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await self._hub.close(GOING)
        await super().shutdown(sockets)


def config_of(app: Any, host: str, port: int) -> uvicorn.Config:
    """It believes no header that a proxy might have set, and names itself to nobody."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        log_config=None,  # as everything else that this process says
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
        ws_max_size=LONGEST_MESSAGE,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
    )
