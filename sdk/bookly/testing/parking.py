"""Records that wait, in order, behind one of their key that nobody could use."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record

Bad: TypeAlias = tuple[str, Exception]  # the reason, one word of a fixed set, and what was raised


class Taken(NamedTuple):
    """A record as the group took it: an event, or `bad` says why its bytes are none."""

    key: str
    value: bytes | None = None
    event: Record | None = None
    bad: Bad | None = None


class Parking:
    """By key: first the record that failed, then those that came after it, each with how often it failed before."""

    def __init__(self) -> None:
        self._held: dict[str, deque[tuple[Taken, int]]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def hold(self, failed: Taken) -> None:
        """From now on its key waits for a release."""
        self._held[failed.key] = deque([(failed, 1)])

    def park(self, later: Taken) -> None:
        """Behind those of its key, which is held."""
        self._held[later.key].append((later, 0))

    def behind(self, key: str) -> list[Record | None]:
        """The events that wait; the failed one is not among them."""
        return [record.event for record, _ in list(self._held.get(key, ()))[1:]]

    def release(self, key: str, attempt: Callable[[Taken, int], bool], *, skip: bool = False) -> None:
        """Try the failed one (or `skip` it), then the others, until one fails: it and those behind it stay. Raises KeyError."""
        if key not in self._held:
            raise KeyError(f"nothing is held for {key!r}; held are {', '.join(map(repr, self._held)) or 'no keys'}")
        held = self._held[key]
        if skip:
            held.popleft()
        while held:
            record, failures = held[0]
            if not attempt(record, failures + 1):
                held[0] = record, failures + 1
                return
            held.popleft()
        del self._held[key]
