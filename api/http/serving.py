"""One process that serves until SIGTERM, and then ends with 0."""

from __future__ import annotations

import resource
import signal
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import uvloop

from api.http.app import build
from api.http.server import Server, config_of
from api.http.wiring import FAILURES, open_edge

if TYPE_CHECKING:
    from api.http.settings import ApiSettings


def serve(settings: ApiSettings, host: str, port: int) -> None:
    """Blocks. Raises BooklyError where it cannot begin."""
    signal.signal(signal.SIGTERM, _end)  # what uvicorn hands the signal on to when it is done
    _allow_files()
    uvloop.run(_serve(settings, host, port))


async def _serve(settings: ApiSettings, host: str, port: int) -> None:
    async with open_edge(settings) as edge:
        app = build(lambda: nullcontext(edge), FAILURES)
        await Server(config_of(app, host, port), edge.hub).serve()


def _allow_files() -> None:
    """A socket is an open file, and 1,024 of them, which many shells allow, are fewer than the sockets that the hub takes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)
