"""What the bench asks of a domain and of the state that its handlers touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bookly.records import Record


class View(Protocol):
    """Rows of one table, and which of them the event at hand changed."""

    def merge(self) -> Iterable[str]:
        """Keep the changes and name their keys."""


class Table(Protocol):
    """A table as it was declared. `row`: the type of its rows, which JSON can hold."""

    @property
    def name(self) -> str: ...
    @property
    def row(self) -> Any: ...


class State(Protocol):
    """What handlers read, write and emit."""

    event: Any  # the one whose handlers run: what they emit is caused by it
    emitted: list[Record]
    repeats: int

    @property
    def views(self) -> Mapping[str, View]: ...

    def discard(self) -> None:
        """Forget all that happened since the last merge, what was emitted included."""


class Domain(Protocol):
    """A name, tables, and the handlers of each event class in the order in which they are called."""

    @property
    def name(self) -> str: ...
    @property
    def tables(self) -> Iterable[Table]: ...
    @property
    def handlers(self) -> Mapping[type[Any], Sequence[Callable[[Any, Any], None]]]: ...
    def on_time(self, now: int, state: Any) -> None:
        """What happens by time alone, up to now."""

    @property
    def state(self) -> Callable[[str, Mapping[str, dict[str, Any]]], State]: ...
