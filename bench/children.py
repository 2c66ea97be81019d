"""Measured processes: one a side, so that no side inherits the other's memory, threads or caches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stack import Stack

PATIENCE_S = 300.0
STOP_S = 15.0


class MeasureFailed(Exception):
    """A measured process ended without its figures; the message names it and has its last words."""


def addresses(stack: Stack) -> dict[str, str]:
    """Where a child finds the servers."""
    where = {"BROKERS": stack.brokers, "REGISTRY": str(stack.registry), "REDIS": str(stack.redis)}
    return {
        **os.environ,
        "BOOKLY_LOG_LEVEL": "ERROR",
        "BOOKLY_TIMERS": "off",
        **{f"BOOKLY_{name}": address for name, address in where.items()},
    }


def command(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def figures(environment: Mapping[str, str], module: str, *arguments: object) -> dict[str, Any]:
    """Run `python -m module arguments` to its end; the JSON object on its last line. Raises MeasureFailed."""
    done = subprocess.run(
        command(module, *arguments), env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = " ".join(map(str, arguments))
        raise MeasureFailed(f"{module} {said} ended with {done.returncode} and no figures: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


class Telling:
    """Running processes that tell in lines of JSON what they do. They end with the block, by SIGTERM."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment, self._log = environment, log
        self._news = threading.Condition()
        self._children: list[subprocess.Popen[str]] = []
        self.told: list[list[dict[str, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def start(self, module: str, *arguments: object, cores: set[int] | None = None) -> None:
        """One more process; `cores` pins it."""
        pinned = ["taskset", "-c", ",".join(map(str, sorted(cores)))] if cores else []
        with self._log.open("ab") as log:
            child = subprocess.Popen(
                [*pinned, *command(module, *arguments)], env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        lines: list[dict[str, Any]] = []
        self._children.append(child)
        self.told.append(lines)
        threading.Thread(target=self._listen, args=(child, lines), daemon=True).start()

    def wait(self, wanted: Callable[[list[list[dict[str, Any]]]], bool], what: str, patience: float = PATIENCE_S) -> None:
        """Return when what was told is enough. Raises MeasureFailed when a process ended or the patience (seconds) is over."""
        with self._news:
            enough = self._news.wait_for(lambda: wanted(self.told) or self._ended(), patience)
            if not enough or not wanted(self.told):
                why = "a process ended" if self._ended() else f"not within {patience:.0f} s"
                last = [lines[-1] if lines else "nothing" for lines in self.told]
                raise MeasureFailed(f"{what}: {why}; last told: {last}; see {self._log}")

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _ended(self) -> bool:
        return any(child.poll() is not None for child in self._children)

    def _listen(self, child: subprocess.Popen[str], lines: list[dict[str, Any]]) -> None:
        for line in child.stdout or ():
            _, brace, rest = line.partition("{")  # Faust's spinner leaves marks before it
            if brace:
                with self._news:
                    lines.append(json.loads(brace + rest))
                    self._news.notify_all()
        child.wait()
        with self._news:
            self._news.notify_all()
