"""What a worker process of a run writes down about itself: a line of JSON each, so that a kill leaves all before it readable."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Evidence:
    """Appends lines. One write a line, straight to the file: nothing waits in the process."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(self, kind: str, **about: Any) -> None:
        """Time is CLOCK_MONOTONIC, which all processes of the machine share."""
        line = json.dumps({"kind": kind, "at": time.monotonic(), **about}, separators=(",", ":"))
        os.write(self._file, f"{line}\n".encode())


class Told(NamedTuple):
    kind: str
    at: float
    about: dict[str, Any]


def told(home: Path) -> Iterator[Told]:
    """All that the workers of a run told, in the order of time."""
    lines = [json.loads(line) for file in home.glob("evidence-*.jsonl") for line in file.read_text().splitlines() if line]
    for about in sorted(lines, key=lambda about: about["at"]):
        yield Told(about.pop("kind"), about.pop("at"), about)
