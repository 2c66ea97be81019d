"""Visitors who do not come and offers that nobody takes: time ends what they hold, unless people were quicker."""

from __future__ import annotations

from uuid import UUID

from agents.availability import DOMAIN
from agents.availability.deadlines import NO_SHOW, NO_SHOW_AFTER, OFFER
from agents.timers import Timer
from bookly.records.availability import NotificationRequested, ReservationNoShow, WaitlistOffered, WaitlistOfferExpired
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
    moved,
    no_show,
    offer_ran_out,
    room,
)

MINUTE = 60_000_000
LATE = hour(9) + NO_SHOW_AFTER


def confirmed() -> DomainBench:
    return given(DOMAIN, room(), asked("r-1", 9, 10), granted("r-1"))


def offered(*others: str) -> DomainBench:
    """Bob holds an offer for the hour since midnight; the others wait behind him."""
    behind = [joined(place, 9, 10, f"user of {place}") for place in others]
    return given(DOMAIN, room(), asked("r-1", 9, 10)).when(joined("w-1", 9, 10), *behind, cancelled("r-1"))


def state_of(then: DomainBench) -> str:
    return str(then.row("reservations", "r-1").state)


def test_a_visitor_who_has_not_come_by_the_end_of_the_grace_is_a_no_show_and_the_slot_is_free() -> None:
    then = confirmed().clock(LATE)
    assert state_of(then) == "NO_SHOW"
    assert then.row("calendars", ROOM) is None
    missed = then.one(ReservationNoShow)
    assert (missed.reservation_id, missed.resource_id, missed.user_id) == ("r-1", ROOM, "ann")
    assert (missed.starts_at, missed.ends_at, missed.metadata.occurred_at) == (hour(9), hour(10), LATE)
    assert then.is_stale("reservation", "r-1")
    assert then.is_stale("user_reservations", "ann")


def test_until_then_the_visitor_may_come() -> None:
    then = confirmed().clock(LATE - 1)
    assert (state_of(then), then.emitted) == ("CONFIRMED", [])
    assert state_of(then.when(came("r-1")).clock(LATE)) == "CHECKED_IN"
    assert then.rows("timers") == {}


def test_the_slot_of_a_no_show_goes_to_who_waits() -> None:
    then = confirmed().when(joined("w-1", 9.5, 10)).clock(LATE)
    offer = then.one(WaitlistOffered)
    missed = then.one(ReservationNoShow)
    assert (offer.waitlist_id, offer.expires_at) == ("w-1", LATE + 30 * MINUTE)
    assert offer.metadata.causation_id == missed.metadata.event_id
    assert then.one(NotificationRequested).metadata.causation_id == missed.metadata.event_id


def test_its_own_event_comes_back_as_a_repeat() -> None:
    then = confirmed().clock(LATE)
    then.when(then.one(ReservationNoShow))
    assert (then.repeats, then.emitted, state_of(then)) == (1, [], "NO_SHOW")


def test_staff_who_say_so_first_have_said_it() -> None:
    then = confirmed().when(at(9.1, no_show("r-1"))).clock(LATE)
    assert (then.emitted, then.rows("timers")) == ([], {})


def test_staff_who_say_so_afterwards_repeat_it_and_who_comes_then_is_too_late() -> None:
    then = confirmed().clock(LATE).when(at(10, no_show("r-1")), at(10, came("r-1")))
    assert (then.repeats, state_of(then)) == (2, "NO_SHOW")


def test_who_is_confirmed_after_the_begin_has_the_grace_from_then_on() -> None:
    then = given(DOMAIN, room(), asked("r-1", 9, 10), at(9.5, granted("r-1"))).clock(hour(9.5) + NO_SHOW_AFTER - 1)
    assert state_of(then) == "CONFIRMED"
    assert state_of(then.clock(hour(9.5) + NO_SHOW_AFTER)) == "NO_SHOW"


def test_a_reservation_that_moves_is_waited_for_at_its_new_time() -> None:
    then = confirmed().when(moved("r-1", 12, 13)).clock(LATE)
    assert state_of(then) == "CONFIRMED"
    assert state_of(then.clock(hour(12) + NO_SHOW_AFTER)) == "NO_SHOW"


def test_a_reservation_that_nobody_has_confirmed_misses_nobody() -> None:
    pending = given(DOMAIN, room(), asked("r-1", 9, 10), moved("r-1", 11, 12))
    assert pending.rows("timers") == {}


def test_a_decision_that_was_there_first_is_waited_for_as_well() -> None:
    assert state_of(given(DOMAIN, room(), granted("r-1"), asked("r-1", 9, 10)).clock(LATE)) == "NO_SHOW"


def test_nobody_waits_for_who_has_cancelled_left_or_lost_the_resource() -> None:
    for ending in ((cancelled("r-1"),), (came("r-1"), left("r-1")), (deleted_room(),)):
        then = confirmed().when(*ending)
        assert then.rows("timers") == {}
        assert then.clock(LATE).emitted == []


def test_an_offer_that_nobody_takes_goes_to_the_next_after_thirty_minutes() -> None:
    then = offered("w-2").clock(hour(0.5))
    ran_out = then.one(WaitlistOfferExpired)
    assert (ran_out.waitlist_id, ran_out.resource_id, ran_out.user_id) == ("w-1", ROOM, "bob")
    assert then.one(WaitlistOffered).waitlist_id == "w-2"
    assert then.one(WaitlistOffered).expires_at == hour(1)
    assert [slot.holder for slot in then.row("calendars", ROOM).slots] == ["w-2"]
    assert then.is_stale("waitlist", ROOM)


def test_until_then_it_holds_the_slot() -> None:
    assert offered("w-2").clock(hour(0.5) - 1).emitted == []


def test_an_offer_that_is_taken_does_not_run_out() -> None:
    then = offered().when(asked("r-2", 9, 10, "bob", offer="w-1"))
    assert then.rows("timers") == {}


def test_an_offer_that_ran_out_by_word_of_others_does_not_run_out_again() -> None:
    then = offered("w-2").when(at(0.25, offer_ran_out("w-1")))
    assert list(then.rows("timers")) == ["offer/w-2"]
    assert then.clock(hour(0.5)).emitted == []


def test_an_offer_on_a_resource_that_is_gone_does_not_run_out() -> None:
    assert offered().when(deleted_room()).rows("timers") == {}


def test_a_timer_that_nobody_has_cancelled_ends_nothing_that_is_over() -> None:
    then = confirmed().when(cancelled("r-1"))
    for kind, subject in ((NO_SHOW, "r-1"), (NO_SHOW, "r-9"), (OFFER, "w-9")):
        then.tables["timers"][f"{kind}/{subject}"] = Timer(LATE, kind, subject, ROOM, str(UUID(int=1)), "a course")
    then.clock(LATE)
    assert (then.emitted, state_of(then), then.rows("timers")) == ([], "CANCELLED", {})
