"""The life of a reservation has in it what caused it and what came of it, and nothing of another one's."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer

from api.console.kin import in_order, related
from api.console.reading import spans_of
from api.console.searching import search
from api.console.selection import Condition, Selection, Where
from api.console.timeline import Moment
from bookly.records import ENCODERS
from bookly.records.availability import ReservationCancelled, ReservationCreated, WaitlistJoined, WaitlistOffered
from bookly.records.envelope import Metadata
from bookly.records.resources import ResourceDeleted
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.console.decoding import Decoding
    from bookly.registry import Registry

SPAN = (1_790_000_000_000_000, 1_790_003_600_000_000)


def about(kind: Any, number: int, cause: int | None = None) -> Metadata:
    own, caused = (None if one is None else str(uuid.UUID(int=one + 1, version=4)) for one in (number, cause))
    return Metadata(str(own), kind.TYPE, "suite", SPAN[0] + number, str(uuid.UUID(int=99, version=4)), kind.VERSION, caused)


def written(brokers: str, topic: str, registry: Registry, events: list[Any]) -> None:
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    for event in events:
        producer.produce(topic, registry.schema_id(event.TYPE).to_bytes(5, "big") + ENCODERS[type(event)](event), "room-7", 0)
    assert producer.flush(30) == 0


def test_a_life_has_its_causes_its_effects_and_its_place_in_the_queue(
    brokers: str, topic: Callable[[int], str], registry: Registry, decoding: Decoding
) -> None:
    events = [
        WaitlistJoined("w-1", "room-7", "u-1", *SPAN, 2, about(WaitlistJoined, 0)),
        WaitlistJoined("w-2", "room-7", "u-2", *SPAN, 2, about(WaitlistJoined, 1)),
        ReservationCreated("r-1", "room-7", "rooms", "u-1", *SPAN, 2, None, "w-1", about(ReservationCreated, 2)),
        ReservationCreated("r-10", "room-7", "rooms", "u-2", *SPAN, 2, None, None, about(ReservationCreated, 3)),
        ResourceDeleted("room-7", "u-9", "it burnt", about(ResourceDeleted, 4)),
        ReservationCancelled("r-1", "room-7", "u-1", "RESOURCE_DELETED", *SPAN, None, about(ReservationCancelled, 5, 4)),
        ReservationCancelled("r-10", "room-7", "u-2", "RESOURCE_DELETED", *SPAN, None, about(ReservationCancelled, 6, 4)),
        WaitlistOffered("w-2", "room-7", "u-2", *SPAN, SPAN[1], about(WaitlistOffered, 7, 5)),
        WaitlistOffered("w-3", "room-7", "u-3", *SPAN, SPAN[1], about(WaitlistOffered, 8, 6)),
        ReservationCreated("r-11", "room-7", "rooms", "u-4", *SPAN, 2, None, None, about(ReservationCreated, 9, 5)),
    ]
    name = topic(1)
    written(brokers, name, registry, events)
    asked = Selection((name,), where=Where(fields=(Condition("reservation_id", "eq", "r-1"),)))
    spans = spans_of(brokers, asked)
    own = list(search(brokers, decoding, asked, spans))
    assert [one.offset for one in own] == [2, 5]
    assert [(one.offset, why) for one, why in related(brokers, decoding, own, spans)] == [
        (0, "its place in the queue"),
        (4, "its cause"),
        (7, "came of it"),
    ]


def moment(own: str, cause: str = "", at: str = "2026-11-25T10:00:00Z", topic: str = "t") -> Moment:
    return Moment(at, "", own, cause, "", topic, 0, 0, None, [])


def test_of_one_instant_what_caused_others_comes_first_wherever_it_lies() -> None:
    later, effect, cause = moment("z", at="2026-11-25T10:00:01Z", topic="a"), moment("b", "c", topic="a"), moment("c", topic="b")
    assert in_order([later, moment("d", "b", topic="a"), effect, cause]) == [cause, effect, moment("d", "b", topic="a"), later]


def test_events_that_name_each_other_as_their_cause_end_no_order() -> None:
    one, other = moment("a", "b"), moment("b", "a")
    assert len(in_order([one, other, moment("c", "c")])) == 3
