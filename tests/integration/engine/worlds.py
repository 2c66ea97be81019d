"""Where events happen to the suite's domain: the bench of bookly.testing, or a worker on real servers. Both are asked alike."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Protocol

from aiokafka.partitioner import murmur2

from bookly.testing import DomainBench
from tests.integration.engine.domain import DOMAIN, STALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookly.records import Record
    from bookly.testing import DeadLetter

PARTITIONS = 4


class World(Protocol):
    """`emitted`, `repeats`, `stale` and `dead_letters` are those of the last call; all keys of a test lie on one partition."""

    @property
    def emitted(self) -> Sequence[Record]: ...
    @property
    def repeats(self) -> int: ...
    @property
    def stale(self) -> set[str]: ...
    @property
    def dead_letters(self) -> Sequence[DeadLetter]: ...

    def when(self, *events: Record) -> object: ...
    def when_raw(self, value: bytes | None, key: str) -> object: ...
    def clock(self, now: int) -> object:
        """Time has come so far, and what was due has happened."""

    def wire(self, event: Record) -> bytes: ...
    def release(self, key: str, *, skip: bool = False) -> object: ...
    def replay(self, key: str) -> object:
        """All that lies on the topic of this key, once more."""

    def parked(self, key: str) -> Sequence[Record | None]: ...
    def row(self, table: str, key: str) -> Any: ...
    def restart(self) -> None:
        """The process ends and another takes over."""


class OnTheBench(DomainBench):
    """The harness as domains' developers use it, with the engine's answer to failures."""

    def __init__(self) -> None:
        super().__init__(DOMAIN, dead_letters=True, stale=STALE)

    def restart(self) -> None:
        """A bench has no process."""


def partition_of(key: str) -> int:
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS


def beside(key: str, prefix: str = "beside") -> str:
    """Another key on the same partition."""
    names = (f"{prefix}-{key}-{number}" for number in range(1000))
    return next(name for name in names if partition_of(name) == partition_of(key))


def tags_of(key: str) -> set[str]:
    """All that the suite's map could make stale for a resource, on the days of its tests."""
    days = {f"avail:gen:slots:{{{key}}}:2026-11-{day}" for day in (23, 24)}
    return {*days, f"res:gen:usage:{{{key}}}", f"avail:of:calendar:{{{key}}}", f"avail:gen:waitlist:{{{key}}}"}


def prefix_of(schema_id: int) -> bytes:
    """The five bytes that open a record."""
    return struct.pack(">bI", 0, schema_id)
