"""The five workers as child processes: watched, measured, and started again when one dies."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from stack.guarding import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from stack.secrets import Secrets

RESTARTS = 5  # of one worker; beyond it something is wrong that a restart does not mend
BACK_OFF_S = 0.5  # before the first restart; doubled with each
STOP_S = 15.0
TAIL = 15


class WorkerLostError(Exception):
    """A worker died again and again; the message shows the end of its log."""


@dataclass
class Worker:
    """One process that runs `command`. Its output goes to `log`."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    restarts: int = 0
    peak_rss_mb: float = 0.0
    due: float | None = None  # when it is started again
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches the demo alone, which stops everything in order."""
        settings = {"env": self.environment, "stdin": subprocess.DEVNULL, "start_new_session": True}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, **settings)  # type: ignore[call-overload]
        self.due = None

    def measure(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.peak_rss_mb = max(self.peak_rss_mb, psutil.Process(self.process.pid).memory_info().rss / 2**20)

    def obituary(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        return (
            f"the worker of {self.name} died {self.restarts + 1} times (exit code {self.process.returncode}); "
            f"the end of {self.log}:\n" + "\n".join(line[:300] for line in lines)
        )


class Workers:
    """All workers of the demo. With the block they end; should we be killed ourselves, the guard ends them."""

    def __init__(self, workers: Iterable[Worker], clock: Callable[[], float] = time.monotonic) -> None:
        self.workers = list(workers)
        self._clock = clock
        self._guard = Guard()

    def __enter__(self) -> Workers:
        self._guard.__enter__()
        for worker in self.workers:
            self._start(worker)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop()
        finally:
            self._guard.__exit__(None, None, None)

    def look(self) -> list[str]:
        """Measure all, start again who died; what there is to tell, in sentences. Called often. Raises WorkerLostError."""
        news = []
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.measure()
            elif worker.due is None:
                news.append(self._mourn(worker))
            elif self._clock() >= worker.due:
                self._start(worker)
                news.append(f"the worker of {worker.name} runs again as process {worker.process.pid}")
        return news

    def kill(self, name: str) -> int:
        """End one of them as a power cut would (SIGKILL); its process id."""
        process = next(worker.process for worker in self.workers if worker.name == name)
        process.kill()
        return process.pid

    def _mourn(self, worker: Worker) -> str:
        self._guard.drop(worker.process.pid)
        if worker.restarts == RESTARTS:
            raise WorkerLostError(worker.obituary())
        pause = BACK_OFF_S * 2**worker.restarts
        worker.restarts += 1
        worker.due = self._clock() + pause
        return f"the worker of {worker.name} died (exit code {worker.process.returncode}) and starts again in {pause:g} s"

    def _start(self, worker: Worker) -> None:
        worker.start()
        self._guard.add(worker.process.pid)

    def _stop(self) -> None:
        """Ask all to end, wait, and end who does not."""
        for worker in self.workers:
            worker.process.terminate()
        deadline = time.monotonic() + STOP_S
        for worker in self.workers:
            try:
                worker.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            self._guard.drop(worker.process.pid)


def workers_for(domains: Iterable[str], addresses: dict[str, str], logs: Path, secrets: Secrets | None = None) -> Workers:
    """One worker a domain, not yet started, each as itself. Logs are kept below `logs`; those of an earlier run go."""
    logs.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **addresses, "BOOKLY_TIMERS": "off"}  # the week is played in minutes: its clock is the staff's
    made = []
    for domain in domains:
        log = logs / f"{domain}.log"
        log.unlink(missing_ok=True)
        own = environment | (secrets.environment(domain) if secrets else {})
        made.append(Worker(domain, (sys.executable, "-m", "agents", domain), own, log))
    return Workers(made)
