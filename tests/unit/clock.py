"""When events happen in tests of handlers: hours after a Monday's midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bookly.testing import happened
from bookly.testing.events import MONDAY

if TYPE_CHECKING:
    from bookly.records import Record

HOUR = 3_600_000_000

Event = TypeVar("Event", bound="Record")


def hour(number: float) -> int:
    """So many hours after MONDAY, in microseconds."""
    return MONDAY + int(number * HOUR)


def at(number: float, event: Event, actor: str | None = None) -> Event:
    """The event, happening at this hour, with an id of its own."""
    return happened(event, hour(number), actor=actor)
