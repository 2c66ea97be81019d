"""Events in, for services that cannot use the SDK: what their contract does not allow is refused before anything is sent."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.http import responses
from api.http.problems import Invalid, Unavailable, invalid_event
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import DOMAINS, PUBLISH
from api.http.security.principals import Asker
from api.http.shapes.base import Id, Moment, sent
from api.http.shapes.commands import Accepted
from bookly.at_work import working_on
from bookly.catalog import EVENTS, EventSpec, EventType
from bookly.errors import DeliveryFailed, InvalidEvent
from bookly.payload import EventPayload

router = APIRouter(tags=["events"])
_IDS: TypeAdapter[str] = TypeAdapter(Id)
PUBLISHABLE = {spec.name: spec.type.value for spec in EVENTS.values() if spec.domain in DOMAINS}
Publishable = StrEnum("Publishable", PUBLISHABLE)  # type: ignore[misc]  # its members are the contract's


class EventIn(BaseModel):
    """One event. `data`: as its contract has it. `id`: a UUID, the same when it is sent again."""

    model_config = sent(
        type="resources.status.changed",
        data={"resource_id": "room-b204", "status": "AVAILABLE", "previous": "IN_USE"},
        id="5d1a3e52-4a8f-4c39-9a43-0b7d6d0c1f10",
        time="2026-11-24T10:00:00Z",
    )

    type: Publishable
    data: dict[str, Any]
    id: UUID | None = Field(default=None, description="Without one a retry is another event.")
    time: Moment | None = Field(default=None, description="When it happened; now, if it is not said.")
    correlation_id: UUID | None = Field(default=None, description="Of the chain that it belongs to.")


@router.post("/events", status_code=202)
async def publish_event(edge: TheEdge, who: Annotated[Asker, Depends(Guard(PUBLISH))], wanted: EventIn) -> Accepted:
    """Publish one event of a domain that the caller may publish for."""
    spec = EVENTS[EventType(wanted.type.value)]
    who.must_hold(f"publish:{spec.domain}")
    try:
        event = class_of(spec)(**wanted.data)
        _refuse_unreadable(spec, event)
        payload = EventPayload.of(
            event,
            source=edge.producer.settings.source,
            occurred_at=wanted.time,
            correlation_id=wanted.correlation_id,
            actor=who.user_id,
            event_id=wanted.id,
        )
        working_on(event_id=str(payload.metadata.event_id), correlation_id=str(payload.metadata.correlation_id))
        delivery = await edge.producer.publish(payload)
    except InvalidEvent as error:
        raise invalid_event(error, "body.data.") from None
    except DeliveryFailed as error:
        raise Unavailable(
            f'The broker did not confirm the event, which may be there nevertheless: send it again with "id": "{error.event_id}".'
        ) from None
    return responses.event(spec.type, delivery)


def _refuse_unreadable(spec: EventSpec, event: Any) -> None:
    """What it is about has to have a path here."""
    try:
        _IDS.validate_python(getattr(event, spec.key_field))
    except ValidationError as refused:
        raise Invalid([(f"body.data.{spec.key_field}", refused.errors()[0]["msg"])]) from None


@cache
def class_of(spec: EventSpec) -> Any:
    """The class that validates it."""
    return getattr(import_module(f"bookly.events.{spec.domain}"), spec.class_name)
