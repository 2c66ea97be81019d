"""Timers on real servers: they run out though nothing comes, once whenever the worker dies, and never before what was written."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from agents.engine.consuming import SLICE
from bookly.records.availability import NotificationRequested, ReservationExpired, ReservationNoShow, WaitlistJoined
from tests.integration.engine.domain import Missed
from tests.pipeline import eventually

if TYPE_CHECKING:
    from bookly.records import Record
    from tests.integration.engine.real import Real
    from tests.integration.engine.worlds import World

TURNS_S = 1.5  # the clock turns about once a second
STOPPED_S = 2.0  # less than a session: nobody takes over meanwhile


def alarm(room: str, due: int) -> WaitlistJoined:
    return WaitlistJoined(f"{room}/alarm", room, "ann", due, due + 1, 1)


def called_off(room: str, name: str = "alarm") -> ReservationExpired:
    return ReservationExpired(f"{room}/{name}", room, "ann", 1, 2)


def in_seconds(seconds: float) -> int:
    return time.time_ns() // 1000 + int(seconds * 1e6)


def told(events: list[Record], room: str) -> list[Record]:
    return [event for event in events if isinstance(event, ReservationNoShow) and event.resource_id == room]


def test_a_timer_that_runs_out_changes_rows_tells_of_it_and_makes_stale(world: World, room: str) -> None:
    due = in_seconds(10)  # long enough for a worker that is just starting
    world.when(alarm(room, due))
    assert world.row("timers", f"alarm/{room}/alarm").due == due
    world.clock(due)
    assert [type(event) for event in world.emitted] == [ReservationNoShow, NotificationRequested]
    happened, follows = (event.metadata for event in world.emitted)
    assert (happened.occurred_at, follows.occurred_at, follows.causation_id) == (due, due, happened.event_id)
    assert world.stale == {f"res:gen:usage:{{{room}}}"}
    assert world.row("missed", f"{room}/alarm") == Missed(1)
    assert world.row("timers", f"alarm/{room}/alarm") is None


def end(real: Real) -> None:
    eventually(lambda: real.worker.says("Worker ready"), "it hears a signal")
    assert real.worker.stop() == 0


def test_a_worker_that_is_killed_between_due_and_commit_is_followed_by_one_that_fires_it_once(real: Real, room: str) -> None:
    end(real)
    due = in_seconds(0)
    real.flood(alarm(room, due))
    killed = real.another(SUITE_DIES="timers")
    assert killed.process.wait(30) == -signal.SIGKILL
    assert real.row("missed", f"{room}/alarm") is None, "all of it was written, and none counts"
    real.worker.start()
    eventually(lambda: real.row("missed", f"{room}/alarm"), "it has fired")
    real.wait_until_quiet()
    time.sleep(TURNS_S)
    real.wait_until_quiet()
    [event] = told(real.emitted, room)
    assert event.metadata.occurred_at == due
    assert real.row("missed", f"{room}/alarm") == Missed(1)
    assert real.row("timers", f"alarm/{room}/alarm") is None


def test_what_was_written_before_a_timer_was_due_is_read_before_it_fires(real: Real, room: str) -> None:
    end(real)
    without = real.another(BOOKLY_TIMERS="off")  # the timer stays, as if the worker had died before it was due
    real.flood(alarm(room, in_seconds(0)))
    eventually(lambda: real.row("timers", f"alarm/{room}/alarm"), "it is set")
    assert without.stop() == 0
    long_ago = in_seconds(-60) // 1000
    real.flood(*(called_off(room, f"other-{number}") for number in range(SLICE)), called_off(room), written_at=long_ago)
    real.worker.start()
    real.wait_until_quiet()
    time.sleep(TURNS_S)
    assert real.row("timers", f"alarm/{room}/alarm") is None
    assert told(real.emitted, room) == []
    assert real.row("missed", f"{room}/alarm") is None


def test_a_worker_that_was_stopped_takes_no_answer_of_before_for_what_there_is_now(real: Real, room: str) -> None:
    eventually(lambda: real.worker.says("Worker ready"), "it reads")
    for turn in range(3):
        rooms = [f"{room}-{turn}-{number}" for number in range(20)]
        due = in_seconds(3)
        real.flood(*(alarm(one, due) for one in rooms))
        real.wait_until_quiet()
        os.kill(real.worker.process.pid, signal.SIGSTOP)
        time.sleep(0.5)  # what it asked for is answered: there is nothing
        real.flood(*(called_off(one) for one in rooms))
        assert in_seconds(0) < due, "it was called off in time"
        time.sleep(max(0.0, due / 1e6 - time.time()) + STOPPED_S)
        os.kill(real.worker.process.pid, signal.SIGCONT)
        real.wait_until_quiet()
        assert [event for event in real.emitted if isinstance(event, ReservationNoShow)] == []
        assert not any(real.row("timers", f"alarm/{one}/alarm") for one in rooms[:1])
