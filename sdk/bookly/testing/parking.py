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
    number: int = 0  # in which order it came


class Parking:
    """By key: first the record that failed, then those that came after it, each with how often it failed before."""

    def __init__(self) -> None:
        self._held: dict[str, deque[tuple[Taken, int]]] = {}
        self._given_up: dict[str, list[tuple[Taken, int]]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def hold(self, failed: Taken, failures: int = 1) -> None:
        """From now on its key waits for a release."""
        self._held[failed.key] = deque([(failed, failures)])

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
            self._given_up.setdefault(key, []).append(held.popleft())
        while held:
            record, failures = held[0]
            if not attempt(record, failures + 1):
                held[0] = record, failures + 1
                return
            held.popleft()
        del self._held[key]

    def take_up(self, key: str) -> list[tuple[Taken, int]]:
        """Those of a key that were skipped, in the order in which they came, with how often each has failed: no longer so."""
        return sorted(self._given_up.pop(key, []), key=lambda given_up: given_up[0].number)
