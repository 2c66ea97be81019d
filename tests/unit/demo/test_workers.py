"""The demo's workers: started again when they die, given up when they die for ever, ended with the demo."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from demo.workers import BACK_OFF_S, RESTARTS, Worker, WorkerLostError, Workers, workers_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIVES = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up', flush=True); signal.pause()"
STAYS = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
DIES = "print('no broker'); raise SystemExit(3)"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def worker(tmp_path: Path, script: str) -> Worker:
    return Worker("auth", (sys.executable, "-c", script), {}, tmp_path / "auth.log")


def until(true: Callable[[], bool]) -> None:
    """Wait for a process that does what it should do."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_up(one: Worker) -> bool:
    return "up" in one.log.read_text()


def test_a_worker_that_is_killed_comes_back_after_a_pause_and_is_counted(tmp_path: Path) -> None:
    clock, one = Clock(), worker(tmp_path, LIVES)
    with Workers([one], clock) as workers:
        until(lambda: is_up(one))
        assert workers.look() == []
        pid = workers.kill("auth")
        one.process.wait()
        assert workers.look() == [f"the worker of auth died (exit code -9) and starts again in {BACK_OFF_S:g} s"]
        assert workers.look() == []
        clock.now = BACK_OFF_S
        assert workers.look() == [f"the worker of auth runs again as process {one.process.pid}"]
        assert one.process.pid != pid
        assert one.restarts == 1
        assert one.peak_rss_mb > 1


def test_a_worker_that_dies_for_ever_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    clock, one = Clock(), worker(tmp_path, DIES)
    with Workers([one], clock) as workers:
        for _ in range(RESTARTS):
            one.process.wait()
            workers.look()
            clock.now += BACK_OFF_S * 2**RESTARTS
            workers.look()
        one.process.wait()
        with pytest.raises(WorkerLostError, match=rf"died {RESTARTS + 1} times \(exit code 3\)[\s\S]*no broker"):
            workers.look()


def test_all_end_with_the_block_by_sigterm(tmp_path: Path) -> None:
    one = worker(tmp_path, LIVES)
    with Workers([one]):
        until(lambda: is_up(one))
    assert one.process.returncode == 0


def test_who_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.workers.STOP_S", 0.1)
    one = worker(tmp_path, STAYS)
    with Workers([one]):
        until(lambda: is_up(one))
    assert one.process.returncode == -signal.SIGKILL


def test_a_worker_is_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    one = worker(tmp_path, LIVES)
    with Workers([one]):
        assert os.getsid(one.process.pid) == one.process.pid


def test_logs_of_an_earlier_run_go(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text("old")
    (one,) = workers_for(("auth",), {"BOOKLY_BROKERS": "there:1"}, tmp_path).workers
    assert not one.log.exists()
    assert one.environment["BOOKLY_BROKERS"] == "there:1"
    assert one.environment["BOOKLY_TIMERS"] == "off", "the week's clock is its staff's"
    assert one.command[1:] == ("-m", "agents", "auth")
