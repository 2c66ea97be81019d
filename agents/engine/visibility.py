"""When a committed transaction can be read: the broker says "committed" a moment before it has written the markers.

A reader of committed records that comes in between finds the rows as they were. A cache entry that went stale before that moment
could be filled with them and stay, so entries go stale only after it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import TopicPartition

log = structlog.get_logger(__name__)
PAUSE_S = 0.002
PATIENCE_S = 5.0


class Visibility:
    """Asks the broker for last stable offsets over a connection of its own, opened when it is first needed."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._consumer: Any = None

    async def wait(self, places: Mapping[TopicPartition, int]) -> None:
        """Return when the record at each place can be read. A broker that does not say so in time is logged and given up on."""
        deadline, left = time.monotonic() + PATIENCE_S, dict(places)
        try:
            while left := {place: left[place] for place, end in (await self._stable(left)).items() if end <= left[place]}:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{len(left)} partitions after {PATIENCE_S:.0f} s")
                await asyncio.sleep(PAUSE_S)
        except Exception as error:  # noqa: BLE001  # whatever it was: the commit is done, and entries have to go stale
            log.warning("committed records are not seen yet: entries go stale all the same", error=repr(error))

    async def _stable(self, places: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        if not places:
            return {}
        if self._consumer is None:
            consumer = AIOKafkaConsumer(bootstrap_servers=self._brokers, isolation_level="read_committed")
            await consumer.start()
            self._consumer = consumer
        ends: Mapping[TopicPartition, int] = await self._consumer.end_offsets(list(places))
        return ends

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()
