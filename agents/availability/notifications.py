"""Telling users: one event for each message, its id made of what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookly.records.availability import NotificationRequested

if TYPE_CHECKING:
    from agents.availability.tables import AvailabilityState


def notify(
    state: AvailabilityState,
    template: str,
    resource_id: str,
    user_id: str,
    *,
    reservation_id: str | None = None,
    waitlist_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Ask for one message to a user. A redelivered cause asks for the same notification_id."""
    about = reservation_id or waitlist_id or resource_id
    state.emit(
        NotificationRequested(
            notification_id=f"ntf-{about}-{template.lower()}-{state.cause.event_id}",
            resource_id=resource_id,
            user_id=user_id,
            template=template,
            reservation_id=reservation_id,
            waitlist_id=waitlist_id,
            detail=detail,
        )
    )
