"""APPROVAL_GRANTED, _REJECTED, _EXPIRED (flow 2): the reservation follows, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.availability import DOMAIN
from bookly.records.availability import (
    NotificationRequested,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
    WaitlistOffered,
)
from bookly.testing import DomainBench, given
from tests.unit.clock import at
from tests.unit.facts import ROOM, asked, cancelled, granted, joined, not_approved, room, undecided

if TYPE_CHECKING:
    from bookly.records import Record


def pending() -> DomainBench:
    return given(DOMAIN, room(), asked("r-1", 9, 10))


def test_a_granted_approval_confirms_and_the_user_is_told() -> None:
    then = pending().when(granted("r-1"))
    assert then.row("reservations", "r-1").state == "CONFIRMED"
    assert then.kinds == [ReservationConfirmed, NotificationRequested]
    assert (then.one(ReservationConfirmed).approval_id, then.one(ReservationConfirmed).automatic) == ("apr-r-1", False)
    assert (then.one(NotificationRequested).template, then.one(NotificationRequested).user_id) == ("RESERVATION_CONFIRMED", "ann")


def test_an_automatic_grant_says_that_it_was_automatic() -> None:
    assert pending().when(granted("r-1", automatic=True, by=None)).one(ReservationConfirmed).automatic


def test_a_refused_approval_refuses_the_reservation_and_frees_its_slot() -> None:
    then = pending().when(not_approved("r-1"))
    row = then.row("reservations", "r-1")
    assert (row.state, row.reason, then.row("calendars", ROOM)) == ("REJECTED", "NOT_APPROVED", None)
    assert then.kinds == [ReservationRejected, NotificationRequested]
    assert then.one(ReservationRejected).reason == "NOT_APPROVED"
    assert then.one(NotificationRequested).template == "RESERVATION_REJECTED"


def test_an_approval_that_ran_out_ends_the_reservation() -> None:
    then = pending().when(undecided("r-1"))
    assert (then.row("reservations", "r-1").state, then.row("calendars", ROOM)) == ("EXPIRED", None)
    assert then.kinds == [ReservationExpired, NotificationRequested]
    assert then.one(NotificationRequested).template == "RESERVATION_EXPIRED"


@pytest.mark.parametrize("decision", [not_approved("r-1"), undecided("r-1")])
def test_the_freed_slot_is_offered_last(decision: Record) -> None:
    then = pending().when(joined("w-1", 9, 10)).when(decision)
    assert then.kinds[2:] == [WaitlistOffered, NotificationRequested]


def test_a_grant_frees_nothing_and_does_not_look_at_the_waitlist() -> None:
    """Who waits for a past slot stays in the queue until something is freed, or the resource goes."""
    then = pending().when(joined("w-1", 9, 10)).when(at(9.5, granted("r-1")))
    assert [entry.waitlist_id for entry in then.row("queues", ROOM).entries] == ["w-1"]


def test_of_two_deciders_the_first_wins_and_the_second_changes_nothing() -> None:
    then = pending().when(granted("r-1")).when(not_approved("r-1"))
    assert (then.row("reservations", "r-1").state, then.repeats, then.emitted) == ("CONFIRMED", 1, [])


def test_of_two_decisions_before_the_reservation_the_first_is_kept() -> None:
    early = given(DOMAIN, room()).when(not_approved("r-1"), granted("r-1"))
    assert early.repeats == 1
    assert early.when(asked("r-1", 9, 10)).row("reservations", "r-1").state == "REJECTED"


def test_a_decision_on_a_cancelled_reservation_comes_too_late() -> None:
    then = pending().when(cancelled("r-1")).when(granted("r-1"))
    assert (then.row("reservations", "r-1").state, then.repeats, then.emitted) == ("CANCELLED", 1, [])


def test_the_same_decision_twice_is_a_repeat() -> None:
    decision = granted("r-1")
    then = pending().when(decision).when(decision)
    assert (then.repeats, then.emitted, then.row("reservations", "r-1").version) == (1, [], 2)
