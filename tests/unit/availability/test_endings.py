"""Cancelled, expired, missed, used: every transition that is legal, and no other."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from agents.availability import DOMAIN
from bookly.records.availability import NotificationRequested, WaitlistOffered
from bookly.testing import DomainBench, given
from tests.unit.facts import ROOM, asked, came, cancelled, granted, joined, left, no_show, not_approved, ran_out, room, undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record

WAYS: dict[str, list[Callable[[str], Record]]] = {
    "PENDING": [],
    "CONFIRMED": [granted],
    "REJECTED": [not_approved],
    "CANCELLED": [cancelled],
    "EXPIRED": [undecided],
    "CHECKED_IN": [granted, came],
    "NO_SHOW": [granted, no_show],
    "COMPLETED": [granted, came, left],
}
MOVES: dict[Callable[[str], Record], dict[str, str]] = {
    cancelled: {"PENDING": "CANCELLED", "CONFIRMED": "CANCELLED"},
    ran_out: {"PENDING": "EXPIRED"},
    no_show: {"CONFIRMED": "NO_SHOW"},
    came: {"CONFIRMED": "CHECKED_IN"},
    left: {"CHECKED_IN": "COMPLETED"},
    granted: {"PENDING": "CONFIRMED"},
    not_approved: {"PENDING": "REJECTED"},
    undecided: {"PENDING": "EXPIRED"},
}
HOLDING = {"PENDING", "CONFIRMED", "CHECKED_IN"}


def in_state(state: str) -> DomainBench:
    bench = given(DOMAIN, room(), asked("r-1", 9, 10), *(step("r-1") for step in WAYS[state]))
    assert bench.row("reservations", "r-1").state == state
    return bench


@pytest.mark.parametrize(("move", "state"), list(product(MOVES, WAYS)), ids=lambda value: getattr(value, "__name__", value))
def test_only_legal_transitions_change_anything(move: Callable[[str], Record], state: str) -> None:
    before = in_state(state)
    row, calendar = before.row("reservations", "r-1"), before.row("calendars", ROOM)
    then = before.when(move("r-1"))
    target = MOVES[move].get(state)
    if target is None:
        assert (then.row("reservations", "r-1"), then.row("calendars", ROOM)) == (row, calendar)
        assert (then.repeats, then.emitted) == (1, [])
    else:
        after = then.row("reservations", "r-1")
        assert (after.state, after.version, then.repeats) == (target, row.version + 1, 0)
        assert (then.row("calendars", ROOM) is not None) == (target in HOLDING)


@pytest.mark.parametrize("move", [cancelled, ran_out, no_show, came, left])
def test_of_a_reservation_that_is_not_known_nothing_is_kept(move: Callable[[str], Record]) -> None:
    then = given(DOMAIN, room()).when(move("r-1"))
    assert (then.repeats, then.emitted, then.tables["reservations"]) == (1, [], {})


@pytest.mark.parametrize(
    ("move", "state"), [(cancelled, "PENDING"), (cancelled, "CONFIRMED"), (no_show, "CONFIRMED"), (ran_out, "PENDING")]
)
def test_a_slot_given_up_is_offered_and_nothing_is_said_of_the_reservation(move: Callable[[str], Record], state: str) -> None:
    then = in_state(state).when(joined("w-1", 9, 10)).when(move("r-1"))
    assert then.kinds == [WaitlistOffered, NotificationRequested]


def test_who_leaves_early_makes_room_for_who_waits() -> None:
    then = in_state("CHECKED_IN").when(joined("w-1", 9, 10)).when(left("r-1"))
    assert then.one(WaitlistOffered).waitlist_id == "w-1"


def test_two_cancellations_offer_the_slot_once() -> None:
    cancelling = in_state("CONFIRMED").when(joined("w-1", 9, 10), joined("w-2", 9, 10, "cat")).when(cancelled("r-1"))
    assert len(cancelling.all(WaitlistOffered)) == 1
    again = cancelling.when(cancelled("r-1"))
    assert (again.repeats, again.emitted) == (1, [])


def test_the_reason_of_a_cancellation_is_kept() -> None:
    assert in_state("PENDING").when(cancelled("r-1")).row("reservations", "r-1").reason == "BY_USER"
