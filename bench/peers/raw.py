"""The yardstick: a bare confluent-kafka loop with fastavro and dictionaries. It promises nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import Consumer, Producer
from redis import Redis

from bench.peers.by_hand import BATCH, Tables, flush, send, values
from bench.peers.decoding import by_fastavro
from bench.peers.stopwatch import Stopwatch, Task

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 0.1


def fold(task: Task, decode: Callable[[bytes], tuple[str, int]]) -> None:
    """From an empty group to the last event. `decode` decodes all of it and returns the resource and the time."""
    consumer = Consumer(
        {
            "bootstrap.servers": task.brokers,
            "group.id": task.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer({"bootstrap.servers": task.brokers, "linger.ms": 5, "compression.type": "lz4"})
    cache, tables, watch, done = Redis.from_url(task.redis), Tables(task), Stopwatch(), 0
    count = tables.count
    consumer.subscribe([task.topic])
    while done < task.events:
        messages = consumer.consume(BATCH, WAIT_S)
        if not messages:
            continue
        watch.start()
        for resource_id, occurred_at in values(messages, decode):
            count(resource_id, occurred_at)
        records, stale = tables.take_dirty()
        send(producer, records)
        cache.unlink(*stale)
        consumer.commit(asynchronous=True)
        done += len(messages)
    flush(producer)
    consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=False)
    watch.stop(*tables.sums(), events=done)
    consumer.close()


if __name__ == "__main__":
    task = Task.given()
    fold(task, by_fastavro(task))
