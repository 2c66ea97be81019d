"""A declaration of windows: what it counts into, and when it ends. Made once, beside the tables of its domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from msgspec.structs import replace

from agents.windows import closing, opening, sessions
from agents.windows.kinds import BadWindow, Hopping, Session, Tumbling
from agents.windows.late import Late
from agents.windows.order import Order
from agents.windows.rows import Watermark, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.state import State, View

Row = TypeVar("Row", bound=Window)
SECOND = 1_000_000
NOWHERE = Watermark()


@dataclass(frozen=True, eq=False)
class Windows(Generic[Row]):
    """Windows of `kind`, whose figures are rows of `table` under `subject|begin`.

    `disorder`: how far behind the latest event another may come and not be late; the watermark is that far behind it.
    `grace`: how long after its end a window takes events as if it were open. `idle`: after so long a silence (by the clock) event
    time goes on with the clock. `retention`: how long after its end a window is kept; then its row is deleted.
    `close(state, subject, begin, end, row)` tells others what a window's figures are, and gives the row to keep. It must be pure.
    `merge` (sessions): two rows into one. `taken_back` (sessions): as `close`, of one that was closed and is now part of another.
    `step`: of the watermark, which is a row and need not be written with each event.
    `marks`, `index`: the tables of the watermark and of a subject's sessions.
    """

    table: str
    row: type[Row]
    kind: Tumbling | Hopping | Session
    close: Callable[[Any, str, int, int, Row], Row]
    retention: int
    disorder: int = 0
    grace: int = 0
    idle: int = 5 * 60 * SECOND
    late: Late = Late.PUBLISH
    step: int = SECOND
    marks: str = "watermarks"
    index: str = ""
    merge: Callable[[Row, Row], Row] | None = None
    taken_back: Callable[[Any, str, int, int, Row], None] | None = None

    def __post_init__(self) -> None:
        if min(self.disorder, self.grace, self.idle) < 0 or self.retention < self.grace:
            raise BadWindow(f"{self.table}: lengths are not negative, and retention is at least the grace")
        if isinstance(self.kind, Session) and not (self.index and self.merge):
            raise BadWindow(f"{self.table}: sessions merge, so they need `merge`, and `index` to be found by subject")

    def add(self, state: State, subject: str, at: int, change: Callable[[Row], Row]) -> None:
        """An event that happened at `at` changes the figures of each window it lies in, and moves the watermark, but no further
        than to when the event was written: one that claims to be of next year would close everything until then at once, and hold
        up what comes after it for a year.

        At most `closing.AT_ONCE` windows that are due by then are closed with it; the others follow with the next events.
        """
        kept = self.of(state)
        upto, written_at = at - self.disorder, state.written_at
        mark = kept.move_to(upto if written_at is None else min(upto, written_at))
        if kept.size:
            opening.add(kept, subject, at, change, mark)
        else:
            sessions.add(kept, subject, at, change, mark)
        kept.silent_since = None
        upcoming = kept.closings.next
        if upcoming is not None and upcoming <= mark:
            closing.close_due(kept, closing.AT_ONCE)

    def amend(self, state: State, subject: str, begin: int, change: Callable[[Row], Row]) -> None:
        """Change a figure that belongs to a window, but is no event of it, such as how long it was used: it is never late, and
        closes nothing again. Of windows that do not grow. What retention has ended stays so.
        """
        opening.amend(self.of(state), f"{subject}|{begin}", begin, change)

    def on_time(self, now: int, state: State, limit: int = 2_000) -> None:
        """Close what silence ends, and delete what retention ends, at most `limit` each. `now`: microseconds since 1970.

        Only here rows are deleted, for a wrong time in one event could otherwise age all others: retention goes by the
        watermark, and by the clock where that is behind it.
        """
        kept = self.of(state)
        closing.close_idle(kept, now)
        closing.close_due(kept, limit)
        closing.retire(kept, min(now, kept.mark.at), limit)

    def of(self, state: State) -> Kept[Row]:
        """These windows on the partition at hand."""
        found = state.derived.get(self)
        if found is None:
            found = state.derived[self] = Kept(self, state)
        return cast("Kept[Row]", found)


class Kept(Generic[Row]):
    """The windows of a declaration on one partition: views of rows, and the orders made of them."""

    def __init__(self, windows: Windows[Row], state: State) -> None:
        self.windows, self.state = windows, state
        self.rows: View[Row] = state.views[windows.table]
        self.marks: View[Watermark] = state.views[windows.marks]
        self.silent_since: int | None = None  # by the clock
        self.size = 0 if isinstance(windows.kind, Session) else windows.kind.size
        self.closings, self.retirements = Order(), Order()
        self.hint(self.rows.base)
        self.rows.told.append(self.hint)

    def hint(self, keys: Iterable[str]) -> None:
        """Rows have come from elsewhere: from the changelog, or back after a failure."""
        for key in keys:
            row = self.rows.get(key)
            if row is not None:
                if row.due:
                    self.closings.put(row.due, key)
                self.retirements.put(self.end_of(key, row) + self.windows.retention, key)

    def end_of(self, key: str, row: Row) -> int:
        """When the window ends."""
        return int(key[key.rindex("|") + 1 :]) + self.size if self.size else cast("Any", row).end

    @property
    def mark(self) -> Watermark:
        """How far this partition has come."""
        return self.marks.get(self.windows.table, NOWHERE)

    def note(self, **changes: int) -> None:
        """Write the watermark's row."""
        self.marks[self.windows.table] = replace(self.mark, **changes)

    def move_to(self, at: int) -> int:
        """The watermark goes to `at`, in steps so that not each event writes it; never backwards. Where it is then."""
        at -= at % self.windows.step
        mark = self.mark.at
        if at <= mark:
            return mark
        self.note(at=at)
        return at
