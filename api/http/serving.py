"""One process that serves until SIGTERM: sockets are told and closed, requests under way are answered, then it ends with 0."""

from __future__ import annotations

import signal
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

from api.http.app import build
from api.http.wiring import FAILURES, open_edge

if TYPE_CHECKING:
    from socket import socket

    from api.http.live.hub import Hub
    from api.http.settings import ApiSettings

PING_S = 20.0
DRAIN_S = 10  # for requests under way; a publication is confirmed or has failed well before
GOING = "This process is ending: come again, another one answers."


class Server(uvicorn.Server):
    """uvicorn waits for open sockets for as long as they are open: so they are ended first, with the reason."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await self._hub.close(GOING)
        await super().shutdown(sockets)


def serve(settings: ApiSettings, host: str, port: int) -> None:
    """Blocks. Raises BooklyError where it cannot begin."""
    signal.signal(signal.SIGTERM, _end)  # what uvicorn hands the signal on to when it is done
    uvloop.run(_serve(settings, host, port))


def config_of(app: Any, host: str, port: int) -> uvicorn.Config:
    """It believes no header that a proxy might have set, and names itself to nobody."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
        ws_max_size=65_536,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
    )


async def _serve(settings: ApiSettings, host: str, port: int) -> None:
    async with open_edge(settings) as edge:
        app = build(lambda: nullcontext(edge), FAILURES)
        await Server(config_of(app, host, port), edge.hub).serve()


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)
