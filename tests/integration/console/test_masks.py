"""What is masked cannot be asked for either: whether a record is found would tell it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from api.console.acting import Actor
from api.console.desk import Desk
from api.console.guards import Caps
from api.console.matching import Personal
from api.console.reading import spans_of
from api.console.roles import ROLES, MayNot
from api.console.selection import Condition, Selection, Where
from api.console.telling import record
from api.refusing import NoReason
from bookly.records import ENCODERS
from bookly.records.auth import UserRegistered
from bookly.records.envelope import Metadata
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.console.decoding import Decoding
    from bookly.registry import Registry

ADDRESS = "ann@example.org"


class Remembered:
    """A trail that keeps all that is written into it as text."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def write(self, who: str, verb: str, outcome: str, about: Mapping[str, object] | None = None, why: str = "") -> None:
        self.entries.append(json.dumps([who, verb, outcome, about, why]))


@pytest.fixture
def asked(brokers: str, topic: Callable[[int], str], registry: Registry) -> Selection:
    """For somebody's address, which one record has."""
    name = topic(1)
    about = Metadata("e-1", UserRegistered.TYPE, "suite", 0, "c-1", UserRegistered.VERSION)
    body = ENCODERS[UserRegistered](UserRegistered("u-1", ADDRESS, "Ann Example", "de", metadata=about))
    producer = Producer({**librdkafka_settings(brokers), "log_level": 2})
    producer.produce(name, registry.schema_id(UserRegistered.TYPE).to_bytes(5, "big") + body, "u-1")
    assert producer.flush(30) == 0
    return Selection((name,), where=Where(fields=(Condition("email", "prefix", ADDRESS[:3]),)))


def acts(role: str) -> tuple[Actor, list[str]]:
    trail = Remembered()
    return Actor("bob", ROLES[role], trail), trail.entries  # type: ignore[arg-type]  # it writes as one does


def test_a_condition_on_a_masked_field_needs_the_right_to_see_it_and_a_reason(
    brokers: str, decoding: Decoding, asked: Selection
) -> None:
    desk, spans = Desk(brokers, decoding, Caps()), spans_of(brokers, asked)
    actor, trail = acts("look")
    with pytest.raises(Personal, match="email is masked"):
        list(desk.find(actor, asked, spans))
    with pytest.raises(MayNot, match="bob may not see personal fields"):
        list(desk.find(actor, asked, spans, unmask="curious"))
    assert [json.loads(entry)[1:3] for entry in trail] == [["find", "refused"], ["unmask", "refused"]]

    allowed, kept = acts("unmask")
    with pytest.raises(NoReason):
        list(desk.find(allowed, asked, spans, unmask=" "))
    assert [json.loads(entry)[1:3] for entry in kept] == [["unmask", "refused"]]
    (found,) = desk.find(allowed, asked, spans, unmask="she asked what we keep")
    assert ADDRESS not in json.dumps(record(found, decoding))
    assert [json.loads(entry)[1:3] for entry in kept[1:]] == [["unmask", "allowed"]]
    assert "she asked what we keep" in kept[1]
    assert ADDRESS[:3] not in "".join(trail + kept), "the trail is kept for ever"


def test_a_replay_is_no_way_round_it(brokers: str, topic: Callable[[int], str], decoding: Decoding, asked: Selection) -> None:
    (actor, trail), target = acts("replay"), topic(1)
    with pytest.raises(Personal):
        Desk(brokers, decoding, Caps()).plan(actor, asked, topic=target, rate=1, why="to see whether one matches")
    assert [json.loads(entry)[1:3] for entry in trail] == [["plan", "refused"]]
