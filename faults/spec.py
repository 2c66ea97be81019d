"""What a worker process of a run is told: a file of JSON, so that nothing is left to its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, json

if TYPE_CHECKING:
    from pathlib import Path


class Arm(Struct, frozen=True):
    """A point at which the process kills itself: at the nth pass, `after_s` later where the point waits for something."""

    point: str
    nth: int = 1
    after_s: float = 0.0


class Spec(Struct, frozen=True):
    """`topics`: the catalogue's names to those of the run. While the file `raising` exists, every event is one that raises."""

    worker: int
    domain: str
    mode: str
    topics: dict[str, str]
    brokers: str
    registry: str
    redis: str
    evidence: str
    arms: tuple[Arm, ...] = ()
    mutant: str = ""
    slow_s: float = 0.0
    raising: str = ""


def write(spec: Spec, path: Path) -> None:
    path.write_bytes(json.encode(spec))


def read(path: Path) -> Spec:
    return json.decode(path.read_bytes(), type=Spec)
