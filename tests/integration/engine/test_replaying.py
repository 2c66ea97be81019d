"""What a replay does to a group: what was given up is applied, once, and all else is as it was."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from bookly.records.availability import ReservationConfirmed
from tests.integration.engine.domain import BROKEN, DOMAIN, Hall
from tests.integration.engine.worlds import beside
from tests.unit.clock import at
from tests.unit.facts import asked, offer_ran_out

if TYPE_CHECKING:
    from bookly.records.availability import ReservationCreated
    from tests.integration.engine.real import Real
    from tests.integration.engine.worlds import World


def reservation(room: str, number: int, user: str = "ann") -> ReservationCreated:
    return at(number, asked(f"{room}/{number}", 9, 10, user, resource=room))


def given_one_that_was_skipped(world: World, room: str) -> None:
    world.when(reservation(room, 1), reservation(room, 2, BROKEN), reservation(room, 3))
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/3"))


def test_a_replay_applies_what_was_given_up_once(world: World, room: str) -> None:
    given_one_that_was_skipped(world, room)
    world.when(offer_ran_out(room, beside(room)))
    world.replay(room)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/3", f"{room}/2"))
    told = [event.reservation_id for event in world.emitted if isinstance(event, ReservationConfirmed)]
    assert (told, world.repeats, list(world.dead_letters)) == ([f"{room}/2"], 0, [])
    world.replay(room)
    assert (list(world.emitted), world.repeats, world.stale) == ([], 0, set())


def test_a_replay_of_all_that_was_applied_changes_nothing(world: World, room: str) -> None:
    world.when(*(reservation(room, number) for number in range(9)))
    before = world.row("halls", room)
    world.replay(room)
    assert (list(world.emitted), world.repeats, world.stale) == ([], 0, set())
    assert world.row("halls", room) == before


def test_what_fails_again_in_a_replay_holds_its_key_as_when_it_came(world: World, room: str) -> None:
    given_one_that_was_skipped(world, room)
    world.replay(room)
    assert [(letter.reason, letter.attempt, letter.key) for letter in world.dead_letters] == [("HANDLER_RAISED", 2, room)]
    world.when(reservation(room, 4))
    assert len(world.parked(room)) == 1
    world.release(room, skip=True)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/3", f"{room}/4"))


def test_what_waits_is_released_and_not_replayed(world: World, room: str) -> None:
    world.when(reservation(room, 1, BROKEN), reservation(room, 2))
    world.when(offer_ran_out(room, beside(room)))
    world.replay(room)
    assert (world.row("halls", room), list(world.emitted), len(world.parked(room))) == (None, [], 1)
    world.release(room)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/2"))


def test_what_was_given_up_outlives_the_process(world: World, room: str) -> None:
    given_one_that_was_skipped(world, room)
    world.restart()
    world.when(offer_ran_out(room, beside(room)))
    world.replay(room)
    assert world.row("halls", room) == Hall((f"{room}/1", f"{room}/3", f"{room}/2"))


def test_a_replay_of_the_whole_log_changes_no_row(real: Real, room: str) -> None:
    real.when(*(reservation(room, number) for number in range(20)))
    before = {table.name: real.rows(table.name) for table in DOMAIN.tables}
    real.flood()
    real.replay_log(lambda _: True)
    real.wait_until_quiet()
    assert {table.name: real.rows(table.name) for table in DOMAIN.tables} == before
    assert (real.repeats, real.emitted) == (0, [])


def test_a_worker_that_is_killed_as_it_commits_a_replay_is_followed_by_one_that_applies_it_once(real: Real, room: str) -> None:
    given_one_that_was_skipped(real, room)
    real.when(offer_ran_out(room, beside(room)))
    assert real.worker.stop() == 0
    real.flood()
    for _ in range(2):
        real.replay_log(lambda message: message.key() == room.encode())
    killed = real.another(SUITE_DIES="given_up")
    assert killed.process.wait(60) == -signal.SIGKILL
    assert real.row("halls", room) == Hall((f"{room}/1", f"{room}/3")), "all of it was written, and none counts"
    real.worker.start()
    real.wait_until_quiet()
    assert real.row("halls", room) == Hall((f"{room}/1", f"{room}/3", f"{room}/2"))
    told = [event.reservation_id for event in real.emitted if isinstance(event, ReservationConfirmed)]
    assert (told, real.repeats) == ([f"{room}/2"], 0)


def test_what_the_group_has_not_read_yet_it_reads_by_itself_and_once(real: Real, room: str) -> None:
    assert real.worker.stop() == 0
    real.flood(*(reservation(room, number) for number in range(5)))
    real.replay_log(lambda message: message.key() == room.encode())
    real.worker.start()
    real.wait_until_quiet()
    assert real.row("halls", room) == Hall(tuple(f"{room}/{number}" for number in range(5)))
    assert real.repeats == 0
