"""What a row must have to be a window's; and how far a partition has come in event time."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import fields, replace


class Window(Struct, frozen=True, gc=False):
    """Base of a window's rows. Its life beside its figures, which depends on the order of arrival where figures do not.

    `revision`: how often it was closed; above 1, late events had changed it. `due`: the watermark that closes it, 0 when it is
    closed and nothing has changed since. So it is final, as far as anybody can know, when `revision` and not `due`.
    """

    LIFE: ClassVar[tuple[str, ...]] = ("revision", "due")  # what is no figure; a class may name more

    revision: int = 0
    due: int = 0


class SessionWindow(Window, frozen=True, gc=False):
    """Base of a session's rows. `end`: the gap after its last event; it grows."""

    end: int = 0


class Sessions(Struct, frozen=True, gc=False):
    """The sessions of a subject that are not forgotten yet, by their begins in order."""

    begins: tuple[int, ...] = ()


class Watermark(Struct, frozen=True, gc=False):
    """Of one declaration on one partition. All that is read from here on is expected to have happened at `at` or later.

    `late_kept`, `late_dropped`: additions to windows that the watermark had passed, by what became of them; nothing is lost
    silently. `retired_to`: windows whose retention ended up to here are deleted. `closed`: closings, repeated ones included.
    """

    at: int = 0
    late_kept: int = 0
    late_dropped: int = 0
    closed: int = 0
    retired_to: int = 0


def figures(row: Any) -> Any:
    """A row without what depends on the order of arrival: two that counted the same events are equal."""
    life = getattr(type(row), "LIFE", ())
    return replace(row, **{name: default for name, default in _defaults(type(row)).items() if name in life}) if life else row


def with_life_of(row: Any, other: Any) -> Any:
    """The figures of one and the life of the other, which has been told already."""
    return replace(row, **{name: getattr(other, name) for name in getattr(type(row), "LIFE", ())})


def _defaults(kind: type[Any]) -> dict[str, Any]:
    return {field.name: field.default for field in fields(kind)}
