"""The shape of answer beside a plain value: an event that was published."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.http.shapes.commands import Accepted

if TYPE_CHECKING:
    from bookly import Delivery, EventType


def event(type_: EventType, delivery: Delivery, **links: str) -> Accepted:
    """202: where the event lies, and where its outcome can be read."""
    topic, partition, offset, event_id = delivery
    return Accepted(event_id=UUID(event_id), type=type_, topic=topic, partition=partition, offset=offset, links=links)
