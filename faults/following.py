"""What is durable, as an outsider sees it: how far a group has come, and the rows of one table, followed while they grow.

Consumers ask for it: the library of the admin client aborts the process now and then when a broker dies under its questions.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

ASKING_S = 1.0

Place = tuple[str, int]  # topic and partition


class AwayError(Exception):
    """The broker did not answer in time; what was read so far stays."""


class Offsets:
    """Asks and never reads, and is no member of the group that it asks for. For one thread."""

    def __init__(self, brokers: str, group: str, isolation: str) -> None:
        quiet = {"bootstrap.servers": brokers, "log_level": 0, "reconnect.backoff.max.ms": 500}
        self._consumer = Consumer({**quiet, "group.id": group, "enable.auto.commit": False, "isolation.level": isolation})

    def close(self) -> None:
        self._consumer.close()

    def ends(self, places: list[Place]) -> dict[Place, int]:
        """Where each partition ends, by the isolation level: what is written, or what is committed. Raises AwayError."""
        try:
            return {place: self._consumer.get_watermark_offsets(TopicPartition(*place), ASKING_S)[1] for place in places}
        except KafkaException as error:
            with suppress(KafkaException):  # else it asks for ever who was the leader before
                self._consumer.list_topics(timeout=ASKING_S)
            raise AwayError(str(error)) from error

    def committed(self, places: list[Place]) -> dict[Place, int]:
        """How far the group has come; 0 where it has committed nothing. Raises AwayError."""
        try:
            found = self._consumer.committed([TopicPartition(*place) for place in places], ASKING_S)
        except KafkaException as error:
            raise AwayError(str(error)) from error
        if any(place.error is not None for place in found):
            raise AwayError(str(found))
        return {(place.topic, place.partition): max(0, place.offset) for place in found}


class Follower:
    """Rows of a changelog, read committed. `rows`: by partition and key. For one thread."""

    def __init__(self, brokers: str, topic: str, partitions: int) -> None:
        self._visible, self._written = (
            Offsets(brokers, "bookly-follower", level) for level in ("read_committed", "read_uncommitted")
        )
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "log_level": 0,
                "reconnect.backoff.max.ms": 500,
                "group.id": "bookly-follower",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
                "auto.offset.reset": "earliest",
            }
        )
        self._places = [(topic, number) for number in range(partitions)]
        self._consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in self._places])
        self._reached = dict.fromkeys(range(partitions), 0)
        self.rows: dict[int, dict[str, Any]] = {number: {} for number in range(partitions)}

    def close(self) -> None:
        for each in (self._consumer, self._visible, self._written):
            each.close()

    def catch_up(self, *, written: bool = False, patience: float = 2 * ASKING_S) -> None:
        """Return when everything is in `rows` that was visible before the call. Raises AwayError.

        A commit is durable before it is visible: Kafka confirms it first, then marks each partition. With `written`, what is
        written is waited for, until its transaction has ended.
        """
        deadline = time.monotonic() + patience
        ends = (self._written if written else self._visible).ends(self._places)
        while any(self._reached[number] < end for (_, number), end in ends.items()):
            if time.monotonic() > deadline:
                raise AwayError("a changelog could not be read to its end in time")
            for message in self._consumer.consume(1_000, 0.02):
                self._take(message)

    def _take(self, message: Any) -> None:
        error, number, offset = message.error(), message.partition(), message.offset()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # the client's public name for it
                self._reached[number] = max(self._reached[number], offset)
            return
        self._reached[number] = offset + 1
        key, value = message.key().decode(), message.value()
        if value is None:
            self.rows[number].pop(key, None)
        else:
            self.rows[number][key] = json.loads(value)
