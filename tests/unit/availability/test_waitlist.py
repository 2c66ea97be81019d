"""The queue of a resource: whoever waits is offered the first slot that fits, in order of joining."""

from __future__ import annotations

from agents.availability import DOMAIN
from bookly.records.availability import NotificationRequested, ReservationRejected, ScheduleConflictDetected, WaitlistOffered
from bookly.testing import DomainBench, given
from tests.unit.clock import at, hour
from tests.unit.facts import (
    ROOM,
    asked,
    cancelled,
    deleted_room,
    granted,
    joined,
    maintenance,
    maintenance_done,
    offer_ran_out,
    room,
)


def taken() -> DomainBench:
    """A room whose hour from 9 to 10 is Ann's."""
    return given(DOMAIN, room(), asked("r-1", 9, 10))


def offered(*others: str) -> DomainBench:
    """Bob holds an offer for the hour; the others wait behind him."""
    behind = [joined(place, 9, 10, f"user of {place}") for place in others]
    return taken().when(joined("w-1", 9, 10), *behind, cancelled("r-1"))


def waiting(then: DomainBench) -> list[str]:
    queue = then.row("queues", ROOM)
    return [entry.waitlist_id for entry in queue.entries] if queue else []


def held(then: DomainBench) -> list[tuple[str, str]]:
    calendar = then.row("calendars", ROOM)
    return [(slot.kind, slot.holder) for slot in calendar.slots] if calendar else []


def test_who_waits_for_a_taken_slot_stays_in_the_queue() -> None:
    then = taken().when(joined("w-1", 9.5, 11), joined("w-2", 8, 9.5))
    assert (waiting(then), then.emitted) == (["w-1", "w-2"], [])


def test_who_waits_for_a_free_slot_is_offered_it_at_once() -> None:
    then = taken().when(joined("w-1", 10, 11))
    offer = then.one(WaitlistOffered)
    assert (offer.waitlist_id, offer.user_id, offer.starts_at, offer.ends_at) == ("w-1", "bob", hour(10), hour(11))
    assert offer.expires_at == hour(0.5)
    assert (then.one(NotificationRequested).template, then.one(NotificationRequested).waitlist_id) == ("WAITLIST_OFFERED", "w-1")
    assert (waiting(then), ("OFFER", "w-1") in held(then)) == ([], True)


def test_a_known_place_is_a_repeat_while_it_waits_and_after_it() -> None:
    assert taken().when(joined("w-1", 9, 10)).when(joined("w-1", 9, 10)).repeats == 1
    assert offered().when(joined("w-1", 9, 10)).repeats == 1


def test_a_place_and_a_maintenance_of_one_name_are_not_confused() -> None:
    then = taken().when(joined("x", 9, 10)).when(maintenance("x", 12, 13))
    assert (then.repeats, held(then)) == (0, [("RESERVATION", "r-1"), ("MAINTENANCE", "x")])


def test_what_is_unknown_or_deleted_has_no_queue() -> None:
    for bench in (given(DOMAIN), given(DOMAIN, room(), deleted_room())):
        then = bench.when(joined("w-1", 9, 10))
        told = then.one(NotificationRequested)
        assert (told.template, told.user_id, told.waitlist_id, waiting(then)) == ("WAITLIST_CLOSED", "bob", "w-1", [])


def test_a_freed_slot_goes_to_the_first_in_the_queue_and_the_next_stays() -> None:
    then = offered("w-2")
    assert (held(then), waiting(then)) == ([("OFFER", "w-1")], ["w-2"])


def test_one_that_does_not_fit_is_passed_over_and_keeps_its_place() -> None:
    then = taken().when(asked("r-2", 10, 11), joined("w-1", 9, 10.5), joined("w-2", 9, 10, "cat")).when(cancelled("r-1"))
    assert (then.one(WaitlistOffered).waitlist_id, waiting(then)) == ("w-2", ["w-1"])


def test_several_are_offered_at_once_when_all_fit() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 12), joined("w-1", 9, 10), joined("w-2", 9.5, 11), joined("w-3", 10, 12)).when(
        cancelled("r-1")
    )
    assert [offer.waitlist_id for offer in then.all(WaitlistOffered)] == ["w-1", "w-3"]
    assert waiting(then) == ["w-2"]


def test_who_waits_for_the_past_is_dropped_when_the_waitlist_is_looked_at() -> None:
    then = taken().when(joined("w-1", 9, 10)).when(at(9, cancelled("r-1")))
    assert (waiting(then), then.emitted) == ([], [])


def test_a_moment_before_its_begin_a_slot_is_still_offered() -> None:
    assert len(taken().when(joined("w-1", 9, 10)).when(at(8.999, cancelled("r-1"))).all(WaitlistOffered)) == 1


def test_an_offer_is_taken_by_its_user() -> None:
    then = offered().when(asked("r-2", 9, 10, "bob", offer="w-1"))
    assert (then.row("reservations", "r-2").state, held(then)) == ("PENDING", [("RESERVATION", "r-2")])


def test_an_offer_is_not_taken_by_another() -> None:
    then = offered().when(asked("r-2", 9, 10, "eve", offer="w-1"))
    assert then.one(ReservationRejected).reason == "CONFLICT"
    assert (then.one(ScheduleConflictDetected).conflicting_id, then.one(ScheduleConflictDetected).conflicting_kind) == (
        "w-1",
        "OFFER",
    )
    assert held(then) == [("OFFER", "w-1")]


def test_an_offer_stands_in_the_way_of_its_own_user_who_does_not_name_it() -> None:
    assert offered().when(asked("r-2", 9, 10, "bob")).one(ReservationRejected).reason == "CONFLICT"


def test_an_offer_cannot_be_taken_twice() -> None:
    then = offered().when(asked("r-2", 9, 10, "bob", offer="w-1")).when(asked("r-3", 9, 10, "bob", offer="w-1"))
    assert then.one(ScheduleConflictDetected).conflicting_id == "r-2"


def test_of_an_offer_that_is_taken_in_part_the_rest_goes_to_the_next() -> None:
    bench = given(DOMAIN, room(), asked("r-1", 9, 12), joined("w-1", 9, 12), joined("w-2", 10, 11, "cat"), cancelled("r-1"))
    then = bench.when(asked("r-2", 9, 10, "bob", offer="w-1"))
    assert then.one(WaitlistOffered).waitlist_id == "w-2"
    assert held(then) == [("RESERVATION", "r-2"), ("OFFER", "w-2")]


def test_a_refused_taker_keeps_the_offer() -> None:
    then = offered().when(asked("r-2", 9, 10, "bob", offer="w-1", attendees=99))
    assert (then.one(ReservationRejected).reason, held(then)) == ("RULE_VIOLATED", [("OFFER", "w-1")])


def test_an_offer_that_ran_out_goes_to_the_next() -> None:
    then = offered("w-2").when(offer_ran_out("w-1"))
    assert (then.one(WaitlistOffered).waitlist_id, held(then), waiting(then)) == ("w-2", [("OFFER", "w-2")], [])


def test_an_offer_that_is_not_held_cannot_run_out() -> None:
    for bench in (taken(), taken().when(joined("w-1", 9, 10)), offered().when(asked("r-2", 9, 10, "bob", offer="w-1"))):
        then = bench.when(offer_ran_out("w-1"))
        assert (then.repeats, then.emitted) == (1, [])


def test_an_offer_does_not_end_by_the_clock() -> None:
    then = offered().when(at(100, asked("r-2", 9, 10, "eve")))
    assert then.one(ReservationRejected).reason == "CONFLICT"


def test_an_offer_holds_its_slot_against_the_queue() -> None:
    then = offered().when(joined("w-2", 9, 10, "cat"))
    assert (then.emitted, waiting(then)) == ([], ["w-2"])


def test_what_maintenance_blocks_is_not_offered_until_it_is_done() -> None:
    blocked = given(DOMAIN, room(), maintenance("m-1", 9, 10)).when(joined("w-1", 9, 10))
    assert waiting(blocked) == ["w-1"]
    assert blocked.when(maintenance_done("m-1")).one(WaitlistOffered).waitlist_id == "w-1"


def test_a_taken_offer_is_confirmed_as_any_reservation() -> None:
    then = offered().when(asked("r-2", 9, 10, "bob", offer="w-1"), granted("r-2"))
    assert then.row("reservations", "r-2").state == "CONFIRMED"
