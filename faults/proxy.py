"""The network between workers and one server, as a TCP proxy whose behaviour can be changed while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stack.ports import HOST, free_port

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

CHUNK = 65_536
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: closing sends a reset


def before(url: str) -> tuple[Proxy, str]:
    """A proxy of the server that this URL names, yet to be entered, and the URL by which it is reached through the proxy."""
    port, target = free_port(set()), urlsplit(url).port or 0
    return Proxy(port, target), url.replace(f":{target}", f":{port}")


@dataclass
class Proxy:
    """Listens on `port`, forwards to `target`.

    `delay_s` delays what passes; a direction that is cut holds everything until it is mended.
    """

    port: int
    target: int
    delay_s: float = 0.0
    _open: dict[str, asyncio.Event] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _pipes: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=f"proxy {self.port}", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self, direction: str) -> None:
        """Nothing passes `to` the server or `from` it, and nobody is told: connections stay open."""
        self._loop.call_soon_threadsafe(self._open[direction].clear)

    def mend(self) -> None:
        """Let all that was held go on."""
        for event in self._open.values():
            self._loop.call_soon_threadsafe(event.set)

    def reset(self) -> None:
        """Every connection ends with a TCP reset, on both sides."""
        self._loop.call_soon_threadsafe(self._reset)

    async def _listen(self) -> None:
        for direction in ("to", "from"):
            self._open[direction] = asyncio.Event()
            self._open[direction].set()
        self._server = await asyncio.start_server(self._join, HOST, self.port)

    async def _close(self) -> None:
        self._server.close()
        self._reset()
        for pipe in tuple(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def _reset(self) -> None:
        for writer in self._writers:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.transport.abort()
            return
        for direction, source, drain in (("to", reader, back), ("from", there, writer)):
            self._writers.add(drain)
            pipe = asyncio.create_task(self._pipe(direction, source, drain))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, direction: str, source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        """Each chunk leaves `delay_s` after it came, while the next ones are under way already."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(direction, under_way, drain))
        try:
            with contextlib.suppress(OSError):
                while chunk := await source.read(CHUNK):
                    under_way.put_nowait((self._loop.time() + self.delay_s, chunk))
            under_way.put_nowait((0.0, b""))
            await sending
        finally:
            sending.cancel()
            self._writers.discard(drain)
            drain.close()

    async def _send(self, direction: str, under_way: asyncio.Queue[tuple[float, bytes]], drain: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while (item := await under_way.get())[1]:
                due, chunk = item
                await asyncio.sleep(due - self._loop.time())
                await self._open[direction].wait()
                drain.write(chunk)
                await drain.drain()
