"""Calendars stay small: reservations that are long past are pruned, and no answer changes with it."""

from __future__ import annotations

from agents.availability import DOMAIN
from agents.availability.slots import overlapping
from agents.availability.tables import Slot
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import ROOM, asked, cancelled, joined, maintenance, offer_ran_out, room


def held(then: DomainBench) -> list[str]:
    return [slot.holder for slot in then.row("calendars", ROOM).slots]


def test_a_reservation_that_ended_a_day_ago_leaves_the_calendar_when_it_is_written() -> None:
    booked = given(DOMAIN, room(), asked("r-1", 9, 10), asked("r-2", 10, 11))
    assert held(booked.when(at(34, asked("r-3", 40, 41)), at(34, asked("r-4", 41, 42)))) == ["r-2", "r-3", "r-4"]


def test_one_event_that_claims_to_be_of_another_year_takes_nobodys_slot_away() -> None:
    booked = given(DOMAIN, room(), asked("r-1", 9, 10))
    then = booked.when(at(20_000, asked("r-2", 20_001, 20_002)), at(8, asked("r-3", 9, 10)))
    assert then.row("reservations", "r-3").state == "REJECTED"


def test_pruned_or_not_a_slot_of_the_day_before_yesterday_stands_in_nobodys_way() -> None:
    """The first reservation after the day is the one that prunes: it and the next get the same answer."""
    booked = given(DOMAIN, room(), asked("r-1", 9, 10))
    then = booked.when(at(34, asked("r-2", 9, 10)), at(34, asked("r-3", 9, 10)))
    assert [then.row("reservations", r).state for r in ("r-2", "r-3")] == ["PENDING", "PENDING"]
    assert (
        given(DOMAIN, room(), asked("r-1", 9, 10)).when(at(33.99, asked("r-2", 9, 10))).row("reservations", "r-2").state
        == "REJECTED"
    )


def test_offers_and_blocks_are_never_pruned() -> None:
    old = given(DOMAIN, room(), joined("w-1", 9, 10), maintenance("m-1", 10, 11))
    then = old.when(at(500, asked("r-1", 510, 511)))
    assert held(then) == ["w-1", "m-1", "r-1"]
    assert then.when(at(501, offer_ran_out("w-1"))).repeats == 0


def test_a_pruned_reservation_can_still_end() -> None:
    old = given(DOMAIN, room(), asked("r-1", 9, 10), at(100, asked("r-2", 110, 111)))
    assert old.when(at(101, cancelled("r-1"))).row("reservations", "r-1").state == "CANCELLED"


def test_an_empty_calendar_is_no_row() -> None:
    assert given(DOMAIN, room(), asked("r-1", 9, 10)).when(cancelled("r-1")).row("calendars", ROOM) is None


def test_overlaps_are_found_in_order_of_time() -> None:
    slots = tuple(Slot(hour(n), hour(n + 1), "RESERVATION", f"r-{n}") for n in range(8, 14))
    assert [slot.holder for slot in overlapping(slots, hour(9.5), hour(12), hour(0))] == ["r-9", "r-10", "r-11"]
