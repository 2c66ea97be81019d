"""From a command to its event: an id that a retry has too, and the caller as its actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid5

from fastapi import Header

from bookly.at_work import working_on

if TYPE_CHECKING:
    from api.http.ports import Edge
    from api.http.security.principals import Asker
    from bookly import Delivery
    from bookly._event import Event

NAMESPACE = UUID("5f1d7d0e-2c43-5b0e-9a0e-0b6c1f6f2a77")  # of all ids that the edge derives; never changed
Key = Annotated[
    UUID,
    Header(
        alias="Idempotency-Key",
        description="A new UUID for each thing that is wanted, and the same one when it is sent again.",
        examples=["0b0f4f4e-5d0a-4d6e-8f0a-3b7a1f2f9f10"],
    ),
]


def event_id_of(who: Asker, command: str, key: UUID) -> UUID:
    """Of one caller's command: nobody can take the id of another's event by using their key."""
    return uuid5(NAMESPACE, f"{command} {key} {who.user_id}")


def new_id(prefix: str, event_id: UUID) -> str:
    """Of what the event brings about."""
    return f"{prefix}-{uuid5(event_id, prefix)}"


async def publish(edge: Edge, who: Asker, event: Event, event_id: UUID) -> Delivery:
    """The broker has it, or what the producer raises."""
    working_on(event_id=str(event_id), correlation_id=str(event_id))  # it begins a chain
    return await edge.producer.publish(event, event_id=event_id, actor=who.user_id)
