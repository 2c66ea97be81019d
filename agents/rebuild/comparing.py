"""The rows of both sides. What depends on the order in which topics were read is no figure: when an hour was closed, how far the
watermark is, what is still remembered so that it is not counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from agents.windows import Counted, Remembered, Watermark, Window, figures, with_life_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.domain import Domain
    from agents.rebuild.folding import Rows


class Difference(NamedTuple):
    """A row that the two sides have otherwise; None where one has none."""

    table: str
    key: str
    live: Any
    rebuilt: Any

    def __str__(self) -> str:
        """The fields that differ."""
        if self.live is None or self.rebuilt is None:
            return f"{self.table} {self.key}: {'only rebuilt' if self.live is None else 'only live'}"
        live, rebuilt = (msgspec.to_builtins(figures(row)) for row in (self.live, self.rebuilt))
        said = ", ".join(f"{name} {live[name]!r} live, {rebuilt[name]!r} rebuilt" for name in live if live[name] != rebuilt[name])
        return f"{self.table} {self.key}: {said}"


def differences(domain: Domain, live: Rows, rebuilt: Rows) -> Iterator[Difference]:
    """Of one partition."""
    for table in domain.tables:
        if issubclass(table.row, Watermark | Remembered):
            continue
        ours, theirs = live[table.name], rebuilt[table.name]
        for key in sorted(ours.keys() | theirs.keys()):
            one, other = ours.get(key), theirs.get(key)
            if one is None or other is None or figures(one) != figures(other):
                yield Difference(table.name, key, one, other)


def remembered(domain: Domain, live: Rows, rebuilt: Rows) -> Iterator[Difference]:
    """Of one partition, what the two sides have counted otherwise, or do not both remember."""
    for table in domain.tables:
        if issubclass(table.row, Remembered):
            ours, theirs = live[table.name], rebuilt[table.name]
            for key in sorted(theirs):
                if key not in ours or joined(ours[key], theirs[key]) != ours[key]:
                    yield Difference(table.name, key, ours.get(key), theirs[key])


def joined(live: Any, rebuilt: Any) -> Any:
    """What either side has counted, and what the log says: so that nothing that the corrected rows hold is counted once more."""
    until = max(live.until, rebuilt.until)
    if isinstance(live, Counted):
        return replace(live, until=until, kinds=tuple(sorted({*live.kinds, *rebuilt.kinds})))
    said = {name: value for name, value in msgspec.structs.asdict(rebuilt).items() if value not in (None, False)}
    return replace(live, **{**said, "until": until})


def corrected(found: Difference) -> Any:
    """The row that takes the live one's place: its figures are the rebuilt ones, its life goes on. A window is told again, or for
    the first time, by the worker that finds it.
    """
    row = found.rebuilt
    if row is None:
        return None
    if isinstance(row, Remembered):
        return row if found.live is None else joined(found.live, row)
    if not isinstance(row, Window):
        return row if found.live is None else with_life_of(row, found.live)
    is_told = row.revision > 0 or row.due > 0  # what only amends a window tells nobody
    row = replace(row, revision=0) if found.live is None else with_life_of(row, found.live)
    return replace(row, due=row.due or 1) if is_told or row.revision else row
