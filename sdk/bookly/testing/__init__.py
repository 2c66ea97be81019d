"""Tests without servers: what a service publishes, and what a domain's handlers make of it.

in_memory   stand-ins for the broker and the registry; they run the same tests as the real ones
bench       a domain's handlers: given what happened, when this happens, then these rows, events, stale entries, dead letters;
            one suite holds it against the real engine
domain      what the bench asks of a domain
events      an event that has happened, the bytes that it lies on a topic as, and what becomes of one that nobody could use

Importing this package does no work: a name is loaded when it is first asked for. `bench` needs msgspec, as every domain does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookly.testing.bench import DomainBench, given
    from bookly.testing.events import DeadLetter, happened
    from bookly.testing.in_memory import NOWHERE, InMemoryBroker, InMemorySchemas, Place

__all__ = ["NOWHERE", "DeadLetter", "DomainBench", "InMemoryBroker", "InMemorySchemas", "Place", "given", "happened"]

_HOMES = {
    "NOWHERE": "bookly.testing.in_memory",
    "DeadLetter": "bookly.testing.events",
    "DomainBench": "bookly.testing.bench",
    "InMemoryBroker": "bookly.testing.in_memory",
    "InMemorySchemas": "bookly.testing.in_memory",
    "Place": "bookly.testing.in_memory",
    "given": "bookly.testing.bench",
    "happened": "bookly.testing.events",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(home), name)
    raise AttributeError(f"module 'bookly.testing' has no attribute {name!r}")
