"""What happened before the operator looks: a bad deploy, and what was published while it ran."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bookly.events.availability import ReservationCreated
from tests.browser.console.bad_deploy import UNLUCKY

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = 500  # rooms, each with one event that fails, one good one before it and one behind it
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def room(number: int) -> str:
    return f"console-{number:03d}"


def published() -> Iterator[ReservationCreated]:
    """Of each room a good one, one that the deploy fails at, a good one; others between them, so that no fuse blows."""
    for part, attendees in enumerate((2, UNLUCKY, 3)):
        for number in range(KEYS):
            yield reservation(number, part, attendees)
            if part:
                yield from (reservation(KEYS + number, 2 * part + more, 4) for more in range(2))


def reservation(number: int, part: int, attendees: int) -> ReservationCreated:
    starts = NOON + timedelta(days=number, hours=2 * part)
    return ReservationCreated(
        reservation_id=f"c-{number}-{part}",
        resource_id=room(number),
        category_id="rooms",
        user_id="u-console",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        attendees=attendees,
    )


def oracle() -> Counter[str]:
    """How often each room was reserved, counted without the pipeline."""
    return Counter(event.resource_id for event in published())
