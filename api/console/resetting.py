"""Where a group goes on reading, set by hand: told beforehand what it will read again and what it will never read.

A live group is refused: its members would commit over it. One of our own groups is never moved back, since all before its offset
counts as applied, and what it read again it would count twice: that is what a replay is for, which knows what was applied.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import CommitFailedError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from confluent_kafka import ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home

from api.console.found import Span
from api.console.guards import Refused
from api.console.reading import offsets_of, read
from api.tally import read_reached
from bookly.access import aiokafka_settings
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from confluent_kafka.admin import AdminClient

PATIENCE_S: Final = 10.0
AT_REST: Final = {ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD}


@dataclass(frozen=True)
class Goal:
    """One of `earliest`, `latest`, an offset, or a time in milliseconds since 1970: the first record that is not older."""

    word: str = ""
    offset: int | None = None
    at: int | None = None


@dataclass(frozen=True)
class Move:
    """Of one partition. `gained`: records that are read again; `lost`: records that are never read."""

    topic: str
    partition: int
    frm: int
    to: int
    gained: int
    lost: int


def moves(brokers: str, group: str, goal: Goal, topics: Collection[str] = (), partitions: Collection[int] = ()) -> list[Move]:
    """What a reset would do, for what the group has committed offsets of. Raises Refused, BrokerUnavailable."""
    admin = admin_client(brokers)
    reached = {
        place: at.offset
        for place, at in read_reached(brokers, group).items()
        if (not topics or place[0] in topics) and (not partitions or place[1] in partitions)
    }
    if not reached:
        raise Refused(f"{group} has committed no offset of what was named, so there is nothing to set.")
    places = [TopicPartition(*place) for place in reached]
    earliest = offsets_of(admin, brokers, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    latest = offsets_of(admin, brokers, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    wanted = _wanted(admin, brokers, places, goal, earliest, latest)
    found = []
    for place, offset in wanted.items():
        frm, to = reached[place.topic, place.partition], min(max(offset, earliest[place]), latest[place])
        between = _records(brokers, Span(place.topic, place.partition, max(min(frm, to), earliest[place]), max(frm, to)))
        found.append(Move(place.topic, place.partition, frm, to, between if to < frm else 0, between if to > frm else 0))
    return sorted(found, key=lambda move: (move.topic, move.partition))


def refuse_moves(brokers: str, group: str, planned: Collection[Move], ours: Collection[str]) -> None:
    """Raises Refused, BrokerUnavailable. `ours`: the groups that keep tables."""
    if not any(move.frm != move.to for move in planned):
        raise Refused(f"{group} is there already: nothing would change.")
    if group in ours and any(move.to < move.frm for move in planned):
        raise Refused(
            f"{group} keeps tables, and what it reads again it counts again: it is not moved back. Replay what it has never "
            "applied (`replay plan`), or make its tables again from the log (`reports rebuild`)."
        )
    state, members = state_of(brokers, group)
    if state not in AT_REST:
        raise Refused(f"{group} is live ({members} members): stop them first, else they commit over it.")


def state_of(brokers: str, group: str) -> tuple[ConsumerGroupState, int]:
    """Raises BrokerUnavailable."""
    admin = admin_client(brokers)  # held: one that is let go of never answers
    try:
        described = admin.describe_consumer_groups([group], request_timeout=PATIENCE_S)[group].result()
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    return described.state, len(described.members)


def reset(brokers: str, group: str, planned: Collection[Move]) -> None:
    """Set the offsets; what the group has counted stays beside them. Raises Refused where it came to life, BrokerUnavailable."""
    reached = read_reached(brokers, group)
    if changed := [move for move in planned if reached[move.topic, move.partition].offset != move.frm]:
        raise Refused(f"{group} has moved since you looked ({changed[0].topic}, partition {changed[0].partition}): look again.")
    places = {
        Place(move.topic, move.partition): OffsetAndMetadata(move.to, reached[move.topic, move.partition].metadata)
        for move in planned
    }
    try:
        asyncio.run(_commit(brokers, group, places))
    except CommitFailedError as error:
        raise Refused(f"the broker refuses it ({error}): a member may have come back.") from error
    except KafkaError as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error


async def _commit(brokers: str, group: str, places: Mapping[Place, OffsetAndMetadata]) -> None:
    """As nobody's member, which a broker takes for a group without any.

    By aiokafka: confluent-kafka 2.16 adds a zero byte to what a group has counted, and its workers would not begin with that.
    """
    consumer: Any = AIOKafkaConsumer(**aiokafka_settings(brokers), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(places))
        await consumer.commit(dict(places))
    finally:
        await consumer.stop()


def _wanted(
    admin: AdminClient,
    brokers: str,
    places: list[TopicPartition],
    goal: Goal,
    earliest: Mapping[TopicPartition, int],
    latest: Mapping[TopicPartition, int],
) -> Mapping[TopicPartition, int]:
    if goal.word == "earliest":
        return earliest
    if goal.word == "latest":
        return latest
    if goal.offset is not None:
        return dict.fromkeys(places, goal.offset)
    if goal.at is None:
        raise Refused("say where to: earliest, latest, an offset, or a time.")
    found = offsets_of(admin, brokers, places, OffsetSpec.for_timestamp(goal.at))
    return {place: offset if offset >= 0 else latest[place] for place, offset in found.items()}


def _records(brokers: str, span: Span) -> int:
    """Without transaction markers."""
    return sum(len(batch) for batch in read(brokers, [span])) if span.offsets else 0
