"""What comes after an event that nobody could use: the same key waits in order until it is released, all others flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookly.records.availability import ReservationConfirmed
from tests.integration.engine.domain import BROKEN, Hall
from tests.integration.engine.worlds import beside, tags_of
from tests.unit.clock import at
from tests.unit.facts import asked, cancelled, offer_ran_out, offered

if TYPE_CHECKING:
    from bookly.records import Record
    from bookly.records.availability import ReservationCreated
    from tests.integration.engine.worlds import World


def reservation(room: str, number: int, user: str = "ann") -> ReservationCreated:
    return at(number, asked(f"{room}/{number}", 9, 10, user, resource=room))


def names(*events: Record | None) -> list[str]:
    return [event.metadata.event_id if event is not None else "no event" for event in events]


def test_later_events_of_the_key_wait_in_order_and_other_keys_flow(world: World, room: str) -> None:
    other = beside(room)
    later: list[Record] = [reservation(room, 2), at(3, cancelled(f"{room}/2", room)), reservation(room, 4)]
    world.when(reservation(room, 1, BROKEN), *later, reservation(other, 1))
    assert names(*world.parked(room)) == names(*later)
    assert world.row("halls", room) is None
    assert world.row("halls", other) == Hall((f"{other}/1",))
    assert [letter.key for letter in world.dead_letters] == [room]
    assert world.stale <= tags_of(other)
    more = reservation(room, 5)
    world.when(more)
    assert names(*world.parked(room)) == names(*later, more)
    assert (list(world.dead_letters), world.stale) == ([], set())


def test_an_event_of_the_key_that_nobody_handles_does_not_wait(world: World, room: str) -> None:
    world.when(reservation(room, 1, BROKEN), offered("w-1", resource=room))
    assert list(world.parked(room)) == []
    assert world.stale == {f"avail:gen:waitlist:{{{room}}}"}


def test_a_release_after_the_cause_was_mended_applies_all_in_their_order(world: World, room: str) -> None:
    events = [reservation(room, 1, BROKEN), reservation(room, 2), reservation(room, 3)]
    world.when(*events)
    world.when(offer_ran_out(room, beside(room)))
    world.release(room)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/2", f"{room}/3"))
    told = [event for event in world.emitted if isinstance(event, ReservationConfirmed)]
    assert [event.metadata.causation_id for event in told] == names(*events)
    assert world.stale == {f"res:gen:usage:{{{room}}}", f"avail:gen:slots:{{{room}}}:2026-11-23"}
    assert (list(world.parked(room)), list(world.dead_letters)) == ([], [])
    world.when(reservation(room, 4))
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/2", f"{room}/3", f"{room}/4")), "the key is free again"


def test_a_release_that_fails_again_is_another_dead_letter_and_changes_nothing(world: World, room: str) -> None:
    bad, later = reservation(room, 1, BROKEN), reservation(room, 2)
    world.when(bad, later)
    world.release(room)
    [letter] = world.dead_letters
    assert (letter.key, letter.reason, letter.attempt, names(letter.event)) == (room, "HANDLER_RAISED", 2, names(bad))
    assert (names(*world.parked(room)), world.row("halls", room), list(world.emitted)) == (names(later), None, [])
    world.release(room)
    assert [letter.attempt for letter in world.dead_letters] == [3]


def test_a_release_that_skips_gives_the_failed_event_up_and_applies_those_behind_it(world: World, room: str) -> None:
    world.when(reservation(room, 1, BROKEN), reservation(room, 2), reservation(room, 3))
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/2", f"{room}/3"))
    assert (list(world.parked(room)), list(world.dead_letters)) == ([], [])


def test_one_that_fails_behind_another_holds_the_key_from_then_on(world: World, room: str) -> None:
    second, last = reservation(room, 3, BROKEN), reservation(room, 4)
    world.when(reservation(room, 1, BROKEN), reservation(room, 2), second, last)
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/2",))
    [letter] = world.dead_letters
    assert (names(letter.event), letter.attempt) == (names(second), 1)
    assert names(*world.parked(room)) == names(last)
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/2", f"{room}/4"))


def test_bytes_that_are_no_event_hold_their_key_and_wait_as_events_do(world: World, room: str) -> None:
    world.when_raw(b"no event", room)
    world.when_raw(b"nor this", room)
    assert list(world.dead_letters) == []
    later = reservation(room, 1)
    world.when(later)
    assert names(*world.parked(room)) == ["no event", *names(later)]
    world.release(room)
    assert [(letter.reason, letter.attempt) for letter in world.dead_letters] == [("MALFORMED", 2)]
    world.release(room, skip=True)
    assert [(letter.reason, letter.attempt) for letter in world.dead_letters] == [("MALFORMED", 1)]
    assert names(*world.parked(room)) == names(later)
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/1",))


def test_what_waits_outlives_the_process(world: World, room: str) -> None:
    world.when(reservation(room, 1, BROKEN), reservation(room, 2))
    world.restart()
    world.when(reservation(room, 3))
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/2", f"{room}/3"))
