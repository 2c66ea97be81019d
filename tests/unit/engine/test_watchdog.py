"""A process that stands still is ended; one that has nothing to do, or that was stopped itself, is not."""

from __future__ import annotations

import time

from agents.engine.pulse import Phase, Pulse
from agents.engine.watchdog import Watchdog, stacks


def watched(phase: Phase, *, behind: bool) -> tuple[Watchdog, Pulse, float]:
    pulse = Pulse()
    pulse.phase = phase
    return Watchdog(pulse, lambda: behind, still_s=30, loop_s=10), pulse, time.monotonic()


def test_a_worker_that_makes_progress_lives() -> None:
    watchdog, _, now = watched(Phase.RUNNING, behind=True)
    assert watchdog.verdict(now + 9) is None


def test_records_that_wait_while_nothing_is_finished_end_it() -> None:
    watchdog, pulse, now = watched(Phase.RUNNING, behind=True)
    watchdog.look(now)
    pulse.looped = now + 31
    assert watchdog.verdict(now + 31) == "records wait and none was finished for 31 s"
    pulse.moved = now + 20
    assert watchdog.verdict(now + 31) is None


def test_a_record_that_came_just_now_after_hours_without_any_does_not() -> None:
    watchdog, pulse, now = watched(Phase.RUNNING, behind=True)
    pulse.looped = now + 7_200
    watchdog.look(now + 7_200)
    assert watchdog.verdict(now + 7_201) is None
    assert watchdog.verdict(now + 7_231) is not None


def test_a_worker_without_work_may_be_quiet_for_ever_but_a_take_over_may_not() -> None:
    idle, pulse, now = watched(Phase.RUNNING, behind=False)
    pulse.looped = now + 3_600
    idle.look(now + 3_600)
    assert idle.verdict(now + 3_600) is None
    taking, pulse, now = watched(Phase.RECOVERING, behind=False)
    pulse.looped = now + 31
    assert taking.verdict(now + 31) == "taking partitions over has made no progress for 31 s"


def test_an_event_loop_that_does_not_turn_ends_it_once_it_has_begun_to() -> None:
    watchdog, _, now = watched(Phase.RUNNING, behind=False)
    assert "event loop has not turned for 11 s" in (watchdog.verdict(now + 11) or "")
    starting, _, now = watched(Phase.STARTING, behind=False)
    assert starting.verdict(now + 11) is None


def test_a_worker_told_to_end_has_a_deadline() -> None:
    watchdog, pulse, now = watched(Phase.STOPPING, behind=False)
    watchdog.must_end_within(5)
    pulse.looped = now + 6
    assert watchdog.verdict(now + 4) is None
    assert "told to end" in (watchdog.verdict(now + 6) or "")


def test_time_in_which_the_process_itself_stood_still_does_not_count() -> None:
    watchdog, pulse, now = watched(Phase.RUNNING, behind=True)
    pulse.moved = pulse.looped = now - 100
    watchdog.look(now - 100)
    assert watchdog.verdict(now) is not None
    pulse.restart()
    assert watchdog.verdict(time.monotonic()) is None


def test_the_stacks_show_this_very_line() -> None:
    assert "test_the_stacks_show_this_very_line" in stacks()
