"""RESERVATION_UPDATED: the slot moves as a whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.availability import DOMAIN
from bookly.records.availability import NotificationRequested, ScheduleConflictDetected, WaitlistOffered
from bookly.testing import DomainBench, given
from tests.unit.clock import hour
from tests.unit.facts import ROOM, asked, came, cancelled, deleted_room, granted, joined, maintenance, moved, room, status

if TYPE_CHECKING:
    from bookly.records import Record


def booked() -> DomainBench:
    return given(DOMAIN, room(), room("room-2"), asked("r-1", 9, 10), granted("r-1"))


def slot_of(then: DomainBench, reservation: str) -> tuple[int, int]:
    (slot,) = (slot for slot in then.row("calendars", ROOM).slots if slot.holder == reservation)
    row = then.row("reservations", reservation)
    assert (slot.starts_at, slot.ends_at) == (row.starts_at, row.ends_at)
    return slot.starts_at, slot.ends_at


def test_a_reservation_moves_to_a_free_slot_and_stays_confirmed() -> None:
    then = booked().when(moved("r-1", 14, 15, attendees=5))
    row = then.row("reservations", "r-1")
    assert slot_of(then, "r-1") == (hour(14), hour(15))
    assert (row.state, row.attendees, row.version) == ("CONFIRMED", 5, 3)
    assert then.emitted == []


@pytest.mark.parametrize(("start", "end"), [(9.5, 10.5), (8, 11), (9.25, 9.5)])
def test_its_own_old_slot_does_not_stand_in_the_way(start: float, end: float) -> None:
    assert slot_of(booked().when(moved("r-1", start, end)), "r-1") == (hour(start), hour(end))


def test_a_pending_reservation_can_move_too() -> None:
    assert slot_of(given(DOMAIN, room(), asked("r-1", 9, 10)).when(moved("r-1", 11, 12)), "r-1") == (hour(11), hour(12))


def test_where_another_stands_in_the_way_nothing_moves_and_the_user_is_told() -> None:
    then = booked().when(asked("r-2", 11, 12, "bob")).when(moved("r-1", 10, 11.5))
    assert slot_of(then, "r-1") == (hour(9), hour(10))
    assert then.kinds == [ScheduleConflictDetected, NotificationRequested]
    conflict, told = then.one(ScheduleConflictDetected), then.one(NotificationRequested)
    assert (conflict.conflicting_id, conflict.conflicting_kind, conflict.starts_at) == ("r-2", "RESERVATION", hour(10))
    assert (told.template, told.user_id, told.reservation_id) == ("RESERVATION_CONFLICT", "ann", "r-1")


def test_maintenance_stands_in_the_way_too() -> None:
    then = booked().when(maintenance("m-1", 11, 12)).when(moved("r-1", 11, 12))
    assert then.one(ScheduleConflictDetected).conflicting_kind == "MAINTENANCE"


@pytest.mark.parametrize(
    "event", [moved("r-1", 12, 11), moved("r-1", 9, 22), moved("r-1", 9, 10, attendees=11), moved("r-1", 12, 12)]
)
def test_where_a_rule_stands_in_the_way_the_conflict_is_with_the_resource(event: Record) -> None:
    then = booked().when(event)
    assert slot_of(then, "r-1") == (hour(9), hour(10))
    conflict = then.one(ScheduleConflictDetected)
    assert (conflict.conflicting_id, conflict.conflicting_kind) == (ROOM, "RULE")


def test_nothing_moves_on_what_is_out_of_service() -> None:
    then = booked().when(status("OUT_OF_SERVICE")).when(moved("r-1", 12, 13))
    assert then.one(ScheduleConflictDetected).conflicting_kind == "RULE"


def test_a_reservation_that_had_begun_cannot_move_on_a_deleted_resource() -> None:
    then = given(DOMAIN, room(), asked("r-1", -1, 1), granted("r-1"), deleted_room()).when(moved("r-1", 12, 13))
    assert then.row("reservations", "r-1").state == "CONFIRMED"
    assert then.one(ScheduleConflictDetected).conflicting_kind == "RULE"


def test_the_slot_that_it_leaves_is_offered_to_who_waits() -> None:
    then = booked().when(joined("w-1", 9, 10)).when(moved("r-1", 14, 15))
    assert then.one(WaitlistOffered).waitlist_id == "w-1"


def test_the_slot_that_it_keeps_is_not_offered() -> None:
    then = booked().when(joined("w-1", 9, 10)).when(moved("r-1", 9.5, 10.5))
    assert then.emitted == []


def test_only_what_is_pending_or_confirmed_can_move() -> None:
    for event in (cancelled("r-1"), came("r-1")):
        then = booked().when(event).when(moved("r-1", 14, 15))
        assert (then.repeats, then.emitted, then.row("reservations", "r-1").starts_at) == (1, [], hour(9))
    assert given(DOMAIN, room()).when(moved("r-1", 14, 15)).repeats == 1


def test_an_update_that_changes_nothing_is_a_repeat() -> None:
    then = booked().when(moved("r-1", 9, 10))
    assert (then.repeats, then.row("reservations", "r-1").version) == (1, 2)


def test_a_reservation_does_not_move_to_another_resource() -> None:
    then = booked().when(moved("r-1", 14, 15, resource="room-2"))
    assert (then.repeats, then.row("calendars", "room-2")) == (1, None)
    assert slot_of(then, "r-1") == (hour(9), hour(10))
