"""The smallest domain with timers: a reservation sets an alarm to its begin, a cancellation cancels it."""

from __future__ import annotations

from msgspec import Struct

from agents.domain import Domain
from agents.state import State, Table
from agents.timers import Timer, TimerTable, happen
from bookly.records.availability import ReservationCancelled, ReservationCreated, WaitlistOfferExpired


class Rang(Struct, frozen=True):
    times: tuple[str, ...] = ()


class Alarms(State):
    rang = Table("rang", Rang)
    timers = TimerTable()


def set_alarm(event: ReservationCreated, state: Alarms) -> None:
    """At the begin of what is asked for; fails after it for one user."""
    state.timers.set("alarm", event.reservation_id, event.resource_id, event.starts_at, event.metadata)
    if event.user_id == "fails":
        raise ValueError("after it was set")


def cancel_alarm(event: ReservationCancelled, state: Alarms) -> None:
    """Fails after it for one reason."""
    state.timers.cancel("alarm", event.reservation_id)
    if event.reason == "fails":
        raise ValueError("after it was cancelled")


def ring(timer: Timer, state: Alarms) -> None:
    """Writes it down and tells of it; an alarm called after another one sets that one, at its own time."""
    state.rang["all"] = Rang((*state.rang.get("all", Rang()).times, timer.subject))
    told = happen(timer, WaitlistOfferExpired(timer.subject, timer.key, "ann"), state)
    if timer.subject.startswith("again-"):
        state.timers.set("alarm", timer.subject.removeprefix("again-"), timer.key, timer.due, told.metadata)


DOMAIN = Domain.of("availability", Alarms, (set_alarm, cancel_alarm), timers={"alarm": ring})


def failing(event: ReservationCancelled) -> ReservationCancelled:
    event.reason = "fails"
    return event
