"""What stories are about: a resource, a user, a slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from bookly.events.availability import ReservationCreated
from bookly.events.resources import ResourceCreated

if TYPE_CHECKING:
    from tests.pipeline import Pipeline

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
BEFORE = datetime(2027, 2, 22, 8, tzinfo=UTC)
_numbers = count(1)


def resource(flow: Pipeline, category: str = "rooms") -> str:
    """A new resource, known to everybody."""
    name = f"{category}-story-{next(_numbers)}"
    created = ResourceCreated(resource_id=name, name=name, category_id=category, capacity=200, max_minutes=600)
    flow.producer.publish(created, occurred_at=BEFORE)
    flow.wait_until_quiet()
    return name


def reserve(flow: Pipeline, name: str, user: str = "u-1", start: datetime = NINE, **more: Any) -> str:
    """Ask for an hour, and wait until everybody has reacted."""
    reservation = f"story-{next(_numbers)}"  # other tests share the broker
    wanted: dict[str, Any] = {"reservation_id": reservation, "resource_id": name, "user_id": user, "starts_at": start}
    wanted |= {"category_id": name.partition("-")[0], "ends_at": start + timedelta(hours=1), "attendees": 2, **more}
    flow.producer.publish(ReservationCreated(**wanted), occurred_at=BEFORE)
    flow.wait_until_quiet()
    return reservation
