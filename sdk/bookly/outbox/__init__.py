"""Events of services with a database: written in the caller's transaction, published by a relay. Only here SQLAlchemy is known.

    outbox = BlockingOutbox(source="booking-web")
    with Session(engine) as session, session.begin():
        session.add(reservation)
        outbox.write(session, ReservationCreated(...), actor="u-4711")

tables     the two tables, for the service's migrations
rows       an event as a row, and as a record again
writing    Outbox and BlockingOutbox: what services call
queries    what the relay and the commands ask of the tables
claims     which relay publishes which keys: advisory locks on PostgreSQL, a lease on SQLite
framing    from the fingerprint of a schema to its id in the registry
lanes      the keys under way, one event of each at a time
relay      from the tables to the topics, until it is stopped
metrics    what a scraper sees; command: `python -m bookly.outbox`

Importing this package does no work: a name is loaded when it is first asked for. Needs the extra: `bookly[outbox]`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.outbox.queries import Measure, measure
    from bookly.outbox.relay import Relay
    from bookly.outbox.tables import METADATA
    from bookly.outbox.writing import BlockingOutbox, Outbox

__all__ = ["METADATA", "BlockingOutbox", "Measure", "Outbox", "Relay", "measure"]

_HOMES = {
    "METADATA": "tables",
    "BlockingOutbox": "writing",
    "Measure": "queries",
    "Outbox": "writing",
    "Relay": "relay",
    "measure": "queries",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(f"bookly.outbox.{home}"), name)
    raise AttributeError(f"module 'bookly.outbox' has no attribute {name!r}")
