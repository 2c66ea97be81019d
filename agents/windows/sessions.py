"""Sessions grow with their events, and an event between two makes them one. All sessions of a subject are few, so they are kept
in a row of their own, which a failure puts back like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from agents.windows.late import Late
from agents.windows.opening import admits_late, put
from agents.windows.rows import Sessions, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.state import View
    from agents.windows.declaring import Kept

Row = TypeVar("Row", bound=Window)


def add(kept: Kept[Row], subject: str, at: int, change: Callable[[Row], Row], mark: int) -> None:
    """Change the figures of the session that `at` makes with those that it touches. Whether it is late is asked of what it makes:
    an event that a session can still take is not late, however old it is.
    """
    windows: Any = kept.windows
    found = _touched(kept, subject, at)
    begin = min([at, *found])
    key = f"{subject}|{begin}"
    end = max([at + windows.kind.gap, *(row.end for row in found.values())])
    before: Any = kept.rows.get(key)
    if before is not None and begin not in found:
        kept.note(late_dropped=kept.mark.late_dropped + 1)  # under COUNT: its place is taken by one that was closed
        return
    if end + windows.grace <= mark and not admits_late(kept, end):
        return
    row: Any = windows.row()
    for other_begin, other in found.items():
        row = windows.merge(row, other)
        if other_begin != begin:
            _take_back(kept, subject, other_begin, other)
    revision, due = (before.revision, before.due) if before is not None else (0, 0)
    put(kept, key, end, before, replace(change(row), revision=revision, due=due, end=end), mark)
    if set(found) != {begin}:
        _list(kept, subject, set(found), begin)


def forget(kept: Kept[Any], subject: str, begin: int) -> None:
    """A session is deleted."""
    _list(kept, subject, {begin}, None)


def _touched(kept: Kept[Any], subject: str, at: int) -> dict[int, Any]:
    """The sessions that an event at `at` is part of, by begin. Under COUNT one that was closed takes nothing more."""
    windows: Any = kept.windows
    found = {begin: kept.rows.get(f"{subject}|{begin}") for begin in _index(kept).get(subject, Sessions()).begins}
    return {
        begin: row
        for begin, row in found.items()
        if row is not None and begin < at + windows.kind.gap and at < row.end and _takes(kept, row)
    }


def _takes(kept: Kept[Any], row: Any) -> bool:
    return kept.windows.late is not Late.COUNT or row.end + kept.windows.grace > kept.mark.at


def _take_back(kept: Kept[Any], subject: str, begin: int, row: Any) -> None:
    """A session that does not begin the merged one is no window any more; who was told of it is told so."""
    del kept.rows[f"{subject}|{begin}"]
    if row.revision and kept.windows.taken_back is not None:
        at_hand = kept.state.event
        kept.windows.taken_back(kept.state, subject, begin, row.end, row)
        kept.state.event = at_hand


def _list(kept: Kept[Any], subject: str, gone: set[int], new: int | None) -> None:
    index = _index(kept)
    begins = {*index.get(subject, Sessions()).begins} - gone
    if new is not None:
        begins.add(new)
    if begins:
        index[subject] = Sessions(tuple(sorted(begins)))
    else:
        del index[subject]


def _index(kept: Kept[Any]) -> View[Sessions]:
    return kept.state.views[kept.windows.index]
