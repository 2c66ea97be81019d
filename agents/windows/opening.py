"""Counting into windows that do not grow. What is late is decided by the watermark and the window alone, never by what has been
closed so far: so it does not depend on when somebody came round to closing it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from agents.windows.kinds import Session
from agents.windows.late import Late
from agents.windows.rows import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.windows.declaring import Kept

Row = TypeVar("Row", bound=Window)


def add(kept: Kept[Row], subject: str, at: int, change: Callable[[Row], Row], mark: int) -> None:
    """Change the figures of each window that `at` lies in, as far as the late policy allows. `mark`: where the watermark is."""
    windows = kept.windows
    assert not isinstance(windows.kind, Session)  # noqa: S101  # the caller has looked
    for begin in windows.kind.begins(at):
        key, end = f"{subject}|{begin}", begin + kept.size
        if end + windows.grace <= mark and not admits_late(kept, end):
            continue
        row = kept.rows.get(key)
        changed = change(windows.row() if row is None else row)
        put(kept, key, end, row, changed, mark)


def amend(kept: Kept[Row], key: str, begin: int, change: Callable[[Row], Row]) -> None:
    """Change a figure without a look at the watermark."""
    end = begin + kept.size
    if end + kept.windows.retention <= kept.mark.retired_to:
        kept.note(late_dropped=kept.mark.late_dropped + 1)
        return
    row = kept.rows.get(key)
    if row is None:
        kept.retirements.put(end + kept.windows.retention, key)
    kept.rows[key] = change(kept.windows.row() if row is None else row)


def admits_late(kept: Kept[Any], end: int) -> bool:
    """Whether a window that ended then, and whose grace is over, still takes an event; it is counted in any case."""
    mark, windows = kept.mark, kept.windows
    if windows.late is Late.COUNT or end + windows.retention <= mark.retired_to:
        kept.note(late_dropped=mark.late_dropped + 1)
        return False
    kept.note(late_kept=mark.late_kept + 1)
    return True


def put(kept: Kept[Row], key: str, end: int, before: Row | None, row: Row, mark: int) -> None:
    """Keep changed figures, and see to it that they are told: after the grace, or once more if that is over. A window is told
    again after another grace, not with each late event. What nobody has been told of yet is, whatever the policy.
    """
    windows = kept.windows
    waits = before.due if before is not None else 0
    due = end + windows.grace
    if due > mark:
        due = max(due, waits)
    elif waits:
        due = waits
    else:
        due = mark + windows.grace if windows.late is Late.PUBLISH or not row.revision else 0
    if due and not waits:
        kept.closings.put(due, key)
    if before is None:
        kept.retirements.put(end + windows.retention, key)
    kept.rows[key] = row if row.due == due else replace(row, due=due)
