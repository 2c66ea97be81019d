"""Which event, of which chain and trace, is at work: what log lines and reported errors say of it. Nothing of it is personal."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_at_work: ContextVar[Mapping[str, str]] = ContextVar("bookly_at_work", default={})  # noqa: B039  # nobody changes it
_NAMES = {"ce_id": "event_id", "ce_type": "event_type", "correlation_id": "correlation_id"}


def working_on(**ids: str | None) -> None:
    """From here on this task, and what it starts, works on that."""
    _at_work.set({**_at_work.get(), **{name: value for name, value in ids.items() if value}})


def at_work() -> Mapping[str, str]:
    """As `working_on` has said it last."""
    return _at_work.get()


def ids_of(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Of a record by its headers: `event_id`, `event_type`, `correlation_id`, `trace_id`, as far as it has them."""
    found = {name: value.decode(errors="replace") for name, value in headers if value is not None}
    ids = {ours: found[name] for name, ours in _NAMES.items() if name in found}
    trace = found.get("traceparent", "").split("-")[1:2]
    return {**ids, "trace_id": trace[0]} if trace else ids
