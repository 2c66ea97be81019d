"""Typed events for Bookly.

    async with Producer(source="booking-web") as producer:
        await producer.publish(ReservationCreated(...), actor="u-1")

Importing this package does no work: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.blocking import BlockingProducer
    from bookly.delivery import Delivery
    from bookly.events import EventType
    from bookly.payload import EventPayload, Metadata
    from bookly.producer import Producer

__all__ = ["BlockingProducer", "Delivery", "EventPayload", "EventType", "Metadata", "Producer"]

_HOMES = {
    "BlockingProducer": "bookly.blocking",
    "Delivery": "bookly.delivery",
    "EventPayload": "bookly.payload",
    "EventType": "bookly.events",
    "Metadata": "bookly.payload",
    "Producer": "bookly.producer",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(home), name)
    raise AttributeError(f"module 'bookly' has no attribute {name!r}")
