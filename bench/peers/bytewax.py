"""Bytewax: a keyed stateful map with snapshots in SQLite as it comes, each 10 s; it writes no changelog to Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bytewax.operators as op  # type: ignore[import-not-found]  # of the peer's own environment
from bytewax.connectors.kafka import KafkaSource  # type: ignore[import-not-found]
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found]
from bytewax.outputs import DynamicSink, StatelessSinkPartition  # type: ignore[import-not-found]
from bytewax.recovery import RecoveryConfig, init_db_dir  # type: ignore[import-not-found]
from bytewax.run import cli_main  # type: ignore[import-not-found]
from redis import Redis

from bench.peers.by_hand import BATCH
from bench.peers.decoding import by_fastavro
from bench.peers.stopwatch import HOUR_US, Stopwatch, Task, stale_keys

State = tuple[int, dict[int, int]]


def count(state: State | None, hour: int) -> tuple[State, tuple[int, int, int]]:
    """The state of a resource; and what it holds now: the total, the hour, the count of the hour."""
    total, hours = state or (0, {})
    hours[hour] = hours.get(hour, 0) + 1
    return (total + 1, hours), (total + 1, hour, hours[hour])


class Forgetting(DynamicSink):  # type: ignore[misc]
    """The end of the flow: makes each batch's cache keys stale, and keeps the last counts for the sums."""

    def __init__(self, redis: str) -> None:
        self.redis = redis
        self.by_resource: dict[str, int] = {}
        self.by_hour: dict[tuple[str, int], int] = {}
        self.done = 0

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Any:  # noqa: ARG002
        sink, cache = self, Redis.from_url(self.redis)

        class Partition(StatelessSinkPartition):  # type: ignore[misc]
            def write_batch(self, items: list[tuple[str, tuple[int, int, int]]]) -> None:
                for resource_id, (total, hour, in_hour) in items:
                    sink.by_resource[resource_id] = total
                    sink.by_hour[resource_id, hour] = in_hour
                cache.unlink(*(key for resource_id in {item[0] for item in items} for key in stale_keys(resource_id)))
                sink.done += len(items)

        return Partition()


def main() -> None:
    task, watch = Task.given(), Stopwatch()
    decode, sink, state = by_fastavro(task), Forgetting(task.redis), Path("state")

    def keyed(messages: list[Any]) -> list[tuple[str, int]]:
        watch.start()
        events = (decode(message.value) for message in messages)
        return [(resource_id, occurred_at // HOUR_US) for resource_id, occurred_at in events]

    flow = Dataflow("fold")
    source = KafkaSource([task.brokers], [task.topic], tail=False, batch_size=BATCH)
    stream = op.flat_map_batch("decode", op.input("events", flow, source), keyed)
    op.output("forget", op.stateful_map("count", stream, count), sink)
    state.mkdir()
    init_db_dir(state, 1)
    cli_main(flow, recovery_config=RecoveryConfig(str(state)))
    watch.stop(sum(sink.by_resource.values()), sum(sink.by_hour.values()), sink.done)


if __name__ == "__main__":
    main()
