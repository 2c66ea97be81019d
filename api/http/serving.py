"""One process that serves until SIGTERM, and then ends with 0."""

from __future__ import annotations

import resource
import signal
import socket
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import uvloop
from prometheus_client import disable_created_metrics

from api.http.app import build
from api.http.logs import configure_logs
from api.http.server import Server, config_of
from api.http.wiring import FAILURES, open_edge
from bookly.errors import InvalidSettings
from bookly.sentry import report_errors_if_wanted
from bookly.tracing import keep_traces_if_wanted

if TYPE_CHECKING:
    from api.http.settings import ApiSettings


BACKLOG = 2_048  # who comes at the same moment waits here


def serve(settings: ApiSettings, host: str, port: int) -> None:
    """Blocks. Raises BooklyError where it cannot begin."""
    configure_logs()
    keep_traces_if_wanted("bookly-edge")
    report_errors_if_wanted("bookly-edge")
    disable_created_metrics()  # type: ignore[no-untyped-call]  # when each was made is nobody's metric
    listening = _listening(host, port)
    signal.signal(signal.SIGTERM, _end)  # what uvicorn hands the signal on to when it is done
    _allow_files()
    with listening:
        uvloop.run(_serve(settings, listening))


async def _serve(settings: ApiSettings, listening: socket.socket) -> None:
    async with open_edge(settings) as edge:
        app = build(lambda: nullcontext(edge), FAILURES)
        await Server(config_of(app, *listening.getsockname()[:2]), edge.hub).serve(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Bound before anything is opened. Raises InvalidSettings."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise InvalidSettings(f"--host {host} --port {port} cannot be listened on ({error.strerror}): give others.") from None


def _allow_files() -> None:
    """A socket is an open file, and 1,024 of them, which many shells allow, are fewer than the sockets that the hub takes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)
