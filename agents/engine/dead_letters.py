"""A record that its group could not use: its bytes and headers as they were, and why, where from and when it happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.engine.outgoing import Outgoing
from agents.engine.parking import Failure

if TYPE_CHECKING:
    from faust.types import TP

    from agents.domain import Domain
    from agents.engine.decoding import Bad
    from agents.engine.fetching import Fetched
    from agents.engine.parking import Parked
    from bookly.records import Record

ERROR_LIMIT = 500  # characters of an exception's text that a header keeps


def failure_of(domain: Domain, bad: Bad, event: Record | None) -> Failure:
    """Why it failed, as it is told wherever it lies from now on."""
    handlers = domain.handlers.get(type(event), ()) if event is not None else ()
    return Failure(
        bad.reason,
        event.TYPE if event is not None else "",
        ",".join(handler.__name__ for handler in handlers),
        f"{type(bad.error).__name__}: {bad.error}"[:ERROR_LIMIT],
    )


def dead_letter(domain: Domain, tp: TP, record: Fetched | Parked, bad: Bad, event: Record | None, attempt: int = 1) -> Outgoing:
    """The record for the group's dead-letter topic, on the partition that it came from, so that its key's order is kept."""
    failure = failure_of(domain, bad, event)
    why = {
        "dead.reason": failure.reason,
        "dead.error": failure.error,
        "dead.group": domain.group,
        "dead.handler": failure.handler,
        "dead.topic": tp.topic,
        "dead.partition": str(tp.partition),
        "dead.offset": str(record.offset),
        "dead.attempt": str(attempt),
    }
    headers = [*record.headers, *((name, text.encode(errors="replace")) for name, text in why.items())]
    return Outgoing(domain.dead_letters, tp.partition, record.key, record.value, headers)
