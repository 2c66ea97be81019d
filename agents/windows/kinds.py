"""Which windows a moment lies in. Times and lengths are microseconds; a window is half-open: its end is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class BadWindow(ValueError):
    """A declaration that cannot work; the message says why."""


@dataclass(frozen=True)
class Tumbling:
    """One after the other, aligned with 1970."""

    size: int

    def __post_init__(self) -> None:
        if self.size <= 0:
            raise BadWindow(f"a window of {self.size} microseconds holds nothing")

    def begins(self, at: int) -> Iterator[int]:
        """Of the one window that `at` lies in."""
        yield at - at % self.size


@dataclass(frozen=True)
class Hopping:
    """A new one every `step`; they overlap, and a moment lies in size / step of them."""

    size: int
    step: int

    def __post_init__(self) -> None:
        if not 0 < self.step <= self.size or self.size % self.step:
            raise BadWindow(
                f"a step of {self.step} must divide the size {self.size}, or some moments lie in more windows than others"
            )

    def begins(self, at: int) -> Iterator[int]:
        """Of all windows that `at` lies in, the oldest first."""
        last = at - at % self.step
        return iter(range(last - self.size + self.step, last + 1, self.step))


@dataclass(frozen=True)
class Session:
    """From an event to `gap` after the last one that came less than `gap` after the one before it."""

    gap: int

    def __post_init__(self) -> None:
        if self.gap <= 0:
            raise BadWindow(f"a gap of {self.gap} microseconds ends every session with its first event")
