"""What Sentry's server would have received: a real one, over HTTP, that keeps what comes."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Received:
    """`raw`: every byte that came, unpacked. `dsn`: where to send it. `log`: what the process that sent it said on stderr."""

    log = ""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://public@127.0.0.1:{port}/7"
        self.raw: list[bytes] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """The errors among it, in order."""
        return [event for envelope in self.raw for event in _events(envelope)]

    @property
    def text(self) -> str:
        return b"\n".join(self.raw).decode()


@contextmanager
def sentry() -> Iterator[Received]:
    class Receiving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.raw.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """It is asked what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    received = Received(server.server_port)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _events(envelope: bytes) -> Iterator[dict[str, Any]]:
    """An envelope is a line of headers, and of each item one of headers and its payload."""
    lines = envelope.split(b"\n")[1:]
    for header, payload in zip(lines[::2], lines[1::2], strict=False):
        if header and json.loads(header).get("type") == "event":
            yield json.loads(payload)
