"""Events read in some order by several partitions, with what happens to workers in between; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from zlib import crc32

import msgspec
from msgspec.structs import replace

from agents.state import State, Table
from agents.windows import Counted, Late, Once, Session, Sessions, SessionWindow, Watermark, Windows
from bookly.records import NO_METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.windows.oracle import Event, Figures, Kind
    from bookly.records import Metadata

SECOND = 1_000_000
PARTITIONS = 2
NEVER = 4_000_000 * SECOND  # later than anything in a trial


class Sum(SessionWindow, frozen=True, gc=False):
    count: int = 0
    total: int = 0


class Sums(State):
    sums = Table("sums", Sum)
    watermarks = Table("watermarks", Watermark)
    sessions = Table("sessions", Sessions)
    seen = Table("seen", Counted)


@dataclass(eq=False)
class Told:
    """What closing a window says; `count` 0 of one that is no window any more."""

    TYPE: ClassVar[str] = "bench.window.closed"
    TOPIC: ClassVar[str] = "bench"
    KEY_FIELD: ClassVar[str] = "subject"
    VERSION: ClassVar[int] = 1
    FIELDS: ClassVar[tuple[str, ...]] = ("subject", "begin", "end", "count", "total", "revision")
    subject: str
    begin: int
    end: int
    count: int
    total: int
    revision: int
    metadata: Metadata = NO_METADATA


def close(state: State, subject: str, begin: int, end: int, row: Sum) -> Sum:
    """Tell it."""
    told = Told(subject, begin, end, row.count, row.total, row.revision)
    state.happen(told, f"{subject}|{begin}#{row.revision}", end)
    return row


def take_back(state: State, subject: str, begin: int, end: int, row: Sum) -> None:
    """Tell that it is none."""
    state.happen(Told(subject, begin, end, 0, 0, row.revision), f"{subject}|{begin}#{row.revision} taken back", end)


def windows(
    kind: Kind, late: Late = Late.PUBLISH, *, disorder: int = 3, grace: int = 2, retention: int = 3_000_000
) -> Windows[Sum]:
    """Declared for a trial; lengths in seconds."""
    return Windows(
        "sums", Sum, kind, close, retention * SECOND, disorder * SECOND, grace * SECOND, 10 * SECOND, late,
        index="sessions" if isinstance(kind, Session) else "", merge=_merge, taken_back=take_back,
    )  # fmt: skip


@dataclass
class Trial:
    """One declaration on several partitions. `told`: everything that was committed, in order."""

    windows: Windows[Sum]
    once: Once = field(default_factory=lambda: Once("seen", SECOND))
    told: list[Told] = field(default_factory=list)
    states: list[Sums] = field(init=False)

    def __post_init__(self) -> None:
        self.states = [
            Sums("bench", {table: {} for table in ("sums", "watermarks", "sessions", "seen")}) for _ in range(PARTITIONS)
        ]

    def read(self, events: Iterable[Event], written_at: int | None = None) -> None:
        """A slice, applied and committed. `written_at`: when all of it was."""
        for event in events:
            self._apply(event, written_at)
        self._commit()

    def fail(self, events: Iterable[Event]) -> None:
        """A slice in which a handler raises at the end: nothing of it may be left."""
        for event in events:
            self._apply(event)
        for state in self.states:
            state.discard()

    def take_over(self) -> None:
        """Another worker: rows come back from their changelogs, and nothing else does."""
        for number, state in enumerate(self.states):
            data = {
                table.name: msgspec.json.decode(msgspec.json.encode(state.views[table.name].base), type=dict[str, table.row])  # type: ignore[name-defined]
                for table in (Sums.sums, Sums.watermarks, Sums.sessions, Sums.seen)
            }
            self.states[number] = Sums("bench", data)

    def tick(self, now: int) -> None:
        """The clock says `now`."""
        for state in self.states:
            self.windows.on_time(now, state)
            self.once.retire(state, min(now, self.windows.of(state).mark.at))
        self._commit()

    def wait(self, now: int) -> None:
        """Nothing more comes: the clock ticks on until silence has closed everything."""
        for _ in range(100):
            self.tick(now)
            now += self.windows.idle
            if not any(row.due for state in self.states for row in state.sums.base.values()):
                return
        raise AssertionError("windows stay open, however long nothing comes")

    def rows(self) -> Figures:
        """Of all partitions."""
        return {
            (subject, int(begin)): (self.windows.of(state).end_of(key, row), row.count, row.total)
            for state in self.states
            for key, row in state.sums.base.items()
            for subject, _, begin in [key.rpartition("|")]
        }

    def finally_told(self) -> Figures:
        """What somebody knows who hears of every closing and believes the last one."""
        last = {(told.subject, told.begin): (told.end, told.count, told.total) for told in self.told}
        return {key: figures for key, figures in last.items() if figures[1]}

    def marks(self) -> list[Watermark]:
        """Of each partition."""
        return [self.windows.of(state).mark for state in self.states]

    def waiting(self) -> int:
        """Hints that the orders hold."""
        kept = [self.windows.of(state) for state in self.states]
        return sum(len(one.closings) + len(one.retirements) for one in kept)

    def _apply(self, event: Event, written_at: int | None = None) -> None:
        state = self.states[crc32(event.subject.encode()) % PARTITIONS]
        state.written_at = written_at
        if self.once.first(state, event.name, "counted", event.at + self.windows.retention):
            self.windows.add(
                state, event.subject, event.at, lambda row: replace(row, count=row.count + 1, total=row.total + event.value)
            )

    def _commit(self) -> None:
        for state in self.states:
            for view in state.views.values():
                view.merge()
            self.told += [told for told in state.emitted if isinstance(told, Told)]
            state.emitted.clear()


def shuffled(trial: Trial, slices: Sequence[Sequence[Event]], between: Sequence[str]) -> None:
    """Read slices; before each, something may happen."""
    for number, events in enumerate(slices):
        what = between[number % len(between)] if between else "read on"
        if what == "fail":
            trial.fail(events)
        elif what == "take over":
            trial.take_over()
        elif what == "tick":
            trial.tick(number * SECOND)
        elif what == "silence":
            now = number * 1_000 * SECOND
            trial.tick(now)
            trial.tick(now + trial.windows.idle)
        trial.read(events)


def _merge(one: Any, other: Any) -> Any:
    return replace(one, count=one.count + other.count, total=one.total + other.total)
