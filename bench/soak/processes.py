"""The five workers as they run in production, one a group, and what each holds and has used, as the system tells it."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

import psutil

from agents import NAMES
from bench.children import STOP_S, MeasureFailed, command
from stack.guarding import Guard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MIB = 1024 * 1024


class Sample(NamedTuple):
    """`at`: time.monotonic. `fds`: open file handles, sockets included."""

    at: float
    rss_mb: float
    fds: int


class Processes:
    """From `with` on. Whoever dies is not started again: that would begin its memory anew, and is a failure here.

    Logs go to `home`, and so does each sample at once, into samples.jsonl: a run that fails can be looked at. Should we be killed
    ourselves, the guard ends them.
    """

    def __init__(self, environment: Mapping[str, str], home: Path) -> None:
        self._environment, self._home = environment, home
        self._running = ExitStack()
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._seen: dict[str, psutil.Process] = {}
        self.samples: dict[str, list[Sample]] = {name: [] for name in NAMES}

    def __enter__(self) -> Self:
        with self._running:
            guard = self._running.enter_context(Guard())
            self._file = self._running.enter_context((self._home / "samples.jsonl").open("w", encoding="utf-8"))
            for name in NAMES:
                log = self._running.enter_context((self._home / f"{name}.log").open("wb"))
                worker = self._workers[name] = subprocess.Popen(
                    command("agents", name), env=self._environment, stdout=log, stderr=log, start_new_session=True
                )
                self._seen[name] = psutil.Process(worker.pid)
                guard.add(worker.pid)
                self._running.callback(guard.drop, worker.pid)
                self._running.callback(_end, worker)
            self._running = self._running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.terminate()
        self._running.close()

    def look(self) -> None:
        """Raises MeasureFailed when one has died."""
        for name, worker in self._workers.items():
            if worker.poll() is not None:
                raise MeasureFailed(f"the worker of {name} ended with {worker.returncode}: see {self._home / name}.log")

    def sample(self) -> None:
        """One more of each. Raises MeasureFailed when one has died."""
        self.look()
        now = time.monotonic()
        for name, worker in self._seen.items():
            with worker.oneshot():
                self.samples[name].append(Sample(now, worker.memory_info().rss / MIB, worker.num_fds()))
        self._file.write(json.dumps({name: taken[-1] for name, taken in self.samples.items()}) + "\n")
        self._file.flush()

    def held(self) -> str:
        """What each holds, in words."""
        return ", ".join(f"{name} {taken[-1].rss_mb:.1f} MB" for name, taken in self.samples.items())

    def cpu_s(self) -> dict[str, float]:
        """What each has used since it started."""
        times = {name: worker.cpu_times() for name, worker in self._seen.items()}
        return {name: used.user + used.system for name, used in times.items()}


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(STOP_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
