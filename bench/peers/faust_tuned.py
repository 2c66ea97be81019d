"""Stock Faust with what its settings offer: uvloop, a producer that lingers, one UNLINK each 1,000 events.

Its `take` is no way to batch: a table refuses to be written outside of the iteration that it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mode.loop

mode.loop.use("uvloop")  # before faust is imported

import faust  # noqa: E402
from redis.asyncio import Redis  # noqa: E402

from bench.peers.decoding import by_fastavro  # noqa: E402
from bench.peers.faust_ending import commit_all  # noqa: E402
from bench.peers.stopwatch import HOUR_US, Stopwatch, Task, stale_keys  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

TASK, WATCH = Task.given(), Stopwatch()
DECODE, CACHE = by_fastavro(TASK), Redis.from_url(TASK.redis)
FORGET_EVERY = 1000

app = faust.App(
    TASK.group,
    broker=f"kafka://{TASK.brokers}",
    topic_partitions=4,
    web_enabled=False,
    producer_linger=0.05,
    producer_compression_type="lz4",
    producer_max_batch_size=262_144,
    stream_buffer_maxsize=16_384,
    broker_max_poll_records=4000,
)
by_resource = app.Table("by_resource", default=int)
by_hour = app.Table("by_hour", default=int)


@app.agent(app.topic(TASK.topic, key_type=bytes, value_type=bytes, value_serializer="raw"))
async def fold(stream: AsyncIterable[bytes]) -> None:
    done = 0
    stale: set[str] = set()
    async for value in stream:
        WATCH.start()
        resource_id, occurred_at = DECODE(value)
        by_resource[resource_id] += 1
        by_hour[f"{resource_id}|{occurred_at // HOUR_US}"] += 1
        stale.update(stale_keys(resource_id))
        done += 1
        if done % FORGET_EVERY == 0 or done == TASK.events:
            await CACHE.unlink(*stale)
            stale.clear()
        if done == TASK.events:
            commit_all(app, TASK, lambda: WATCH.stop(sum(by_resource.values()), sum(by_hour.values()), TASK.events))


if __name__ == "__main__":
    faust.Worker(app, loglevel="warn").execute_from_commandline()
