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

if TYPE_CHECKING:
    from pathlib import Path

RESTARTS = 5  # of one worker; beyond it something is wrong that a restart does not mend
STOP_S = 15.0
TAIL = 15


class WorkerLostError(Exception):
    """A worker died again and again; the message shows the end of its log."""


@dataclass
class Worker:
    domain: str
    environment: dict[str, str]
    log: Path
    restarts: int = 0
    peak_rss_mb: float = 0.0
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "agents", self.domain]
            self.process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def measure(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.peak_rss_mb = max(self.peak_rss_mb, psutil.Process(self.process.pid).memory_info().rss / 2**20)


@dataclass
class Workers:
    """All workers of the demo. `look` is called often: it measures, and starts again who died."""

    workers: list[Worker]

    def start(self) -> None:
        for worker in self.workers:
            worker.start()

    def look(self) -> list[str]:
        """The domains whose worker had died and runs again. Raises WorkerLostError."""
        revived = []
        for worker in self.workers:
            worker.measure()
            if worker.process.poll() is not None:
                self._revive(worker)
                revived.append(worker.domain)
        return revived

    def kill(self, domain: str) -> int:
        """Kill -9 one of them; its process id."""
        process = next(worker.process for worker in self.workers if worker.domain == domain)
        process.kill()
        return process.pid

    def stop(self) -> None:
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

    def _revive(self, worker: Worker) -> None:
        worker.restarts += 1
        if worker.restarts > RESTARTS:
            lines = worker.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
            raise WorkerLostError(
                f"the worker of {worker.domain} died {worker.restarts} times (exit code {worker.process.returncode}); "
                f"the end of {worker.log}:\n" + "\n".join(line[:300] for line in lines)
            )
        worker.start()


def workers_for(domains: tuple[str, ...], addresses: dict[str, str], logs: Path) -> Workers:
    """One worker a domain. Logs are kept below `logs`."""
    logs.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **addresses}
    made = []
    for domain in domains:
        log = logs / f"{domain}.log"
        log.unlink(missing_ok=True)
        made.append(Worker(domain, environment, log))
    return Workers(made)
