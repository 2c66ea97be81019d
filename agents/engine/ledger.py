"""Failed records that the group has given up: skipped by an operator, or without a key, so that nothing waits behind them.

Each is a dead letter as well. The ledger is what a replay asks: a record that is in it was never applied, and one that the
group has read and that is neither here nor parked was. It is a changelog, written in the transaction of what it tells.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
from msgspec.json import encode as to_json

from agents.engine.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.engine.fetching import Fetched
    from agents.engine.parking import Failure, Place


class GivenUp(msgspec.Struct, frozen=True):
    """`key`: as text, bytes that are none escaped; None for a record without one. `type`: of its event, empty where it is none.

    `by`: who skipped it, or the group itself. `at`: milliseconds since 1970. `attempt`: how often it has failed.
    """

    key: str | None
    type: str
    reason: str
    handler: str
    error: str
    by: str
    at: int
    attempt: int

    @classmethod
    def of(cls, key: bytes | None, failure: Failure | None, by: str, attempt: int) -> GivenUp:
        """As of now."""
        name = None if key is None else key.decode(errors="backslashreplace")
        reason, kind, handler, error = failure or ("", "", "", "")
        return cls(name, kind, reason, handler, error, by, time.time_ns() // 1_000_000, attempt)


class Ledger:
    """Of one partition number of a group, by the place that a record came from."""

    def __init__(self, changelog: str, number: int) -> None:
        self._changelog, self._number = changelog, number
        self._entries: dict[Place, GivenUp] = {}
        self._changes: dict[bytes, Outgoing] = {}

    def __contains__(self, place: Place) -> bool:
        return place in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, place: Place, entry: GivenUp) -> None:
        """It was given up: nothing but a replay takes it up again."""
        self._entries[place] = entry
        self._change(place, to_json(entry))

    def take(self, place: Place) -> GivenUp | None:
        """It is tried again, and given up no longer. None where it was not."""
        entry = self._entries.pop(place, None)
        if entry is not None:
            self._change(place, None)
        return entry

    def changes(self) -> Iterable[Outgoing]:
        """The changelog's records since `forget_changes`, the last of each."""
        return self._changes.values()

    def forget_changes(self) -> None:
        self._changes.clear()

    def restore(self, record: Fetched) -> None:
        """Take up a record of the changelog."""
        topic, partition, offset = (record.key or b"").decode().rsplit("|", 2)
        place = topic, int(partition), int(offset)
        if record.value is None:
            self._entries.pop(place, None)
        else:
            self._entries[place] = msgspec.json.decode(record.value, type=GivenUp)

    def _change(self, place: Place, value: bytes | None) -> None:
        name = "|".join(map(str, place)).encode()
        self._changes[name] = Outgoing(self._changelog, self._number, name, value)
