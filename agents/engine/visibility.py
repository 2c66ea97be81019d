"""When a committed transaction can be read: the broker says "committed" a moment before it has written the markers.

A reader of committed records that comes in between finds the rows as they were. A cache entry that went stale before that moment
could be filled with them and stay, so entries go stale only after it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import TopicPartition

    from bookly.cache.invalidator import Invalidator

log = structlog.get_logger(__name__)
PAUSE_S = 0.0005
PATIENCE_S = 5.0
LOST_S = 30.0  # after which the log asks for people, each time
AGAIN_S = 1.0  # between two looks at a broker that does not answer


class Visibility:
    """Asks the broker for last stable offsets over a connection of its own, opened when it is first needed."""

    def __init__(self, brokers: str, invalidator: Invalidator, *, patience_s: float = PATIENCE_S) -> None:
        self._brokers, self._invalidator, self._patience_s = brokers, invalidator, patience_s
        self._consumer: Any = None
        self._connecting = asyncio.Lock()
        self._late: set[asyncio.Task[None]] = set()

    async def make_stale(self, tags: set[str], places: Mapping[TopicPartition, int], since: float | None = None) -> None:
        """Move the tags when the record at each place can be read. `since`: when what they follow from was written.

        Where the broker does not say so in time they move at once, since they have waited long enough, and again when it does.
        """
        if tags:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._readable(places)
            except Exception as error:  # noqa: BLE001  # whatever it was: the commit is done, and entries have to go stale
                log.warning(
                    "committed records are not seen yet: entries go stale now, and again when they are", error=repr(error)
                )
                late = asyncio.create_task(self._make_stale_later(tags, places, since), name="stale again")
                self._late.add(late)
                late.add_done_callback(self._late.discard)
            self._invalidator.add(tags, since)
        await self._invalidator.send()

    async def close(self) -> None:
        """What is still late is covered by whoever takes the partitions over."""
        for late in self._late:
            late.cancel()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _make_stale_later(self, tags: set[str], places: Mapping[TopicPartition, int], since: float | None) -> None:
        while True:
            try:
                async with asyncio.timeout(LOST_S):
                    await self._readable(places)
            except TimeoutError:
                log.error(
                    "committed records are still not seen: the broker is away, or has lost the end of their transaction",
                    places=[f"{place.topic} {place.partition} at {offset}" for place, offset in places.items()],
                )
            except Exception as error:  # noqa: BLE001  # a broker that is away comes back
                log.info("committed records are not seen yet", error=repr(error))
                await asyncio.sleep(AGAIN_S)
            else:
                self._invalidator.add(tags, since)
                return await self._invalidator.send()

    async def _readable(self, places: Mapping[TopicPartition, int]) -> None:
        while places := {place: places[place] for place, end in (await self._stable(places)).items() if end <= places[place]}:  # noqa: ASYNC110  # the broker sets no event
            await asyncio.sleep(PAUSE_S)

    async def _stable(self, places: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        if not places:
            return {}
        ends: Mapping[TopicPartition, int] = await (await self._connected()).end_offsets(list(places))
        return ends

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._consumer is None:
                consumer = AIOKafkaConsumer(bootstrap_servers=self._brokers, isolation_level="read_committed")
                try:
                    await consumer.start()
                except BaseException:
                    await consumer.stop()
                    raise
                self._consumer = consumer
            return self._consumer
