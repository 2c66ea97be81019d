"""What a run publishes: the same seed is the same events in the same order. Nothing is sent here."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from bookly.events.availability import (
    CancellationReason,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationUpdated,
)
from bookly.events.resources import ResourceCreated
from bookly.events.stockpile import ApprovalGranted, CheckInCompleted, CheckMethod
from bookly.payload import EventPayload
from faults.probe import POISON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookly._event import Event

SOURCE = "faults"
BEGIN = datetime(2027, 3, 1, 8, tzinfo=UTC)
RESOURCES = 48


class Raw(NamedTuple):
    """A record that is no event, put straight past the SDK as a broken service would; `kind` says what is wrong with it."""

    kind: str
    key: str | None


Sent = EventPayload[Any] | Raw


@dataclass(frozen=True)
class Shape:
    """Shares of all events, but `poison`: what is bad, and `bad` how many of it (a share below 1, else a number)."""

    events: tuple[int, int] = (1_500, 3_000)
    duplicates: float = 0.0
    late: float = 0.0
    jumps: float = 0.0
    shuffled: bool = False
    poison: str = ""
    bad: float = 1
    resources: int = RESOURCES


def probe_phases(rng: random.Random, shape: Shape) -> list[list[Sent]]:
    """Reservations of a few resources through their lives; some transitions come twice or make no sense."""
    number = rng.randint(*shape.events)
    events: list[Sent] = [*_timed(_lives(rng, number, shape.resources), rng, shape)]
    if shape.shuffled:
        events = _mingled(events, rng)
    for _ in range(round(len(events) * shape.duplicates)):
        events.insert(rng.randint(len(events) // 3, len(events)), rng.choice(events[: len(events) // 2]))
    if shape.poison:
        _poison(events, rng, shape)
    return [events]


def _lives(rng: random.Random, number: int, resources: int) -> Iterator[Event]:
    asked: list[dict[str, Any]] = []
    for serial in range(number):
        chance = rng.random()
        if chance < 0.45 or not asked:
            begin = BEGIN + timedelta(hours=rng.randint(1, 400))
            about = {"reservation_id": f"res-{serial}", "resource_id": f"room-{rng.randrange(resources):02d}", "user_id": "u-1"}
            slot = {"starts_at": begin, "ends_at": begin + timedelta(hours=1)}
            asked.append({**about, **slot})
            yield ReservationCreated(**about, **slot, category_id="rooms", attendees=2)
            continue
        one = rng.choice(asked[-200:])
        if chance < 0.75:
            yield ReservationConfirmed(**one, approval_id=f"apr-{one['reservation_id']}", automatic=True)
        elif chance < 0.85:
            yield ReservationCancelled(**one, reason=CancellationReason.BY_USER, cancelled_by="u-1")
        else:
            ids = {name: one[name] for name in ("reservation_id", "resource_id", "user_id")}
            yield CheckInCompleted(**ids, checked_in_at=one["starts_at"], method=CheckMethod.QR_CODE)


def _timed(events: Iterator[Event], rng: random.Random, shape: Shape) -> Iterator[EventPayload[Any]]:
    now = BEGIN
    for event in events:
        now += timedelta(seconds=rng.randint(1, 20))
        if rng.random() < shape.jumps:
            now += timedelta(hours=rng.choice((-30, -5, 5, 30)))
        late = timedelta(hours=rng.uniform(0, 6)) if rng.random() < shape.late else timedelta()
        yield payload(event, now - late, rng)


def payload(event: Event, at: datetime, rng: random.Random) -> EventPayload[Any]:
    return EventPayload.of(event, source=SOURCE, occurred_at=at, event_id=UUID(int=rng.getrandbits(128), version=4))


def _mingled(events: list[Sent], rng: random.Random) -> list[Sent]:
    """Reordered across keys; the order within each key is kept."""
    by_key: defaultdict[str, list[Sent]] = defaultdict(list)
    for event in reversed(events):
        by_key[key_of(event) or ""].append(event)
    order = [key for key, found in by_key.items() for _ in found]
    rng.shuffle(order)
    return [by_key[key].pop() for key in order]


def key_of(sent: Sent) -> str | None:
    return sent.key if isinstance(sent, Raw) else str(sent.data.resource_id)


def _poison(events: list[Sent], rng: random.Random, shape: Shape) -> None:
    number = round(len(events) * shape.bad) if shape.bad < 1 else int(shape.bad)
    for each in range(number):
        at = rng.randint(len(events) // 4, len(events) * 3 // 4)
        kind = shape.poison if shape.poison != "mixed" else rng.choice(("magic", "truncated", "unknown-id", "raises"))
        key = f"room-{rng.randrange(shape.resources):02d}"
        if kind == "raises":
            about = {"reservation_id": f"bad-{each}", "resource_id": key, "user_id": "u-1", "category_id": "rooms"}
            slot = {"starts_at": BEGIN, "ends_at": BEGIN + timedelta(hours=1)}
            events.insert(at, payload(ReservationCreated(**about, **slot, attendees=1, purpose=POISON), BEGIN, rng))
        else:
            events.insert(at, Raw(kind, key if rng.random() < 0.8 else None))


def availability_phases(rng: random.Random) -> list[list[Sent]]:
    """Places; wishes for few slots, moves and second thoughts; decisions: each phase when the last is worked through."""
    places = [f"hall-{number:02d}" for number in range(16)]
    opening: list[Sent] = [
        payload(ResourceCreated(resource_id=place, name=place, category_id="rooms", capacity=9, max_minutes=600), BEGIN, rng)
        for place in places
    ]
    wishes, asked, now = list[Sent](), list[dict[str, Any]](), BEGIN + timedelta(hours=1)
    for serial in range(rng.randint(900, 1_500)):
        now += timedelta(seconds=1)
        chance = rng.random()
        begin = BEGIN + timedelta(days=rng.randint(2, 9), hours=rng.randint(0, 9))
        slot = {"starts_at": begin, "ends_at": begin + timedelta(minutes=rng.choice((60, 90, 120)))}
        if chance < 0.7 or not asked:
            asked.append({"reservation_id": f"res-{serial}", "resource_id": rng.choice(places), "user_id": "u-1", **slot})
            event: Event = ReservationCreated(**asked[-1], category_id="rooms", attendees=1)
        elif chance < 0.85:
            event = ReservationUpdated(**{**rng.choice(asked), **slot}, attendees=1)
        else:
            event = ReservationCancelled(**rng.choice(asked), reason=CancellationReason.BY_USER, cancelled_by="u-1")
        wishes.append(payload(event, now, rng))
    decisions = [_granted(one, now + timedelta(hours=1, seconds=number), rng) for number, one in enumerate(asked)]
    return [opening, wishes, decisions]


def _granted(one: dict[str, Any], at: datetime, rng: random.Random) -> Sent:
    ids = {name: one[name] for name in ("reservation_id", "resource_id")}
    about: dict[str, Any] = {**ids, "approval_id": f"apr-{one['reservation_id']}", "expected_version": 1}
    return payload(ApprovalGranted(**about, decided_by="u-2", automatic=False), at, rng)
