"""A process in which something stands still is ended; one that has no work, that waits, or that was stopped itself, is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from faust.types import TP

from agents.engine import pulse, watchdog
from agents.engine.pulse import Phase, Pulse
from agents.engine.watchdog import Watchdog, Work
from tests.unit.engine.watched import Watched
from tests.unit.engine.world import INPUT

if TYPE_CHECKING:
    pass

BUSY = TP("bookly.availability", 3)


class Ended(BaseException):
    """The process."""


class Clock:
    """Each sleep takes the next of `steps`, whatever was asked for."""

    def __init__(self) -> None:
        self.now, self.steps = time.monotonic(), list[float]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _: float) -> None:
        if not self.steps:
            raise Ended("no step is left")
        self.now += self.steps.pop(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The watchdog's thread in this one: it ends by Ended, with the reason for which the process would."""

    def stop_process(reason: str, error: BaseException | None = None) -> None:
        raise Ended(reason) from error

    clock = Clock()
    monkeypatch.setattr(watchdog, "stop_process", stop_process)
    monkeypatch.setattr(watchdog, "time", clock)
    monkeypatch.setattr(pulse, "time", clock)
    return clock


def test_a_worker_that_makes_progress_lives() -> None:
    watched = Watched()
    for second in range(100):
        watched.work = Work({INPUT: 1_000 + second // 29}, None)
        assert watched.at(second) is None


def test_a_partition_that_stands_still_ends_it_however_busy_another_is() -> None:
    watched = Watched()
    for second in range(31):
        watched.work = Work({INPUT: 7, BUSY: 1_000 + second}, None)
        watched.pulse.moved = watched.began + second
        assert watched.at(second) is None
    assert watched.at(31) == "bookly.availability partition 2 has lag and has stood at offset 7 for 31 s"


def test_one_without_lag_for_hours_has_its_time_from_the_first_record_that_waits() -> None:
    watched = Watched()
    assert watched.at(7_200) is None
    watched.work = Work({INPUT: 7}, None)
    assert watched.at(7_201) is None
    assert watched.at(7_230) is None
    assert watched.at(7_232) is not None


def test_lag_that_comes_and_goes_at_the_same_offset_is_no_standing_still() -> None:
    watched = Watched(behind={INPUT: 7})
    assert watched.at(0) is None
    watched.work = Work({}, None)  # it was revoked, say
    assert watched.at(20) is None
    watched.work = Work({INPUT: 7}, None)
    assert watched.at(40) is None


def test_a_commit_that_does_not_end_ends_it_and_one_after_the_other_do_not() -> None:
    watched = Watched()
    for second in range(100):
        watched.work = Work({}, watched.began + second - second % 20)
        assert watched.at(second) is None
    watched.work = Work({}, watched.began + 100)
    assert watched.at(130) is None
    assert watched.at(131) == "a commit has been under way for 31 s"


def test_a_worker_without_work_may_be_quiet_for_ever_but_a_take_over_may_not() -> None:
    assert Watched().at(3_600) is None
    assert Watched(Phase.RECOVERING).at(31) == "taking partitions over has made no progress for 31 s"


def test_while_the_registry_is_away_nothing_stands_still() -> None:
    watched = Watched(behind={INPUT: 7})
    for second in range(0, 66, 6):
        watched.pulse.excused = watched.began + second
        assert watched.at(second) is None
    assert watched.at(89) is None
    assert watched.at(91) is not None, "it was asked last at 60 s: a question without an answer stands still too"


def test_a_rebalance_meanwhile_may_wait_for_the_registry_too() -> None:
    watched = Watched(Phase.RECOVERING)
    watched.pulse.excused = watched.began + 20
    assert watched.at(49) is None
    assert watched.at(51) is not None


def test_an_event_loop_that_does_not_turn_ends_it_once_it_has_begun_to() -> None:
    watched = Watched()
    assert "event loop has not turned for 11 s" in (watched.watchdog.verdict(watched.began + 11) or "")
    starting = Watched(Phase.STARTING)
    assert starting.watchdog.verdict(starting.began + 11) is None


def test_a_worker_told_to_end_has_a_deadline_and_the_first_one_holds() -> None:
    watched = Watched(Phase.STOPPING)
    watched.watchdog.must_end_within(5)
    watched.watchdog.must_end_within(500)
    assert watched.at(4) is None
    assert "was to end and did not" in (watched.at(6) or "")


def test_the_deadline_alone_judges_what_goes_down() -> None:
    """The consumer, whose task shows that the loop turns and whom lag is asked of, ends before the process does."""
    watched = Watched(Phase.STOPPING)
    watched.watchdog.must_end_within(20)
    del watched.work
    watched.watchdog.look(watched.began + 15)
    assert watched.watchdog.verdict(watched.began + 15) is None


def test_time_in_which_the_process_itself_stood_still_does_not_count() -> None:
    watched = Watched(ago=100)
    watched.work = Work({INPUT: 7}, watched.began)
    assert watched.at(0) is None
    assert watched.at(99) is not None
    watched.pulse.restart()
    assert watched.at(100) is None
    assert watched.at(129) is None
    assert watched.at(131) is not None


def test_it_notices_that_it_was_stopped_itself(clock: Clock) -> None:
    watched = Watched(behind={INPUT: 7})

    def turns() -> Work:
        watched.pulse.turn()
        return watched.work

    clock.steps = [1.0, 1.0, 3_600.0, *[1.0] * 29]
    with pytest.raises(Ended, match="no step is left"):
        Watchdog(watched.pulse, turns).run()
    clock.steps = [1.0, 1.0, 3_600.0, *[1.0] * 31]
    with pytest.raises(Ended, match="has lag and has stood at offset 7 for 31 s"):
        Watchdog(watched.pulse, turns).run()


def test_a_watchdog_that_fails_ends_the_process(clock: Clock) -> None:
    def fails() -> Work:
        raise RuntimeError("it cannot be asked")

    clock.steps = [1.0]
    with pytest.raises(Ended, match="the watchdog failed") as ended:
        Watchdog(Pulse(), fails).run()
    assert isinstance(ended.value.__cause__, RuntimeError)
