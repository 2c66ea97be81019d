"""Reserve, cancel, decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api.http import responses
from api.http.commands.publishing import Key, event_id_of, new_id, publish
from api.http.reads.reservations import approval_of, reservation_of
from api.http.reads.resources import resource_of
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import CANCEL, DECIDE, RESERVE
from api.http.security.principals import Asker
from api.http.shapes.base import Id
from api.http.shapes.commands import Accepted, Grant, Reject, Reserve
from bookly.events import EventType
from bookly.events.availability import CancellationReason, ReservationCancelled, ReservationCreated
from bookly.events.stockpile import ApprovalGranted, ApprovalRejected

router = APIRouter(tags=["commands"])
Decider = Annotated[Asker, Depends(Guard(DECIDE))]


@router.post("/reservations", status_code=202)
async def reserve(edge: TheEdge, who: Annotated[Asker, Depends(Guard(RESERVE))], key: Key, wanted: Reserve) -> Accepted:
    """Ask for a slot. Whether it is given is decided by the resource's one writer."""
    user_id = wanted.user_id or who.user_id
    who.must_own(user_id)
    resource = await resource_of(edge, wanted.resource_id)  # its category decides on approval: nobody chooses it
    event_id = event_id_of(who, "reserve", key)
    reservation_id = new_id("res", event_id)
    event = ReservationCreated(
        reservation_id=reservation_id,
        resource_id=wanted.resource_id,
        category_id=resource.category_id,
        user_id=user_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        attendees=wanted.attendees,
        purpose=wanted.purpose,
        waitlist_id=wanted.waitlist_id,
    )
    delivery = await publish(edge, who, event, event_id)
    return responses.event(EventType.RESERVATION_CREATED, delivery, **_links(reservation_id))


@router.post("/reservations/{reservation_id}/cancellation", status_code=202)
async def cancel(edge: TheEdge, who: Annotated[Asker, Depends(Guard(CANCEL))], key: Key, reservation_id: Id) -> Accepted:
    """Give a reservation up."""
    found = await reservation_of(edge, reservation_id)
    who.must_own(found.user_id)
    event = ReservationCancelled(
        reservation_id=reservation_id,
        resource_id=found.resource_id,
        user_id=found.user_id,
        reason=CancellationReason.BY_USER if found.user_id == who.user_id else CancellationReason.BY_STAFF,
        cancelled_by=who.user_id,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
    )
    delivery = await publish(edge, who, event, event_id_of(who, f"cancel {reservation_id}", key))
    return responses.event(EventType.RESERVATION_CANCELLED, delivery, reservation=f"/reservations/{reservation_id}")


@router.post("/reservations/{reservation_id}/approval/grant", status_code=202)
async def grant(edge: TheEdge, who: Decider, key: Key, reservation_id: Id, wanted: Grant) -> Accepted:
    """Decide that it may take place."""
    found = await approval_of(edge, reservation_id)
    event = ApprovalGranted(
        approval_id=found.approval_id,
        reservation_id=reservation_id,
        resource_id=found.resource_id,
        automatic=False,
        expected_version=wanted.expected_version,
        decided_by=who.user_id,
        comment=wanted.comment,
    )
    delivery = await publish(edge, who, event, event_id_of(who, f"grant {reservation_id}", key))
    return responses.event(EventType.APPROVAL_GRANTED, delivery, **_links(reservation_id))


@router.post("/reservations/{reservation_id}/approval/reject", status_code=202)
async def reject(edge: TheEdge, who: Decider, key: Key, reservation_id: Id, wanted: Reject) -> Accepted:
    """Decide that it may not."""
    found = await approval_of(edge, reservation_id)
    event = ApprovalRejected(
        approval_id=found.approval_id,
        reservation_id=reservation_id,
        resource_id=found.resource_id,
        expected_version=wanted.expected_version,
        decided_by=who.user_id,
        reason=wanted.reason,
    )
    delivery = await publish(edge, who, event, event_id_of(who, f"reject {reservation_id}", key))
    return responses.event(EventType.APPROVAL_REJECTED, delivery, **_links(reservation_id))


def _links(reservation_id: str) -> dict[str, str]:
    return {"approval": f"/reservations/{reservation_id}/approval", "reservation": f"/reservations/{reservation_id}"}
