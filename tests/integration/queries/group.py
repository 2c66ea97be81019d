"""A group of worker processes on real servers that answer queries, and what can happen to them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from api.assignments import Assignments
from api.owners import NotAnswered
from bookly.headers import headers_of
from bookly.records import ENCODERS
from bookly.registry import Registry
from bookly.transport import librdkafka_settings
from demo.barrier import Barrier, Offsets
from tests.integration.engine.worlds import prefix_of
from tests.pipeline import Worker
from tests.unit.clock import at
from tests.unit.engine.asking import DOMAIN, SECRET
from tests.unit.facts import asked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from stack import Stack

TOPIC = "bookly.availability"
PATIENCE_S = 60.0
Answer = TypeVar("Answer")
_names = count(1)


class QueryWorker(Worker):
    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.integration.queries.worker"]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)


class Group:
    """Nothing else may be published while its rows are counted against offsets."""

    def __init__(self, stack: Stack, logs: Path) -> None:
        self.brokers, self._logs = stack.brokers, logs
        self._environment = {
            **os.environ,
            "BOOKLY_BROKERS": stack.brokers,
            "BOOKLY_REGISTRY": str(stack.registry),
            "BOOKLY_REDIS": str(stack.redis),
            "BOOKLY_QUERIES": "0",
            "BOOKLY_INTERNAL_SECRET": SECRET,
        }
        self._registry = Registry(str(stack.registry))
        self._producer = Producer({**librdkafka_settings(stack.brokers), "partitioner": "murmur2_random", "log_level": 2})
        self._offsets = Offsets(stack.brokers)
        self._begin_at_the_ends()
        self.workers = [self.another()]

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        self._registry.close()

    def another(self) -> QueryWorker:
        """One more worker, started."""
        logs = self._logs / f"worker-{next(_names)}"
        logs.mkdir()
        return QueryWorker(DOMAIN.name, self._environment, logs)

    def book(self, *names: str, user: str = "ann", resource: str = "hall") -> None:
        """Published, and confirmed by the broker."""
        for name in names:
            event = at(1, asked(name, 9, 10, user, resource=resource))
            value = prefix_of(self._registry.schema_id(event.TYPE)) + ENCODERS[type(event)](event)
            self._producer.produce(TOPIC, value, resource, headers=dict(headers_of(event.metadata, resource)))
            self._producer.poll(0)
        assert self._producer.flush(60) == 0

    def wait_until_quiet(self) -> None:
        """Everything that was published is committed."""
        Barrier(self._offsets, {DOMAIN.group: DOMAIN.inputs}, PATIENCE_S).wait(lambda: None)

    def ends(self) -> dict[int, int]:
        return {number: end for (_, number), end in self._offsets.ends({TOPIC}).items()}

    def committed(self) -> dict[int, int]:
        return {number: offset for (topic, number), offset in self._offsets.committed(DOMAIN.group).items() if topic == TOPIC}

    async def addresses(self) -> dict[int, str]:
        """Of the owner of each partition, as the broker knows it now."""
        return dict((await Assignments(self.brokers).of(DOMAIN.name)).owners)

    async def shared_by(self, workers: int) -> dict[int, str]:
        """The addresses, when all partitions are owned by so many workers and each can be asked."""

        async def shared() -> dict[int, str]:
            found = await self.addresses()
            return found if len(found) == 4 and len(set(found.values())) == workers else {}

        return await eventually(shared, f"the partitions are shared by {workers}")

    def _begin_at_the_ends(self) -> None:
        """Other tests have filled the topic."""
        places = [TopicPartition(topic, number, end) for (topic, number), end in self._offsets.ends(set(DOMAIN.inputs)).items()]
        request = [ConsumerGroupTopicPartitions(DOMAIN.group, places)]
        admin = AdminClient({**librdkafka_settings(self.brokers)})  # kept while it is waited for: its answers end with it
        admin.alter_consumer_group_offsets(request)[DOMAIN.group].result()


async def eventually(question: Callable[[], Awaitable[Answer]], wanted: str, patience: float = PATIENCE_S) -> Answer:
    """The first answer that is true. That nobody answers is no answer yet."""
    deadline, answer = time.monotonic() + patience, None
    while True:
        try:
            if answer := await question():
                return answer
            why: Any = answer
        except NotAnswered as error:
            why = error
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {wanted}; last answer: {why!r}"
        await asyncio.sleep(0.1)
