"""A month of demand as it came, with the clock beside it; and the same log read again at once, long after."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.rebuild.comparing import differences
from agents.rebuild.folding import Fold, settled
from agents.reports import DOMAIN
from agents.reports.tables import DAY, HOUR, MINUTE
from bench.windows.naming import event_id
from bookly.records import Metadata
from bookly.records.availability import (
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationRejected,
    WaitlistJoined,
)
from bookly.records.stockpile import ApprovalGranted, ApprovalRequested, CheckOutCompleted

if TYPE_CHECKING:
    from agents.rebuild.comparing import Difference
    from bookly.records import Record

BEGIN = 20_000 * DAY


def month(seed: int, reservations: int, days: int = 30) -> tuple[list[Record], list[Record]]:
    """What availability's and stockpile's topics hold after it, each in its order; some of it late, some of it twice."""
    rng, availability, stockpile = Random(seed), [], []  # noqa: S311  # nothing is secret here
    moments = sorted(rng.randrange(days * DAY) for _ in range(reservations))
    for number, moment in enumerate(moments):
        at = BEGIN + moment - (rng.random() < 0.05) * rng.randrange(5 * HOUR)  # some were told hours later
        name, room, begin = f"r-{number}", f"room-{number // 9 % 20}", at + rng.randrange(1, 72) * HOUR
        availability += [
            _at(
                ReservationCreated(
                    name,
                    room,
                    "rooms",
                    "ann",
                    begin,
                    begin + 90 * MINUTE,
                    2,
                    None,
                    f"w-{number - 1}" if number % 9 == 1 else None,
                ),
                at,
            )
        ] * rng.choice((1, 1, 2))
        slot = (begin, begin + 90 * MINUTE)
        fate = rng.choice(("taken", "taken", "refused", "cancelled"))
        if fate == "refused":
            availability.append(_at(ReservationRejected(name, room, "ann", rng.choice(("CONFLICT", "MAINTENANCE")), *slot), at))
            availability.append(_at(WaitlistJoined(f"w-{number}", room, "ann", begin, begin + 90 * MINUTE, 2), at + MINUTE))
            continue
        stockpile.append(_at(ApprovalRequested(f"apr-{name}", name, room, "ann", "rule", "dean", at + DAY, 1), at))
        stockpile.append(
            _at(ApprovalGranted(f"apr-{name}", name, room, automatic=False, expected_version=1, decided_by="eve"), at + HOUR)
        )
        availability.append(
            _at(
                ReservationConfirmed(name, room, "ann", f"apr-{name}", automatic=False, starts_at=slot[0], ends_at=slot[1]),
                at + HOUR,
            )
        )
        if fate == "cancelled":
            availability.append(_at(ReservationCancelled(name, room, "ann", "BY_USER", *slot), at + HOUR))
        else:
            stockpile.append(_at(CheckOutCompleted(name, room, "ann", *slot), slot[1]))
    return availability, stockpile


def live(seed: int, topics: tuple[list[Record], list[Record]]) -> Fold:
    """As it came: roughly in the order of time, with the clock going on beside it."""
    fold, rng = Fold(DOMAIN), Random(seed)  # noqa: S311
    for number, (arrival, event) in enumerate(_arrivals(rng, topics)):
        fold.apply(event)
        if number % 50 == 0:
            fold.tick(arrival)
    return fold


def again(seed: int, topics: tuple[list[Record], list[Record]]) -> Fold:
    """From the log: one topic after the other, or by turns; the clock says a year later."""
    fold, rng = Fold(DOMAIN), Random(seed)  # noqa: S311
    left = [iter(topic) for topic in topics]
    while left:
        topic = rng.choice(left)
        for _ in range(rng.choice((1, 100, 10_000))):
            event = next(topic, None)
            if event is None:
                left.remove(topic)
                break
            fold.apply(event)
        fold.tick(BEGIN + 365 * DAY)
    return fold


def mismatches(seed: int, reservations: int) -> tuple[int, int]:
    """Rows that differ, and how many there are."""
    topics = month(seed, reservations)
    one, other = live(seed, topics), again(seed + 1, topics)
    ours, theirs = settled(DOMAIN, one.rows, other.rows, BEGIN + 365 * DAY)  # what is too old is forgotten on both sides
    found: list[Difference] = list(differences(DOMAIN, ours, theirs))
    return len(found) + len(one.failed) + len(other.failed), len(one.rows["demand"])


def _arrivals(rng: Random, topics: tuple[list[Record], list[Record]]) -> list[tuple[int, Record]]:
    """When each comes: minutes after it happened, and after what is before it in its topic. Topics overtake each other."""
    found = []
    for topic in topics:
        latest = 0
        for event in topic:
            latest = max(latest, event.metadata.occurred_at + rng.randrange(5 * MINUTE))
            found.append((latest, event))
    return sorted(found, key=lambda arrival: arrival[0])


def _at(event: Any, at: int) -> Any:
    event.metadata = Metadata(event_id(event.TYPE, at), event.TYPE, "bench", at, "c", event.VERSION)
    return event
