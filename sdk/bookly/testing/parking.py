"""Records that wait, in order, behind one of their key that nobody could use."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookly.records import Record


class Taken(NamedTuple):
    """A record as the group took it: an event, or (None) the bytes that may be none."""

    key: str
    event: Record | None
    value: bytes | None = None


class Parking:
    """By key: first the record that failed, then those that came after it. A key that is not held has no place here."""

    def __init__(self) -> None:
        self._held: dict[str, deque[Taken]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def hold(self, failed: Taken) -> None:
        """From now on its key waits for a release."""
        self._held[failed.key] = deque([failed])

    def park(self, later: Taken) -> None:
        """Behind those of its key, which is held."""
        self._held[later.key].append(later)

    def behind(self, key: str) -> list[Record]:
        """The events that wait; the failed one is not among them."""
        return [each.event for each in list(self._held.get(key, ()))[1:] if each.event is not None]

    def release(self, key: str, attempt: Callable[[Taken], bool], *, skip: bool = False) -> None:
        """Try the failed one (or `skip` it), then the others, until one fails: it and those behind it stay. Raises KeyError."""
        if key not in self._held:
            raise KeyError(f"nothing is held for {key!r}; held are {', '.join(map(repr, self._held)) or 'no keys'}")
        held = self._held[key]
        if skip:
            held.popleft()
        while held:
            if not attempt(held[0]):
                return
            held.popleft()
        del self._held[key]
