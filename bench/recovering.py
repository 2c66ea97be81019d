"""One side of bench.recovery: `python -m bench.recovering engine|confluent|aiokafka NAME`; its figures are one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Consumer, KafkaError
from confluent_kafka import TopicPartition as Place

from agents.engine.logs import configure_logs
from agents.engine.recovery import READ_AT_ONCE, take_over
from agents.engine.worker import tune_interpreter
from bench.apart import fold_of
from bookly.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.apart import Apart

PARTITIONS = 4
MESSAGES = 2_000  # 500 to 20,000 at once made no difference


class Watch:
    """Time and CPU from its making to `stop`, which comes before connections are closed."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), used_cpu()

    def stop(self) -> None:
        self.seconds, self.cpu_s = time.perf_counter() - self._began, used_cpu() - self._cpu


def by_engine(domain: Apart, brokers: str, watch: Watch) -> tuple[int, object]:
    """Fence, recover, keep: what a worker does before it reads on."""

    async def taken() -> tuple[int, object]:
        partitions = await take_over(domain, brokers, list(range(PARTITIONS)))
        watch.stop()
        for partition in partitions.values():
            await partition.close()
        return sum(len(rows) for partition in partitions.values() for rows in partition.rows.values()), partitions

    return uvloop.run(taken())


def by_confluent(domain: Apart, brokers: str, watch: Watch) -> tuple[int, object]:
    """consume() to the ends, nothing decoded, nothing kept."""
    settings = {
        "bootstrap.servers": brokers,
        "group.id": "bench-nobody",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 5,  # by default it sleeps 1 s when its queue is full: 340,000 a second, not 800,000
    }
    consumer = Consumer(settings)
    open_places = {(topic, number) for topic in changelogs(domain) for number in range(PARTITIONS)}
    consumer.assign([Place(topic, number, 0) for topic, number in open_places])
    read = 0
    while open_places:
        for message in consumer.consume(MESSAGES, 0.02):
            error = message.error()
            if error is None:
                read += 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # how the client names it
                open_places.discard((message.topic() or "", message.partition() or 0))
            else:
                raise RuntimeError(f"the changelog cannot be read: {error}")
    watch.stop()
    consumer.close()
    return read, None


def by_aiokafka(domain: Apart, brokers: str, watch: Watch) -> tuple[int, object]:
    """getmany() to the ends, nothing decoded, nothing kept."""

    async def read_all() -> int:
        consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=brokers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        await consumer.start()
        places = [TopicPartition(topic, number) for topic in changelogs(domain) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        read = 0
        while behind := [place for place, end in ends.items() if await consumer.position(place) < end]:
            found = await consumer.getmany(*behind, timeout_ms=200, max_records=READ_AT_ONCE)
            read += sum(map(len, found.values()))
        watch.stop()
        await consumer.stop()
        return read

    return uvloop.run(read_all()), None


def changelogs(domain: Apart) -> list[str]:
    return [domain.changelog(table.name) for table in domain.tables]


SIDES: Mapping[str, Callable[[Apart, str, Watch], tuple[int, object]]] = {
    "engine": by_engine,
    "confluent": by_confluent,
    "aiokafka": by_aiokafka,
}


def main(side: str, name: str) -> None:
    domain, brokers = fold_of(name, f"bench.{name}"), Settings.from_environment().brokers
    configure_logs()
    tune_interpreter()
    before, watch = psutil.Process().memory_info().rss, Watch()
    records, kept = SIDES[side](domain, brokers, watch)
    grown = psutil.Process().memory_info().rss - before
    del kept  # it lived until its size was taken
    sys.stdout.write(
        json.dumps({"records": records, "seconds": watch.seconds, "cpu_s": watch.cpu_s, "grown_bytes": grown}) + "\n"
    )


def used_cpu() -> float:
    """Seconds of this process and all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
