"""Between two steps everybody waits until every group has worked through all there is, and what it emitted as well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # public, says its documentation

from bookly.errors import BrokerUnavailable
from bookly.transport import librdkafka_settings
from contracts.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Place = tuple[str, int]
PAUSE_S = 0.05
ASKING_S = 10.0


class NotQuiet(Exception):
    """A group did not catch up in time; the message names it, its partition and its lag."""


def groups() -> dict[str, tuple[str, ...]]:
    """The consumer groups and the topics that each reads, as the contracts have it."""
    topics = load_topics()
    readers = sorted({reader for topic in topics for reader in topic.readers} - {"api"})
    return {f"bookly-{reader}": tuple(topic.name for topic in topics if reader in topic.readers) for reader in readers}


class Offsets:
    """What the broker says of the ends of topics, and of how far groups have come. Raises BrokerUnavailable."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._admin = AdminClient(librdkafka_settings(brokers, {"log_level": 2}))  # that a broker ends is told by who ends it

    def ends(self, topics: set[str]) -> dict[Place, int]:
        """The end of every partition, records of transactions that are still open included: they are work to come."""
        places = {
            TopicPartition(topic, number): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for topic, about in self._ask(lambda: self._admin.list_topics(timeout=ASKING_S)).topics.items()
            if topic in topics
            for number in about.partitions
        }
        settings = {"isolation_level": IsolationLevel.READ_UNCOMMITTED, "request_timeout": ASKING_S}
        found = self._ask(lambda: [(place, end.result()) for place, end in self._admin.list_offsets(places, **settings).items()])
        return {(place.topic, place.partition): end.offset for place, end in found}

    def committed(self, group: str) -> dict[Place, int]:
        request = [ConsumerGroupTopicPartitions(group)]
        asked = self._admin.list_consumer_group_offsets(request, request_timeout=ASKING_S)[group]
        found = self._ask(asked.result)
        return {(place.topic, place.partition): place.offset for place in found.topic_partitions}

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except KafkaException as error:
            raise BrokerUnavailable(self._brokers, ASKING_S, str(error)) from error


class Barrier:
    """`patience`: seconds that a step may take to be worked through. `offsets` and `clock` are there for tests."""

    def __init__(
        self,
        offsets: Offsets,
        reads: Mapping[str, tuple[str, ...]],
        patience: float = 90.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._offsets, self._reads, self._patience, self._clock = offsets, reads, patience, clock
        self._topics = {topic for topics in reads.values() for topic in topics}

    def wait(self, look: Callable[[], object]) -> None:
        """Return when no group has anything left to do. `look` is called between questions. Raises NotQuiet.

        A group writes what it emits before it commits what that is because of. So when every group has committed up to the
        ends, and the ends are still the same when asked once more, nothing is under way.
        """
        deadline = self._clock() + self._patience
        ends = self._offsets.ends(self._topics)
        while True:
            look()
            behind = self._behind(ends)
            before, ends = ends, self._offsets.ends(self._topics)
            if not behind and ends == before:
                return
            if self._clock() > deadline:
                raise NotQuiet(self._sentence(behind))
            time.sleep(PAUSE_S)  # lag can only be asked for

    def _behind(self, ends: Mapping[Place, int]) -> list[tuple[int, str, Place]]:
        """How much is left, for which group, where; the most last."""
        left = []
        for group, topics in self._reads.items():
            committed = self._offsets.committed(group)
            places = [place for place in ends if place[0] in topics]
            left += [(ends[place] - max(0, committed.get(place, 0)), group, place) for place in places]
        return sorted(one for one in left if one[0] > 0)

    def _sentence(self, behind: list[tuple[int, str, Place]]) -> str:
        if not behind:
            return f"after {self._patience:.0f} s somebody still publishes: no group is behind, but the topics grow"
        lag, group, (topic, partition) = behind[-1]
        return (
            f"{group} is {lag} records behind on {topic} partition {partition} after {self._patience:.0f} s; "
            f"see the log of its worker"
        )
