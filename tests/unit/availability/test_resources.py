"""What availability must know of a resource, and its end (flow 5)."""

from __future__ import annotations

from agents.availability import DOMAIN
from bookly.records.availability import NotificationRequested, ReservationCancelled
from bookly.testing import given
from tests.unit.clock import at
from tests.unit.facts import (
    ROOM,
    asked,
    came,
    changed_room,
    deleted_room,
    granted,
    joined,
    left,
    maintenance,
    maintenance_done,
    room,
    status,
)


def test_a_resource_has_the_rules_that_it_was_created_with() -> None:
    row = given(DOMAIN).when(room(capacity=30, max_minutes=90)).row("resources", ROOM)
    assert (row.category_id, row.capacity, row.max_minutes, row.status, row.deleted) == ("rooms", 30, 90, "AVAILABLE", False)


def test_new_rules_hold_for_what_is_asked_from_now_on() -> None:
    then = given(DOMAIN, room(capacity=30), asked("r-1", 9, 10, attendees=30), changed_room(capacity=5)).when(
        asked("r-2", 11, 12, attendees=6)
    )
    assert then.row("reservations", "r-2").reason == "RULE_VIOLATED"
    assert then.row("reservations", "r-1").state == "PENDING"


def test_an_update_keeps_the_status() -> None:
    row = given(DOMAIN, room(), status("OUT_OF_SERVICE")).when(changed_room()).row("resources", ROOM)
    assert (row.status, row.name) == ("OUT_OF_SERVICE", f"New {ROOM}")


def test_a_second_creation_is_a_repeat() -> None:
    then = given(DOMAIN, room(), status("IN_USE")).when(room(capacity=1))
    assert (then.repeats, then.row("resources", ROOM).capacity, then.row("resources", ROOM).status) == (1, 10, "IN_USE")


def test_what_was_never_created_cannot_change_or_go() -> None:
    then = given(DOMAIN).when(changed_room(), status("IN_USE"), deleted_room())
    assert (then.repeats, then.tables["resources"], then.emitted) == (3, {}, [])


def test_what_is_deleted_stays_deleted() -> None:
    then = given(DOMAIN, room(), deleted_room()).when(room(), changed_room(), status("AVAILABLE"), deleted_room())
    assert (then.repeats, then.row("resources", ROOM).deleted, then.emitted) == (4, True, [])


def test_future_reservations_are_cancelled_in_order_of_their_slots_and_everybody_is_told() -> None:
    booked = given(DOMAIN, room(), asked("r-1", 12, 13), asked("r-2", 9, 10, "bob"), granted("r-2"))
    then = booked.when(deleted_room())
    gone = then.all(ReservationCancelled)
    assert [(event.reservation_id, event.user_id, event.reason, event.cancelled_by) for event in gone] == [
        ("r-2", "bob", "RESOURCE_DELETED", "staff"),
        ("r-1", "ann", "RESOURCE_DELETED", "staff"),
    ]
    assert then.kinds == 2 * [ReservationCancelled, NotificationRequested]
    assert [told.template for told in then.all(NotificationRequested)] == 2 * ["RESERVATION_CANCELLED"]
    assert {then.row("reservations", r).state for r in ("r-1", "r-2")} == {"CANCELLED"}
    assert then.row("calendars", ROOM) is None


def test_the_echo_of_a_cancellation_is_a_repeat() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10)).when(deleted_room())
    again = then.when(*then.emitted)
    assert (again.repeats, again.emitted) == (1, [])


def test_what_has_begun_runs_to_its_end() -> None:
    booked = given(DOMAIN, room(), asked("r-1", 9, 10), asked("r-2", 8, 9), granted("r-2"), came("r-2", 8))
    then = booked.when(at(9, deleted_room()))
    assert (then.emitted, then.row("reservations", "r-1").state) == ([], "PENDING")
    assert then.when(granted("r-1"), came("r-1"), left("r-1")).row("reservations", "r-1").state == "COMPLETED"


def test_who_came_before_the_slot_began_is_not_turned_out() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), granted("r-1"), came("r-1", 8.5)).when(at(8.6, deleted_room()))
    assert (then.emitted, then.row("reservations", "r-1").state) == ([], "CHECKED_IN")


def test_offers_and_blocks_leave_and_the_queue_is_told_in_order() -> None:
    full = given(
        DOMAIN, room(), maintenance("m-1", 9, 10), joined("w-1", 11, 12), joined("w-2", 9, 10, "cat"), joined("w-3", 9, 10, "dan")
    )
    then = full.when(deleted_room())
    told = then.all(NotificationRequested)
    assert [(event.template, event.user_id, event.waitlist_id) for event in told] == [
        ("WAITLIST_CLOSED", "cat", "w-2"),
        ("WAITLIST_CLOSED", "dan", "w-3"),
    ]
    assert (then.row("calendars", ROOM), then.row("queues", ROOM)) == (None, None)
    assert then.when(maintenance_done("m-1")).repeats == 1
