"""Reservations and their approvals."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.http.ports import Edge
from api.http.reads.reading import MOST_ROWS, there
from api.http.security.guard import Guard, TheEdge
from api.http.security.permissions import APPROVALS, RESERVATIONS
from api.http.security.principals import Asker
from api.http.shapes.base import Id
from api.http.shapes.bookings import Approval, Reservation, Reservations
from bookly.cache import Loaded
from bookly.cache.types import RESERVATION

router = APIRouter(tags=["reservations"])
Row = dict[str, Any]


async def reservation_of(edge: Edge, reservation_id: str) -> Reservation:
    """Through the cache. Raises NotThere. Commands ask it, too."""

    async def load() -> Row | None:
        row = (await edge.owners.find("availability", "reservations", reservation_id)).value
        return None if row is None else {"reservation_id": reservation_id, **row}

    found = await edge.caches.availability.reservation.get_or_load(reservation_id, loader=load)
    return Reservation.model_validate(there(found, "reservation"))


async def approval_of(edge: Edge, reservation_id: str) -> Approval:
    """From its owner each time: a decision is compared with its revision, which must not be an old one. Raises NotThere."""
    found = await edge.owners.find("stockpile", "approvals", reservation_id)
    row = there(found.value, "approval")
    fields = {**row, "reservation_id": reservation_id, "revision": row["version"], "version": dict(found.version)}
    return Approval.model_validate(fields)


@router.get("/reservations/{reservation_id}")
async def reservation(edge: TheEdge, who: Annotated[Asker, Depends(Guard(RESERVATIONS))], reservation_id: Id) -> Reservation:
    """One reservation."""
    found = await reservation_of(edge, reservation_id)
    who.must_own(found.user_id)
    return found


@router.get("/users/{user_id}/reservations")
async def reservations(edge: TheEdge, who: Annotated[Asker, Depends(Guard(RESERVATIONS))], user_id: Id) -> Reservations:
    """The latest reservations of a user, at least 200 of them where there are more."""
    who.must_own(user_id)

    async def load() -> object:
        found = await edge.owners.rows("availability", "reservations", where={"user_id": user_id}, limit=MOST_ROWS)
        rows = sorted(found.rows, key=lambda item: item[1]["starts_at"])  # `more`: the index has left older ones out
        return Loaded([{"reservation_id": key, **row} for key, row in rows], {RESERVATION: [key for key, _ in rows]})

    found = await edge.caches.availability.user_reservations.get_or_load(user_id, loader=load)
    return Reservations(user_id=user_id, items=found)


@router.get("/reservations/{reservation_id}/approval")
async def approval(edge: TheEdge, who: Annotated[Asker, Depends(Guard(APPROVALS))], reservation_id: Id) -> Approval:
    """How far its approval is."""
    found = await approval_of(edge, reservation_id)
    who.must_own(found.user_id)
    return found
