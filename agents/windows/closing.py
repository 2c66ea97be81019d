"""What ends windows: the watermark, silence, retention. Each step is bounded, for a million may end at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from agents.windows.kinds import Session
from agents.windows.rows import Window
from agents.windows.sessions import forget

if TYPE_CHECKING:
    from agents.windows.declaring import Kept

Row = TypeVar("Row", bound=Window)
AT_ONCE = 64  # windows that one event may close: the next events and the clock close the others


def close_due(kept: Kept[Row], limit: int) -> None:
    """Close what the watermark has passed."""
    mark = kept.mark.at
    upcoming = kept.closings.next
    if upcoming is None or upcoming > mark:
        return
    closed = 0
    for key in kept.closings.take(mark, limit):
        row = kept.rows.get(key)
        if row is None or not row.due:
            continue  # merged into another, or closed already
        if row.due > mark:
            kept.closings.put(row.due, key)
            continue
        subject, _, begin = key.rpartition("|")
        due, at_hand = row.due, kept.state.event
        row = replace(row, revision=row.revision + 1, due=0)
        try:
            kept.rows[key] = kept.windows.close(kept.state, subject, int(begin), kept.end_of(key, row), row)
        except BaseException:
            kept.closings.put(due, key)  # it has left the order, and its row has not changed
            raise
        kept.state.event = at_hand  # what other handlers emit is caused by the event, not by a window that it ended
        closed += 1
    if closed:
        kept.note(closed=kept.mark.closed + closed)


def close_idle(kept: Kept[Any], now: int) -> None:
    """Where nothing was counted for the idle time, event time goes on with the clock, that far behind it.

    A partition that is only slow, or that reads a month of old events, is not silent, and is closed by its events alone.
    """
    windows, upcoming = kept.windows, kept.closings.next
    if kept.silent_since is None:
        kept.silent_since = now
    elif now - kept.silent_since >= windows.idle:
        silent_up_to = now - windows.idle - windows.disorder
        if upcoming is not None and upcoming <= silent_up_to:
            kept.move_to(silent_up_to)


def retire(kept: Kept[Row], upto: int, limit: int) -> None:
    """Delete rows of windows whose retention ended by then: tombstones in the changelog, so that compaction forgets them too."""
    upcoming = kept.retirements.next
    if upcoming is None or upcoming > upto:
        return
    for key in kept.retirements.take(upto, limit):
        row = kept.rows.get(key)
        if row is None:
            continue
        ends = kept.end_of(key, row) + kept.windows.retention
        if ends > upto or row.due:  # a session has grown; or nobody has been told yet
            kept.retirements.put(max(ends, upto + 1), key)
            continue
        del kept.rows[key]
        if isinstance(kept.windows.kind, Session):
            forget(kept, *_parts(key))
    following = kept.retirements.next
    done = upto if following is None or following > upto else following - 1
    if done > kept.mark.retired_to:
        kept.note(retired_to=done)


def _parts(key: str) -> tuple[str, int]:
    subject, _, begin = key.rpartition("|")
    return subject, int(begin)
