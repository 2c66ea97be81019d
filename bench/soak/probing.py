"""How late it is: events of keys that nobody else touches, and the moment at which their rows can be read as committed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from itertools import cycle
from threading import Event
from typing import TYPE_CHECKING, Self

import msgspec
from confluent_kafka import Consumer, TopicPartition

from agents import PARTITIONS, domains
from bench.children import MeasureFailed
from bench.soak.counting import SHOWN
from bookly import BlockingProducer
from bookly.contract import contract_of
from faults.background import Background

if TYPE_CHECKING:
    from confluent_kafka import Message

    from bench.soak.counting import Changes
    from bench.soak.population import Population

EVERY_S = 0.2
LOOK_S = 0.002  # how exactly a probe is sent in time
SEEN_S = 60.0  # after the last one; a row that is not there by then is none
PATIENCE_S = 10.0
WATCHED = {  # a table of each group in which a probe is seen
    "auth": "roles",
    "resources": "resources",
    "availability": "resources",
    "stockpile": "role_permissions",
    "reports": "downtime",
}
ROOMS, ROLES = ("resources", "availability", "reports"), ("auth", "stockpile")  # who is told of a resource, who of a role


class Prober:
    """From `with` on, in a thread: every so often it tells of a resource and of a role, each time of another one, and reads the
    changelogs read committed. `latencies`: seconds, by group. `changes`, `records`: of what it has published, as Life counts.
    """

    def __init__(self, brokers: str, registry: str, population: Population) -> None:
        self._brokers, self._registry, self._of = brokers, registry, population
        self.latencies: dict[str, list[float]] = {name: [] for name in WATCHED}
        self.changes: Changes = Counter()
        self.records: Counter[str] = Counter()
        self._waiting: defaultdict[tuple[str, str], deque[tuple[int, float]]] = defaultdict(deque)
        self._groups = {domains()[name].changelog(table): name for name, table in WATCHED.items()}
        self._ending = Event()
        self._patience = SEEN_S

    def __enter__(self) -> Self:
        self._consumer = Consumer(
            {
                "bootstrap.servers": self._brokers,
                "group.id": "bookly-soak",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 10,
            }
        )
        places = [TopicPartition(topic, number) for topic in self._groups for number in range(PARTITIONS)]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, PATIENCE_S)[1]
        self._consumer.assign(places)
        self._thread = Background("prober", self._probe)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Raises MeasureFailed where a probe was never seen; of a block that failed none is waited for."""
        if kind is not None:
            self._patience = 0.0
        self._ending.set()
        self._thread.finish()

    def _probe(self) -> None:
        with BlockingProducer(brokers=self._brokers, registry=self._registry, source="probe", linger=0) as producer:
            turns, due = cycle(range(self._of.probes)), time.monotonic()
            while not self._ending.is_set():
                if time.monotonic() >= due:
                    due += EVERY_S
                    self._publish(producer, next(turns))
                self._look()
        ended = time.monotonic()
        while any(self._waiting.values()) and time.monotonic() - ended < self._patience:
            self._look()
        self._consumer.close()
        left = sorted({group for (group, _), waiting in self._waiting.items() if waiting})
        if left and self._patience:
            raise MeasureFailed(f"after {SEEN_S:.0f} s there are probes that nobody can read in a changelog of {', '.join(left)}")

    def _publish(self, producer: BlockingProducer, turn: int) -> None:
        room, role = self._of.resources + turn, self._of.roles + turn
        self.changes.update((("name", room), ("permissions", role)))
        name, permissions = self.changes["name", room], self.changes["permissions", role]
        for groups, key, number, event in (
            (ROOMS, self._of.room(room), name, self._of.renamed(room, name)),
            (ROLES, self._of.role(role), permissions, self._of.permissions(role, permissions)),
        ):
            self.records[contract_of(type(event)).type] += 1
            at = time.monotonic()
            producer.enqueue(event)
            for group in groups:
                self._waiting[group, key].append((number, at))

    def _look(self) -> None:
        message = self._consumer.poll(LOOK_S)
        if message is not None and message.error() is None:
            self._see(message)

    def _see(self, message: Message) -> None:
        now, key, value, group = time.monotonic(), message.key(), message.value(), self._groups[message.topic() or ""]
        waiting = self._waiting.get((group, key.decode())) if key is not None else None
        if not waiting or value is None:
            return
        shown = SHOWN[f"{group} {WATCHED[group]}"](msgspec.json.decode(value))
        while waiting and waiting[0][0] <= shown:
            self.latencies[group].append(now - waiting.popleft()[1])
