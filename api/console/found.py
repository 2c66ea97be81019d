"""One record as it lies in its topic, and stretches of topics."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """The offsets of one partition from `first` up to, and without, `end`. Transaction markers leave gaps between records."""

    topic: str
    partition: int
    first: int
    end: int

    @property
    def offsets(self) -> int:
        return max(0, self.end - self.first)


class Found(NamedTuple):
    """A record. `timestamp`: milliseconds since 1970, by the broker or the producer as the topic has it; -1 where it has none."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str | None:
        """The last of that name, as text; bytes that are none are shown as such."""
        found = next((value for header, value in reversed(self.headers) if header == name), None)
        return None if found is None else found.decode(errors="backslashreplace")
