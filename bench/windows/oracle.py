"""What windows must hold, in ten lines: all events at once, in no order, with nothing closed and nothing late."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from agents.windows import Hopping, Session, Tumbling

Kind = Tumbling | Hopping | Session
Figures = dict[tuple[str, int], tuple[int, int, int]]  # by subject and begin: end, how many, their sum


class Event(NamedTuple):
    """`name`: of the event; the same again is a duplicate. `at`: microseconds."""

    name: str
    subject: str
    at: int
    value: int


def expected(kind: Kind, events: list[Event]) -> Figures:
    """By the definition of each kind."""
    found: dict[tuple[str, int], list[Event]] = {}
    ends: Counter[tuple[str, int]] = Counter()
    latest: dict[str, int] = {}  # of each subject: where its latest session begins
    for event in sorted({event.name: event for event in events}.values(), key=lambda event: event.at):
        if isinstance(kind, Session):
            begins = [latest.get(event.subject, event.at)]
            begins = [event.at] if event.at >= ends[event.subject, begins[0]] else begins
            latest[event.subject] = begins[0]
            end = event.at + kind.gap
        else:
            step = kind.step if isinstance(kind, Hopping) else kind.size
            begins = [begin for begin in range(-kind.size, event.at + 1, step) if event.at < begin + kind.size]
        for begin in begins:
            found.setdefault((event.subject, begin), []).append(event)
            ends[event.subject, begin] = end if isinstance(kind, Session) else begin + kind.size
    return {key: (ends[key], len(of), sum(event.value for event in of)) for key, of in found.items()}
