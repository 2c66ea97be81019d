"""Records that wait, in order, behind one of their key that failed; kept in a changelog of their own, so that they survive.

Only the key waits: all others flow. The failed record is in the group's dead letters as well, where people look for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.engine.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faust.types import TP

    from agents.engine.fetching import Fetched

Place = tuple[str, int, int]  # topic, partition, offset
_OURS = "parked."
_DIGITS = 16


class Failure(NamedTuple):
    """Why a record failed last: a word of a fixed set, its event's type and handlers where it is one, the exception's text."""

    reason: str
    type: str
    handler: str
    error: str


class Parked(NamedTuple):
    """A record with its place in line. `attempt`: how often it has failed; 0 for one that waits behind another.

    `failure`: None for one that has not failed, or that was parked by a release that did not keep it.
    """

    sequence: int
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    attempt: int
    failure: Failure | None = None

    @classmethod
    def of(cls, tp: TP, record: Fetched, sequence: int, attempt: int, failure: Failure | None = None) -> Parked:
        """For a record with a key: one without has nobody behind it."""
        key = record.key or b""
        return cls(sequence, tp.topic, tp.partition, record.offset, key, record.value, tuple(record.headers), attempt, failure)

    @property
    def place(self) -> Place:
        """Where it came from."""
        return self.topic, self.partition, self.offset


class Parking:
    """One partition number of a group. False while nobody waits, which is what the hot path asks."""

    def __init__(self, changelog: str, number: int) -> None:
        self._changelog, self._number = changelog, number
        self._waiting: dict[bytes, dict[int, Parked]] = {}
        self._places: set[Place] = set()
        self._changes: dict[bytes, Outgoing] = {}
        self._next = self._count = 0
        self.size = 0  # bytes of the values that wait

    def __contains__(self, key: bytes | None) -> bool:
        return key in self._waiting

    def __len__(self) -> int:
        return self._count

    def reserve(self, count: int) -> int:
        """The first of so many sequence numbers, all behind those that were given before."""
        first, self._next = self._next, self._next + count
        return first

    def behind(self, key: bytes) -> Sequence[Parked]:
        """Those of a key in order, the failed one first; empty for a key that flows."""
        return sorted(self._waiting.get(key, {}).values())

    def has(self, place: Place) -> bool:
        """Whether the record from there waits."""
        return place in self._places

    def put(self, parked: Parked) -> None:
        """Add one, or replace the one with its sequence."""
        self._keep(parked)
        name = _name(parked)
        self._changes[name] = Outgoing(self._changelog, self._number, name, parked.value or b"", _headers(parked))

    def drop(self, parked: Parked) -> None:
        """It waits no longer. A key that nobody waits for flows again."""
        self._leave(parked.key, parked.sequence)
        self._changes[_name(parked)] = Outgoing(self._changelog, self._number, _name(parked), None)

    def changes(self) -> Iterable[Outgoing]:
        """The changelog's records since `forget_changes`, the last of each."""
        return self._changes.values()

    def forget_changes(self) -> None:
        self._changes.clear()

    def restore(self, record: Fetched) -> None:
        """Take up a record of the changelog."""
        key, _, digits = (record.key or b"").rpartition(b"|")
        sequence = int(digits)
        if record.value is None:
            self._leave(key, sequence)
        else:
            self._keep(_restored(key, sequence, record))
        self._next = max(self._next, sequence + 1)

    def _keep(self, parked: Parked) -> None:
        self._leave(parked.key, parked.sequence)
        self._waiting.setdefault(parked.key, {})[parked.sequence] = parked
        self._places.add(parked.place)
        self._count += 1
        self.size += len(parked.value or b"")

    def _leave(self, key: bytes, sequence: int) -> None:
        waiting = self._waiting.get(key, {})
        gone = waiting.pop(sequence, None)
        if gone is not None:
            self._places.discard(gone.place)
            self._count -= 1
            self.size -= len(gone.value or b"")
            if not waiting:
                del self._waiting[key]


def _name(parked: Parked) -> bytes:
    return parked.key + f"|{parked.sequence:0{_DIGITS}d}".encode()


def _headers(parked: Parked) -> list[tuple[str, bytes]]:
    ours = {
        "topic": parked.topic,
        "partition": str(parked.partition),
        "offset": str(parked.offset),
        "attempt": str(parked.attempt),
        "empty": str(int(parked.value is None)),  # a tombstone that failed: its changelog record may not be one
        **(parked.failure._asdict() if parked.failure else {}),
    }
    return [*parked.headers, *((_OURS + name, text.encode(errors="replace")) for name, text in ours.items())]


def _restored(key: bytes, sequence: int, record: Fetched) -> Parked:
    ours = {name.removeprefix(_OURS): value.decode() for name, value in record.headers if name.startswith(_OURS)}
    return Parked(
        sequence,
        ours["topic"],
        int(ours["partition"]),
        int(ours["offset"]),
        key,
        None if ours["empty"] == "1" else record.value,
        tuple(header for header in record.headers if not header[0].startswith(_OURS)),
        int(ours["attempt"]),
        Failure(*(ours[name] for name in Failure._fields)) if "reason" in ours else None,
    )
