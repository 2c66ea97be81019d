"""Two confirmed reservations on one moment of a resource are seen, however they came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.double_bookings import double_bookings
from tests.unit.clock import at
from tests.unit.facts import asked, came, cancelled, confirmed, conflict, left, moved, no_show

if TYPE_CHECKING:
    from bookly.records import Record


def test_two_confirmed_on_one_slot_are_one_double_booking() -> None:
    assert double_bookings([at(0, confirmed("r-1")), at(1, confirmed("r-2"))]) == 1
    assert double_bookings([at(n, confirmed(f"r-{n}")) for n in range(3)]) == 3


def test_two_rooms_are_not_in_each_others_way() -> None:
    assert double_bookings([at(0, confirmed("r-1")), at(1, confirmed("r-2", "room-2"))]) == 0


def test_what_is_only_asked_for_is_not_booked() -> None:
    log: list[Record] = [at(0, confirmed("r-1")), at(1, asked("r-2", 9, 10))]
    assert double_bookings(log) == 0


def test_who_cancelled_missed_or_left_makes_room() -> None:
    ways: list[list[Record]] = [[cancelled("r-1")], [no_show("r-1")], [came("r-1"), left("r-1")]]
    for way in ways:
        events = [at(n, event) for n, event in enumerate(way, 1)]
        assert double_bookings([at(0, confirmed("r-1")), *events, at(5, confirmed("r-2"))]) == 0


def test_who_is_inside_makes_no_room_by_cancelling() -> None:
    log: list[Record] = [at(0, confirmed("r-1")), at(1, came("r-1")), at(2, cancelled("r-1")), at(3, confirmed("r-2"))]
    assert double_bookings(log) == 1


def test_a_reservation_that_was_moved_onto_another_is_seen() -> None:
    log: list[Record] = [
        at(0, confirmed("r-1")),
        at(1, moved("r-1", 11, 12)),
        at(2, confirmed("r-2")),
        at(3, moved("r-2", 11.5, 12.5)),
    ]
    assert double_bookings(log) == 1


def test_a_move_that_was_refused_is_none() -> None:
    move = at(2, moved("r-2", 11, 12))
    refusal = at(2, conflict("r-2"))
    refusal.metadata.causation_id = move.metadata.event_id
    log: list[Record] = [at(0, confirmed("r-1")), at(1, moved("r-1", 11, 12)), at(1, confirmed("r-2")), move, refusal]
    assert double_bookings(log) == 0
