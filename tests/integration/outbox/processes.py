"""Relays as an operator runs them: a process each, which can be killed and halted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from stack.ports import HOST, free_port

if TYPE_CHECKING:
    from stack import Stack

_PROGRAM = [sys.executable, "-W", "error", "-m", "bookly.outbox"]


def environment(database: str, stack: Stack) -> dict[str, str]:
    """What says where."""
    where = {"BOOKLY_OUTBOX_DATABASE": database, "BOOKLY_BROKERS": stack.brokers, "BOOKLY_REGISTRY": str(stack.registry)}
    return {**os.environ, **where}


def run(database: str, stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """One of the commands that end by themselves."""
    return subprocess.run([*_PROGRAM, *words], env=environment(database, stack), capture_output=True, text=True, check=False)


class RelayProcess:
    """`python -m bookly.outbox relay`."""

    def __init__(self, database: str, stack: Stack, words: tuple[str, ...]) -> None:
        self._port = free_port(set())
        self._log = tempfile.NamedTemporaryFile(prefix="bookly-relay-", suffix=".log")  # noqa: SIM115  # lives as long as we do
        command = [*_PROGRAM, "relay", "--metrics-port", str(self._port), *words]
        self._process = subprocess.Popen(command, env=environment(database, stack), stdout=self._log, stderr=self._log)

    def figure(self, name: str) -> float:
        """One of its metrics; -1 before it serves any."""
        try:
            with urlopen(f"http://{HOST}:{self._port}/metrics", timeout=5) as page:
                lines = page.read().decode().splitlines()
        except (URLError, OSError):
            return -1.0
        return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), -1.0)

    def kill(self) -> None:
        """At once, with whatever is under way."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def stop(self) -> int:
        """As a deployment does; its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def halt(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        """Its log, while it was not killed."""
        return "" if self._log.closed else Path(self._log.name).read_text(encoding="utf-8")
