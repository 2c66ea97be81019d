"""The workers of a run as processes: watched, and started again when one dies, as compose would."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING

from faults.spec import write
from stack.guarding import Guard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.spec import Spec

BACK_OFF_S = 0.1
GRACE_S = 30.0  # what compose gives a worker to end


class Processes:
    """`spec_of`: what the nth life of a worker is told. Ends all with the block."""

    def __init__(self, home: Path, spec_of: Callable[[int, int], Spec]) -> None:
        self._home, self._spec_of = home, spec_of
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lives: dict[int, int] = {}
        self._wanted: set[int] = set()
        self._turn = RLock()
        self._ending = Event()
        self._guard = Guard()
        self.exits: list[tuple[int, int]] = []  # worker, exit code

    def __enter__(self) -> Processes:
        self._guard.__enter__()
        self._thread = Thread(target=self._look_after, name="supervisor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self.end_all()
        self._guard.__exit__(None, None, None)

    def start(self, worker: int) -> None:
        with self._turn:
            life = self._lives[worker] = self._lives.get(worker, -1) + 1
            path = self._home / f"spec-{worker}-{life}.json"
            write(self._spec_of(worker, life), path)
            with (self._home / f"worker-{worker}.log").open("ab") as log:
                command = [sys.executable, "-m", "faults.worker", str(path)]
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            self._running[worker] = process
            self._guard.add(process.pid)
            self._wanted.add(worker)

    def kill(self, worker: int) -> None:
        """As a power cut would; it is started again like any other that dies."""
        self.send(worker, signal.SIGKILL)

    def send(self, worker: int, what: signal.Signals) -> None:
        with self._turn, contextlib.suppress(ProcessLookupError):
            os.kill(self._running[worker].pid, what)

    def stop(self, worker: int) -> int | None:
        """Ask it to end; its exit code, or None when it had to be killed after the grace."""
        with self._turn:
            self._wanted.discard(worker)
        return self._end(worker, signal.SIGTERM)

    def end_all(self) -> None:
        """At once, and nobody is started again: what they have done is on the broker."""
        with self._turn:
            self._wanted.clear()
            for worker in list(self._running):
                self._end(worker, signal.SIGKILL)

    def _end(self, worker: int, how: signal.Signals) -> int | None:
        process = self._running.pop(worker)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
            os.kill(process.pid, how)
        try:
            code: int | None = process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        self._guard.drop(process.pid)
        return code

    def _look_after(self) -> None:
        due: dict[int, float] = {}
        while not self._ending.wait(0.02):
            with self._turn:
                for worker in self._wanted:
                    process = self._running[worker]
                    if process.poll() is None:
                        continue
                    if worker not in due:
                        self._guard.drop(process.pid)
                        self.exits.append((worker, process.returncode))
                        due[worker] = time.monotonic() + BACK_OFF_S
                    elif time.monotonic() >= due[worker]:
                        del due[worker]
                        self.start(worker)
