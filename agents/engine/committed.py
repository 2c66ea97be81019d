"""A table's rows as of the last commit, under the changes that handlers have made in place since: what others may be told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Row = TypeVar("Row")


class CommittedRows(Generic[Row]):
    """A row that has changed is remembered as it was (None: it was not there), in two layers, because a commit is under way
    while the next slices are applied: where both know a key, the older one, of the commit under way, holds the committed row.
    """

    __slots__ = ("_before_commit", "_before_slices", "_rows")

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._before_commit: Mapping[str, Row | None] = {}
        self._before_slices: dict[str, Row | None] = {}

    def changed(self, before: dict[str, Row | None]) -> None:
        """Rows are not what they were: `before`, which is kept. Of several changes of a key the first counts."""
        if self._before_slices:
            deque(map(self._before_slices.setdefault, before, before.values()), maxlen=0)
        else:
            self._before_slices = before

    def take(self) -> Iterable[str]:
        """The keys that have changed: from here on they are being committed."""
        taken, self._before_slices = self._before_slices, {}
        self._before_commit = {**taken, **self._before_commit} if self._before_commit else taken
        return taken

    def settle(self) -> None:
        """All that was taken is committed."""
        self._before_commit = {}

    def get(self, key: str) -> Row | None:
        """The committed row; None where there is none."""
        for layer in (self._before_commit, self._before_slices, self._rows):
            if key in layer:
                return layer[key]
        return None

    def items(self) -> Iterator[tuple[str, Row]]:
        """Every committed row with its key, in no order."""
        before = {**self._before_slices, **self._before_commit}
        yield from ((key, row) for key, row in self._rows.items() if key not in before)
        yield from ((key, row) for key, row in before.items() if row is not None)
