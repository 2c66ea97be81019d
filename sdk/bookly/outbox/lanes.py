"""The lanes under way: each sends one event at a time, and all of them at once."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bookly.errors import (
    BooklyError,
    BufferFull,
    DeliveryFailed,
    EventTooLarge,
    MalformedBytes,
    RegistryUnavailable,
    UnknownSchema,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookly.outbox.framing import Framing
    from bookly.outbox.rows import Row
    from bookly.producer import Producer

log = logging.getLogger(__name__)

# What another attempt does not change: people have to. Anything else is the broker's trouble, and passes.
_REFUSED: Final = frozenset(
    {
        *("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "POLICY_VIOLATION", "TOPIC_EXCEPTION"),
        *("TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_INVALID_ARG"),
    }
)
_BROKEN: Final = "_FATAL"
_SELDOM_S: Final = 5.0


@dataclass
class Outcome:
    """What became of rows and is not in the database yet: confirmed ones by id, refused ones with their reason."""

    published: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)

    def copy(self) -> Outcome:
        return Outcome(set(self.published), dict(self.refused))

    def forget(self, settled: Outcome) -> None:
        """What is in the database now."""
        self.published -= settled.published
        for number in settled.refused:
            self.refused.pop(number, None)


class Lanes:
    """Lanes that publish. A lane stays busy until it is freed: its rows are still in the table when it ends.

    One event of a lane at a time: were the next one sent before the first is confirmed, it could arrive though the first fails.
    """

    def __init__(self, producer: Producer, framing: Framing, outcome: Outcome, retry_s: float) -> None:
        self._producer, self._framing, self._outcome, self._retry_s = producer, framing, outcome, retry_s
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()
        self._told_s = float("-inf")
        self.news = asyncio.Event()

    @property
    def busy(self) -> list[int]:
        return list(self._tasks)

    def start(self, rows: Iterable[Row]) -> None:
        """Publish these, of lanes that are not busy."""
        lanes: dict[int, list[Row]] = {}
        for row in rows:
            lanes.setdefault(row.lane, []).append(row)
        for lane, own in lanes.items():
            self._tasks[lane] = asyncio.create_task(self._publish(own))
            self._tasks[lane].add_done_callback(lambda _: self.news.set())

    def ended(self) -> list[int]:
        """Lanes that have nothing under way any more. Raises what ended one that should not have ended so."""
        found = [lane for lane, task in self._tasks.items() if task.done()]
        for lane in found:
            self._tasks[lane].result()
        return found

    def free(self, lanes: Iterable[int]) -> None:
        """Their outcome is in the database: they may be started again."""
        for lane in lanes:
            del self._tasks[lane]

    async def drain(self) -> None:
        """Return when nothing is under way; each lane ends after the event that it has sent."""
        self._stop.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _publish(self, rows: list[Row]) -> None:
        for row in rows:
            if self._stop.is_set():
                return None
            try:
                record = row.record(await self._framing.prefix(row))
                await (await self._producer.hand_over(record))
            except (UnknownSchema, EventTooLarge, MalformedBytes) as error:
                return self._refuse(row, error)
            except DeliveryFailed as error:
                if error.code == _BROKEN:
                    raise
                return self._refuse(row, error) if error.code in _REFUSED else await self._wait(error)
            except (RegistryUnavailable, BufferFull) as error:
                return await self._wait(error)
            self._outcome.published.add(row.id)
            self.news.set()
        return None

    def _refuse(self, row: Row, error: BooklyError) -> None:
        reason = f"The broker refused it: {error.reason}." if isinstance(error, DeliveryFailed) else str(error)
        log.error("%s %s holds its key: %s", row.event_type, row.event_id, reason)
        self._outcome.refused[row.id] = reason

    async def _wait(self, error: BooklyError) -> None:
        if time.monotonic() > self._told_s + _SELDOM_S:  # where one waits, hundreds may
            self._told_s = time.monotonic()
            log.warning("keys wait, and are tried again every %g s: %s", self._retry_s, error)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._retry_s)
