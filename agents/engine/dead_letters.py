"""A record that its group could not use: its bytes and headers as they were, and why, where from and when it happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.engine.partition import Outgoing

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from agents.domain import Domain
    from agents.engine.decoding import Bad
    from bookly.records import Record

ERROR_LIMIT = 500  # characters of an exception's text that a header keeps


def dead_letter(domain: Domain, record: ConsumerRecord[bytes, bytes], bad: Bad, event: Record | None) -> Outgoing:
    """The record for the group's dead-letter topic, on the partition that it came from, so that its key's order is kept."""
    handlers = domain.handlers.get(type(event), ()) if event is not None else ()
    why = {
        "dead.reason": bad.reason,
        "dead.error": f"{type(bad.error).__name__}: {bad.error}"[:ERROR_LIMIT],
        "dead.group": domain.group,
        "dead.handler": ",".join(handler.__name__ for handler in handlers),
        "dead.topic": record.topic,
        "dead.partition": str(record.partition),
        "dead.offset": str(record.offset),
        "dead.attempt": "1",
    }
    headers = [*record.headers, *((name, text.encode()) for name, text in why.items())]
    return Outgoing(domain.dead_letters, record.partition, record.key, record.value, headers)
