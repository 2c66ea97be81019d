"""Offsets are set as they were shown, with what the group had counted; never on a live group."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition as Place
from aiokafka.structs import OffsetAndMetadata
from confluent_kafka import Consumer, Producer

from api.console.guards import Refused
from api.console.places import AT_REST, state_of
from api.console.resetting import Goal, Move, _commit, moves, refuse_moves, reset
from api.tally import read_reached
from bookly.transport import librdkafka_settings
from tests.pipeline import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

TALLY = '{"applied":3}'


@pytest.fixture
def place(brokers: str, topic: Callable[[int], str]) -> str:
    """A topic of one partition with ten records, of which its group, of the same name, has read four."""
    name = topic(1)
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    for number in range(10):
        producer.produce(name, str(number), timestamp=1_000 + number)
    assert producer.flush(30) == 0
    asyncio.run(_commit(brokers, name, {Place(name, 0): OffsetAndMetadata(4, TALLY)}))
    return name


@pytest.mark.parametrize(
    ("goal", "to", "gained", "lost"),
    [
        (Goal(word="earliest"), 0, 4, 0),
        (Goal(word="latest"), 10, 0, 6),
        (Goal(offset=7), 7, 0, 3),
        (Goal(offset=99), 10, 0, 6),
        (Goal(at=1_002), 2, 2, 0),
        (Goal(at=9_999), 10, 0, 6),
    ],
)
def test_offsets_go_where_it_was_shown_and_what_was_counted_stays(
    brokers: str, place: str, goal: Goal, to: int, gained: int, lost: int
) -> None:
    planned = moves(brokers, place, goal)
    assert planned == [Move(place, 0, 4, to, gained, lost)]
    refuse_moves(brokers, place, planned)
    reset(brokers, place, planned)
    [at] = read_reached(brokers, place).values()
    assert (at.offset, at.metadata) == (to, TALLY), "to the byte: workers read it"


def test_what_has_moved_since_it_was_shown_is_not_set(brokers: str, place: str) -> None:
    shown = moves(brokers, place, Goal(word="latest"))
    reset(brokers, place, moves(brokers, place, Goal(offset=5)))
    with pytest.raises(Refused, match="has moved since you looked"):
        reset(brokers, place, shown)


def test_a_group_that_keeps_tables_is_not_moved_back(brokers: str, place: str) -> None:
    with pytest.raises(Refused, match=f"it is not moved back, as it would be in {place}, partition 0, from 4 to 0"):
        moves(brokers, place, Goal(word="earliest"), ours={place})
    refuse_moves(brokers, place, moves(brokers, place, Goal(word="latest"), ours={place}))


def test_the_offsets_of_a_replay_are_nobodys_to_set(brokers: str) -> None:
    with pytest.raises(Refused, match="its offsets say what it has replayed"):
        moves(brokers, "bookly-console-20261128-000000-abcdef", Goal(word="earliest"))


def test_a_time_before_all_times_is_the_beginning(brokers: str, place: str) -> None:
    assert moves(brokers, place, Goal.of("1969-01-01")) == [Move(place, 0, 4, 0, 4, 0)]


def test_a_live_group_is_refused_by_us_and_by_the_broker(brokers: str, place: str) -> None:
    planned = moves(brokers, place, Goal(word="earliest"))
    member = Consumer({**librdkafka_settings(brokers), "group.id": place, "enable.auto.commit": False})
    member.subscribe([place])
    try:
        eventually(lambda: member.poll(0.5) is not None and state_of(brokers, place)[0] not in AT_REST, "it is a member")
        with pytest.raises(Refused, match=r"is live \(1 members\)"):
            refuse_moves(brokers, place, planned)
        with pytest.raises(Refused, match="the broker refuses it"):
            reset(brokers, place, planned)
    finally:
        member.close()
    assert read_reached(brokers, place)[place, 0].offset == 4
