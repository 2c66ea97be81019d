"""Search is right: what it finds is what a brute-force look at what was published finds, whatever is asked."""

from __future__ import annotations

import random
import struct
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer
from msgspec.structs import replace

from api.console.decoding import HEADER, Decoding
from api.console.reading import spans_of
from api.console.searching import search
from api.console.selection import Condition, Op, Selection, Where
from bookly import EventType
from bookly.records import ENCODERS
from bookly.records.availability import ReservationCancelled, ReservationCreated
from bookly.records.envelope import Metadata
from bookly.transport import librdkafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Message

    from bookly.registry import Registry

PARTITIONS, RECORDS, PREDICATES = 3, 600, 1_000
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROOMS = ("room-1", "room-12", "Übungsraum", "a=b", "__import__('os')")
OVER_MS = 3_600_000  # producers' times are anywhere in an hour, in no order
REASONS, HANDLERS = ("HANDLER_RAISED", "MALFORMED"), ("count_reservation", "count_reservation,open_resource")
WHYS = ("BY_USER", "BY_STAFF", "UNKNOWN")  # of an enumeration: they stand in no bytes


@dataclass
class Known:
    """A record as the test wrote it. `says`: its event's fields as text, numbers or times; nothing where it is no event."""

    partition: int
    offset: int
    key: str
    type: str
    says: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    timestamp: int = 0


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _placed(known: Known, _: object, message: Message) -> None:
    known.offset = message.offset() or 0


class Log:
    """Writes events in both wire forms, bytes that are none, tombstones, and aborted ones that nobody may find."""

    def __init__(self, brokers: str, topic: str, registry: Registry, dice: random.Random) -> None:
        self.topic, self.known, self._dice = topic, list[Known](), dice
        self.began = int(time.time() * 1000) - OVER_MS
        self._ids = {kind: registry.schema_id(kind) for kind in (EventType.RESERVATION_CREATED, EventType.RESERVATION_CANCELLED)}
        self._producer = Producer({**librdkafka_settings(brokers), "transactional.id": topic, "log_level": 2})
        self._producer.init_transactions(30)
        for begin in range(0, RECORDS, 60):
            self._write(begin, 60)
            self._write(begin, 7, keeps=False)

    def _write(self, begin: int, many: int, *, keeps: bool = True) -> None:
        written: list[tuple[Known, bytes | None, dict[str, Any]]] = [self._record(begin + number) for number in range(many)]
        self._producer.begin_transaction()
        for known, value, headers in written:
            self._producer.produce(
                self.topic,
                value,
                known.key,
                known.partition,
                timestamp=known.timestamp,
                headers=headers,
                on_delivery=partial(_placed, known),
            )
        if keeps:
            self._producer.commit_transaction(30)
            self.known += [known for known, _, _ in written]
        else:
            self._producer.flush(30)
            self._producer.abort_transaction(30)

    def _record(self, number: int) -> tuple[Known, bytes | None, dict[str, Any]]:
        dice, room = self._dice, self._dice.choice(ROOMS)
        known = Known(number % PARTITIONS, -1, room, "", timestamp=self.began + dice.randrange(OVER_MS))
        headers = {"ce_source": dice.choice(("booking-web", "desk")), "correlation_id": f"c-{dice.randrange(20)}"}
        trace = f"{dice.randrange(1, 9):032x}"
        headers["traceparent"] = f"00-{trace}-{'1' * 16}-01"
        if dice.random() < 0.3:
            headers |= {
                "dead.reason": dice.choice(REASONS),
                "dead.group": "bookly-resources",
                "dead.handler": dice.choice(HANDLERS),
            }
        known.headers = {**headers, "trace": trace}
        kind = dice.random()
        if kind < 0.05:
            return known, None, headers
        if kind < 0.1:
            return known, dice.randbytes(dice.randrange(12)), headers
        own_id = str(uuid.UUID(int=number + 1, version=4))
        about = Metadata(own_id, "", headers["ce_source"], micros(NOON), headers["correlation_id"], 1)
        starts = NOON + timedelta(hours=dice.randrange(-48, 48))
        times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
        event: Any
        span, user = (micros(starts), micros(times["ends_at"])), f"u-{number % 9}"
        if kind < 0.7:
            many, waits = dice.randrange(40), dice.choice((None, f"w-{number}"))
            event = ReservationCreated(f"r-{number}", room, "rooms", user, *span, many, None, waits, about)
            known.type, name = "RESERVATION_CREATED", EventType.RESERVATION_CREATED
            known.says = {"attendees": many, "waitlist_id": waits, **times}
        else:
            why = dice.choice(WHYS)
            event = ReservationCancelled(f"r-{number}", room, user, why, *span, user, about)
            known.type, name, known.says = "RESERVATION_CANCELLED", EventType.RESERVATION_CANCELLED, {"reason": why, **times}
        known.says |= {"reservation_id": f"r-{number}", "resource_id": room, "user_id": f"u-{number % 9}"}
        body, named = ENCODERS[type(event)](event), struct.pack(">bI", 0, self._ids[name])
        if dice.random() < 0.3:
            return known, body, {**headers, HEADER: named}
        return known, named + body, headers


def tried(dice: random.Random, began: int) -> tuple[Selection, Callable[[Known], bool]]:
    """Random conditions, and the same as a question to what is known, which shares nothing with the console's."""
    asked: list[Callable[[Known], bool]] = []
    where: dict[str, Any] = {}
    tests: list[Condition] = []
    about: dict[str, Any] = {}

    def room() -> None:
        where["keys"] = keys = tuple(dice.sample(ROOMS, dice.randrange(1, 3)))
        asked.append(lambda one: one.key in keys)

    def kind() -> None:
        where["types"] = (name,) = (dice.choice(("RESERVATION_CREATED", "RESERVATION_CANCELLED")),)
        asked.append(lambda one: one.type == name)

    def many() -> None:
        ops: tuple[Op, ...] = ("lt", "le", "gt", "ge", "eq", "ne")
        op, number = dice.choice(ops), dice.randrange(40)
        tests.append(Condition("attendees", op, str(number)))
        meant: Callable[[int], bool] = {
            "lt": lambda found: found < number,
            "le": lambda found: found <= number,
            "gt": lambda found: found > number,
            "ge": lambda found: found >= number,
            "eq": lambda found: found == number,
            "ne": lambda found: found != number,
        }[op]
        asked.append(lambda one: one.says.get("attendees") is not None and meant(one.says["attendees"]))

    def when() -> None:
        at = NOON + timedelta(hours=dice.randrange(-48, 48))
        tests.append(Condition("data.starts_at", "ge", at.isoformat()))
        asked.append(lambda one: "starts_at" in one.says and one.says["starts_at"] >= at)

    def why() -> None:
        ops: tuple[Op, ...] = ("eq", "contains", "prefix")
        op, text = dice.choice(ops), dice.choice((*WHYS, "BY_", "nothing like it"))
        tests.append(Condition("reason", op, text))
        meant: Callable[[str], bool] = {
            "eq": lambda found: found == text,
            "contains": lambda found: text in found,
            "prefix": lambda found: found[: len(text)] == text,
        }[op]
        asked.append(lambda one: "reason" in one.says and meant(one.says["reason"]))

    def place() -> None:
        tests.append(Condition("resource_id", "eq", text := dice.choice((*ROOMS, "lambda: 1"))))
        asked.append(lambda one: one.says.get("resource_id") == text)

    def waits() -> None:
        there = dice.random() < 0.5
        tests.append(Condition("waitlist_id", "exists" if there else "missing"))
        asked.append(lambda one: bool(one.type) and (one.says.get("waitlist_id") is not None) == there)

    def travels() -> None:
        name = dice.choice(("trace", "correlation"))
        text = f"{dice.randrange(1, 9):032x}" if name == "trace" else f"c-{dice.randrange(20)}"
        where[name] = text
        asked.append(lambda one: one.headers["trace" if name == "trace" else "correlation_id"] == text)

    def says() -> None:
        where["headers"] = (Condition("ce_source", "ne", "desk"),)
        asked.append(lambda one: one.headers["ce_source"] != "desk")

    def lies() -> None:
        about["partitions"] = (number,) = (dice.randrange(PARTITIONS),)
        about["first"], about["end"] = first, end = sorted(dice.sample(range(RECORDS), 2))
        asked.append(lambda one: one.partition == number and first <= one.offset < end)

    def written() -> None:
        since, until = sorted(dice.sample(range(began - 1_000, began + OVER_MS + 1_000), 2))
        kept = dice.choice(("since", "until", "both"))
        about.update({"since": since} if kept != "until" else {}, **({"until": until} if kept != "since" else {}))
        asked.append(lambda one: one.timestamp >= about.get("since", 0) and one.timestamp < about.get("until", one.timestamp + 1))

    def dead() -> None:
        name, text = dice.choice((("reason", REASONS[0]), ("group", "bookly-resources"), ("handler", "open_resource")))
        where[name] = text
        asked.append(lambda one: text in one.headers.get(f"dead.{name}", ""))

    conditions = (room, kind, many, when, why, place, waits, travels, says, lies, written, dead)
    for condition in dice.sample(conditions, dice.randrange(4)):
        condition()
    if tests:
        where["fields"] = tuple(tests)
    return Selection(("",), **about, where=Where(**where)), lambda one: all(each(one) for each in asked)


def test_a_thousand_random_predicates_find_what_brute_force_finds(
    brokers: str, topic: Callable[[int], str], registry: Registry
) -> None:
    dice = random.Random(20261128)
    log, decoding, hits = Log(brokers, topic(PARTITIONS), registry, dice), Decoding(registry), 0
    whole = spans_of(brokers, Selection((log.topic,)))
    for number in range(PREDICATES):
        selection, meant = tried(dice, log.began)
        asked = replace(selection, topics=(log.topic,))
        places = asked.partitions or asked.first is not None or asked.since is not None
        spans = spans_of(brokers, asked) if places else whole
        found = {(one.partition, one.offset) for one in search(brokers, decoding, asked, spans)}
        wanted = {(one.partition, one.offset) for one in log.known if meant(one)}
        assert found == wanted, (number, asked)
        hits += bool(wanted)
    assert hits > PREDICATES / 3, "most of them must be able to be wrong"
