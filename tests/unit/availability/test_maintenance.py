"""Maintenance blocks the calendar (flow 3). What it collides with stays as it is: people decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.availability import DOMAIN
from bookly.records.availability import NotificationRequested, ScheduleBlocked, ScheduleConflictDetected, ScheduleUnblocked
from bookly.testing import given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    asked,
    cancelled,
    granted,
    joined,
    maintenance,
    maintenance_called_off,
    maintenance_done,
    maintenance_started,
    room,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record


def test_a_block_enters_the_calendar() -> None:
    then = given(DOMAIN, room()).when(maintenance("m-1", 9, 12))
    (slot,) = then.row("calendars", ROOM).slots
    assert (slot.kind, slot.holder, slot.starts_at, slot.ends_at) == ("MAINTENANCE", "m-1", hour(9), hour(12))
    blocked = then.one(ScheduleBlocked)
    assert (blocked.block_id, blocked.starts_at, blocked.ends_at, blocked.reason) == ("m-1", hour(9), hour(12), "new lamps")


def test_everybody_whose_reservation_is_hit_is_told_in_order_of_their_slots() -> None:
    booked = given(DOMAIN, room(), asked("r-2", 10, 11, "bob"), asked("r-1", 9, 10), asked("r-3", 12, 13, "cat"), granted("r-1"))
    then = booked.when(maintenance("m-1", 9.5, 12))
    assert then.kinds == [ScheduleBlocked] + 2 * [ScheduleConflictDetected, NotificationRequested]
    conflicts = then.all(ScheduleConflictDetected)
    assert [(c.reservation_id, c.user_id, c.conflicting_id, c.conflicting_kind) for c in conflicts] == [
        ("r-1", "ann", "m-1", "MAINTENANCE"),
        ("r-2", "bob", "m-1", "MAINTENANCE"),
    ]
    assert [told.template for told in then.all(NotificationRequested)] == 2 * ["MAINTENANCE_CONFLICT"]
    assert [then.row("reservations", r).state for r in ("r-1", "r-2", "r-3")] == ["CONFIRMED", "PENDING", "PENDING"]


def test_an_offer_or_another_block_is_no_conflict() -> None:
    then = given(DOMAIN, room(), joined("w-1", 9, 10), maintenance("m-1", 9, 10)).when(maintenance("m-2", 9, 10))
    assert then.kinds == [ScheduleBlocked]


def test_who_gave_the_slot_up_is_not_told() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), cancelled("r-1")).when(maintenance("m-1", 9, 10))
    assert then.kinds == [ScheduleBlocked]


@pytest.mark.parametrize("ends", [maintenance_done, maintenance_called_off])
def test_a_block_that_ends_leaves_the_calendar(ends: Callable[[str], Record]) -> None:
    then = given(DOMAIN, room(), maintenance("m-1", 9, 12)).when(ends("m-1"))
    assert (then.one(ScheduleUnblocked).block_id, then.row("calendars", ROOM)) == ("m-1", None)


@pytest.mark.parametrize("ends", [maintenance_done, maintenance_called_off])
def test_a_block_ends_once_and_only_if_it_is_known(ends: Callable[[str], Record]) -> None:
    then = given(DOMAIN, room(), maintenance("m-1", 9, 12)).when(ends("m-1"), maintenance_done("m-1"), ends("m-2"))
    assert (len(then.emitted), then.repeats) == (1, 2)


def test_a_known_maintenance_is_a_repeat_even_after_its_end() -> None:
    then = given(DOMAIN, room(), maintenance("m-1", 9, 12), maintenance_done("m-1")).when(maintenance("m-1", 9, 12))
    assert (then.repeats, then.emitted, then.row("calendars", ROOM)) == (1, [], None)


def test_a_block_that_overran_by_days_still_ends_with_an_event() -> None:
    bench = given(DOMAIN, room(), maintenance("m-1", 9, 12), at(100, asked("r-1", 110, 111)))
    assert bench.when(at(101, maintenance_done("m-1"))).one(ScheduleUnblocked).block_id == "m-1"


def test_that_the_work_began_changes_nothing_here() -> None:
    then = given(DOMAIN, room(), maintenance("m-1", 9, 12)).when(maintenance_started("m-1"))
    assert (then.repeats, then.emitted) == (0, [])
