"""Rows of a span of time, told line by line: for tables whose keys end in a time, as `room-1|1764061200000000` does.

A month of rows is too much for one answer, and for one turn of the event loop. So keys are looked through a few at a time, each
row is told as it is committed when it is its turn, and the last line says how many there were: who misses it was told a part.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.json import encode as to_json

from agents.engine.owning import NotOwned
from agents.engine.selecting import Unanswerable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from agents.engine.partition import Partition

AT_ONCE = 2_000  # keys looked at between two turns of the event loop
A_LINE = 200  # rows


class Span(NamedTuple):
    """From `since`, before `until`, as the numbers that keys end in; of keys that begin with `prefix`."""

    since: int
    until: int
    prefix: str = ""

    def holds(self, key: str) -> bool:
        """Raises Unanswerable for a key without a time."""
        _, mark, time = key.rpartition("|")
        if not mark or not (time.isascii() and time.isdecimal()):
            raise Unanswerable("the keys of this table do not end in a time")
        return self.since <= int(time) < self.until and key.startswith(self.prefix)


async def told(look: Callable[[], Partition], table: str, span: Span) -> AsyncIterator[bytes]:
    """Lines of [[key, row], ...], and then {"rows": how many}. `look` is asked again and again whether the partition is ours.
    Raises what it raises, NotOwned where it was given away and taken back meanwhile, Unanswerable.
    """
    partition, found = look(), 0
    keys = iter([key for key, _ in partition.committed[table].items()])
    while some := list(islice(keys, AT_ONCE)):
        if look() is not partition:
            raise NotOwned("the partition was given away, and taken back, while it was read")
        rows = list(_rows(partition.committed[table], some, span))
        found += len(rows)
        for begin in range(0, len(rows), A_LINE):
            yield to_json(rows[begin : begin + A_LINE]) + b"\n"
        await asyncio.sleep(0)
    yield to_json({"rows": found}) + b"\n"


def span_of(given: Mapping[str, str]) -> Span:
    """From the parameters of a question. Raises Unanswerable."""
    if unknown := sorted(given.keys() - {"since", "until", "prefix"}):
        raise Unanswerable(f"a span has since, until and prefix, and no {', '.join(unknown)}")
    return Span(_time("since", given), _time("until", given), given.get("prefix", ""))


def _rows(committed: Any, keys: list[str], span: Span) -> Iterator[tuple[str, Any]]:
    for key in keys:
        if span.holds(key) and (row := committed.get(key)) is not None:
            yield key, row


def _time(name: str, given: Mapping[str, str]) -> int:
    text = given.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Unanswerable(f"{name} is {text!r}: it must be a whole number")
    return int(text)
