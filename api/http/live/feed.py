"""One consumer a process, without a group: from the end of both topics on, only what is committed, in a thread of its own."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from api.http.live.messages import DEMAND, NOTIFICATIONS, messages_of
from bookly.errors import RegistryUnavailable
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.live.hub import Channel
    from bookly.registry import Registry

log = logging.getLogger(__name__)
PAUSE_S = 2.0
PATIENCE_S = 10.0
SILENT_S = 30.0  # after which a feed that has heard nothing of the broker is not ready
LOOK_S = 10.0  # after so long without a record the broker is asked whether it is there


class Feed:
    """Calls `tell`, from its own thread, with what happened since it began. After a failure it goes on where it was."""

    def __init__(self, brokers: str, registry: Registry, tell: Callable[[list[tuple[Channel, str]]], object]) -> None:
        self._brokers, self._registry, self._tell = brokers, registry, tell
        self._ending = Event()
        self._next: dict[tuple[str, int], int] = {}  # where it goes on
        self._looked_at = float("-inf")
        self._why = "it has not begun yet"
        self._thread = Thread(target=self._run, name="live feed", daemon=True)

    @property
    def unready(self) -> str | None:
        """Why it tells nothing, if so."""
        if time.monotonic() - self._looked_at < SILENT_S:
            return None
        return f"The live feed does not run: {self._why}."

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Waits for the thread, so call it from another one than the event loop's."""
        self._ending.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001  # whatever it was, sockets stay open and the feed begins again
                self._why = f"{type(error).__name__}: {error}"
                log.warning("the live feed begins again in %g s: %s", PAUSE_S, self._why)
                self._ending.wait(PAUSE_S)

    def _follow(self) -> None:
        consumer = Consumer(
            {
                **librdkafka_settings(self._brokers),
                "group.id": "bookly-api-live",  # the client wants one; nothing is ever committed under it
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # of what retention has left, where it was away for that long
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
            }
        )
        try:
            if not self._next:
                self._next = {place: end for topic in (NOTIFICATIONS, DEMAND) for place, end in _ends(consumer, topic)}
            consumer.assign([TopicPartition(*place, offset) for place, offset in self._next.items()])
            self._looked_at = time.monotonic()
            while not self._ending.is_set():
                found = consumer.consume(500, 0.1)
                if found:
                    self._tell([message for record in found for message in self._read(record)])
                    self._next.update(map(_behind, found))
                elif time.monotonic() - self._looked_at > LOOK_S:
                    _end(consumer, *next(iter(self._next)))  # consuming is silent about a broker that is away
                else:
                    continue
                self._looked_at = time.monotonic()
        finally:
            consumer.close()

    def _read(self, record: Any) -> list[tuple[Channel, str]]:
        error = record.error()
        if error is not None:
            raise KafkaException(error)
        while not self._ending.is_set():
            try:
                return messages_of(record, self._registry)
            except RegistryUnavailable as away:
                self._why = str(away)
                self._ending.wait(PAUSE_S)
        return []


def _behind(record: Any) -> tuple[tuple[str, int], int]:
    return (record.topic(), record.partition()), record.offset() + 1


def _ends(consumer: Consumer, topic: str) -> list[tuple[tuple[str, int], int]]:
    """Where each partition ends by now: from here on nothing is missed. (OFFSET_END would be looked up at some later time.)"""
    found = consumer.list_topics(topic, timeout=PATIENCE_S).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    return [((topic, number), _end(consumer, topic, number)) for number in sorted(found.partitions)]


def _end(consumer: Consumer, topic: str, number: int) -> int:
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=PATIENCE_S)
    return int(end)
