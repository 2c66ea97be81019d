"""Where a service writes, a relay publishes, and readers read: real servers, and relays as processes of their own."""

from __future__ import annotations

import contextlib
import time
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import psutil
from confluent_kafka import Consumer, TopicPartition
from sqlalchemy import BigInteger, Column, Engine, MetaData, NullPool, Table, Text, create_engine, event, insert, select, text

from bookly.events.resources import ResourceStatus, ResourceStatusChanged
from bookly.outbox import METADATA, BlockingOutbox, measure
from bookly.outbox.queries import Measure
from bookly.transport import librdkafka_settings
from tests.integration.outbox.processes import RelayProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from stack import Server, Stack

TOPIC = "bookly.resources"
DEADLINE = 60.0
OUTBOX = BlockingOutbox(source="facility-service")
SERVICE = MetaData()
JOURNAL = Table(  # a table of the service: what was committed, by another way than the outbox
    "journal",
    SERVICE,
    Column("number", BigInteger().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("key", Text, nullable=False),
)


class Record(NamedTuple):
    """As a reader finds it."""

    key: str
    event_id: str
    value: bytes
    headers: dict[str, bytes]


class Database:
    """A service's database, by the drivers that it may be reached with."""

    def __init__(self, url: str, server: Server | None = None) -> None:
        self.url, self.server = url, server
        self.is_postgresql = url.startswith("postgresql")

    @property
    def blocking(self) -> str:
        return self.url.replace("postgresql:", "postgresql+psycopg:")

    @property
    def on_asyncio(self) -> str:
        return self.url.replace("postgresql:", "postgresql+asyncpg:").replace("sqlite:", "sqlite+aiosqlite:")

    @cached_property
    def engine(self) -> Engine:
        engine = create_engine(self.blocking, poolclass=NullPool)
        if not self.is_postgresql:
            event.listen(engine, "connect", _as_services_set_it)
        return engine

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        with self.engine.begin() as connection:
            METADATA.create_all(connection)
            SERVICE.create_all(connection)
        yield
        self.engine.dispose()

    def measure(self) -> Measure:
        with self.engine.begin() as connection:
            return measure(connection)

    def committed(self) -> dict[str, list[str]]:
        """Ids by key, in the order in which their transactions were committed: by the server's own clock, not by the outbox."""
        order = text("pg_xact_commit_timestamp(xmin), number") if self.is_postgresql else text("rowid")
        found: dict[str, list[str]] = {}
        with self.engine.begin() as connection:
            for key, event_id in connection.execute(select(JOURNAL.c.key, JOURNAL.c.event_id).order_by(order)):
                found.setdefault(key, []).append(event_id)
        return found

    def crash(self) -> None:
        """End every process of the server at once, as a power cut would, and start it again."""
        server = self.server
        assert server is not None
        assert server.pid is not None
        children = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=10)
        server.start()


def _as_services_set_it(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 20000")


def status(key: str, **fields: Any) -> ResourceStatusChanged:
    """A valid event of this key."""
    return ResourceStatusChanged(
        **{"resource_id": key, "status": ResourceStatus.AVAILABLE, "previous": ResourceStatus.IN_USE, **fields}
    )


def write(connection: Connection, number: int, key: str) -> str:
    """What a service does in one transaction: a row of its own, and the event of it."""
    event_id = OUTBOX.write(connection, status(key))
    connection.execute(insert(JOURNAL).values(number=number, event_id=event_id, key=key))
    return event_id


class World:
    """All of it; reads the topic from where it ended when the test began."""

    def __init__(self, database: Database, stack: Stack) -> None:
        self.database, self.stack = database, stack
        self.relays: list[RelayProcess] = []
        self._read: list[Record] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[World]:
        self._consumer = Consumer({**librdkafka_settings(self.stack.brokers), "group.id": uuid.uuid4().hex})
        try:
            partitions = self._consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
            self._next = {number: self._ends(number) for number in partitions}
            self._consumer.assign([TopicPartition(TOPIC, number, end) for number, end in self._next.items()])
            yield self
        finally:
            for relay in self.relays:
                relay.kill()
            self._consumer.close()
            for server in filter(None, (self.stack.broker, self.stack.registry, self.database.server)):
                server.resume()
                server.start()

    def relay(self, *words: str) -> RelayProcess:
        """A new one, which has begun."""
        relay = RelayProcess(self.database.url, self.stack, words)
        self.relays.append(relay)
        return relay

    def read(self) -> list[Record]:
        """All records since the beginning, repeats included, up to where the topic ends now."""
        ends = {number: self._ends(number) for number in self._next}
        while any(self._next[number] < end for number, end in ends.items()):
            message = self._consumer.poll(20)
            assert message is not None, f"read up to {self._next} of {ends} within 20 s"
            assert message.error() is None, message.error()
            headers = dict(cast("Any", message.headers()))
            record = Record((message.key() or b"").decode(), headers["ce_id"].decode(), message.value() or b"", headers)
            self._read.append(record)
            self._next[message.partition() or 0] = (message.offset() or 0) + 1
        return list(self._read)

    def _ends(self, number: int) -> int:
        found = self._consumer.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=10)
        assert found is not None
        return int(found[1])

    def wait_for(self, what: str, condition: Callable[[], object]) -> None:
        """Return when it holds; the deadline is for a machine that is busy with other things."""
        until = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < until, f"not within {DEADLINE:.0f} s: {what}. {self._said()}"
            time.sleep(0.02)

    def wait_for_more(self, count: int) -> None:
        """Return when that many records more are on the topic."""
        seen = len(self.read())
        self.wait_for("events arrive", lambda: len(self.read()) >= seen + count)

    def wait_until_empty(self) -> None:
        self.wait_for("the outbox is empty", lambda: self.database.measure().size == 0)

    def _said(self) -> str:
        return "The relays' last words:\n" + "\n".join(relay.said()[-1500:] for relay in self.relays)


def by_key(records: list[Record]) -> dict[str, list[str]]:
    """Ids by key in the order of the topic, each where it was first seen: what a reader makes of it that knows repeats."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        found.setdefault(record.key, {})[record.event_id] = None
    return {key: list(ids) for key, ids in found.items()}
