"""What cannot be used is kept with its reason, and nothing else is held up by it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from api.console.dead import order, queues
from api.parking import read_parked
from api.tables import read_log
from bookly.catalog import EVENTS, EventType
from bookly.transport import librdkafka_settings
from tests.stories.university import reserve, resource

if TYPE_CHECKING:
    from confluent_kafka import Message

    from tests.pipeline import Pipeline

TOPIC = "bookly.availability"
GROUPS = ("resources", "availability", "stockpile", "reports")  # all that read the topic


def put(flow: Pipeline, key: str, value: bytes) -> None:
    """Straight past the SDK, as a broken service would."""
    producer = Producer({**librdkafka_settings(flow.stack.brokers), "partitioner": "murmur2_random"})
    producer.produce(TOPIC, key=key, value=value, headers=[("ce_id", b"broken"), ("custom", b"kept")])
    assert producer.flush(10) == 0
    flow.wait_until_quiet()


def dead_letters(flow: Pipeline, group: str, key: str) -> list[Message]:
    return [letter for letter in read_log(flow.stack.brokers, f"bookly.{group}.dead") if letter.key() == key.encode()]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("no avro", "MALFORMED"),
        ("nothing at all", "MALFORMED"),
        ("an unknown schema id", "UNKNOWN_SCHEMA"),
        ("a truncated event", "MALFORMED"),
    ],
)
def test_bytes_that_are_no_event_go_to_each_groups_dead_letters_as_they_were(flow: Pipeline, what: str, reason: str) -> None:
    schema_id = flow.registry.schema_id(EventType.RESERVATION_CREATED)
    value = {
        "no avro": b"{'json': true}",
        "nothing at all": b"",
        "an unknown schema id": struct.pack(">bI", 0, 999_999) + b"\x02a",
        "a truncated event": struct.pack(">bI", 0, schema_id) + b"\x48cut short",
    }[what]
    room = resource(flow)
    put(flow, room, value)

    for group in GROUPS:
        [letter] = dead_letters(flow, group, room)
        headers = dict(letter.headers() or ())
        assert letter.value() == value
        assert (headers["ce_id"], headers["custom"]) == (b"broken", b"kept")
        assert (headers["dead.reason"], headers["dead.group"]) == (reason.encode(), f"bookly-{group}".encode())
        assert (headers["dead.topic"], headers["dead.attempt"]) == (TOPIC.encode(), b"1")
        assert (headers["dead.offset"] or b"").isdigit()
        assert headers["dead.error"]

    waiting = reserve(flow, room)
    assert flow.row("availability", "reservations", waiting) is None
    for group in GROUPS:
        [failed, *later] = read_parked(flow.stack.brokers, group, room)
        assert (failed.attempt, {one.attempt for one in later}) == (1, {0}), "what came after it waits behind it"
        mine = [queue for queue in queues(flow.stack.brokers, group) if queue.key == room]
        assert order(flow.stack.brokers, mine, by="a story", skip=True) == []
    flow.wait_until_quiet()
    assert flow.row("availability", "reservations", waiting)["state"] == "CONFIRMED"


def test_an_unknown_resource_is_refused_with_that_reason(flow: Pipeline) -> None:
    reservation = reserve(flow, "rooms-nowhere-at-all")
    row = flow.row("availability", "reservations", reservation)
    assert (row["state"], row["reason"]) == ("REJECTED", "UNKNOWN_RESOURCE")


def test_the_registry_lists_every_subject_and_every_record_carries_the_headers(flow: Pipeline) -> None:
    from contracts.registry import provision_registry  # noqa: PLC0415
    from demo.log import TOPICS, Log  # noqa: PLC0415

    ids = provision_registry(str(flow.stack.registry))
    assert set(ids) == {spec.subject for spec in EVENTS.values()}
    seen = [message for topic in TOPICS for message in read_log(flow.stack.brokers, topic)]
    good = [message for message in seen if dict(message.headers() or ()).get("ce_id") != b"broken"]
    assert len(good) > 20
    log = Log(flow.stack.brokers, flow.registry)
    for message in good:
        log._seen(message)
