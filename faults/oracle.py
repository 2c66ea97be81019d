"""What ought to be: a fold over the log, one record after the other in one thread, that shares the handlers with the engine.

A record that was set aside (dead-lettered or parked) is taken from what was found, where the promise leaves it open: which of two
topics of a key is read first. Everything else is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import json

from faults.domains import READ_FIRST
from faults.log import DEAD, PARKED, Emission, Entry, Place, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agents.domain import Domain
    from agents.state import State

APPLIED, IGNORED = "applied", "ignored"


@dataclass
class Expected:
    """`outcomes`: what must have become of each record."""

    rows: dict[str, Rows] = field(default_factory=dict)
    emitted: list[Emission] = field(default_factory=list)
    outcomes: dict[Place, str] = field(default_factory=dict)


def fold(domain: Domain, entries: Iterable[Entry], aside: Mapping[Place, str], *, forgiving: bool = False) -> Expected:
    """The rows and emissions of the whole log. `forgiving`: a good event may be a dead letter (a bad deploy was running)."""
    expected = Expected(rows={table.name: {} for table in domain.tables})
    by_number: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_number[entry.place.partition].append(entry)
    for number in sorted(by_number):
        _Number(domain, number, expected, aside, forgiving=forgiving).fold(sorted(by_number[number], key=in_order))
    return expected


def in_order(entry: Entry) -> tuple[int, int]:
    """By topic, in the order in which a workload's phases use them, then by offset."""
    return READ_FIRST.index(entry.place.topic) if entry.place.topic in READ_FIRST else len(READ_FIRST), entry.place.offset


class _Number:
    """One partition number: its rows, and the keys that are blocked."""

    def __init__(self, domain: Domain, number: int, expected: Expected, aside: Mapping[Place, str], *, forgiving: bool) -> None:
        self._number, self._domain, self._expected, self._aside, self._forgiving = number, domain, expected, aside, forgiving
        self._rows: dict[str, dict[str, Any]] = {table.name: {} for table in domain.tables}
        self._state: State = domain.state(domain.name, self._rows)
        self._blocked: set[tuple[str, bytes]] = set()  # topic and key: behind a record that was set aside

    def fold(self, entries: list[Entry]) -> None:
        dead = {(entry.place.topic, entry.key) for entry in entries if self._aside.get(entry.place) == DEAD}
        for entry in entries:
            outcome = self._outcome(entry, dead)
            self._expected.outcomes[entry.place] = outcome
            if outcome in {DEAD, PARKED} and entry.key is not None:
                self._blocked.add((entry.place.topic, entry.key))
        for table, rows in self._rows.items():
            found = {(self._number, key): json.decode(json.encode(row)) for key, row in rows.items()}
            self._expected.rows[table].update(found)

    def _outcome(self, entry: Entry, dead: set[tuple[str, bytes | None]]) -> str:
        found = self._aside.get(entry.place)
        blocked = (entry.place.topic, entry.key or b"") in self._blocked
        if entry.event is not None and not self._domain.handlers.get(type(entry.event)):
            return IGNORED
        if blocked:
            return PARKED
        if found == PARKED and any(key == entry.key and topic != entry.place.topic for topic, key in dead):
            return PARKED  # behind a dead letter of its key on another topic: which is read first is open
        if entry.event is None or (found == DEAD and self._forgiving):
            return DEAD
        return APPLIED if self._applied(entry) else DEAD

    def _applied(self, entry: Entry) -> bool:
        event, state = entry.event, self._state
        assert event is not None  # noqa: S101  # asked before
        state.event = event
        try:
            for handler in self._domain.handlers[type(event)]:
                handler(event, state)
        except Exception:  # noqa: BLE001  # whatever a handler raises makes a dead letter
            state.discard()
            return False
        for emitted in state.emitted:
            key = str(getattr(emitted, emitted.KEY_FIELD))
            self._expected.emitted.append(Emission(key, emitted.TYPE, emitted.metadata.event_id))
        state.emitted.clear()
        state.repeats = 0
        for view in state.views.values():
            view.merge()
        return True
