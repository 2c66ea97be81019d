"""What an orchestrator asks a worker, answered by a thread of its own: also when the event loop cannot.

    /live    200 while the process does what it should, else 503: end it and start another
    /ready   200 while it is a member of its group with its tables recovered, else 503
    /health  the same facts and figures as JSON
    /metrics what Prometheus reads

Nothing listens unless BOOKLY_HEALTH names an address: a port (on loopback) or host:port.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from agents.engine.listening import cannot_listen
from agents.engine.metrics import CONTENT_TYPE
from agents.engine.pulse import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agents.engine.app import BooklyApp
    from agents.engine.watchdog import Watchdog


class Facts:
    """What is known of a worker: before it has begun, only that it waits for what it depends on."""

    def __init__(self, domain: str) -> None:
        self._ask: Callable[[], dict[str, Any]] = lambda: {
            "domain": domain,
            "live": True,
            "ready": False,
            "phase": "waiting for the broker and the registry",
            "why": None,
        }

    def __call__(self) -> dict[str, Any]:
        return self._ask()

    def come_from(self, app: BooklyApp, watchdog: Watchdog) -> None:
        """From now on the worker itself is asked."""
        self._ask = lambda: report(app, watchdog)


def report(app: BooklyApp, watchdog: Watchdog) -> dict[str, Any]:
    """The facts as they are now. `lag`: committed records that wait. `quiet_s`: since something was finished last.

    `staleness`: by cache type, how often it was made stale, and the longest that this took (seconds from the record's writing).
    """
    runner, now = app.runner, time.monotonic()
    why = watchdog.verdict(now)
    return {
        "domain": runner.domain.name,
        "live": why is None,
        "ready": why is None and runner.pulse.phase is Phase.RUNNING,
        "phase": runner.pulse.phase.value,
        "why": why,
        "partitions": sorted(runner.partitions),
        "lag": sum(app.lag().values()),
        "parked": runner.parked,
        "invalidations_waiting": runner.invalidations,
        "staleness": runner.staleness.figures(),
        "quiet_s": round(now - runner.pulse.moved, 1),
    }


@contextmanager
def serving(
    address: tuple[str, int] | None, facts: Callable[[], dict[str, Any]], metrics: Callable[[], bytes] = bytes
) -> Iterator[int | None]:
    """Answer while the block runs; the port, or None without an address. Raises InvalidSettings when it cannot listen there."""
    if address is None:
        yield None
        return
    try:
        server = (_Server6 if ":" in address[0] else ThreadingHTTPServer)(address, _answering(facts, metrics))
    except OSError as error:
        raise cannot_listen("BOOKLY_HEALTH", address, error) from None
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="health", daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def _answering(facts: Callable[[], dict[str, Any]], metrics: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE, metrics())
                return
            found = facts()
            good = {"/live": found["live"], "/ready": found["ready"], "/health": True}.get(self.path)
            body = json.dumps(found if good is not None else {"error": "ask /live, /ready, /health or /metrics"}).encode()
            self._answer({True: 200, False: 503, None: 404}[good], "application/json", body)

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """A probe every few seconds is no news."""

    return Answering
