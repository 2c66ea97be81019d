"""Live rows as of known offsets. Rows and offsets of a commit are one transaction, but two topics: where the offsets are the same
before and after the rows were read to their end, and no transaction is open at that end, the two belong together.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home
from msgspec.json import Decoder

from agents.rebuild.errors import NotRebuilt
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client, librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Message

    from agents.domain import Domain
    from agents.rebuild.folding import Rows

PATIENCE_S = 10.0
SHORT_S = 0.5
QUIET_S = 60.0  # how long a group may commit without a pause long enough to look between two commits

Place = tuple[str, int]


class Live(NamedTuple):
    """One partition: its rows, and the offsets of the inputs up to which they have seen everything."""

    rows: Rows
    offsets: dict[Place, int]


class Snapshot:
    """Reads the changelogs of a group on and on until each partition was seen between two commits."""

    def __init__(self, domain: Domain, brokers: str) -> None:
        self.domain, self._brokers = domain, brokers
        self._admin = admin_client(brokers)
        self._decoders = {domain.changelog(table.name): (table.name, Decoder(table.row)) for table in domain.tables}

    def members(self) -> int:
        """How many processes are in the group now. Raises BrokerUnavailable."""
        try:
            described = self._admin.describe_consumer_groups([self.domain.group], request_timeout=PATIENCE_S)
            return len(described[self.domain.group].result().members)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return 0
            raise BrokerUnavailable(self._brokers, PATIENCE_S, error.args[0].str()) from error

    def take(self, numbers: list[int], progress: Callable[[str], None] = lambda _: None) -> dict[int, Live]:
        """Each partition as of its own offsets. Raises NotRebuilt when the group never pauses, or BrokerUnavailable."""
        rows: dict[int, Rows] = {number: {table.name: {} for table in self.domain.tables} for number in numbers}
        reached = {(topic, number): 0 for topic in self._decoders for number in numbers}
        found: dict[int, Live] = {}
        consumer = Consumer(reading(self._brokers))
        deadline = None  # the first pass takes as long as there are rows; a group that never pauses is met in the next
        try:
            while left := set(numbers) - found.keys():
                before = self.offsets(left)
                self._read_on(consumer, self._ends(_places(reached, left), committed=True), reached, rows, deadline)
                after = self.offsets(left)
                ends = self._ends(_places(reached, left), committed=False)
                for number in left:
                    ended = all(reached[place] == end for place, end in ends.items() if place[1] == number)
                    if ended and _of(before, number) == _of(after, number):
                        found[number] = Live(rows[number], _of(after, number))
                deadline = deadline or time.monotonic() + QUIET_S
                if len(found) < len(numbers):
                    self._end_at(deadline, left - found.keys())
                progress(f"{len(found)} of {len(numbers)} partitions as they are live")
        finally:
            consumer.close()
        return found

    def offsets(self, numbers: set[int]) -> dict[Place, int]:
        """Where the group is on its inputs."""
        places = [TopicPartition(topic, number) for topic in self.domain.topics for number in sorted(numbers)]
        try:
            request = [ConsumerGroupTopicPartitions(self.domain.group, places)]
            answer = self._admin.list_consumer_group_offsets(request, require_stable=True, request_timeout=PATIENCE_S)
            listed = answer[self.domain.group].result().topic_partitions or ()
        except KafkaException as error:
            raise BrokerUnavailable(self._brokers, PATIENCE_S, error.args[0].str()) from error
        return {(place.topic, place.partition): max(place.offset, 0) for place in listed}

    def begins(self, places: list[Place]) -> dict[Place, int]:
        """Where the log begins."""
        return self._list(places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def _ends(self, places: list[Place], *, committed: bool) -> dict[Place, int]:
        """Behind what is committed: before the first transaction that is open; or behind everything."""
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        return self._list(places, OffsetSpec.latest(), level)  # type: ignore[no-untyped-call]

    def _list(self, places: list[Place], which: Any, level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED) -> dict[Place, int]:
        try:
            answer = self._admin.list_offsets(
                {TopicPartition(*place): which for place in places},
                isolation_level=level,
                request_timeout=PATIENCE_S,
            )
            return {(place.topic, place.partition): future.result().offset for place, future in answer.items()}
        except KafkaException as error:
            raise BrokerUnavailable(self._brokers, PATIENCE_S, error.args[0].str()) from error

    def _read_on(
        self, consumer: Consumer, ends: dict[Place, int], reached: dict[Place, int], rows: dict[int, Rows], deadline: float | None
    ) -> None:
        """Up to these ends at least. `reached` and `rows` go on: what was read stays so, and what does not move is not asked."""
        left = {place for place, end in ends.items() if reached[place] < end}
        if not left:
            return
        consumer.assign([TopicPartition(*place, reached[place]) for place in left])
        heard = time.monotonic()
        while left:
            message = consumer.poll(SHORT_S)
            if deadline is not None:
                self._end_at(deadline, {number for _, number in left})
            if message is None:
                if time.monotonic() - heard > PATIENCE_S:
                    raise BrokerUnavailable(self._brokers, PATIENCE_S, "it fell silent while changelogs were read")
                continue
            heard = time.monotonic()
            place = (str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if error is None:
                self._keep(rows[place[1]], place[0], message)
                reached[place] = (message.offset() or 0) + 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # the client's public name for it
                reached[place] = message.offset() or 0  # behind the marks of transactions, too
            else:
                raise KafkaException(error)
            if reached[place] >= ends[place]:
                left.discard(place)

    def _keep(self, rows: Rows, topic: str, message: Message) -> None:
        name, decoder = self._decoders[topic]
        key, value = (message.key() or b"").decode(), message.value()
        if value is None:
            rows[name].pop(key, None)
        else:
            rows[name][key] = decoder.decode(value)

    def _end_at(self, deadline: float, left: set[int]) -> None:
        if time.monotonic() > deadline:
            raise NotRebuilt(
                f"{self.domain.group} commits on partitions {sorted(left)} without a pause: compare when it is "
                "less busy, or stop its workers"
            )


def reading(brokers: str) -> dict[str, Any]:
    """How a consumer reads that is in no group."""
    return {
        **librdkafka_settings(brokers),
        "group.id": "bookly-rebuild",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 10,
        "auto.offset.reset": "earliest",
    }


def _of(offsets: dict[Place, int], number: int) -> dict[Place, int]:
    return {place: offset for place, offset in offsets.items() if place[1] == number}


def _places(reached: dict[Place, int], numbers: set[int]) -> list[Place]:
    return [place for place in reached if place[1] in numbers]
