"""Check-in and check-out: the visit of a reservation."""

from __future__ import annotations

from msgspec.structs import replace

from agents.stockpile.tables import StockpileState, Visit
from bookly.records.stockpile import CheckInCompleted, CheckOutCompleted


def begin_visit(event: CheckInCompleted, state: StockpileState) -> None:
    """A visit begins once."""
    if event.reservation_id in state.visits:
        state.repeat()
        return
    state.visits[event.reservation_id] = Visit(event.checked_in_at)


def end_visit(event: CheckOutCompleted, state: StockpileState) -> None:
    """A visit ends once; an end without a begin keeps both times, for it says both."""
    visit = state.visits.get(event.reservation_id, Visit(event.checked_in_at))
    if visit.checked_out_at is not None:
        state.repeat()
        return
    state.visits[event.reservation_id] = replace(visit, checked_out_at=event.checked_out_at)
