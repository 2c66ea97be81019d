"""What the harness says of handlers is what the engine does: rows, emitted events, stale entries, dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pytest

from bookly.records import fields
from bookly.records.availability import NotificationRequested, ReservationConfirmed
from tests.integration.engine.domain import BROKEN, MISSPELT, VERBOSE, Booking, Hall
from tests.integration.engine.worlds import beside, prefix_of, tags_of
from tests.unit.clock import at, hour
from tests.unit.facts import asked, cancelled, confirmed, conflict, offered

if TYPE_CHECKING:
    from tests.integration.engine.worlds import World


def test_events_become_rows_in_their_order(world: World, room: str) -> None:
    world.when(asked(f"{room}/1", 9, 10, resource=room), asked(f"{room}/2", 9, 10, "bob", resource=room))
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/2"))
    assert world.row("bookings", f"{room}/2") == Booking("bob", hour(9))


def test_a_row_that_is_removed_is_gone(world: World, room: str) -> None:
    world.when(asked(f"{room}/1", 9, 10, resource=room), asked(f"{room}/2", 9, 10, resource=room))
    world.when(cancelled(f"{room}/1", room), cancelled(f"{room}/never", room))
    assert world.row("bookings", f"{room}/1") is None
    assert world.row("bookings", f"{room}/2") is not None


def test_emitted_events_have_the_same_ids_and_times_wherever_they_are_emitted(world: World, room: str) -> None:
    cause = at(7, asked(f"{room}/1", 9, 10, resource=room), actor="ann")
    world.when(cause)
    names = [
        "availability.reservation.confirmed#1",
        "availability.notification.requested#1",
        "availability.notification.requested#2",
    ]
    assert [event.metadata.event_id for event in world.emitted] == [
        str(uuid5(UUID(cause.metadata.event_id), f"suite/{name}")) for name in names
    ]
    about = {(event.metadata.occurred_at, event.metadata.causation_id, event.metadata.actor) for event in world.emitted}
    assert about == {(hour(7), cause.metadata.event_id, "ann")}
    wanted = ReservationConfirmed(f"{room}/1", room, "ann", "apr", True, hour(9), hour(10))
    assert fields(world.emitted[0]) == fields(wanted)
    assert [type(event) for event in world.emitted[1:]] == [NotificationRequested, NotificationRequested]


def test_a_repeat_is_counted_and_emits_nothing(world: World, room: str) -> None:
    again = at(1, asked(f"{room}/1", 9, 10, resource=room))
    world.when(again)
    assert (world.repeats, len(world.emitted)) == (0, 3)
    world.when(again, again)
    assert (world.repeats, world.emitted) == (2, [])


def test_what_the_map_names_goes_stale_and_nothing_else(world: World, room: str) -> None:
    world.when(asked(f"{room}/1", 23, 25, resource=room))
    assert world.stale == tags_of(room) - {f"avail:of:calendar:{{{room}}}", f"avail:gen:waitlist:{{{room}}}"}
    world.when(asked(f"{room}/2", 9, 10, resource=room, offer="w-1"))
    assert world.stale == tags_of(room) - {f"avail:gen:slots:{{{room}}}:2026-11-24", f"avail:gen:waitlist:{{{room}}}"}
    world.when(cancelled(f"{room}/1", room))
    assert world.stale == {f"avail:of:calendar:{{{room}}}"}


def test_an_event_that_nobody_handles_leaves_no_row_but_makes_stale_what_the_map_names(world: World, room: str) -> None:
    world.when(offered("w-1", resource=room), conflict(f"{room}/1", room), confirmed(f"{room}/1", room))
    assert (world.row("halls", room), list(world.emitted), list(world.dead_letters)) == (None, [], [])
    assert world.stale == {f"avail:gen:waitlist:{{{room}}}"}


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (BROKEN, "ValueError: {room} is not mended"),
        (MISSPELT, "InvalidEvent: NotificationRequested is invalid, field template: "),
        (VERBOSE, "EventTooLarge: NotificationRequested "),
    ],
)
def test_an_event_whose_handler_raises_leaves_no_trace_but_its_dead_letter(
    world: World, room: str, user: str, error: str
) -> None:
    bad, other = at(1, asked(f"{room}/1", 9, 10, user, resource=room)), beside(room)
    world.when(bad, asked(f"{other}/1", 9, 10, resource=other))
    assert (world.row("halls", room), world.row("bookings", f"{room}/1")) == (None, None)
    assert [getattr(event, event.KEY_FIELD) for event in world.emitted] == [other] * 3
    assert not world.stale & tags_of(room)
    [letter] = world.dead_letters
    assert (letter.reason, letter.handler, letter.key) == ("HANDLER_RAISED", "keep_booking,fill_hall", room)
    assert letter.error.startswith(error.format(room=room))
    assert letter.event is not None
    assert letter.event.metadata.event_id == bad.metadata.event_id


@pytest.mark.parametrize(
    ("reason", "error", "value"),
    [
        ("MALFORMED", "MalformedBytes", b"no event at all"),
        ("MALFORMED", "MalformedBytes", b""),
        ("MALFORMED", "MalformedBytes", None),
        ("UNKNOWN_SCHEMA", "UnknownSchema", prefix_of(2_000_000_000) + b"body"),
    ],
)
def test_bytes_that_are_no_event_are_a_dead_letter(world: World, room: str, reason: str, error: str, value: bytes | None) -> None:
    world.when_raw(value, room)
    [letter] = world.dead_letters
    assert (letter.reason, letter.error.partition(":")[0]) == (reason, error)
    assert (letter.handler, letter.key, letter.event) == ("", room, None)


def test_an_event_that_is_cut_short_is_a_dead_letter_and_a_whole_one_is_applied(world: World, room: str) -> None:
    whole, other = world.wire(asked(f"{room}/1", 9, 10, resource=room)), beside(room)
    world.when_raw(whole, room)
    assert world.row("halls", room) == Hall((f"{room}/1",))
    world.when_raw(whole[:-1], other)
    assert [letter.reason for letter in world.dead_letters] == ["MALFORMED"]


def test_rows_outlive_the_process(world: World, room: str) -> None:
    world.when(asked(f"{room}/1", 9, 10, resource=room))
    world.restart()
    world.when(asked(f"{room}/1", 9, 10, resource=room), asked(f"{room}/2", 9, 10, resource=room))
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/2"))
    assert world.repeats == 1
