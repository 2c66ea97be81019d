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
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its documented home

from api.console.found import Span
from api.console.guards import Refused
from api.console.places import AT_REST, state_of
from api.console.reading import offsets_of, read
from api.console.selection import Unselectable
from api.console.times import parsed
from api.tally import read_reached
from bookly.access import aiokafka_settings
from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from confluent_kafka.admin import AdminClient

PATIENCE_S: Final = 10.0
OF_REPLAYS: Final = "bookly-console-"


@dataclass(frozen=True)
class Goal:
    """One of `earliest`, `latest`, an offset, or a time in milliseconds since 1970: the first record that is not older."""

    word: str = ""
    offset: int | None = None
    at: int | None = None

    @classmethod
    def of(cls, text: str) -> Goal:
        """As people say it: a word, an offset, or a time. Raises Unselectable."""
        if text in {"earliest", "latest"}:
            return cls(word=text)
        if text.isascii() and text.isdecimal() and len(text) < 19:
            return cls(offset=int(text))
        try:
            return cls(at=parsed(text))
        except Unselectable:
            raise Unselectable(f"{text[:60]!r} is none of earliest, latest, an offset, a time like 2026-11-25T08:00") from None


@dataclass(frozen=True)
class Move:
    """Of one partition, from the offset where the group is `at`. `gained`: records that are read again; `lost`: never read."""

    topic: str
    partition: int
    at: int
    to: int
    gained: int
    lost: int


def moves(
    brokers: str,
    group: str,
    goal: Goal,
    topics: Collection[str] = (),
    *,
    ours: Collection[str] = (),
) -> list[Move]:
    """What a reset would do, for what the group has committed offsets of. `ours`: the groups that keep tables.

    Raises Refused, BrokerUnavailable.
    """
    if group.startswith(OF_REPLAYS):
        raise Refused(f"{group} is a replay's own: its offsets say what it has replayed: moved, some would be twice, or never.")
    admin = admin_client(brokers)
    reached = {place: at.offset for place, at in read_reached(brokers, group).items() if not topics or place[0] in topics}
    if not reached:
        of = f" of {', '.join(topics)}" if topics else ""
        raise Refused(f"{group} has committed no offset{of}, so there is nothing to set; there are: {_others(brokers)}.")
    places = [TopicPartition(*place) for place in reached]
    earliest = offsets_of(admin, brokers, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    latest = offsets_of(admin, brokers, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    wanted = _wanted(admin, brokers, places, goal, earliest, latest)
    found = []
    for place, offset in wanted.items():
        at, to = reached[place.topic, place.partition], min(max(offset, earliest[place]), latest[place])
        if group in ours and to < at:
            raise Refused(
                f"{group} keeps tables, and what it reads again it counts again: it is not moved back, as it would be in "
                f"{place.topic}, partition {place.partition}, from {at} to {to}. Replay what it has never applied (`replay "
                "plan`), or make its tables again from the log (`reports rebuild`)."
            )
        between = _records(brokers, Span(place.topic, place.partition, max(min(at, to), earliest[place]), max(at, to)))
        found.append(Move(place.topic, place.partition, at, to, between if to < at else 0, between if to > at else 0))
    return sorted(found, key=lambda move: (move.topic, move.partition))


def refuse_moves(brokers: str, group: str, planned: Collection[Move]) -> None:
    """Raises Refused, BrokerUnavailable."""
    if not any(move.at != move.to for move in planned):
        raise Refused(f"{group} is there already: nothing would change.")
    state, members = state_of(brokers, group)
    if state not in AT_REST:
        raise Refused(f"{group} is live ({members} members): stop them first, else they commit over it.")


def reset(brokers: str, group: str, planned: Collection[Move]) -> None:
    """Set the offsets; what the group has counted stays beside them. Raises Refused where it came to life, BrokerUnavailable."""
    reached = read_reached(brokers, group)
    if changed := [move for move in planned if reached[move.topic, move.partition].offset != move.at]:
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


def _others(brokers: str) -> str:
    admin = admin_client(brokers)  # held, as above
    try:
        found = admin.list_consumer_groups(request_timeout=PATIENCE_S).result().valid
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, error.args[0].str()) from error
    names = sorted(one.group_id for one in found if not one.group_id.startswith(OF_REPLAYS))
    return ", ".join(names) or "none yet"


def _records(brokers: str, span: Span) -> int:
    """Without transaction markers."""
    return sum(len(batch) for batch in read(brokers, [span])) if span.offsets else 0
