"""Rows that are forgotten some time after they were of use; and what is counted once, for as long as it is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from agents.windows.order import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.state import State, View


class Remembered(Struct, frozen=True, gc=False):
    """Base of such a row. `until`: when it may be forgotten, in event time; 0 of a row that is older than this rule."""

    LIFE: ClassVar[tuple[str, ...]] = ("until",)

    until: int = 0


class Counted(Remembered, frozen=True, gc=False):
    """What was counted of one entity, each kind once. Sorted: the order of arrival leaves no trace."""

    kinds: tuple[str, ...] = ()


Row = TypeVar("Row", bound=Remembered)


class Retention(Generic[Row]):
    """Forgets the rows of `table`. `at_least`: how long after it is first looked at a row is kept that does not say `until`."""

    def __init__(self, table: str, at_least: int) -> None:
        self.table, self.at_least = table, at_least

    def put(self, state: State, key: str, row: Row) -> None:
        """Keep a row, at least until it says."""
        rows: View[Row] = state.views[self.table]
        order = self._order(state)
        if key not in rows:
            order.put(row.until, key)
        rows[key] = row

    def retire(self, state: State, upto: int, limit: int = 2_000) -> None:
        """Delete at most `limit` rows whose time is over by `upto`."""
        rows: View[Row] = state.views[self.table]
        order = self._order(state)
        if order.next is None or order.next > upto:
            return
        for key in order.take(upto, limit):
            row = rows.get(key)
            if row is None:
                continue
            if not row.until:
                rows[key] = replace(row, until=upto + self.at_least)
                order.put(upto + self.at_least, key)
            elif row.until > upto:
                order.put(row.until, key)
            else:
                del rows[key]

    def _order(self, state: State) -> Order:
        found = state.derived.get(self)
        if found is None:
            rows: View[Row] = state.views[self.table]
            found = state.derived[self] = Order((row.until, key) for key, row in rows.base.items())

            def put_back(keys: Iterable[str]) -> None:
                for key in keys:
                    if (row := rows.get(key)) is not None:
                        found.put(row.until, key)

            rows.told.append(put_back)
        return cast("Order", found)


class Once(Retention[Any]):
    """Counts each kind once for an entity, whoever says it again and under whatever event id."""

    def first(self, state: State, entity: str, kind: str, until: int) -> bool:
        """Whether it is the first time. It is remembered until then, or for longer where another kind wants that."""
        seen: Counted | None = state.views[self.table].get(entity)
        if seen is None:
            self.put(state, entity, Counted(until, (kind,)))
            return True
        if kind in seen.kinds:
            return False
        self.put(state, entity, replace(seen, until=max(until, seen.until), kinds=tuple(sorted((*seen.kinds, kind)))))
        return True
