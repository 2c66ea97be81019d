"""A client that closes is gone at once, whatever the broker still has to say."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import uvloop

from bookly.access import aiokafka_access
from stack.certificates import AUTHORITY, make
from stack.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOTH = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
PATIENCE_S = 5.0  # a sixth of what both loops wait


class Broker:
    """Takes one connection over TLS, writes what it has to say, and never says that it leaves. Keeps how the client left."""

    def __init__(self, directory: Path, answer: bytes) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(directory / "broker.pem")
        self._answer = answer
        self._listening = socket.create_server((HOST, 0))
        self.port = self._listening.getsockname()[1]
        self.left: list[bytes | Exception] = []
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        accepted, _ = self._listening.accept()
        accepted.settimeout(2 * PATIENCE_S)
        with self._context.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False) as connection:
            with suppress(OSError):
                connection.sendall(self._answer)
            try:
                self.left.append(connection.recv(1))
            except OSError as error:
                self.left.append(error)
            self._ended.wait()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listening.close()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    make(tmp_path, ("broker",))
    return tmp_path / AUTHORITY


@pytest.fixture(params=[b"", b"x" * 4_000_000], ids=["silent", "in the middle of an answer"])
def broker(request: pytest.FixtureRequest, authority: Path) -> Iterator[Broker]:
    broker = Broker(authority.parent, request.param)
    yield broker
    broker.end()


async def connects_and_closes(port: int, access: dict[str, ssl.SSLContext]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port, ssl=access["ssl_context"])
    del reader
    writer.close()
    async with asyncio.timeout(PATIENCE_S):
        with suppress(OSError):  # that the broker was not heard out is no error of whoever leaves
            await writer.wait_closed()


@pytest.mark.parametrize("loop", BOTH)
def test_who_closes_does_not_wait_for_the_brokers_word(
    loop: Callable[[], asyncio.AbstractEventLoop], broker: Broker, authority: Path
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(connects_and_closes(broker.port, aiokafka_access({"BOOKLY_KAFKA_CA": str(authority)})))


@pytest.mark.parametrize("loop", BOTH)
def test_it_says_that_it_leaves(loop: Callable[[], asyncio.AbstractEventLoop], authority: Path) -> None:
    """Else the end of the stream could be somebody's cut."""
    broker = Broker(authority.parent, b"")
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(connects_and_closes(broker.port, aiokafka_access({"BOOKLY_KAFKA_CA": str(authority)})))
    finally:
        broker.end()
    assert broker.left == [b""]
