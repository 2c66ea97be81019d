"""Stock Faust as it comes: an agent, two tables, the cache told of each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faust
from redis.asyncio import Redis

from bench.peers.decoding import by_fastavro
from bench.peers.faust_ending import commit_all
from bench.peers.stopwatch import HOUR_US, Stopwatch, Task, stale_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

TASK, WATCH = Task.given(), Stopwatch()
DECODE, CACHE = by_fastavro(TASK), Redis.from_url(TASK.redis)

app = faust.App(TASK.group, broker=f"kafka://{TASK.brokers}", topic_partitions=4, web_enabled=False)
by_resource = app.Table("by_resource", default=int)
by_hour = app.Table("by_hour", default=int)


@app.agent(app.topic(TASK.topic, key_type=bytes, value_type=bytes, value_serializer="raw"))
async def fold(stream: AsyncIterable[bytes]) -> None:
    done = 0
    async for value in stream:
        WATCH.start()
        resource_id, occurred_at = DECODE(value)
        by_resource[resource_id] += 1
        by_hour[f"{resource_id}|{occurred_at // HOUR_US}"] += 1
        await CACHE.unlink(*stale_keys(resource_id))
        done += 1
        if done == TASK.events:
            commit_all(app, TASK, lambda: WATCH.stop(sum(by_resource.values()), sum(by_hour.values()), TASK.events))


if __name__ == "__main__":
    faust.Worker(app, loglevel="warn").execute_from_commandline()
