"""Rows of one table as they are durable: its changelog, read committed, followed while it grows."""

from __future__ import annotations

import json
import time
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # its documented home

ASKING_S = 1.0


class AwayError(Exception):
    """The broker did not answer in time; what was read so far stays."""


class Follower:
    """For one thread. `rows`: by partition and key."""

    def __init__(self, brokers: str, topic: str, partitions: int) -> None:
        quiet: Any = {"bootstrap.servers": brokers, "log_level": 0, "reconnect.backoff.max.ms": 500}
        self._admin = AdminClient(quiet)
        self._consumer = Consumer(
            {
                **quiet,
                "group.id": "bookly-follower",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
                "auto.offset.reset": "earliest",
            }
        )
        self._places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)]
        self._consumer.assign(self._places)
        self._reached = dict.fromkeys(range(partitions), 0)
        self.rows: dict[int, dict[str, Any]] = {number: {} for number in range(partitions)}

    def close(self) -> None:
        self._consumer.close()

    def catch_up(self, level: Any = IsolationLevel.READ_COMMITTED, patience: float = 2 * ASKING_S) -> None:
        """Return when everything is in `rows` that was visible before the call. Raises AwayError.

        A commit is durable before it is visible: Kafka confirms it first, then marks each partition. With READ_UNCOMMITTED what
        is written is waited for, until its transaction has ended.
        """
        deadline = time.monotonic() + patience
        ends = self._ends(level)
        while any(self._reached[number] < end for number, end in ends.items()):
            if time.monotonic() > deadline:
                raise AwayError("a changelog could not be read to its end in time")
            for message in self._consumer.consume(1_000, 0.02):
                self._take(message)

    def _ends(self, level: Any) -> dict[int, int]:
        asked: Any = {TopicPartition(place.topic, place.partition): OffsetSpec.latest() for place in self._places}  # type: ignore[no-untyped-call]
        settings: Any = {"isolation_level": level, "request_timeout": ASKING_S}
        try:
            return {place.partition: end.result().offset for place, end in self._admin.list_offsets(asked, **settings).items()}
        except KafkaException as error:
            raise AwayError(str(error)) from error

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
