"""A process in which something stands still is ended; one that has no work, that waits, or that was stopped itself, is not."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP

from agents.engine import decoding, pulse, watchdog, worker
from agents.engine.health import report
from agents.engine.partition import Partition
from agents.engine.pulse import Phase, Pulse
from agents.engine.stacks import stacks
from agents.engine.watchdog import DRAIN_S, Watchdog, Work
from agents.engine.worker import Worker, prepare
from bookly.errors import RegistryUnavailable, UnknownSchema
from bookly.settings import Settings
from tests.unit.engine.world import CONTROL, DOMAIN, INPUT, World, reservation

if TYPE_CHECKING:
    from agents.engine.app import BooklyApp

BUSY = TP("bookly.availability", 3)


class Watched:
    """A watchdog and what it sees. `at` lets the time go on, with a loop that turns."""

    def __init__(self, phase: Phase = Phase.RUNNING, behind: dict[TP, int] | None = None, *, ago: float = 0.0) -> None:
        self.pulse, self.began = Pulse(), time.monotonic() - ago
        self.pulse.phase, self.pulse.excused = phase, self.began
        self.work = Work(behind or {}, None)
        self.watchdog = Watchdog(self.pulse, lambda: self.work, still_s=30, loop_s=10)

    def at(self, seconds: float) -> str | None:
        """What it says so many seconds after it began."""
        now = self.pulse.looped = self.began + seconds
        self.watchdog.look(now)
        return self.watchdog.verdict(now)


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


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> BooklyApp:
    monkeypatch.setattr(worker, "schema_ids", lambda _: {})
    return prepare(DOMAIN, Settings("broker:1", "http://registry:1", "redis://redis:1"))


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


def test_it_is_asked_of_every_partition_with_lag_that_is_owned(app: BooklyApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "lag", lambda: {INPUT: 5, CONTROL: 0, BUSY: 5})
    app.runner.partitions[INPUT.partition] = Partition(DOMAIN, INPUT.partition)
    app.runner.partitions[INPUT.partition].reached(INPUT, 7, records=1)
    assert app.work() == Work({INPUT: 7}, None), "the other partition is somebody else's by now"


def test_health_names_the_partition(app: BooklyApp) -> None:
    watched = Watched(behind={INPUT: 7}, ago=40)
    watched.at(0)
    watched.pulse.looped = time.monotonic()
    found = report(app, watched.watchdog)
    assert (found["live"], found["ready"]) == (False, False)
    assert found["why"].startswith("bookly.availability partition 2 has lag and has stood at offset 7 for")


async def test_a_commit_is_under_way_from_when_it_begins_to_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ends = World(), asyncio.Event()

    async def commit(_: Any) -> dict[Any, int]:
        await ends.wait()
        return {}

    monkeypatch.setattr(world.partition, "commit", commit)
    await world.send(reservation("r-1"))
    assert world.runner.committing.since is None
    world.runner.committing._began_all = before = time.monotonic()  # the last one that included markers
    await world.runner.committing.begin([world.partition])
    assert before < (world.runner.committing.since or 0.0) <= time.monotonic()
    monkeypatch.setattr(world.runner.committing._visibility, "make_stale", lambda *_: asyncio.sleep(0))
    ends.set()
    await world.runner.committing.settle()
    assert world.runner.committing.since is None


async def test_each_question_that_the_registry_does_not_answer_is_an_excuse(
    app: BooklyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [*[RegistryUnavailable("registry", "schema id 1", "nobody listens")] * 2, UnknownSchema("it knows no such id")]
    excuses: list[float] = []

    class Asked:
        def decoder(self, _: int) -> None:
            excuses.append(app.runner.pulse.excused)
            raise answers.pop(0)

    monkeypatch.setattr(decoding, "RETRY_S", (0.001,))
    app.runner._decoding._registry = cast("Any", Asked())
    await app.runner._decoding.decode([b"\0\0\0\0\1"])
    assert excuses == sorted(set(excuses)), "each is newer than the one before"
    assert len(excuses) == 3


async def test_after_a_crash_as_well_it_has_to_be_down_in_time(app: BooklyApp) -> None:
    watched = Watched()
    await Worker(app, watched.watchdog).stop()
    assert watched.watchdog.verdict(time.monotonic() + DRAIN_S + 1) is not None
    assert watched.watchdog.verdict(time.monotonic() + DRAIN_S - 1) is None, "nothing else is asked"


def test_the_stacks_show_this_very_line() -> None:
    assert "test_the_stacks_show_this_very_line" in stacks()


async def test_the_stacks_show_what_a_task_waits_for() -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer(), name="commit")
    await asyncio.sleep(0)
    shown = stacks(asyncio.get_running_loop())
    task.cancel()
    assert re.search(r"task commit: .*outer:\d+ > .*inner:\d+ > Event.wait:\d+", shown), shown
