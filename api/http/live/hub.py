"""From one feed to many sockets. A slow one loses its oldest messages, is told how many, and holds nobody up."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

from api.http.problems import TooMany, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Channel: TypeAlias = tuple[str, str]  # ("user", user_id), ("demand", resource_id or "*")
ROOM = 100  # messages that wait for one socket
MOST = 5_000  # sockets a process
MOST_EACH = 50  # of one user, or of one key
MOST_NEW = 500  # that have not said yet who they are


class Ended(Exception):
    """The hub takes no more: the process is ending."""


class Listener:
    """What waits for one socket: at most `room` messages, the newest."""

    def __init__(self, room: int) -> None:
        self._waiting: deque[str] = deque(maxlen=room)
        self._dropped = 0
        self._news = asyncio.Event()
        self._end: str | None = None

    def put(self, text: str) -> int:
        """How many were dropped for it: 0 or 1."""
        lost = int(len(self._waiting) == self._waiting.maxlen)
        self._dropped += lost
        self._waiting.append(text)
        self._news.set()
        return lost

    async def take(self) -> tuple[int, list[str]]:
        """What has come since, at least one message, after how many that were dropped. Raises Ended."""
        await self._news.wait()
        if self._end is not None:
            raise Ended(self._end)
        self._news.clear()
        found = self._dropped, list(self._waiting)
        self._dropped = 0
        self._waiting.clear()
        return found

    def end(self, reason: str) -> None:
        self._end = reason
        self._news.set()


class Hub:
    """Runs on one event loop. `told` and `dropped` count since the start."""

    def __init__(self, *, room: int = ROOM, most: int = MOST) -> None:
        self._room, self._most = room, most
        self._channels: defaultdict[Channel, set[Listener]] = defaultdict(set)
        self._each: Counter[str] = Counter()
        self._new = 0
        self._ending: str | None = None
        self._empty = asyncio.Event()
        self.listeners = self.told = self.dropped = 0

    @contextmanager
    def introducing(self) -> Iterator[None]:
        """A socket that has not said yet who it is. Raises Unavailable where too many have not."""
        if self._new >= MOST_NEW:
            raise Unavailable("Too many sockets have not said yet who they are.", 5)
        self._new += 1
        try:
            yield
        finally:
            self._new -= 1

    @contextmanager
    def listen(self, user_id: str, channel: Channel) -> Iterator[Listener]:
        """Hear what is told on it from now on. Raises Ended; Unavailable or TooMany where there are too many, or of one user."""
        if self._ending is not None:
            raise Ended(self._ending)
        if self.listeners >= self._most:
            raise Unavailable("This process has as many sockets as it takes.", 10)
        if self._each[user_id] >= MOST_EACH:
            raise TooMany(10)
        listener = Listener(self._room)
        self._channels[channel].add(listener)
        self._each[user_id] += 1
        self.listeners += 1
        try:
            yield listener
        finally:
            self._each[user_id] -= 1
            if not self._each[user_id]:
                del self._each[user_id]
            self._channels[channel].discard(listener)
            if not self._channels[channel]:
                del self._channels[channel]
            self.listeners -= 1
            if not self.listeners:
                self._empty.set()

    def tell(self, messages: Iterable[tuple[Channel, str]]) -> None:
        """Hand each to those who listen on its channel. Never waits."""
        for channel, text in messages:
            for listener in self._channels.get(channel, ()):
                self.dropped += listener.put(text)
                self.told += 1

    async def close(self, reason: str, limit_s: float = 3.0) -> None:
        """Tell every listener why it ends, and wait for them to leave, within the limit."""
        self._ending = reason
        for listeners in self._channels.values():
            for listener in listeners:
                listener.end(reason)
        if self.listeners:
            self._empty.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), limit_s)
