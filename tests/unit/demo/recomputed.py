"""What the oracle makes of a short log: what agents must say, and the rows that must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.oracle.facts import CHAIN, EVENTS, FLOWS, ROWS
from demo.oracle.fold import Oracle
from tests.unit.clock import at
from tests.unit.facts import room

if TYPE_CHECKING:
    from bookly.records import Record
    from demo.oracle.facts import Facts


def recomputed(*log: Record) -> Recomputed:
    """The oracle's facts after `room-1` was opened and all this happened, one event an hour unless it has its time."""
    return Recomputed(Oracle().expect([at(-1, room()), *log]))


class Recomputed:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def said(self, name: str, flow: str | None = None) -> list[dict[str, Any]]:
        """The events of this class that agents must emit, as far as they are compared."""
        names = (*CHAIN, *EVENTS[name])
        return [dict(zip(names, fact[2:], strict=True)) for fact in self._all(flow) if fact[:2] == ("event", name)]

    def everything_said(self) -> list[str]:
        """The classes of all of them, sorted."""
        return sorted(fact[1] for fact in self._all(None) if fact[0] == "event")

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """The rows of this kind."""
        return [dict(zip(ROWS[kind], fact[1:], strict=True)) for fact in self._all(None) if fact[0] == kind]

    def row(self, kind: str, /, **key: Any) -> dict[str, Any]:
        """The only row of this kind with these fields."""
        (row,) = [row for row in self.rows(kind) if all(row[name] == value for name, value in key.items())]
        return row

    def _all(self, flow: str | None) -> list[tuple[Any, ...]]:
        return [fact for name in FLOWS if flow in (None, name) for fact in self.facts[name].elements()]
