"""Windowed demand: hourly tumbling windows on event time, each kind at most once for a reservation or a place in a queue."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from agents.reports.hours import COUNTED, DEMAND, LEADS, until
from agents.reports.tables import HOUR, MINUTE, Demand, Lead, ReportsState
from agents.windows import Counted
from bookly.records.availability import (
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationExpired,
    ReservationNoShow,
    ReservationRejected,
    ReservationUpdated,
    ScheduleConflictDetected,
    WaitlistJoined,
    WaitlistOffered,
    WaitlistOfferExpired,
)

KINDS: dict[type, str] = {
    ReservationCreated: "asked",
    ReservationConfirmed: "confirmed",
    ReservationRejected: "refused",
    ReservationCancelled: "cancelled",
    ReservationExpired: "expired",
    ReservationNoShow: "no_show",
    WaitlistJoined: "waitlisted",
    WaitlistOffered: "offered",
    ScheduleConflictDetected: "conflicts",
}

Wanted = (
    ReservationCreated
    | ReservationUpdated
    | ReservationConfirmed
    | ReservationRejected
    | ReservationCancelled
    | ReservationExpired
    | ReservationNoShow
    | WaitlistJoined
    | WaitlistOffered
    | WaitlistOfferExpired
    | ScheduleConflictDetected
)


def record_demand(event: Wanted, state: ReportsState) -> None:
    """What was wanted, by resource and hour. A moved reservation or an offer that ran out is no new demand."""
    kind = KINDS.get(type(event))
    if kind is None or not count(state, kind, _entity(event), event):
        return
    if isinstance(event, WaitlistJoined):
        _serve(event, event.waitlist_id, state, joined_at=event.metadata.occurred_at)
    elif isinstance(event, ReservationCreated) and event.waitlist_id is not None:
        _ask_for(event, event.waitlist_id, state)
    elif isinstance(event, ReservationConfirmed):
        offer = state.leads.get(event.reservation_id, Lead()).offer
        if offer is not None:
            _serve(event, offer, state, taken=True)


def count(state: ReportsState, kind: str, entity: str, event: Any) -> bool:
    """Count one kind for one entity in the hour of the event, unless it was counted before: a client's retry is no demand."""
    at: int = event.metadata.occurred_at
    if not COUNTED.first(state, entity, kind, until(state, at, getattr(event, "ends_at", 0))):
        state.repeat()
        return False
    DEMAND.add(state, event.resource_id, at, lambda row: replace(row, **_changes(kind, event, row)))
    return True


def _changes(kind: str, event: Any, row: Demand) -> dict[str, Any]:
    changes: dict[str, Any] = {kind: getattr(row, kind) + 1}
    if kind == "refused":
        changes["refused_by"] = {**row.refused_by, event.reason: row.refused_by.get(event.reason, 0) + 1}
    elif kind == "asked":
        changes["category"] = event.category_id
        ahead = (event.starts_at - event.metadata.occurred_at) // MINUTE
        if ahead >= 0:
            changes |= {"leads": row.leads + 1, "lead_minutes": row.lead_minutes + ahead}
    return changes


def _ask_for(event: ReservationCreated, waitlist_id: str, state: ReportsState) -> None:
    """Whoever asks for an offer has not got it yet. Only this event names the offer; that it was confirmed may be known."""
    lead = state.leads.get(event.reservation_id, Lead())
    upto = until(state, event.metadata.occurred_at, event.ends_at)
    LEADS.put(state, event.reservation_id, replace(lead, until=max(lead.until, upto), offer=waitlist_id))
    if "confirmed" in state.counted.get(event.reservation_id, Counted()).kinds:
        _serve(event, waitlist_id, state, taken=True)


def _serve(
    event: WaitlistJoined | ReservationCreated | ReservationConfirmed, waitlist_id: str, state: ReportsState, **learnt: Any
) -> None:
    """A place in a queue is served when its offer is taken, in the hour in which it was joined; whichever is heard of first."""
    lead = state.leads.get(waitlist_id, Lead())
    known = replace(lead, until=max(lead.until, until(state, event.metadata.occurred_at, event.ends_at)), **learnt)
    LEADS.put(state, waitlist_id, known)
    if known.joined_at is not None and known.taken and not (lead.joined_at is not None and lead.taken):
        hour = known.joined_at - known.joined_at % HOUR
        DEMAND.amend(state, event.resource_id, hour, lambda row: replace(row, served=row.served + 1))


def _entity(event: Wanted) -> str:
    if isinstance(event, WaitlistJoined | WaitlistOffered | WaitlistOfferExpired):
        return event.waitlist_id
    return event.reservation_id
