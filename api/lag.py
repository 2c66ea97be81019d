"""How far each consumer group is behind the log it reads: committed offsets against committed ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home

from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Lag:
    """One partition as one group sees it."""

    group: str
    topic: str
    partition: int
    committed: int
    end: int

    @property
    def messages(self) -> int:
        """What is left to read; transaction markers count as offsets do."""
        return max(0, self.end - self.committed)


class LagReader:
    """Asks one broker again and again over one connection."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._admin = admin_client(brokers)

    def read(self, group: str, topics: Iterable[str]) -> list[Lag]:
        """The lag of a group on every partition of the topics. Raises BrokerUnavailable after ten seconds."""
        try:
            places = self._places(topics)
            if not places:
                return []  # nothing is provisioned, so nothing waits
            ends = self._admin.list_offsets(
                {place: OffsetSpec.latest() for place in places},  # type: ignore[no-untyped-call]
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=PATIENCE_S,
            )
            request = [ConsumerGroupTopicPartitions(group, places)]
            found = self._admin.list_consumer_group_offsets(request, request_timeout=PATIENCE_S)[group].result().topic_partitions
            reached = {place: future.result().offset for place, future in ends.items()}
        except KafkaException as error:
            raise BrokerUnavailable(self._brokers, PATIENCE_S, error.args[0].str()) from error
        return [Lag(group, place.topic, place.partition, max(place.offset, 0), reached[place]) for place in found or ()]

    def _places(self, topics: Iterable[str]) -> list[TopicPartition]:
        known = self._admin.list_topics(timeout=PATIENCE_S).topics
        return [TopicPartition(topic, number) for topic in topics if topic in known for number in known[topic].partitions]
