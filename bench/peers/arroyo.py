"""Arroyo: a processing strategy with tables by hand; it flushes and commits each 2,000 messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arroyo.backends.kafka import KafkaConsumer  # type: ignore[import-not-found]  # of the peer's own environment
from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration  # type: ignore[import-not-found]
from arroyo.processing import StreamProcessor  # type: ignore[import-not-found]
from arroyo.processing.strategies import ProcessingStrategy, ProcessingStrategyFactory  # type: ignore[import-not-found]
from arroyo.types import Topic  # type: ignore[import-not-found]
from confluent_kafka import Producer
from redis import Redis

from bench.peers.by_hand import BATCH, Tables, flush, send
from bench.peers.decoding import by_fastavro
from bench.peers.stopwatch import Stopwatch, Task

if TYPE_CHECKING:
    from collections.abc import Mapping


class Counting(ProcessingStrategy):  # type: ignore[misc]
    def __init__(self, task: Task, commit: Any) -> None:
        self.task, self.commit = task, commit
        self.watch, self.tables, self.done = Stopwatch(), Tables(task), 0
        self.decode, self.cache = by_fastavro(task), Redis.from_url(task.redis)
        self.producer = Producer({"bootstrap.servers": task.brokers, "linger.ms": 5, "compression.type": "lz4"})
        self.reached: dict[Any, int] = {}

    def submit(self, message: Any) -> None:
        self.watch.start()
        self.tables.count(*self.decode(message.payload.value))
        self.reached.update(message.committable)
        self.done += 1
        if self.done % BATCH == 0 or self.done == self.task.events:
            self.pay()

    def pay(self) -> None:
        """Changelog first, then the cache, then the offsets."""
        records, stale = self.tables.take_dirty()
        send(self.producer, records)
        flush(self.producer)
        self.cache.unlink(*stale)
        self.commit(self.reached, force=True)
        self.reached.clear()
        if self.done == self.task.events:
            self.watch.stop(*self.tables.sums(), events=self.done)
            PROCESSOR.signal_shutdown()

    def poll(self) -> None: ...
    def close(self) -> None: ...
    def terminate(self) -> None: ...
    def join(self, timeout: float | None = None) -> None: ...


class Factory(ProcessingStrategyFactory):  # type: ignore[misc]
    def create_with_partitions(self, commit: Any, partitions: Mapping[Any, int]) -> Counting:  # noqa: ARG002
        return Counting(Task.given(), commit)


def processor(task: Task) -> Any:
    settings = build_kafka_consumer_configuration(
        {}, bootstrap_servers=[task.brokers], auto_offset_reset="earliest", group_id=task.group
    )
    return StreamProcessor(KafkaConsumer(settings), Topic(task.topic), Factory())


if __name__ == "__main__":
    PROCESSOR = processor(Task.given())
    PROCESSOR.run()
