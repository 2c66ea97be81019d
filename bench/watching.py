"""Sees from outside when Redis takes a cache entry away or moves its generation: the server itself tells (client tracking)."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

NEWLINE = b"\r\n"


class Watcher:
    """Notes when each key below the prefixes changed first, by time.monotonic. Writes of our own before `with` are not seen."""

    def __init__(self, url: str, prefixes: Sequence[str]) -> None:
        self._prefixes = tuple(prefix.encode() for prefix in prefixes)
        self._address = (urlsplit(url).hostname, urlsplit(url).port)
        self._changed = threading.Condition()
        self.seen: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._connection = socket.create_connection(self._address, timeout=5)
        words = ["CLIENT", "TRACKING", "ON", "BCAST"]
        words += [word for prefix in self._prefixes for word in ("PREFIX", prefix.decode())]
        answers = self._ask("HELLO", "3") + self._ask(*words)
        if b"-" in answers[:1] or not answers.endswith(b"+OK\r\n"):
            raise ConnectionError(f"Redis does not track keys for us: {answers[-200:]!r}")
        self._connection.settimeout(None)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._reading.join()
        self._connection.close()

    def wait(self, keys: set[str], patience: float) -> bool:
        """Whether all of them changed before the patience (seconds) was over."""
        with self._changed:
            return self._changed.wait_for(lambda: keys <= self.seen.keys(), patience)

    def _ask(self, *words: str) -> bytes:
        self._connection.sendall(
            b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
        )
        answer = self._connection.recv(65_536)
        while not answer.endswith(NEWLINE):
            answer += self._connection.recv(65_536)
        return answer

    def _read(self) -> None:
        rest = b""
        while received := self._connection.recv(1 << 20):
            now = time.monotonic()
            *lines, rest = (rest + received).split(NEWLINE)
            keys = [line.decode() for line in lines if line.startswith(self._prefixes)]
            if keys:
                with self._changed:
                    for key in keys:
                        self.seen.setdefault(key, now)
                    self._changed.notify_all()
