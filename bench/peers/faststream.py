"""FastStream on aiokafka: batches of 2,000 with nothing validated; it has no tables, so they are made by hand."""

from __future__ import annotations

import asyncio
from typing import Any

from confluent_kafka import Producer
from faststream import AckPolicy, FastStream  # type: ignore[import-not-found]  # of the peer's own environment
from faststream.kafka import KafkaBroker  # type: ignore[import-not-found]
from redis.asyncio import Redis

from bench.peers.by_hand import BATCH, Tables, flush, send
from bench.peers.decoding import by_fastavro
from bench.peers.stopwatch import Stopwatch, Task


async def as_bytes(message: Any) -> Any:
    """The values as they came."""
    return message.body


async def main() -> None:
    task, watch = Task.given(), Stopwatch()
    decode, tables, cache, done = by_fastavro(task), Tables(task), Redis.from_url(task.redis), 0
    producer = Producer({"bootstrap.servers": task.brokers, "linger.ms": 5, "compression.type": "lz4"})
    broker = KafkaBroker(task.brokers, logger=None, apply_types=False)
    app = FastStream(broker, logger=None)
    subscriber = broker.subscriber(
        task.topic,
        batch=True,
        group_id=task.group,
        auto_offset_reset="earliest",
        max_records=BATCH,
        ack_policy=AckPolicy.MANUAL,
        decoder=as_bytes,
    )

    @subscriber  # type: ignore[untyped-decorator]
    async def count(values: list[bytes]) -> None:
        nonlocal done
        watch.start()
        for value in values:
            tables.count(*decode(value))
        records, stale = tables.take_dirty()
        send(producer, records)
        await asyncio.to_thread(flush, producer)
        await cache.unlink(*stale)
        await subscriber.consumer.commit()
        done += len(values)
        if done >= task.events:
            watch.stop(*tables.sums(), events=done)
            app.exit()

    await app.run()
    await cache.aclose()


if __name__ == "__main__":
    asyncio.run(main())
