"""RESERVATION_CREATED: the one writer of a resource decides whether the slot can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.availability import DOMAIN
from agents.index import Latest
from bookly.records.availability import (
    NotificationRequested,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
    ScheduleConflictDetected,
)
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    asked,
    came,
    cancelled,
    deleted_room,
    granted,
    joined,
    left,
    maintenance,
    not_approved,
    room,
    status,
    undecided,
)

if TYPE_CHECKING:
    from bookly.records import Record


def reason_of(then: DomainBench, reservation: str) -> str | None:
    row = then.row("reservations", reservation)
    assert row.state == "REJECTED"
    assert then.one(ReservationRejected).reason == row.reason
    assert then.one(NotificationRequested).template == "RESERVATION_REJECTED"
    reason: str | None = row.reason
    return reason


def test_a_free_slot_is_held_and_nothing_is_said_until_it_is_decided() -> None:
    then = given(DOMAIN, room()).when(asked("r-1", 9, 10))
    row = then.row("reservations", "r-1")
    assert (row.state, row.version, row.user_id, row.starts_at, row.ends_at) == ("PENDING", 1, "ann", hour(9), hour(10))
    assert [(slot.kind, slot.holder) for slot in then.row("calendars", ROOM).slots] == [("RESERVATION", "r-1")]
    assert then.emitted == []


def test_a_known_reservation_is_a_repeat_even_with_another_slot() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10)).when(asked("r-1", 11, 12))
    assert then.row("reservations", "r-1").starts_at == hour(9)
    assert (then.repeats, then.emitted) == (1, [])


def test_a_resource_that_was_never_created_is_unknown() -> None:
    then = given(DOMAIN).when(asked("r-1", 9, 10))
    assert reason_of(then, "r-1") == "UNKNOWN_RESOURCE"
    assert then.row("calendars", ROOM) is None


def test_a_deleted_resource_takes_none_even_when_it_was_out_of_service() -> None:
    then = given(DOMAIN, room(), status("OUT_OF_SERVICE"), deleted_room()).when(asked("r-1", 9, 10))
    assert reason_of(then, "r-1") == "RESOURCE_DELETED"


def test_what_is_out_of_service_takes_none_and_says_so_before_it_looks_at_the_rules() -> None:
    then = given(DOMAIN, room(), status("OUT_OF_SERVICE")).when(asked("r-1", 10, 9))
    assert reason_of(then, "r-1") == "RESOURCE_UNAVAILABLE"


@pytest.mark.parametrize("usable", ["AVAILABLE", "IN_USE", "UNDER_MAINTENANCE"])
def test_any_other_status_does_not_stand_in_the_way(usable: str) -> None:
    then = given(DOMAIN, room(), status(usable)).when(asked("r-1", 9, 10))
    assert then.row("reservations", "r-1").state == "PENDING"


@pytest.mark.parametrize(
    ("start", "end", "attendees", "detail"),
    [
        (10, 9, 2, "it ends before it begins"),
        (9, 9, 2, "it ends before it begins"),
        (9, 11.01, 2, "longer than 120 minutes"),
        (9, 10, 11, "more than 10 people"),
    ],
)
def test_the_rules_of_the_resource_hold(start: float, end: float, attendees: int, detail: str) -> None:
    then = given(DOMAIN, room(max_minutes=120)).when(asked("r-1", start, end, attendees=attendees))
    assert reason_of(then, "r-1") == "RULE_VIOLATED"
    assert then.one(ReservationRejected).detail == detail


def test_exactly_as_long_and_as_many_as_allowed_is_allowed() -> None:
    then = given(DOMAIN, room(max_minutes=120)).when(asked("r-1", 9, 11, attendees=10))
    assert then.row("reservations", "r-1").state == "PENDING"


def test_maintenance_is_named_before_a_conflict() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), maintenance("m-1", 9.5, 12)).when(asked("r-2", 9, 12, "bob"))
    assert reason_of(then, "r-2") == "MAINTENANCE"
    assert then.one(ReservationRejected).detail == "m-1"
    assert then.all(ScheduleConflictDetected) == []


def test_an_overlap_is_refused_and_the_conflict_is_reported() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10)).when(asked("r-2", 9.5, 11, "bob"))
    assert reason_of(then, "r-2") == "CONFLICT"
    assert then.kinds == [ReservationRejected, ScheduleConflictDetected, NotificationRequested]
    conflict = then.one(ScheduleConflictDetected)
    assert (conflict.reservation_id, conflict.conflicting_id, conflict.conflicting_kind) == ("r-2", "r-1", "RESERVATION")
    assert (conflict.starts_at, conflict.ends_at, conflict.user_id) == (hour(9.5), hour(11), "bob")
    assert then.one(NotificationRequested).user_id == "bob"


def test_of_two_that_stand_in_the_way_the_earlier_is_named() -> None:
    then = given(DOMAIN, room(), asked("r-1", 11, 12), asked("r-2", 9, 10)).when(asked("r-3", 9, 12, "bob"))
    assert then.one(ScheduleConflictDetected).conflicting_id == "r-2"


@pytest.mark.parametrize(("start", "end"), [(8, 9), (10, 11)])
def test_touching_slots_do_not_overlap(start: float, end: float) -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10)).when(asked("r-2", start, end, "bob"))
    assert then.row("reservations", "r-2").state == "PENDING"


@pytest.mark.parametrize(("start", "end"), [(9, 10), (8, 9.001), (9.999, 11), (9.25, 9.5), (8, 11)])
def test_any_shared_moment_is_an_overlap(start: float, end: float) -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10)).when(asked("r-2", start, end, "bob"))
    assert reason_of(then, "r-2") == "CONFLICT"


def test_a_short_slot_behind_a_long_one_that_began_first_is_seen() -> None:
    then = given(DOMAIN, room(), asked("r-1", 8, 14), asked("r-2", 15, 16)).when(asked("r-3", 13, 14.5, "bob"))
    assert then.one(ScheduleConflictDetected).conflicting_id == "r-1"


def test_another_resource_is_another_calendar() -> None:
    then = given(DOMAIN, room(), room("room-2"), asked("r-1", 9, 10)).when(asked("r-2", 9, 10, resource="room-2"))
    assert then.row("reservations", "r-2").state == "PENDING"


def test_a_refused_reservation_holds_nothing() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), asked("r-2", 9, 11, "bob"), cancelled("r-1")).when(asked("r-3", 9, 10))
    assert then.row("reservations", "r-3").state == "PENDING"


def test_whoever_is_there_holds_the_slot_until_they_have_left() -> None:
    there = given(DOMAIN, room(), asked("r-1", 9, 10), granted("r-1"), came("r-1"))
    assert reason_of(there.when(asked("r-2", 9, 10)), "r-2") == "CONFLICT"
    assert there.when(left("r-1"), asked("r-3", 9, 10)).row("reservations", "r-3").state == "PENDING"


@pytest.mark.parametrize(
    ("decision", "state", "event"),
    [
        (granted("r-1"), "CONFIRMED", ReservationConfirmed),
        (not_approved("r-1"), "REJECTED", ReservationRejected),
        (undecided("r-1"), "EXPIRED", ReservationExpired),
    ],
)
def test_a_decision_that_came_before_its_reservation_is_applied_at_once(
    decision: Record, state: str, event: type[Record]
) -> None:
    then = given(DOMAIN, room(), decision).when(asked("r-1", 9, 10))
    assert then.row("reservations", "r-1").state == state
    assert then.kinds == [event, NotificationRequested]
    assert then.row("decisions", "r-1") is None
    assert (then.row("calendars", ROOM) is not None) == (state == "CONFIRMED")


def test_a_decision_that_came_first_cannot_save_a_slot_that_is_taken() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), granted("r-2")).when(asked("r-2", 9, 10, "bob"))
    assert reason_of(then, "r-2") == "CONFLICT"
    assert then.row("decisions", "r-2") is None


def test_a_slot_that_an_early_refusal_sets_free_goes_to_who_waits_for_it() -> None:
    """The taken offer held more than is asked for, and the reservation is refused: one look at the waitlist, at the end."""
    waiting = given(DOMAIN, room(), asked("r-1", 9, 12), joined("w-1", 9, 12), joined("w-2", 9, 10, "cat"), cancelled("r-1"))
    then = waiting.when(not_approved("r-2"), asked("r-2", 9, 11, "bob", offer="w-1"))
    assert [event.template for event in then.all(NotificationRequested)] == ["RESERVATION_REJECTED", "WAITLIST_OFFERED"]
    assert [(slot.kind, slot.holder) for slot in then.row("calendars", ROOM).slots] == [("OFFER", "w-2")]


def test_what_is_emitted_happened_when_its_cause_happened_and_on_whose_behalf() -> None:
    cause = at(3, asked("r-1", 9, 10), actor="secretary")
    meta = given(DOMAIN).when(cause).one(ReservationRejected).metadata
    assert (meta.occurred_at, meta.actor, meta.source) == (hour(3), "secretary", "availability")
    assert (meta.causation_id, meta.correlation_id) == (cause.metadata.event_id, cause.metadata.correlation_id)


def test_a_users_reservations_are_listed_whether_placed_or_refused_and_each_once() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), asked("r-2", 9, 10)).when(asked("r-1", 11, 12), asked("r-3", 9, 10, "bob"))
    assert then.rows("by_user") == {"ann": Latest(("r-1", "r-2")), "bob": Latest(("r-3",))}


def test_of_more_than_200_reservations_of_a_user_the_latest_are_listed_and_the_others_counted() -> None:
    then = given(DOMAIN, room()).when(*(asked(f"r-{number}", 9, 10) for number in range(203)))
    listed = then.row("by_user", "ann")
    assert (listed.keys[0], listed.keys[-1], len(listed.keys), listed.older) == ("r-3", "r-202", 200, 3)
