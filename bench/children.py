"""Measured processes: one a side, so that no side inherits the other's memory, threads or caches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack import Stack

PATIENCE_S = 300.0


class MeasureFailed(Exception):
    """A measured process ended without its figures; the message names it and has its last words."""


def addresses(stack: Stack) -> dict[str, str]:
    """Where a child finds the servers."""
    where = {"BROKERS": stack.brokers, "REGISTRY": str(stack.registry), "REDIS": str(stack.redis)}
    return {**os.environ, "BOOKLY_LOG_LEVEL": "ERROR", **{f"BOOKLY_{name}": address for name, address in where.items()}}


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
