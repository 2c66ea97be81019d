"""Quix Streams: a stateful update with both counts of a key, RocksDB and its changelog, a checkpoint each 5 s as it comes.

Its run returns when all is closed, about 0.2 s after the last commit.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # of the peer's own environment
from redis import Redis

from bench.peers.decoding import by_fastavro
from bench.peers.stopwatch import HOUR_US, Stopwatch, Task, stale_keys

FORGET_EVERY = 1000


def main() -> None:
    task, watch = Task.given(), Stopwatch()
    decode, cache = by_fastavro(task), Redis.from_url(task.redis)
    by_resource: dict[str, int] = {}
    by_hour: dict[tuple[str, int], int] = {}
    stale: set[str] = set()
    done = 0
    app = Application(
        broker_address=task.brokers,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        state_dir="state",
        loglevel="WARNING",
        producer_extra_config={"compression.type": "lz4", "linger.ms": 5},
    )

    def count(value: bytes, state: Any) -> None:
        nonlocal done
        watch.start()
        resource_id, occurred_at = decode(value)
        hour = occurred_at // HOUR_US
        total, in_hour = state.get("all", 0) + 1, state.get(hour, 0) + 1
        state.set("all", total)
        state.set(hour, in_hour)
        by_resource[resource_id], by_hour[resource_id, hour] = total, in_hour  # what the state holds, for the sums
        stale.add(resource_id)
        done += 1
        if done % FORGET_EVERY == 0 or done == task.events:
            cache.unlink(*(key for one in stale for key in stale_keys(one)))
            stale.clear()
        if done == task.events:
            app.stop()  # it commits once more and then returns

    app.dataframe(app.topic(task.topic, value_deserializer="bytes", key_deserializer="bytes")).update(count, stateful=True)
    app.run()
    watch.stop(sum(by_resource.values()), sum(by_hour.values()), done)


if __name__ == "__main__":
    main()
