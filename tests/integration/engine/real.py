"""The suite's domain in a worker process on real servers, seen from outside: topics, offsets, changelogs, Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from redis import Redis

from api.console.dead import order, queues
from api.parking import command
from api.tables import read_log, read_table
from api.tally import read_tally
from bookly.access import redis_access
from bookly.errors import MalformedBytes, UnknownSchema
from bookly.headers import headers_of
from bookly.reading import decode_record
from bookly.records import ENCODERS, NO_METADATA
from bookly.records.availability import WaitlistOffered
from bookly.registry import Registry
from bookly.testing import DeadLetter, happened
from bookly.transport import librdkafka_settings
from demo.barrier import Barrier, Offsets
from tests.integration.engine.domain import DOMAIN
from tests.integration.engine.worlds import PARTITIONS, beside, partition_of, prefix_of
from tests.pipeline import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from api.console.dead import Queue
    from api.parking import Waiting
    from bookly.records import Record
    from stack import Stack

TOPIC = "bookly.availability"
_marks = count(1)


class SuiteWorker(Worker):
    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.integration.engine.worker"]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)


class Real:
    """`watched`: the tags that are looked at. A generation moves only if it is there, so each is begun before every call."""

    def __init__(self, stack: Stack, environment: dict[str, str], logs: Path) -> None:
        self.watched: set[str] = set()
        self.brokers = stack.brokers
        self._registry = Registry(str(stack.registry))
        self._redis = Redis.from_url(str(stack.redis), **redis_access(str(stack.redis)))
        self._producer = Producer(
            {**librdkafka_settings(stack.brokers), "partitioner": "murmur2_random", "acks": "all", "log_level": 2}
        )
        self._offsets = Offsets(stack.brokers)
        self._admin = AdminClient({**librdkafka_settings(stack.brokers), "log_level": 2})
        self._begin_at_the_ends()
        self.environment = environment
        self.worker = SuiteWorker(DOMAIN.name, environment, logs)
        self._start()

    def close(self) -> None:
        self.worker.kill()
        self._registry.close()
        self._redis.close()

    def restart(self) -> None:
        assert self.worker.stop() == 0
        self.worker.start()

    def when(self, *events: Record) -> None:
        self._start()
        for event in events:
            self._publish(self._producer, event)
        assert self._producer.flush(30) == 0
        self._settle(getattr(events[-1], events[-1].KEY_FIELD))

    def flood(self, *events: Record, written_at: int = 0) -> None:
        """Publish many at once, and wait for nothing but the broker. `written_at`: milliseconds since 1970, if not now."""
        self._start()
        for event in events:
            self._publish(self._producer, event, written_at)
        assert self._producer.flush(60) == 0

    def send_raw(self, value: bytes, key: bytes) -> None:
        self._start()
        self._send(value, key)
        self.wait_until_quiet()

    @contextmanager
    def in_a_transaction(self, *events: Record) -> Iterator[None]:
        """Publish many that readers see all at once, when the block ends."""
        producer = Producer(
            {**librdkafka_settings(self.brokers), "partitioner": "murmur2_random", "transactional.id": f"suite-{next(_marks)}"}
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        for event in events:
            self._publish(producer, event)
        producer.flush(60)
        yield
        producer.commit_transaction(30)

    def wait_until_quiet(self, seconds: float = 60) -> None:
        """Everything that there is is committed."""
        Barrier(self._offsets, {DOMAIN.group: DOMAIN.inputs}, seconds).wait(lambda: None)

    def committed(self) -> int:
        """Records of the events' topic that the group has behind it, all partitions together."""
        return sum(offset for (topic, _), offset in self._offsets.committed(DOMAIN.group).items() if topic == TOPIC)

    def another(self, **environment: str) -> SuiteWorker:
        """One more worker of the group, started."""
        logs = self.worker.log.parent / f"another-{next(_marks)}"
        logs.mkdir()
        return SuiteWorker(DOMAIN.name, {**self.environment, **environment}, logs)

    def when_raw(self, value: bytes | None, key: str) -> None:
        self._start()
        self._send(value, key)
        self._settle(key)

    def clock(self, now: int) -> None:
        self._start()
        time.sleep(max(0.0, now / 1e6 - time.time()))
        eventually(lambda: all(timer.due > now for timer in self.rows("timers").values()), "what is due has happened")
        self.wait_until_quiet()

    def release(self, key: str, *, skip: bool = False) -> None:
        self._start()
        order(self.brokers, [self.queue(key)], by="suite", skip=skip)
        self._settle(key)

    def replay(self, key: str) -> None:
        self._start()
        self.replay_log(lambda message: message.key() == key.encode())
        self._settle(key)

    def replay_log(self, wanted: Callable[[Any], bool]) -> None:
        """Each wanted record of the topic is given to the group once more. Returns when the broker has them."""
        for message in read_log(self.brokers, TOPIC):
            if wanted(message):
                place = {"id": "suite", "topic": TOPIC, "partition": message.partition(), "offset": message.offset()}
                headers: Any = [*(message.headers() or []), *((f"replay.{name}", str(it).encode()) for name, it in place.items())]
                partition = int(message.partition() or 0)
                self._producer.produce(DOMAIN.replay, message.value(), message.key(), partition, headers=headers)
                self._producer.poll(0)
        assert self._producer.flush(30) == 0

    def queue(self, key: str) -> Queue:
        """What waits of a key."""
        return next(one for one in queues(self.brokers, DOMAIN.name) if one.key == key)

    def command(self, head: Waiting, *, skip: bool) -> None:
        """As an operator sends it; nobody looks at what came of it."""
        self._producer.produce(DOMAIN.control, command(head, by="suite", skip=skip), head.key, head.partition)
        assert self._producer.flush(30) == 0
        self.wait_until_quiet()

    def parked(self, key: str) -> list[Record | None]:
        found: dict[bytes, bytes | None] = {}
        for message in read_log(self.brokers, DOMAIN.parked):
            found[message.key() or b""] = message.value()
        waiting = [
            value for name, value in sorted(found.items()) if name.rpartition(b"|")[0] == key.encode() and value is not None
        ]
        return [self._event(value) for value in waiting[1:]]

    def wire(self, event: Record) -> bytes:
        return prefix_of(self._registry.schema_id(event.TYPE)) + ENCODERS[type(event)](_dated(event))

    def row(self, table: str, key: str) -> Any:
        return self.rows(table).get(key)

    def rows(self, table: str) -> dict[str, Any]:
        (kind,) = [each.row for each in DOMAIN.tables if each.name == table]
        return {key: msgspec.convert(row, kind) for key, row in read_table(self.brokers, DOMAIN.name, table).items()}

    @property
    def emitted(self) -> list[Record]:
        found = [event for message in self._read(TOPIC) if (event := self._event(message.value())) is not None]
        return [event for event in found if event.metadata.source == DOMAIN.name]

    @property
    def repeats(self) -> int:
        return self._repeats() - self._repeats_before

    @property
    def stale(self) -> set[str]:
        return self._moved(self.watched)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return [self._dead_letter(message) for message in self._read(DOMAIN.dead_letters)]

    def _begin_at_the_ends(self) -> None:
        """Other tests have filled the topic."""
        ends = self._offsets.ends(set(DOMAIN.inputs))
        places = [TopicPartition(topic, number, end) for (topic, number), end in ends.items()]
        request = [ConsumerGroupTopicPartitions(DOMAIN.group, places)]
        self._admin.alter_consumer_group_offsets(request)[DOMAIN.group].result()

    def _start(self) -> None:
        self._since = self._offsets.ends({TOPIC, DOMAIN.dead_letters})
        self._repeats_before = self._repeats()
        self._mark(self.watched)

    def _publish(self, producer: Producer, event: Record, written_at: int = 0) -> None:
        dated, key = _dated(event), str(getattr(event, event.KEY_FIELD))
        value, headers = self.wire(dated), headers_of(dated.metadata, key)
        producer.produce(TOPIC, value, key, headers=dict(headers), timestamp=written_at)
        producer.poll(0)

    def _send(self, value: bytes | None, key: str | bytes) -> None:
        self._producer.produce(TOPIC, value, key, headers=[("ce_id", b"broken")])
        assert self._producer.flush(30) == 0

    def _settle(self, key: str) -> None:
        """Everything on the key's partition is committed, and the caches know: an event behind it has moved a tag of its own."""
        last = beside(key, f"mark-{next(_marks)}")
        tag = f"avail:gen:waitlist:{{{last}}}"
        self._mark({tag})
        self._publish(self._producer, WaitlistOffered("w", last, "ann", 1, 2, 3))
        assert self._producer.flush(30) == 0
        Barrier(self._offsets, {DOMAIN.group: DOMAIN.inputs}, 60).wait(self._check_worker)
        eventually(lambda: self._moved({tag}), f"{tag} has moved")

    def _check_worker(self) -> None:
        log = self.worker.log
        assert self.worker.process.poll() is None, f"the worker ended: {log.read_text(errors='replace')[-3000:]}"

    def _mark(self, tags: Iterable[str]) -> None:
        for tag in tags:
            self._redis.set(tag, b"1")

    def _moved(self, tags: Iterable[str]) -> set[str]:
        return {tag for tag in tags if self._redis.get(tag) != b"1"}

    def _repeats(self) -> int:
        return read_tally(self.brokers, DOMAIN.group)["repeats"]

    def _read(self, topic: str) -> Iterator[Any]:
        return read_log(self.brokers, topic, since=self._since)

    def _event(self, value: bytes | None) -> Record | None:
        try:
            return decode_record(value, self._registry)[1]
        except (MalformedBytes, UnknownSchema):
            return None

    def _dead_letter(self, message: Any) -> DeadLetter:
        why = {name: value.decode() for name, value in message.headers() if name.startswith("dead.")}
        event = self._event(message.value())
        assert partition_of(message.key().decode()) == message.partition() < PARTITIONS
        attempt = int(why["dead.attempt"])
        return DeadLetter(why["dead.reason"], why["dead.error"], why["dead.handler"], message.key().decode(), event, attempt)


def _dated(event: Record) -> Record:
    return happened(event) if event.metadata is NO_METADATA else event
