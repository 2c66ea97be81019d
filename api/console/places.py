"""Topics and groups as they are: how much lies where, who reads it, how far behind, in messages and in seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from confluent_kafka import ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home

from api.console.found import Span
from api.console.reading import offsets_of, places_of, read
from api.console.selection import Selection
from api.groups import TOPICS
from api.lag import LagReader
from api.tally import read_reached
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client

if TYPE_CHECKING:
    from api.lag import Lag

PATIENCE_S: Final = 10.0
AT_REST: Final = {ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD}
NEAR: Final = 100  # offsets, in which the first unread record stands, unless transactions failed one after the other


class Topic(NamedTuple):
    """`offsets`: between the first that is kept and the last that is committed, transaction markers included."""

    name: str
    partitions: int
    offsets: int
    read_by: str


class Partition(NamedTuple):
    """`first`: the offset that is kept; `end`: behind the last that is committed; `offsets` between them, markers included."""

    partition: int
    first: int
    end: int
    offsets: int


class Group(NamedTuple):
    """`state`: no workers, running, or that it rebalances. `behind_s`: how long ago the oldest record was written that it has
    not read; 0 where it has read all.
    """

    name: str
    state: str
    members: int
    lag: int
    behind_s: float


def topics(brokers: str) -> list[Topic]:
    """Those of the system, not the broker's own. Raises BrokerUnavailable."""
    admin = admin_client(brokers)
    try:
        known = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=PATIENCE_S).topics.items()}
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    ours = {
        name: many for name, many in sorted(known.items(), key=_order) if not name.startswith("__") and name != "kafkasql-journal"
    }
    places = [TopicPartition(name, number) for name, many in ours.items() for number in range(many)]
    first = offsets_of(admin, brokers, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    end = offsets_of(admin, brokers, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    held = dict.fromkeys(ours, 0)
    for place in places:
        held[place.topic] += end[place] - first[place]
    readers = {name: ", ".join(group for group, reads in TOPICS.items() if name in reads) for name in ours}
    return [Topic(name, many, held[name], readers[name]) for name, many in ours.items()]


def _order(topic: tuple[str, int]) -> tuple[bool, str]:
    """What people look for stands before what keeps tables."""
    return topic[0].endswith("-changelog"), topic[0]


def partitions(brokers: str, topic: str) -> list[Partition]:
    """Of one topic. Raises Unselectable for one that there is not, BrokerUnavailable."""
    admin = admin_client(brokers)
    places = places_of(admin, brokers, Selection((topic,)))
    first, end = (offsets_of(admin, brokers, places, spec) for spec in (OffsetSpec.earliest(), OffsetSpec.latest()))  # type: ignore[no-untyped-call]
    return [Partition(place.partition, first[place], end[place], end[place] - first[place]) for place in places]


def groups(brokers: str) -> list[Group]:
    """Ours. Raises BrokerUnavailable."""
    reader = LagReader(brokers)
    found = []
    for name, reads in TOPICS.items():
        lags = reader.read(f"bookly-{name}", [*reads, f"bookly.{name}.control", f"bookly.{name}.replay"])
        state, members = state_of(brokers, f"bookly-{name}")
        found.append(Group(f"bookly-{name}", _state(state), members, sum(one.messages for one in lags), _behind(brokers, lags)))
    return found


def state_of(brokers: str, group: str) -> tuple[ConsumerGroupState, int]:
    """Raises BrokerUnavailable."""
    admin = admin_client(brokers)  # held: one that is let go of never answers
    try:
        described = admin.describe_consumer_groups([group], request_timeout=PATIENCE_S)[group].result()
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    return described.state, len(described.members)


def _state(state: ConsumerGroupState) -> str:
    """In the words of who looks after workers: the broker calls a group dead that nobody has joined yet."""
    return {ConsumerGroupState.STABLE: "running", **dict.fromkeys(AT_REST, "no workers")}.get(state, "rebalances")


def readers_of(brokers: str, topic: str) -> list[str]:
    """Groups of whomever that have committed an offset of the topic, or have a member that reads it. Raises BrokerUnavailable."""
    admin = admin_client(brokers)
    try:
        names = [found.group_id for found in admin.list_consumer_groups(request_timeout=PATIENCE_S).result().valid]
        described = admin.describe_consumer_groups(names, request_timeout=PATIENCE_S) if names else {}
        live = {
            name
            for name, found in described.items()
            for member in found.result().members
            if any(place.topic == topic for place in member.assignment.topic_partitions)
        }
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    return sorted(live | {name for name in names if any(place[0] == topic for place in read_reached(brokers, name))})


def _behind(brokers: str, lags: list[Lag]) -> float:
    """By the first record that each partition has not read; where markers alone are left it has read all."""
    spans = [Span(one.topic, one.partition, one.committed, one.end) for one in lags if one.messages]
    near = _firsts(brokers, [span._replace(end=min(span.end, span.first + NEAR)) for span in spans])
    far = [span._replace(first=span.first + NEAR) for span in spans if span[:2] not in near and span.offsets > NEAR]
    oldest = [*near.values(), *(at for span in far for at in _firsts(brokers, [span]).values())]
    return max(0.0, time.time() - min(oldest) / 1000) if oldest else 0.0


def _firsts(brokers: str, spans: list[Span]) -> dict[tuple[str, int], int]:
    """When the first record of each span was written, where one is in it."""
    left, found = {span[:2] for span in spans}, dict[tuple[str, int], int]()
    for batch in read(brokers, spans) if spans else ():
        for message in batch:
            found.setdefault((message.topic(), message.partition()), message.timestamp()[1])
        if found.keys() >= left:
            break
    return found
