"""Events through a domain's handlers again. What they emit was published when they were live, and is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from agents.windows import Watermark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.domain import Domain
    from agents.state import State
    from bookly.records import Record

Rows = dict[str, dict[str, Any]]  # by table and key


class Fold:
    """One partition, from nothing. `failed`: events whose handlers raised; as in a worker they leave no trace."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.rows: Rows = {table.name: {} for table in domain.tables}
        self.failed: list[str] = []
        self._state = domain.state(domain.name, self.rows)

    def apply(self, event: Record, written_at: int | None = None) -> None:
        """All handlers of an event, or none. `written_at`: when the log took it, microseconds since 1970."""
        state = self._state
        state.event, state.written_at = event, written_at
        try:
            for handler in self.domain.handlers.get(type(event), ()):
                handler(event, state)
        except Exception as error:  # noqa: BLE001  # a worker makes it a dead letter; here it is named in the report
            state.discard()
            self.failed.append(f"{event.TYPE} {event.metadata.event_id}: {type(error).__name__}: {error}")
            return
        _keep(state)

    def tick(self, now: int) -> None:
        """The clock says `now`, once."""
        if self.domain.clock is not None:
            self._state.event = None
            self.domain.clock(now, self._state)
            _keep(self._state)


def settled(
    domain: Domain, live: Mapping[str, Mapping[str, Any]], rebuilt: Mapping[str, Mapping[str, Any]], now: int
) -> tuple[Rows, Rows]:
    """Copies of both sides after all that time alone does by now.

    Silence has moved the live watermarks, and never those of a fold: both are where the further one is, so that they forget the
    same.
    """
    one, other = ({table.name: dict(rows.get(table.name, {})) for table in domain.tables} for rows in (live, rebuilt))
    for table in domain.tables:
        if issubclass(table.row, Watermark):
            for key in one[table.name].keys() | other[table.name].keys():
                marks = [rows[table.name].get(key, table.row()) for rows in (one, other)]
                furthest = max(mark.at for mark in marks)
                for rows, mark in zip((one, other), marks, strict=True):
                    rows[table.name][key] = replace(mark, at=furthest)
    for rows in (one, other):
        settle(domain, domain.state(domain.name, rows), now)
    return one, other


def settle(domain: Domain, state: State, now: int) -> None:
    """Let the clock do its work until nothing is left to do."""
    changed = domain.clock is not None
    while changed and domain.clock is not None:
        state.event = None
        domain.clock(now, state)
        changed = any(view.has_changed for view in state.views.values())
        _keep(state)


def _keep(state: State) -> None:
    for view in state.views.values():
        view.merge()
    state.emitted.clear()
    state.repeats = 0
